// How a fit ended: copied while the model is locked, made a dictionary afterwards.
#pragma once

#include "openface.h"

namespace bridge {

class Outcome {
public:
  Outcome() = default;
  Outcome(const LandmarkDetector::CLNF& clnf, bool success);

  py::dict to_dict() const;

private:
  struct Found {
    std::string name;
    Matrix landmarks;
    cv::Vec6f params_global;
    Matrix params_local;
    float likelihood = 0;
  };

  static Found found(const std::string& name, const LandmarkDetector::CLNF& clnf);
  static py::dict to_dict(const Found& found);

  bool success_ = false;
  float certainty_ = 0;
  int view_ = 0;
  Found face_;
  std::vector<Found> parts_;
};

} // namespace bridge
