// Shapes of a point distribution model and their Jacobians; pyclnf/pdm.py.
#pragma once

#include "../../../kernels/phase/rotation.h"
#include "../../../kernels/simd/fused.h"
#include "arguments.cuh"

namespace pyclnf::batch {

using phase::PYCLNF_LEVEL::Rotation;
using PYCLNF_LEVEL::fused;
using phase::kRigid;

// A coordinate of a shape: mean + modes * local, one running fused sum.
inline float coordinate_of(const Model& model, const float* local, int row) {
  float sum = 0.0f;
  for (int k = 0; k < model.modes; ++k) {
    sum = fused(model.by_mode[3 * k * model.landmarks + row], local[k], sum);
  }
  return model.mean[row] + sum;
}

// The image axes of a vector, aX + bY + cZ.
inline float turned(const float* row, float x, float y, float z) {
  return row[0] * x + row[1] * y + row[2] * z;
}

// A landmark's x or y: weak perspective.
inline float projected(const float* rotation, const float* global, const float* shape,
                       int landmarks, int i, int axis) {
  const float* point = shape + i;
  const float upright =
      turned(rotation + 3 * axis, point[0], point[landmarks], point[2 * landmarks]);
  return global[0] * upright + global[4 + axis];
}

// How a point moves along an image axis with one of the global parameters.
inline float global_column(const float* row, float scale, float x, float y, float z, int axis,
                           int column) {
  const float a = row[0], b = row[1], c = row[2];
  switch (column) {
    case 0: return x * a + y * b + z * c;
    case 1: return scale * (y * c - z * b);
    case 2: return -scale * (x * c - z * a);
    case 3: return scale * (x * b - y * a);
    default: return column - 4 == axis ? 1.0f : 0.0f;
  }
}

// An element of the Jacobian: row i or n + i is landmark i's.
inline float jacobian_element(const Model& model, const float* rotation, float scale,
                              const float* shape, int row, int column) {
  const int n = model.landmarks, axis = row / n, i = row % n;
  const float* turn = rotation + 3 * axis;
  if (column < kRigid) {
    return global_column(turn, scale, shape[i], shape[n + i], shape[2 * n + i], axis, column);
  }
  const float* mode = model.components + i * model.modes + (column - kRigid);
  const int plane = n * model.modes;
  return scale * turned(turn, mode[0], mode[plane], mode[2 * plane]);
}

}  // namespace pyclnf::batch
