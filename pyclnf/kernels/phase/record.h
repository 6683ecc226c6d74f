// Copies between a phase's padded arrays and those of its caller.
#pragma once

#include <cstddef>
#include <cstring>

#include "level.h"
#include "shape.h"
#include "types.h"
#include "workspace.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

inline void copy(const float* from, std::size_t count, float* to) {
  std::memcpy(to, from, count * sizeof(float));
}

// n x 2 from coordinates apart, and back.
inline void interleave(const float* x, const float* y, int count, float* to) {
  for (int i = 0; i < count; ++i) to[2 * i] = x[i], to[2 * i + 1] = y[i];
}

inline void separate(const float* from, int count, float* x, float* y) {
  for (int i = 0; i < count; ++i) x[i] = from[2 * i], y[i] = from[2 * i + 1];
}

// The first `width` columns of a padded matrix.
inline void copy_rows(const float* from, int stride, int rows, int width, float* to) {
  for (int i = 0; i < rows; ++i) {
    copy(from + static_cast<std::ptrdiff_t>(i) * stride, width,
         to + static_cast<std::ptrdiff_t>(i) * width);
  }
}

inline void read_state(const Model& model, const State& state, Pose& pose) {
  const int n = model.landmarks;
  copy(state.global, kRigid, pose.global);
  copy(state.local, model.modes, pose.local);
  copy(state.rotation, 9, &pose.rotation.at[0][0]);
  for (int axis = 0; axis < 3; ++axis) {
    copy(state.shape + axis * n, n, pose.shape + axis * padded(n));
  }
  separate(state.landmarks, n, pose.x, pose.y);
}

// Write a pose to the place of an iteration, or to the only one there is (0).
inline void write_state(const Model& model, const Pose& pose, const State& state, int place) {
  const int n = model.landmarks;
  copy(pose.global, kRigid, state.global + place * kRigid);
  copy(pose.local, model.modes, state.local + place * model.modes);
  copy(&pose.rotation.at[0][0], 9, state.rotation + place * 9);
  copy_rows(pose.shape, padded(n), 3, n, state.shape + place * 3 * n);
  interleave(pose.x, pose.y, n, state.landmarks + place * 2 * n);
}

// Leave what an iteration has computed to an observer.
inline void write_record(const Model& model, const Workspace& work, const Pose& before,
                         const Pose& after, bool rigid, const Record& record, int place) {
  const int n = model.landmarks;
  const int size = rigid ? kRigid : kRigid + model.modes, stride = padded(size);
  write_state(model, before, record.before, place);
  interleave(work.offset_x, work.offset_y, n, record.offsets + place * 2 * n);
  interleave(work.shift_x, work.shift_y, n, record.mean_shifts + place * 2 * n);
  copy_rows(work.jacobian, stride, 2 * n, size, record.jacobian + place * 2 * n * size);
  copy_rows(work.hessian, stride, size, size, record.hessian + place * size * size);
  copy(work.right, size, record.right + place * size);
  copy(work.change, size, record.change + place * size);
  copy(after.global, kRigid, record.global + place * kRigid);
  copy(after.local, model.modes, record.local + place * model.modes);
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
