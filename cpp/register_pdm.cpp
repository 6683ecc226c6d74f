// The point distribution model: shapes, Jacobians, updates, parameters from a box and from landmarks.
#include "arrays.h"
#include "model.h"
#include "register.h"
#include "steps.h"

namespace bridge {

namespace {

Parameters parameters(const Model& model, const py::array& global, const py::array& local) {
  return {global_parameters(global), column(local, "params_local", model.n_modes())};
}

py::array_t<float> shape_3d(Model& model, const py::array& local) {
  const Matrix weights = column(local, "params_local", model.n_modes());
  Matrix shape;
  {
    const Work work(model);
    model.clnf.pdm.CalcShape3D(shape, weights);
  }
  return to_array(shape, {3, model.n_landmarks()});
}

py::array_t<float> shape_2d(Model& model, const py::array& global, const py::array& local) {
  const Parameters at = parameters(model, global, local);
  Matrix shape;
  {
    const Work work(model);
    model.clnf.pdm.CalcShape2D(shape, at.local, at.global);
  }
  return points_to_array(shape);
}

py::array_t<float> jacobian(Model& model, const py::array& global, const py::array& local, bool rigid) {
  const Parameters at = parameters(model, global, local);
  Matrix result;
  {
    const Work work(model);
    const Matrix weights = Matrix::eye(2 * model.n_landmarks(), 2 * model.n_landmarks());
    Matrix weighted;
    const auto compute = rigid ? &LandmarkDetector::PDM::ComputeRigidJacobian : &LandmarkDetector::PDM::ComputeJacobian;
    (model.clnf.pdm.*compute)(at.local, at.global, result, weights, weighted);
  }
  return to_array(result, {result.rows, result.cols});
}

py::tuple updated(Model& model, const py::array& global, const py::array& local, const py::array& change) {
  Parameters at = parameters(model, global, local);
  const bool rigid = change.ndim() == 1 && change.shape(0) == kRigid;
  const Matrix delta = column(change, "change", rigid ? kRigid : kRigid + model.n_modes());
  {
    const Work work(model);
    model.clnf.pdm.UpdateModelParameters(delta, at.local, at.global);
  }
  return py::make_tuple(to_array(at.global), to_array(at.local));
}

py::array_t<float> clamped(Model& model, const py::array& local) {
  Matrix weights = column(local, "params_local", model.n_modes());
  {
    const Work work(model);
    cv::Vec6f unused;
    model.clnf.pdm.Clamp(weights, unused, Settings().parameters(model.n_scales()));
  }
  return to_array(weights);
}

py::array_t<float> parameters_from_box(Model& model, const py::array& bbox, const py::array& euler,
                                       const std::optional<py::array>& local) {
  const cv::Rect_<float> rectangle = box(bbox);
  const cv::Vec3f angles = rotation(euler);
  const Matrix weights =
      local ? column(*local, "params_local", model.n_modes()) : Matrix(model.n_modes(), 1, 0.0F);
  cv::Vec6f global;
  {
    const Work work(model);
    model.clnf.pdm.CalcParams(global, rectangle, weights, angles);
  }
  return to_array(global);
}

py::tuple parameters_from_landmarks(Model& model, const py::array& landmarks, const py::array& euler) {
  const Matrix shape = points(landmarks, "landmarks", model.n_landmarks());
  const cv::Vec3f angles = rotation(euler);
  int visible = 0;
  for (int i = 0; i < model.n_landmarks(); ++i) {
    visible += shape(i) != 0.0F;
  }
  require(visible >= 2, "landmarks: fewer than two are visible (x = 0 means invisible)");
  Parameters found;
  {
    const Work work(model);
    model.clnf.pdm.CalcParams(found.global, found.local, shape, angles);
  }
  return py::make_tuple(to_array(found.global), to_array(found.local));
}

py::array_t<float> bounding_box(Model& model, const py::array& global, const py::array& local) {
  const Parameters at = parameters(model, global, local);
  cv::Rect_<float> rectangle;
  {
    const Work work(model);
    model.clnf.pdm.CalcBoundingBox(rectangle, at.global, at.local);
  }
  return to_array(rectangle);
}

double shape_change(Model& model, const py::array& before, const py::array& after) {
  const Matrix one = points(before, "before", model.n_landmarks());
  const Matrix other = points(after, "after", model.n_landmarks());
  const py::gil_scoped_release release;
  return cv::norm(other, one);
}

} // namespace

void register_pdm(py::module_& m) {
  const py::array_t<float> upright = to_array(Matrix(3, 1, 0.0F));
  const auto global = py::arg("params_global");
  const auto local = py::arg("params_local");
  py::reinterpret_borrow<py::class_<Model>>(m.attr("Model"))
      .def_property_readonly("mean_shape",
                             [](const Model& model) {
                               return to_array(model.clnf.pdm.mean_shape, {3, model.n_landmarks()});
                             })
      .def_property_readonly("components", [](const Model& model) { return to_array(model.clnf.pdm.princ_comp); })
      .def_property_readonly(
          "eigenvalues",
          [](const Model& model) { return to_array(model.clnf.pdm.eigen_values, {model.n_modes()}); })
      .def("shape_3d", &shape_3d, local)
      .def("shape_2d", &shape_2d, global, local)
      .def("jacobian", &jacobian, global, local, py::kw_only(), py::arg("rigid"))
      .def("updated", &updated, global, local, py::arg("change"))
      .def("clamped", &clamped, local)
      .def("parameters_from_box", &parameters_from_box, py::arg("box"), py::arg("rotation") = upright,
           py::arg("params_local") = py::none())
      .def("parameters_from_landmarks", &parameters_from_landmarks, py::arg("landmarks"), py::arg("rotation") = upright)
      .def("bounding_box", &bounding_box, global, local)
      .def("shape_change", &shape_change, py::arg("before"), py::arg("after"));
}

} // namespace bridge
