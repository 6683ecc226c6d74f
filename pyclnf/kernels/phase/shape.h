// Shapes of a point distribution model and their Jacobians, see pyclnf/pdm.py. Float32 throughout.
#pragma once

#include "lanes.h"
#include "level.h"
#include "rotation.h"
#include "types.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

// A shape within a phase, padded and with x and y apart.
struct Pose {
  float global[kRigid];
  Rotation rotation;
  float* local;  // m
  float* shape;  // 3 x padded(n)
  float* x;      // padded(n)
  float* y;
};

// mean + modes * local: one running fused sum over the modes for each coordinate.
inline void shape_3d(const Model& model, const float* local, float* __restrict shape) {
  constexpr int kAtOnce = 4;
  const int rows = 3 * padded(model.landmarks);
  int row = 0;
  for (; row + kAtOnce * kLanes <= rows; row += kAtOnce * kLanes) {
    Lanes sums[kAtOnce];
    for (auto& sum : sums) sum = broadcast(0.0f);
    for (int k = 0; k < model.modes; ++k) {
      const Lanes weight = broadcast(local[k]);
      const float* mode = model.by_mode + static_cast<std::ptrdiff_t>(k) * rows + row;
      for (int i = 0; i < kAtOnce; ++i) {
        sums[i] = fused(load(mode + i * kLanes), weight, sums[i]);
      }
    }
    for (int i = 0; i < kAtOnce; ++i) {
      store(shape + row + i * kLanes, load(model.mean + row + i * kLanes) + sums[i]);
    }
  }
  for (; row < rows; row += kLanes) {
    Lanes sum = broadcast(0.0f);
    for (int k = 0; k < model.modes; ++k) {
      const float* mode = model.by_mode + static_cast<std::ptrdiff_t>(k) * rows + row;
      sum = fused(load(mode), broadcast(local[k]), sum);
    }
    store(shape + row, load(model.mean + row) + sum);
  }
}

// Weak perspective: the landmarks of a pose whose rotation and 3D shape are known.
inline void project(const Model& model, Pose& pose) {
  const int count = padded(model.landmarks);
  const float* __restrict x = pose.shape;
  const float* __restrict y = x + count;
  const float* __restrict z = y + count;
  const float scale = pose.global[0];
  float* const axes[2] = {pose.x, pose.y};
  for (int axis = 0; axis < 2; ++axis) {
    const float *row = pose.rotation.at[axis], shift = pose.global[4 + axis];
    const float a = row[0], b = row[1], c = row[2];
    float* __restrict to = axes[axis];
    for (int i = 0; i < count; ++i) to[i] = scale * (a * x[i] + b * y[i] + c * z[i]) + shift;
  }
}

// A point's row for one image axis: its six global columns.
inline void global_columns(float* to, float x, float y, float z, const float* row, float scale,
                           int axis) {
  const float a = row[0], b = row[1], c = row[2];
  to[0] = x * a + y * b + z * c;
  to[1] = scale * (y * c - z * b);
  to[2] = -scale * (x * c - z * a);
  to[3] = scale * (x * b - y * a);
  to[4] = axis == 0 ? 1.0f : 0.0f;
  to[5] = axis == 0 ? 0.0f : 1.0f;
}

// How landmarks move with the parameters: 2n rows, x of all landmarks and then y, of padded(6) or
// padded(6 + m) columns.
inline void jacobian(const Model& model, const Pose& pose, bool rigid, float* __restrict to) {
  const int n = model.landmarks, count = padded(n);
  const int width = padded(kRigid + model.modes);
  const int stride = rigid ? padded(kRigid) : width;
  const float scale = pose.global[0];
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(n) * width;
  for (int axis = 0; axis < 2; ++axis) {
    const float* row = pose.rotation.at[axis];
    const Lanes a = broadcast(row[0]), b = broadcast(row[1]), c = broadcast(row[2]);
    const Lanes factor = broadcast(scale);
    for (int i = 0; i < n; ++i, to += stride) {
      if (!rigid) {
        const float* modes = model.by_point + static_cast<std::ptrdiff_t>(i) * width;
        for (int j = 0; j < width; j += kLanes) {
          store(to + j, factor * (a * load(modes + j) + b * load(modes + plane + j) +
                                  c * load(modes + 2 * plane + j)));
        }
      }
      const float* point = pose.shape + i;
      global_columns(to, point[0], point[count], point[2 * count], row, scale, axis);
    }
  }
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
