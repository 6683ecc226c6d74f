// OpenFace's MTCNN face detector, and what it does on the way: networks, suppression, corrections.
#include "arrays.h"
#include "chatter.h"
#include "model.h"
#include "register.h"

// OpenFace defines these for its detector alone, and declares them nowhere.
std::vector<int> non_maximum_supression(const std::vector<cv::Rect_<float>>& boxes, const std::vector<float>& scores,
                                        float most, bool of_smaller);
void apply_correction(std::vector<cv::Rect_<float>>& boxes, const std::vector<cv::Rect_<float>> corrections,
                      bool inclusive);
void rectify(std::vector<cv::Rect_<float>>& boxes);

namespace bridge {

namespace access {

using Network = LandmarkDetector::CNN LandmarkDetector::FaceDetectorMTCNN::*;

// Hands a private member's address out, see private_access.h.
template <typename Tag, Network member> struct ExposeNetwork {
  friend Network address(Tag) { return member; }
};

struct Proposal {
  friend Network address(Proposal);
};
struct Refinement {
  friend Network address(Refinement);
};
struct Output {
  friend Network address(Output);
};

template struct ExposeNetwork<Proposal, &LandmarkDetector::FaceDetectorMTCNN::PNet>;
template struct ExposeNetwork<Refinement, &LandmarkDetector::FaceDetectorMTCNN::RNet>;
template struct ExposeNetwork<Output, &LandmarkDetector::FaceDetectorMTCNN::ONet>;

} // namespace access

namespace {

using Boxes = std::vector<cv::Rect_<float>>;

Boxes to_boxes(const py::array& array, const char* name, py::ssize_t count = -1) {
  const float* values = finite_floats(array, name, {count, 4});
  Boxes boxes;
  for (py::ssize_t i = 0; i < array.shape(0); ++i, values += 4) {
    boxes.emplace_back(values[0], values[1], values[2], values[3]);
  }
  return boxes;
}

py::array_t<float> from_boxes(const Boxes& boxes) {
  py::array_t<float> stacked(Shape{static_cast<py::ssize_t>(boxes.size()), 4});
  float* out = stacked.mutable_data();
  for (const cv::Rect_<float>& box : boxes) {
    for (const float value : {box.x, box.y, box.width, box.height}) {
      *out++ = value;
    }
  }
  return stacked;
}

py::array_t<int> suppressed(const py::array& boxes, const py::array& scores, float most, bool of_smaller) {
  const Boxes given = to_boxes(boxes, "boxes");
  const auto count = static_cast<py::ssize_t>(given.size());
  const float* values = finite_floats(scores, "scores", {count});
  const std::vector<int> kept = non_maximum_supression(given, std::vector<float>(values, values + count), most, of_smaller);
  return py::array_t<int>(Shape{static_cast<py::ssize_t>(kept.size())}, kept.data());
}

py::array_t<float> corrected(const py::array& boxes, const py::array& corrections, bool inclusive) {
  Boxes given = to_boxes(boxes, "boxes");
  apply_correction(given, to_boxes(corrections, "corrections", static_cast<py::ssize_t>(given.size())), inclusive);
  return from_boxes(given);
}

py::array_t<float> squared(const py::array& boxes) {
  Boxes given = to_boxes(boxes, "boxes");
  rectify(given);
  return from_boxes(given);
}

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
    py::array_t<float> scores(Shape{static_cast<py::ssize_t>(boxes.size())});
    std::copy(confidences.begin(), confidences.end(), scores.mutable_data());
    return py::make_tuple(from_boxes(boxes), scores);
  }

  // What one of the three networks makes of a picture that has been scaled and normalised.
  py::array_t<float> look(int network, const py::array& image) {
    require(0 <= network && network < 3, "network: must be from 0 to 2");
    const float* values = finite_floats(image, "image", {-1, -1, 3});
    const int least = std::array<int, 3>{12, 24, 48}[network];
    const auto rows = static_cast<int>(image.shape(0));
    const auto columns = static_cast<int>(image.shape(1));
    const bool fits = network == 0 ? std::min(rows, columns) >= least : rows == least && columns == least;
    require(fits, "image: not of a size that the network takes");
    const cv::Mat pixels = cv::Mat(rows, columns, CV_32FC3, const_cast<float*>(values)).clone();
    std::vector<Matrix> maps;
    {
      const py::gil_scoped_release release;
      const std::lock_guard<std::mutex> lock(mutex_);
      maps = (detector_.*members()[network]).Inference(pixels, true, true);
    }
    const bool numbers = maps.size() == 1 && maps[0].rows == 1; // behind a layer that is connected to all
    Matrix together;
    for (const Matrix& map : maps) {
      together.push_back(map.clone().reshape(1, 1));
    }
    if (numbers) {
      return to_array(together, {maps[0].cols, 1, 1});
    }
    return to_array(together, {static_cast<py::ssize_t>(maps.size()), maps.at(0).rows, maps.at(0).cols});
  }

private:
  static std::array<access::Network, 3> members() {
    return {address(access::Proposal{}), address(access::Refinement{}), address(access::Output{})};
  }

  LandmarkDetector::FaceDetectorMTCNN detector_;
  std::mutex mutex_;
};

} // namespace

void register_detection(py::module_& m) {
  py::class_<FaceDetector>(m, "FaceDetector")
      .def(py::init<const std::string&>(), py::arg("path"))
      .def("detect", &FaceDetector::detect, py::arg("image"))
      .def("look", &FaceDetector::look, py::arg("network"), py::arg("image"));
  const auto boxes = py::arg("boxes");
  m.def("suppressed", &suppressed, boxes, py::arg("scores"), py::arg("most"), py::kw_only(), py::arg("of_smaller"));
  m.def("corrected", &corrected, boxes, py::arg("corrections"), py::kw_only(), py::arg("inclusive"));
  m.def("squared", &squared, boxes);
}

} // namespace bridge
