// What a caller may choose; the defaults are OpenFace's own for still pictures.
#pragma once

#include "openface.h"

namespace bridge {

struct Settings {
  std::vector<int> window_sizes{11, 9, 7, 5};
  std::vector<int> window_sizes_small{0, 9, 7, 0};
  float sigma = 1.5F;
  float reg_factor = 25.0F;
  float weight_factor = 0.0F;
  int max_iterations = 5;
  bool multi_view = false;
  bool refine_parts = false;
  bool validate = false;
  bool use_face_template = false;

  // Raises a ValueError that names the field.
  void check() const;

  // OpenFace's own; windows are completed with 0 (skip), since OpenFace reads one for every scale.
  LandmarkDetector::FaceModelParameters parameters(int n_scales) const;
};

// What one scale is fitted with: sigma, regularisation and weight factor change with the patch scale.
struct Plan {
  float sigma = 1.5F;
  float reg_factor = 25.0F;
  float weight_factor = 0.0F;
};

} // namespace bridge
