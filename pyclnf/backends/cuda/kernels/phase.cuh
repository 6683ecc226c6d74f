// A whole phase of NU-RLMS, by one team: iterate until the shape stands still or the iterations are
// used up; pyclnf/nu_rlms.py.
#pragma once

#include <cmath>

#include "../../../kernels/phase/rotation.h"
#include "arguments.cuh"
#include "cholesky.cuh"
#include "equations.cuh"
#include "mean_shift.cuh"
#include "shape.cuh"
#include "team.cuh"
#include "workspace.cuh"

namespace pyclnf::batch {

// What a phase of one face works with.
struct Task {
  const ScaleArguments& in;
  int64_t face;
  const View& view;
  bool rigid;

  int landmarks() const { return in.model.landmarks; }
  int size() const { return rigid ? kRigid : kRigid + in.model.modes; }
  bool sees(int landmark) const { return view.rows[landmark] >= 0; }
  const float* map(int landmark) const {
    return in.maps + (face * landmarks() + landmark) * in.window * in.window;
  }
  const Elements& elements() const { return rigid ? in.rigid : in.nonrigid; }
};

struct Outcome {
  int iterations;
  bool diverged;
  bool reshaped;  // the local parameters are not those of the start any more
};

class Phase {
 public:
  Phase(const Team& team, const Task& task, Workspace& work, const Record* record)
      : team_(team), task_(task), work_(work), record_(record) {}

  Outcome run() {
    Outcome outcome = {0, false, false};
    for (bool stop = false; !stop && outcome.iterations < task_.in.max_iterations;) {
      iterate(outcome.iterations++);
      if (!work_.flags->finite) {
        outcome.diverged = true;
        break;
      }
      const bool reshaped = work_.flags->reshaped || !task_.rigid;
      pose(reshaped);
      outcome.reshaped |= reshaped;
      stop = work_.flags->converged;
      work_.advance();
    }
    return outcome;
  }

 private:
  // Finds the parameters that an iteration leads to.
  void iterate(int index) {
    const int n = task_.landmarks(), c = task_.size(), rows = 2 * n * c;
    if (record_ != nullptr) record_start(index);
    // Landmarks take longest, and come first.
    team_.each(n + rows, [&](int i) {
      if (i < n) {
        find_shift(i, index);
      } else {
        differentiate((i - n) / c, (i - n) % c, index);
      }
    });
    const int sums = task_.elements().count;
    team_.each(c + sums, [&](int i) {
      if (i < c) {
        find_right(i);
      } else {
        find_element(task_.elements().all[i - c], index);
      }
    });
    const CholeskyMemory memory(work_.factors, c);
    cholesky_solve(team_, work_.hessian, work_.right, c, memory, work_.change);
    team_.each(1 + task_.in.model.modes, [&](int i) {
      if (i == 0) {
        update_global();
      } else {
        update_local(i - 1);
      }
    });
    team_.once([&] { judge(); });
    if (record_ != nullptr) record_end(index);
  }

  void find_shift(int i, int index) {
    const ScaleArguments& in = task_.in;
    const int64_t place = task_.face * task_.landmarks() + i;
    const Vector2 offset = map_offset(work_.landmarks + 2 * i, in.base + 2 * place,
                                      in.to_reference + 4 * task_.face, in.window);
    work_.offsets[2 * i] = offset.x, work_.offsets[2 * i + 1] = offset.y;
    Vector2 shift = {0.0f, 0.0f}, pull = {0.0f, 0.0f};
    if (task_.sees(i)) {
      shift = mean_shift(task_.map(i), in.kernels, in.window, offset);
      pull = transformed(in.to_image + 4 * task_.face, shift.x, shift.y);
    }
    work_.pull[i] = pull.x, work_.pull[task_.landmarks() + i] = pull.y;
    if (record_ != nullptr) {
      const int64_t at = 2 * (int64_t{index} * task_.landmarks() + i);
      record_->offsets[at] = offset.x, record_->offsets[at + 1] = offset.y;
      record_->mean_shifts[at] = shift.x, record_->mean_shifts[at + 1] = shift.y;
    }
  }

  // Rows of invisible landmarks become zero.
  void differentiate(int row, int column, int index) {
    const int n = task_.landmarks(), c = task_.size();
    const float element = jacobian_element(task_.in.model, work_.rotation, work_.global[0],
                                           work_.shape, row, column);
    const bool seen = task_.sees(row < n ? row : row - n);
    work_.jacobian[row * c + column] = seen ? element : element * 0.0f;
    if (record_ != nullptr) {
      record_->jacobian[int64_t{index} * 2 * n * c + row * c + column] = element;
    }
  }

  Rows rows() const {
    const bool weighted = task_.in.weight_factor > 0.0f;
    return {work_.jacobian, weighted ? work_.weights : nullptr, task_.landmarks(), task_.size()};
  }

