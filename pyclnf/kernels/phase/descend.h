// Parameters from landmarks that all count, see descend() in pyclnf/landmark_parameters.py.
#pragma once

#include <cmath>

#include "cholesky.h"
#include "gram.h"
#include "level.h"
#include "normal_equations.h"
#include "record.h"
#include "shape.h"
#include "types.h"
#include "update.h"
#include "workspace.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

class Descent {
 public:
  Descent(const Model& model, const float* landmarks, const float* prior, Workspace& work)
      : model_(model), prior_(prior), work_(work) {
    separate(landmarks, model.landmarks, work.base_x, work.base_y);
  }

  // Go from a state to another; return how many iterations that took.
  int run(const State& state) {
    Pose *here = &work_.poses[0], *there = &work_.poses[1];
    read_state(model_, state, *here);
    int iterations = 0;
    float error = distance(here->x, here->y);
    for (int failures = 0; failures < kMostFailures && iterations < kMostIterations;) {
      const float* shape = residual_shape(*here);
      step(*here, shape);
      update(*here, work_.change, model_.modes, false, there->global, there->local);
      if (!all_finite(there->global, kRigid) || !all_finite(there->local, model_.modes)) {
        break;
      }
      ++iterations;
      there->rotation = euler_to_matrix(there->global + 1);
      // With the new rotation, scale and translation but the shape of before.
      const float before = error;
      project_wide(shape, *there);
      error = distance(work_.moved_x, work_.moved_y);
      failures += 0.999 * static_cast<double>(before) < static_cast<double>(error);
      shape_3d(model_, there->local, there->shape);
      Pose* const left = here;
      here = there, there = left;
    }
    project(model_, *here);
    write_state(model_, *here, state, 0);
    return iterations;
  }

 private:
  static constexpr int kMostIterations = 1000;
  static constexpr int kMostFailures = 3;
  static constexpr int kLeftToBlas = 100;

  // The change of parameters: three quarters of the normal equations' solution.
  void step(const Pose& here, const float* shape) {
    const int n = model_.landmarks, size = kRigid + model_.modes, stride = padded(size);
    project_wide(shape, here);
    for (int i = 0; i < n; ++i) {
      work_.pull[i] = work_.base_x[i] - work_.moved_x[i];
      work_.pull[n + i] = work_.base_y[i] - work_.moved_y[i];
    }
    jacobian(model_, here, false, work_.jacobian);
    right_hand_side(work_.jacobian, stride, work_.pull, 2 * n, work_.right);
    subtract_prior(prior_, here.local, model_.modes, work_.right);
    gram({work_.jacobian, work_.jacobian, stride}, 2 * n, size, work_.nonrigid.tiles,
         work_.nonrigid.count, prior_, false, work_.hessian);
    cholesky_solve(work_.hessian, stride, work_.right, size, work_.cholesky, work_.change);
    for (int j = 0; j < size; ++j) work_.change[j] *= 0.75f;
  }

  // The 3D shape that distances are measured with: for few landmarks, summed in float64.
  const float* residual_shape(const Pose& here) const {
    const int rows = 3 * padded(model_.landmarks);
    if (3 * model_.landmarks >= kLeftToBlas) return here.shape;
    for (int row = 0; row < rows; row += kLanes) {
      double sums[kLanes] = {};
      for (int k = 0; k < model_.modes; ++k) {
        const float* mode = model_.by_mode + static_cast<std::ptrdiff_t>(k) * rows + row;
        const double weight = here.local[k];
        for (int j = 0; j < kLanes; ++j) sums[j] += static_cast<double>(mode[j]) * weight;
      }
      for (int j = 0; j < kLanes; ++j) {
        work_.residual_shape[row + j] = static_cast<float>(sums[j] + model_.mean[row + j]);
      }
    }
    return work_.residual_shape;
  }

  // Landmarks of a shape, rotated and scaled in float64, in moved_x and moved_y.
  void project_wide(const float* shape, const Pose& pose) const {
    const int count = padded(model_.landmarks);
    const double scale = pose.global[0];
    float* const axes[2] = {work_.moved_x, work_.moved_y};
    for (int axis = 0; axis < 2; ++axis) {
      const float *row = pose.rotation.at[axis], shift = pose.global[4 + axis];
      const double a = row[0], b = row[1], c = row[2];
      float* __restrict to = axes[axis];
      for (int i = 0; i < count; ++i) {
        const double x = shape[i], y = shape[count + i], z = shape[2 * count + i];
        to[i] = static_cast<float>((x * a + y * b + z * c) * scale) + shift;
      }
    }
  }

  // Of a shape from the landmarks: squares in float64, x of all first, in fours.
  float distance(const float* x, const float* y) const {
    const int n = model_.landmarks;
    double total = 0.0, four = 0.0;
    for (int i = 0; i < 2 * n; ++i) {
      const double apart = i < n ? x[i] - work_.base_x[i] : y[i - n] - work_.base_y[i - n];
      const double square = apart * apart;
      if (i >= 2 * n / 4 * 4) {
        total += square;
      } else if (i % 4 == 0) {
        four = square;
      } else {
        four += square;
        if (i % 4 == 3) total += four;
      }
    }
    return static_cast<float>(std::sqrt(total));
  }

  const Model& model_;
  const float* prior_;
  Workspace& work_;
};

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
