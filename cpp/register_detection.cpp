// OpenFace's MTCNN face detector.
#include "arrays.h"
#include "chatter.h"
#include "model.h"
#include "register.h"

namespace bridge {

namespace {

constexpr int kSmallestPicture = 60; // px; below, OpenFace asks for an image pyramid without levels

class FaceDetector {
public:
  explicit FaceDetector(const std::string& path) {
    check_detector_files(path);
    const Chatter chatter;
    {
      const py::gil_scoped_release release;
      detector_.Read(path);
    }
    chatter.log();
    if (detector_.empty()) {
      throw std::runtime_error(path + ": OpenFace could not read this detector (see logger openface_bridge.openface)");
    }
  }

  py::tuple detect(const py::array& image) {
    const cv::Mat pixels = picture(image);
    std::vector<cv::Rect_<float>> boxes;
    std::vector<float> confidences;
    if (std::min(pixels.rows, pixels.cols) >= kSmallestPicture) {
      const py::gil_scoped_release release;
      const std::lock_guard<std::mutex> lock(mutex_);
      LandmarkDetector::DetectFacesMTCNN(boxes, pixels, detector_, confidences);
    }
    const auto faces = static_cast<py::ssize_t>(boxes.size());
    py::array_t<float> stacked(Shape{faces, 4});
    float* out = stacked.mutable_data();
    for (const cv::Rect_<float>& found : boxes) {
      for (const float value : {found.x, found.y, found.width, found.height}) {
        *out++ = value;
      }
    }
    py::array_t<float> scores(Shape{faces});
    std::copy(confidences.begin(), confidences.end(), scores.mutable_data());
    return py::make_tuple(stacked, scores);
  }

private:
  LandmarkDetector::FaceDetectorMTCNN detector_;
  std::mutex mutex_;
};

} // namespace

void register_detection(py::module_& m) {
  py::class_<FaceDetector>(m, "FaceDetector")
      .def(py::init<const std::string&>(), py::arg("path"))
      .def("detect", &FaceDetector::detect, py::arg("image"));
}

} // namespace bridge
