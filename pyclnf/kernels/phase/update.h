// How a solution of the normal equations changes the parameters, and when a phase ends.
#pragma once

#include <cmath>

#include "level.h"
#include "rotation.h"
#include "shape.h"
#include "types.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

// Scale, translations and modes add up, the rotation is composed.
inline void update(const Pose& pose, const float* change, int modes, bool rigid, float* global,
                   float* local) {
  global[0] = pose.global[0] + change[0];
  const Vector3<float> angles = compose(pose.rotation, change + 1);
  for (int i = 0; i < 3; ++i) global[1 + i] = angles.at[i];
  for (int i = 4; i < kRigid; ++i) global[i] = pose.global[i] + change[i];
  for (int k = 0; k < modes; ++k) {
    local[k] = rigid ? pose.local[k] : pose.local[k] + change[kRigid + k];
  }
}

// Limit local parameters to three standard deviations; NaN stays. Tell whether any was changed.
inline bool clamp(const float* limits, int modes, float* local) {
  bool changed = false;
  for (int k = 0; k < modes; ++k) {
    const float raw = local[k];
    const float above = raw < -limits[k] ? -limits[k] : raw;
    local[k] = above > limits[k] ? limits[k] : above;
    changed |= !(local[k] == raw);
  }
  return changed;
}

inline bool all_finite(const float* values, int count) {
  bool finite = true;
  for (int i = 0; i < count; ++i) finite &= std::isfinite(values[i]);
  return finite;
}

// Whether a shape moved by less than 0.01 px over all coordinates together.
inline bool has_converged(const Pose& before, const Pose& after, int landmarks) {
  double squares = 0.0;
  for (int i = 0; i < landmarks; ++i) {
    const double x = after.x[i] - before.x[i];
    const double y = after.y[i] - before.y[i];
    squares += x * x;
    squares += y * y;
  }
  return std::sqrt(squares) < 0.01;
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
