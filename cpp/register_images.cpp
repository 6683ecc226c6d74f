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

// One model for face after face, as OpenFace's program for still pictures has it: nothing is reset in between, and kernel
// tables stay. The settings are fixed, so that no table is another sigma's.
class ImageFitter {
public:
  ImageFitter(const std::string& model, const Settings& settings) : model_(model) {
    model_.require_usable(settings);
    parameters_ = settings.parameters(model_.n_scales());
  }

  py::dict fit(const py::array& image, const py::array& bbox) {
    const cv::Mat pixels = picture(image);
    const cv::Rect_<float> rectangle = box(bbox);
    Outcome outcome;
    {
      const Work work(model_);
      cv::Mat grey = pixels.channels() == 1 ? pixels : cv::Mat(); // where it is empty, OpenFace converts
      const bool success = LandmarkDetector::DetectLandmarksInImage(pixels, cv::Rect_<double>(rectangle), model_.clnf,
                                                                    parameters_, grey);
      outcome = Outcome(model_.clnf, success);
    }
    return outcome.to_dict();
  }

private:
  Model model_;
  LandmarkDetector::FaceModelParameters parameters_;
};

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
  py::class_<ImageFitter>(m, "ImageFitter")
      .def(py::init<const std::string&, const Settings&>(), py::arg("model"), py::arg("settings"))
      .def("fit", &ImageFitter::fit, py::arg("image"), py::arg("box"));
}

} // namespace bridge