  void find_right(int column) {
    const float right = right_element(rows(), work_.pull, column);
    const bool global = column < kRigid;
    work_.right[column] =
        global ? right : less_prior(right, task_.in.prior[column], work_.local[column - kRigid]);
  }

  void find_element(const Element& element, int index) {
    const ScaleArguments& in = task_.in;
    float sum = gram_element(rows(), element, in.term_groups, in.n_term_groups);
    if (element.row == element.column) sum += in.prior[element.row];
    if (element.row >= element.column) {
      work_.hessian[triangular(element.row, element.column)] = sum;
    }
    if (record_ != nullptr) {
      const int c = task_.size();
      record_->hessian[(int64_t{index} * c + element.row) * c + element.column] = sum;
    }
  }

  // Scale and translations add up, the rotation is composed.
  void update_global() {
    Rotation rotation;
    for (int i = 0; i < 9; ++i) rotation.at[i / 3][i % 3] = work_.rotation[i];
    const auto angles = phase::PYCLNF_LEVEL::compose(rotation, work_.change + 1);
    for (int i = 0; i < kRigid; ++i) {
      const bool angle = i >= 1 && i < 4;
      work_.next_global[i] = angle ? angles.at[i - 1] : work_.global[i] + work_.change[i];
    }
  }

  // Local parameters are limited to three standard deviations; NaN stays.
  void update_local(int k) {
    const float limit = task_.in.model.limits[k], before = work_.local[k];
    const float raw = task_.rigid ? before : before + work_.change[kRigid + k];
    const float above = raw < -limit ? -limit : raw;
    work_.next_local[k] = above > limit ? limit : above;
  }

  // Tells whether the new parameters are finite, and whether the local ones are others.
  void judge() {
    bool finite = true, reshaped = false;
    for (int i = 0; i < kRigid; ++i) finite &= std::isfinite(work_.next_global[i]);
    for (int k = 0; k < task_.in.model.modes; ++k) {
      finite &= std::isfinite(work_.next_local[k]);
      reshaped |= !(work_.next_local[k] == work_.local[k]);
    }
    work_.flags->finite = finite;
    work_.flags->reshaped = reshaped;
  }

  // Derives the shape of new parameters, and tells whether it stands still.
  void pose(bool reshaped) {
    const int n = task_.landmarks();
    const Model& model = task_.in.model;
    team_.each(1 + (reshaped ? 3 * n : 0), [&](int i) {
      if (i > 0) {
        work_.shape[i - 1] = coordinate_of(model, work_.next_local, i - 1);
        return;
      }
      const Rotation turn = phase::PYCLNF_LEVEL::euler_to_matrix(work_.next_global + 1);
      for (int at = 0; at < 9; ++at) work_.rotation[at] = turn.at[at / 3][at % 3];
    });
    team_.each(2 * n, [&](int i) {
      work_.next_landmarks[i] =
          projected(work_.rotation, work_.next_global, work_.shape, n, i / 2, i % 2);
    });
    team_.once([&] { work_.flags->converged = has_converged(); });
  }

  // Whether the shape moved by less than 0.01 px over all coordinates together.
  bool has_converged() const {
    double squares = 0.0;
    for (int i = 0; i < 2 * task_.landmarks(); ++i) {
      const double apart = work_.next_landmarks[i] - work_.landmarks[i];
      squares += apart * apart;
    }
    return std::sqrt(squares) < 0.01;
  }

  void record_start(int index) const {
    const int n = task_.landmarks(), m = task_.in.model.modes;
    const State& to = record_->before;
    const int64_t at = index;
    team_.each(kRigid, [&](int i) { to.global[at * kRigid + i] = work_.global[i]; });
    team_.each(m, [&](int i) { to.local[at * m + i] = work_.local[i]; });
    team_.each(9, [&](int i) { to.rotation[at * 9 + i] = work_.rotation[i]; });
    team_.each(3 * n, [&](int i) { to.shape[at * 3 * n + i] = work_.shape[i]; });
    team_.each(2 * n, [&](int i) { to.landmarks[at * 2 * n + i] = work_.landmarks[i]; });
  }

  void record_end(int index) const {
    const int c = task_.size(), m = task_.in.model.modes;
    const int64_t at = index;
    team_.each(c, [&](int i) {
      record_->right[at * c + i] = work_.right[i];
      record_->change[at * c + i] = work_.change[i];
    });
    team_.each(kRigid, [&](int i) { record_->global[at * kRigid + i] = work_.next_global[i]; });
    team_.each(m, [&](int i) { record_->local[at * m + i] = work_.next_local[i]; });
  }

  const Team& team_;
  const Task& task_;
  Workspace& work_;
  const Record* record_;
};

}  // namespace pyclnf::batch
