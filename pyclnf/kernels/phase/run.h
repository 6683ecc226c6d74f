// A whole phase of NU-RLMS: iterate until the shape stands still or the iterations are used up.
#pragma once

#include "cholesky.h"
#include "gram.h"
#include "level.h"
#include "mean_shift.h"
#include "normal_equations.h"
#include "record.h"
#include "shape.h"
#include "types.h"
#include "update.h"
#include "workspace.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

class Runner {
 public:
  Runner(const Model& model, const Task& task, Workspace& work, const Record* record)
      : model_(model),
        task_(task),
        work_(work),
        record_(record),
        size_(task.rigid ? kRigid : kRigid + model.modes),
        stride_(padded(size_)) {
    separate(task.base, model.landmarks, work.base_x, work.base_y);
    for (int i = 0; i < model.landmarks; ++i) {
      work.shift_x[i] = work.shift_y[i] = 0.0f;
      if (task.visible[i]) work.seen[seen_count_++] = i;
    }
  }

  // Run from a state to another; `offsets` (n x 2) gets those of the last iteration's start.
  Outcome run(const State& state, float* offsets) {
    Pose *here = &work_.poses[0], *there = &work_.poses[1];
    read_state(model_, state, *here);
    Outcome outcome = {0, false, false};
    for (bool stop = false; !stop && outcome.iterations < task_.max_iterations;) {
      const bool reshaped = iterate(*here, *there, outcome.iterations++);
      if (!is_finite(*there)) {
        outcome.diverged = true;
        break;
      }
      pose(*here, *there, reshaped);
      outcome.reshaped |= reshaped;
      stop = has_converged(*here, *there, model_.landmarks);
      Pose* const left = here;
      here = there, there = left;
    }
    write_state(model_, *here, state, 0);
    interleave(work_.offset_x, work_.offset_y, model_.landmarks, offsets);
    return outcome;
  }

 private:
  // Find the parameters that an iteration leads to; tell whether the local ones are others.
  bool iterate(const Pose& here, Pose& there, int index) {
    find_shifts(here);
    jacobian(model_, here, task_.rigid, work_.jacobian);
    set_up_equations(here);
    cholesky_solve(work_.hessian, stride_, work_.right, size_, work_.cholesky, work_.change);
    update(here, work_.change, model_.modes, task_.rigid, there.global, there.local);
    const bool clamped = clamp(model_.limits, model_.modes, there.local);
    if (record_) write_record(model_, work_, here, there, task_.rigid, *record_, index);
    return clamped || !task_.rigid;
  }

  void find_shifts(const Pose& here) {
    const int n = model_.landmarks;
    for (int i = 0; i < n; ++i) {
      work_.moved_x[i] = here.x[i] - work_.base_x[i];
      work_.moved_y[i] = here.y[i] - work_.base_y[i];
    }
    transform(task_.to_reference, work_.moved_x, work_.moved_y, n, work_.offset_x, work_.offset_y);
    const auto middle = static_cast<float>((task_.window - 1) / 2);
    for (int i = 0; i < n; ++i) work_.offset_x[i] += middle, work_.offset_y[i] += middle;
    MeanShift(task_, work_.seen, seen_count_)(work_.offset_x, work_.offset_y, work_.shift_x,
                                              work_.shift_y);
  }

  void set_up_equations(const Pose& here) {
    const int n = model_.landmarks;
    transform(task_.to_image, work_.shift_x, work_.shift_y, n, work_.pull, work_.pull + n);
    const float* seen = work_.jacobian;
    if (seen_count_ < n) {
      const std::uint8_t* visible = task_.visible;
      scale_rows(
          seen, n, stride_, [=](int i) { return visible[i] ? 1.0f : 0.0f; }, work_.seen_rows);
      seen = work_.seen_rows;
      for (int i = 0; i < n; ++i) {
        if (!visible[i]) work_.pull[i] = work_.pull[n + i] = 0.0f;
      }
    }
    const float* weighted = seen;
    if (const float* weights = task_.weights) {
      scale_rows(seen, n, stride_, [=](int i) { return weights[i]; }, work_.weighted_rows);
      weighted = work_.weighted_rows;
    }
    right_hand_side(weighted, stride_, work_.pull, 2 * n, work_.right);
    if (!task_.rigid) subtract_prior(task_.prior, here.local, model_.modes, work_.right);
    const Tiling& tiling = task_.rigid ? work_.rigid : work_.nonrigid;
    gram({weighted, seen, stride_}, 2 * n, size_, tiling.tiles, tiling.count, task_.prior,
         record_ != nullptr, work_.hessian);
  }

  bool is_finite(const Pose& pose) const {
    return all_finite(pose.global, kRigid) && all_finite(pose.local, model_.modes);
  }

  // Derive the shape of new parameters; a rigid phase keeps the 3D shape.
  void pose(const Pose& here, Pose& there, bool reshaped) const {
    there.rotation = euler_to_matrix(there.global + 1);
    if (reshaped) {
      shape_3d(model_, there.local, there.shape);
    } else {
      copy(here.shape, 3 * padded(model_.landmarks), there.shape);
    }
    project(model_, there);
  }

  const Model& model_;
  const Task& task_;
  Workspace& work_;
  const Record* record_;
  int size_;
  int stride_;
  int seen_count_ = 0;
};

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
