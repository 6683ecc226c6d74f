// Faces in images as OpenFace's programs fit them: eleven rotation hypotheses or one, parts, validator.
#include "arrays.h"
#include "model.h"
#include "outcome.h"
#include "register.h"

namespace bridge {

namespace {

py::dict fit_in_image(Model& model, const py::array& image, const py::array& bbox, const Settings& settings) {
  const cv::Mat pixels = picture(image);
  const cv::Rect_<float> rectangle = box(bbox);
  model.require_usable(settings);
  Outcome outcome;
  {
    const Work work(model);
    model.reset();
    auto parameters = settings.parameters(model.n_scales());
    cv::Mat grey;
    const bool success = LandmarkDetector::DetectLandmarksInImage(pixels, cv::Rect_<double>(rectangle), model.clnf,
                                                                  parameters, grey);
    outcome = Outcome(model.clnf, success);
  }
  return outcome.to_dict();
}

float validate(Model& model, const py::array& image, const py::array& euler, const py::array& landmarks) {
  const cv::Mat_<uchar> grey = grey_picture(image);
  const cv::Vec3f angles = rotation(euler);
  Matrix shape = points(landmarks, "landmarks", model.n_landmarks());
  require(!model.clnf.landmark_validator.orientations.empty(), "this model has no validator");
  const Work work(model);
  return model.clnf.landmark_validator.Check(cv::Vec3d(angles), grey, shape);
}

} // namespace

void register_images(py::module_& m) {
  py::reinterpret_borrow<py::class_<Model>>(m.attr("Model"))
      .def("fit_in_image", &fit_in_image, py::arg("image"), py::arg("box"), py::arg("settings"))
      .def("validate", &validate, py::arg("image"), py::arg("rotation"), py::arg("landmarks"));
}

} // namespace bridge
