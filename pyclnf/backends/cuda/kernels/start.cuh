// Parameters from boxes, a block for each face; PointDistributionModel.parameters_from_box.
#pragma once

#include "arguments.cuh"
#include "shape.cuh"
#include "team.cuh"

namespace pyclnf::batch {

struct Extent {
  float lowest, highest;
};

inline Extent extent_along(const float* row, const float* shape, int n) {
  Extent extent = {};
  for (int i = 0; i < n; ++i) {
    const float at = turned(row, shape[i], shape[n + i], shape[2 * n + i]);
    if (i == 0 || at < extent.lowest) extent.lowest = at;
    if (i == 0 || at > extent.highest) extent.highest = at;
  }
  return extent;
}

// Fits the extent of a rotated shape into a box: x, y, width, height.
inline void fit_into_box(const float* box, const float* euler, const Extent (&extents)[2],
                         float* global) {
  float ratios[2], middles[2];
  for (int axis = 0; axis < 2; ++axis) {
    const double low = extents[axis].lowest, high = extents[axis].highest;
    ratios[axis] = box[2 + axis] / static_cast<float>(high - low);
    middles[axis] = box[axis] + box[2 + axis] / 2.0f;
  }
  const float scale = (ratios[0] + ratios[1]) / 2.0f;
  global[0] = scale;
  for (int i = 0; i < 3; ++i) global[1 + i] = euler[i];
  for (int axis = 0; axis < 2; ++axis) {
    const double low = extents[axis].lowest, high = extents[axis].highest;
    const double shift = static_cast<double>(scale) * (low + high) / 2.0;
    global[4 + axis] = static_cast<float>(static_cast<double>(middles[axis]) - shift);
  }
}

// Shared memory: lowest and highest x and y.
inline void start(const Team& team, int64_t face, void* shared, const StartArguments& in) {
  const int n = in.model.landmarks, m = in.model.modes;
  float* const global = in.state.global + kRigid * face;
  float* const rotation = in.state.rotation + 9 * face;
  float* const shape = in.state.shape + int64_t{3} * n * face;
  float* const local = in.state.local + int64_t{m} * face;
  float* const landmarks = in.state.landmarks + int64_t{2} * n * face;
  auto* const extents = static_cast<Extent*>(shared);
  const float* euler = in.rotations + 3 * face;
  team.once([&] {
    const Rotation turn = phase::PYCLNF_LEVEL::euler_to_matrix(euler);
    for (int i = 0; i < 9; ++i) rotation[i] = turn.at[i / 3][i % 3];
    in.state.status[face] = active;
  });
  team.each(m, [&](int k) { local[k] = 0.0f; });
  team.each(3 * n, [&](int i) { shape[i] = in.model.mean[i] + 0.0f; });
  team.each(2, [&](int axis) { extents[axis] = extent_along(rotation + 3 * axis, shape, n); });
  team.once([&] {
    const Extent both[2] = {extents[0], extents[1]};
    fit_into_box(in.boxes + 4 * face, euler, both, global);
  });
  team.each(2 * n, [&](int i) {
    landmarks[i] = projected(rotation, global, shape, n, i / 2, i % 2);
  });
}

}  // namespace pyclnf::batch
