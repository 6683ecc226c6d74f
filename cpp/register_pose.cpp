// Head pose and landmarks in space, from landmarks and parameters.
#include "arrays.h"
#include "model.h"
#include "register.h"

namespace bridge {

namespace {

void require_camera(float fx, float fy, float cx, float cy) {
  require(std::isfinite(fx) && std::isfinite(fy) && fx > 0 && fy > 0, "fx, fy: must be finite and positive");
  require(std::isfinite(cx) && std::isfinite(cy), "cx, cy: must be finite");
}

py::array_t<float> head_pose(Model& model, const py::array& global, const py::array& local, const py::array& landmarks,
                             float fx, float fy, float cx, float cy, bool towards_camera) {
  const cv::Vec6f params_global = global_parameters(global);
  const Matrix params_local = column(local, "params_local", model.n_modes());
  const Matrix shape = points(landmarks, "landmarks", model.n_landmarks());
  require_camera(fx, fy, cx, cy);
  cv::Vec6f pose;
  {
    const Work work(model);
    model.clnf.params_global = params_global;
    model.clnf.params_local = params_local;
    model.clnf.detected_landmarks = shape;
    pose = towards_camera ? LandmarkDetector::GetPoseWRTCamera(model.clnf, fx, fy, cx, cy)
                          : LandmarkDetector::GetPose(model.clnf, fx, fy, cx, cy);
  }
  return to_array(pose);
}

py::array_t<float> landmarks_3d(Model& model, const py::array& global, const py::array& local,
                                const py::array& landmarks, float fx, float fy, float cx, float cy) {
  const cv::Vec6f params_global = global_parameters(global);
  const Matrix params_local = column(local, "params_local", model.n_modes());
  const Matrix shape = points(landmarks, "landmarks", model.n_landmarks());
  require_camera(fx, fy, cx, cy);
  Matrix found;
  {
    const Work work(model);
    model.clnf.params_global = params_global;
    model.clnf.params_local = params_local;
    model.clnf.detected_landmarks = shape;
    found = model.clnf.GetShape(fx, fy, cx, cy).t();
  }
  return to_array(found, {model.n_landmarks(), 3});
}

} // namespace

void register_pose(py::module_& m) {
  py::reinterpret_borrow<py::class_<Model>>(m.attr("Model"))
      .def("head_pose", &head_pose, py::arg("params_global"), py::arg("params_local"), py::arg("landmarks"),
           py::arg("fx"), py::arg("fy"), py::arg("cx"), py::arg("cy"), py::kw_only(),
           py::arg("towards_camera") = false)
      .def("landmarks_3d", &landmarks_3d, py::arg("params_global"), py::arg("params_local"), py::arg("landmarks"),
           py::arg("fx"), py::arg("fy"), py::arg("cx"), py::arg("cy"));
}

} // namespace bridge
