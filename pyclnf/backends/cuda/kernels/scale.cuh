// The phases of one scale, a block for each face, and what is found out at its end;
// pyclnf/fitting.py.
#pragma once

#include "../../../kernels/phase/likelihood.h"
#include "arguments.cuh"
#include "phase.cuh"
#include "team.cuh"
#include "workspace.cuh"

namespace pyclnf::batch {

class ScaleFit {
 public:
  ScaleFit(const Team& team, int64_t face, const ScaleArguments& in, double* memory)
      : team_(team), face_(face), in_(in), view_(in.views[in.view_of[face]]) {
    work_.carve(in.model, memory);
  }

  void run() {
    if (view_.visible == 0) {
      set_status(none_visible);
      return;
    }
    read();
    bool diverged = false, reshaped = false;
    float face_scale = work_.global[0];
    for (int kind = 0; kind < 2 && !diverged; ++kind) {
      if (!(in_.phases & (1 << kind))) continue;
      face_scale = work_.global[0];  // entering the non-rigid phase, which comes last
      const Outcome outcome = run_phase(kind == 0);
      team_.once([&] { in_.iterations[2 * face_ + kind] = outcome.iterations; });
      diverged = outcome.diverged;
      reshaped |= outcome.reshaped;
    }
    if (!diverged && is_likelihood_due(face_scale)) find_likelihood();
    team_.once([&] { in_.reshaped[face_] = reshaped; });
    write();
    set_status(diverged ? Status::diverged : work_.global[0] < 0.25f ? too_small : active);
  }

 private:
  Outcome run_phase(bool rigid) {
    const Task task = {in_, face_, view_, rigid};
    return Phase(team_, task, work_, in_.record).run();
  }

  bool is_likelihood_due(float face_scale) const {
    return in_.likelihood == 2 || (in_.likelihood == 1 && face_scale < 0.30f);
  }

  // The maps under exact Gaussians around the last iteration's start.
  void find_likelihood() {
    const int n = in_.model.landmarks, area = in_.window * in_.window;
    const double variance = in_.sigma * in_.sigma;
    const float* maps = in_.maps + face_ * n * area;
    float* const likelihoods = work_.pull;
    team_.each(n, [&](int i) {
      if (view_.rows[i] < 0) return;
      likelihoods[i] = phase::PYCLNF_LEVEL::landmark_likelihood(
          maps + int64_t{i} * area, in_.window, work_.offsets[2 * i], work_.offsets[2 * i + 1],
          variance);
    });
    team_.once([&] {
      phase::PYCLNF_LEVEL::MeanLogarithm mean;
      for (int i = 0; i < n; ++i) {
        if (view_.rows[i] >= 0) mean.add(likelihoods[i]);
      }
      in_.likelihoods[face_] = mean.value();
    });
  }

  void read() {
    const int64_t n = in_.model.landmarks, m = in_.model.modes;
    const State& from = in_.state;
    copy(from.global + kRigid * face_, kRigid, work_.global);
    copy(from.local + m * face_, m, work_.local);
    copy(from.rotation + 9 * face_, 9, work_.rotation);
    copy(from.shape + 3 * n * face_, 3 * n, work_.shape);
    copy(from.landmarks + 2 * n * face_, 2 * n, work_.landmarks);
    copy(in_.offsets + 2 * n * face_, in_.phases == 0 ? 2 * n : 0, work_.offsets);
    team_.each(static_cast<int>(n), [&](int i) {
      work_.weights[i] = in_.weight_factor * view_.confidences[i];
    });
  }

  void write() {
    const int64_t n = in_.model.landmarks, m = in_.model.modes;
    const State& to = in_.state;
    copy(work_.global, kRigid, to.global + kRigid * face_);
    copy(work_.local, m, to.local + m * face_);
    copy(work_.rotation, 9, to.rotation + 9 * face_);
    copy(work_.shape, 3 * n, to.shape + 3 * n * face_);
    copy(work_.landmarks, 2 * n, to.landmarks + 2 * n * face_);
    copy(work_.offsets, 2 * n, in_.offsets + 2 * n * face_);
  }

  void copy(const float* from, int64_t count, float* to) {
    team_.each(static_cast<int>(count), [&](int i) { to[i] = from[i]; });
  }

  void set_status(Status status) {
    team_.once([&] { in_.state.status[face_] = status; });
  }

  const Team& team_;
  int64_t face_;
  const ScaleArguments& in_;
  const View& view_;
  Workspace work_;
};

inline void fit_scale(const Team& team, int64_t face, void* shared, const ScaleArguments& in) {
  if (in.state.status[face] != active) return;
  double* const own = in.memory ? in.memory + face * in.memory_size : nullptr;
  ScaleFit(team, face, in, own ? own : static_cast<double*>(shared)).run();
}

}  // namespace pyclnf::batch
