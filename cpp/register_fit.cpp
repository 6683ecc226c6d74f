// A whole fit from a box and one rotation hypothesis, by OpenFace alone. Stepped fits: openface_bridge/live.
#include "arrays.h"
#include "model.h"
#include "outcome.h"
#include "register.h"

namespace bridge {

namespace {

py::dict fit(Model& model, const py::array& image, const py::array& bbox, const Settings& settings,
             const py::array& euler) {
  const cv::Mat_<uchar> grey = grey_picture(image);
  const cv::Rect_<float> rectangle = box(bbox);
  const cv::Vec3f angles = rotation(euler);
  model.require_usable(settings);
  Outcome outcome;
  {
    const Work work(model);
    model.reset();
    model.start(rectangle, angles);
    auto parameters = settings.parameters(model.n_scales());
    const bool success = model.clnf.DetectLandmarks(grey, parameters);
    outcome = Outcome(model.clnf, success);
  }
  return outcome.to_dict();
}

} // namespace

void register_fit(py::module_& m) {
  py::reinterpret_borrow<py::class_<Model>>(m.attr("Model"))
      .def("fit", &fit, py::arg("image"), py::arg("box"), py::arg("settings"),
           py::arg("rotation") = to_array(Matrix(3, 1, 0.0F)));
}

} // namespace bridge
