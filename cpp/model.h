// A loaded OpenFace model. OpenFace's objects are not safe to share between threads, so every use locks.
#pragma once

#include "openface.h"
#include "settings.h"

namespace bridge {

// Calls openface_bridge.model_files, which raises what Python's readers of these files raise.
void check_model_files(const std::string& path);
void check_detector_files(const std::string& path);

class Model {
public:
  // Needs the GIL; checks the files, then reads them without it.
  explicit Model(const std::string& path);
  explicit Model(LandmarkDetector::CLNF loaded);

  LandmarkDetector::CLNF clnf;
  std::mutex mutex;

  int n_landmarks() const { return clnf.pdm.NumberOfPoints(); }
  int n_modes() const { return clnf.pdm.NumberOfModes(); }
  int n_scales() const { return static_cast<int>(clnf.patch_experts.patch_scaling.size()); }
  int n_views(int scale) const { return static_cast<int>(clnf.patch_experts.centers.at(scale).size()); }

  // As if just loaded: no fit's state is left, neither the parts' nor kernel tables (quirk: OpenFace keeps those).
  void reset();

  void require_scale(int scale) const;
  void require_view(int scale, int view) const;
  void require_usable(const Settings& settings) const;

  // Mean shape's parameters for a box, as every fit starts.
  void start(const cv::Rect_<float>& box, const cv::Vec3f& rotation);
};

// Releases the GIL, then locks the model: never the other way round.
class Work {
public:
  explicit Work(Model& model) : lock_(model.mutex) {}

private:
  py::gil_scoped_release release_;
  std::lock_guard<std::mutex> lock_;
};

} // namespace bridge
