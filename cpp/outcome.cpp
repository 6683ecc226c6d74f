#include "outcome.h"

#include "arrays.h"

namespace bridge {

using LandmarkDetector::CLNF;

Outcome::Outcome(const CLNF& clnf, bool success)
    : success_(success), certainty_(clnf.detection_certainty), view_(clnf.view_used), face_(found("", clnf)) {
  for (std::size_t i = 0; i < clnf.hierarchical_models.size(); ++i) {
    parts_.push_back(found(clnf.hierarchical_model_names[i], clnf.hierarchical_models[i]));
  }
}

py::dict Outcome::to_dict() const {
  py::dict result = to_dict(face_);
  result["success"] = success_;
  result["certainty"] = certainty_;
  result["view"] = view_;
  py::dict parts;
  for (const Found& part : parts_) {
    parts[py::str(part.name)] = to_dict(part);
  }
  result["parts"] = parts;
  return result;
}

Outcome::Found Outcome::found(const std::string& name, const CLNF& clnf) {
  return {name, clnf.detected_landmarks.clone(), clnf.params_global, clnf.params_local.clone(), clnf.model_likelihood};
}

py::dict Outcome::to_dict(const Found& found) {
  py::dict result;
  result["landmarks"] = points_to_array(found.landmarks);
  result["params_global"] = to_array(found.params_global);
  result["params_local"] = to_array(found.params_local);
  result["likelihood"] = found.likelihood;
  return result;
}

} // namespace bridge
