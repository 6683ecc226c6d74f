// Tracking over frames. A tracker has a model of its own, since OpenFace keeps its state in the model.
#include "arrays.h"
#include "chatter.h"
#include "model.h"
#include "outcome.h"
#include "register.h"

namespace bridge {

namespace {

class Tracker {
public:
  Tracker(const std::string& model, const std::string& detector, const Settings& settings) : model_(model) {
    check_detector_files(detector);
    model_.require_usable(settings);
    parameters_ = settings.parameters(model_.n_scales());
    parameters_.mtcnn_face_detector_location = detector;
    parameters_.curr_face_detector = LandmarkDetector::FaceModelParameters::MTCNN_DETECTOR;
  }

  py::dict track(const py::array& image) {
    const cv::Mat pixels = picture(image);
    require(pixels.channels() == 3, "image: expected shape (H, W, 3)");
    Outcome outcome;
    const Chatter chatter; // the detector is read when first needed
    {
      const Work work(model_);
      cv::Mat grey;
      const bool success = LandmarkDetector::DetectLandmarksInVideo(pixels, model_.clnf, parameters_, grey);
      outcome = Outcome(model_.clnf, success);
    }
    chatter.log();
    return outcome.to_dict();
  }

private:
  Model model_;
  LandmarkDetector::FaceModelParameters parameters_;
};

} // namespace

void register_tracking(py::module_& m) {
  py::class_<Tracker>(m, "Tracker")
      .def(py::init<const std::string&, const std::string&, const Settings&>(), py::arg("model"), py::arg("detector"),
           py::arg("settings"))
      .def("track", &Tracker::track, py::arg("image"));
}

} // namespace bridge
