// Tracking over frames. A tracker has a model of its own, since OpenFace keeps its state in the model.
#include "arrays.h"
#include "chatter.h"
#include "model.h"
#include "outcome.h"
#include "register.h"

// OpenFace defines these for its tracking alone, and declares them nowhere.
void UpdateTemplate(const cv::Mat_<uchar>& grey, LandmarkDetector::CLNF& clnf);
void CorrectGlobalParametersVideo(const cv::Mat_<uchar>& grey, LandmarkDetector::CLNF& clnf,
                                  const LandmarkDetector::FaceModelParameters& parameters);

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

  py::dict track(const py::array& image, const std::optional<py::array>& bbox) {
    const cv::Mat pixels = picture(image);
    require(pixels.channels() == 3, "image: expected shape (H, W, 3)");
    const cv::Rect_<float> rectangle = bbox ? box(*bbox) : cv::Rect_<float>(0, 0, 0, 0);
    Outcome outcome;
    const Chatter chatter; // the detector is read when first needed
    {
      const Work work(model_);
      cv::Mat grey;
      const bool success = LandmarkDetector::DetectLandmarksInVideo(pixels, cv::Rect_<double>(rectangle), model_.clnf,
                                                                    parameters_, grey);
      outcome = Outcome(model_.clnf, success);
    }
    chatter.log();
    return outcome.to_dict();
  }

private:
  Model model_;
  LandmarkDetector::FaceModelParameters parameters_;
};

py::array_t<float> follow_template(Model& model, const py::array& before, const py::array& image,
                                   const py::array& params_global, const py::array& params_local) {
  const cv::Mat_<uchar> last = grey_picture(before);
  const cv::Mat_<uchar> grey = grey_picture(image);
  const cv::Vec6f global = global_parameters(params_global);
  const Matrix local = column(params_local, "params_local", model.n_modes());
  require(global[0] > 0, "params_global: the scale must be positive");
  cv::Vec6f moved;
  const Settings defaults;
  {
    const Work work(model);
    model.reset();
    model.clnf.params_global = global;
    model.clnf.params_local = local;
    cv::Rect_<float> extent;
    model.clnf.pdm.CalcBoundingBox(extent, model.clnf.params_global, model.clnf.params_local);
    const auto within = [&extent](const cv::Mat& picture) {
      return extent.x >= 0 && extent.y >= 0 && extent.br().x <= picture.cols && extent.br().y <= picture.rows;
    };
    // Beyond the picture, the template may be larger than what it is looked for in, and OpenFace ends.
    require(within(last) && within(grey), "params_global: the face is not within both pictures");
    UpdateTemplate(last, model.clnf);
    CorrectGlobalParametersVideo(grey, model.clnf, defaults.parameters(model.n_scales()));
    moved = model.clnf.params_global;
  }
  return to_array(moved);
}

} // namespace

void register_tracking(py::module_& m) {
  py::class_<Tracker>(m, "Tracker")
      .def(py::init<const std::string&, const std::string&, const Settings&>(), py::arg("model"), py::arg("detector"),
           py::arg("settings"))
      .def("track", &Tracker::track, py::arg("image"), py::arg("box") = py::none());
  py::reinterpret_borrow<py::class_<Model>>(m.attr("Model"))
      .def("follow_template", &follow_template, py::arg("before"), py::arg("image"), py::arg("params_global"),
           py::arg("params_local"));
}

} // namespace bridge
