// The table of one level's functions; every level's translation unit includes this.
#pragma once

#include <cstring>
#include <new>

#include "descend.h"
#include "elementary.h"
#include "kernel_table.h"
#include "likelihood.h"
#include "rotation.h"
#include "run.h"
#include "table.h"
#include "wide_elementary.h"
#include "workspace.h"

namespace pyclnf::phase::PYCLNF_LEVEL {

constexpr std::size_t kHeader = (sizeof(Workspace) + kAlignment - 1) / kAlignment * kAlignment;

static std::size_t workspace_size(const Model& model) {
  Workspace counted{};
  return kHeader + counted.carve(model, nullptr);
}

static void prepare(const Model& model, void* memory) {
  auto* const work = new (memory) Workspace{};
  work->carve(model, static_cast<unsigned char*>(memory) + kHeader);
}

static Outcome run(const Model& model, const Task& task, const State& state, const Record* record,
                   void* memory, float* offsets) {
  return Runner(model, task, *static_cast<Workspace*>(memory), record).run(state, offsets);
}

static void pose(const Model& model, const State& state, void* memory) {
  Pose& pose = static_cast<Workspace*>(memory)->poses[0];
  copy(state.global, kRigid, pose.global);
  copy(state.local, model.modes, pose.local);
  pose.rotation = euler_to_matrix(pose.global + 1);
  shape_3d(model, pose.local, pose.shape);
  project(model, pose);
  write_state(model, pose, state, 0);
}

static int descend(const Model& model, const float* landmarks, const float* prior,
                   const State& state, void* memory) {
  return Descent(model, landmarks, prior, *static_cast<Workspace*>(memory)).run(state);
}

// ---- Single steps ----

template <float (*Function)(float)>
static void each_of(const float* x, std::int64_t count, float* y) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = Function(x[i]);
}

static void arctangents(const float* y, const float* x, std::int64_t count, float* angles) {
  for (std::int64_t i = 0; i < count; ++i) angles[i] = arctangent2(y[i], x[i]);
}

static void wide(const double* x, std::int64_t count, double* five) {
  for (std::int64_t i = 0; i < count; ++i, five += 5) {
    const double size = std::fabs(x[i]);
    five[0] = size <= 1.0 ? arccosine(x[i]) : 0.0;
    const SineCosine both = size <= 3.9 ? sine_cosine(size) : SineCosine{0.0, 0.0};
    five[1] = both.sine;
    five[2] = both.cosine;
    five[3] = exponential(-size);
    five[4] = size > 0.0 ? logarithm(size) : 0.0;
  }
}

static void hypotenuses(const double* x, const double* y, std::int64_t count, double* lengths) {
  for (std::int64_t i = 0; i < count; ++i) lengths[i] = hypotenuse(x[i], y[i]);
}

template <typename Scalar>
static Matrix3<Scalar> read(const Scalar* from) {
  Matrix3<Scalar> matrix;
  std::memcpy(&matrix, from, sizeof matrix);
  return matrix;
}

template <typename Value, typename Scalar>
static void write(const Value& value, Scalar* to) {
  std::memcpy(to, &value, sizeof value);
}

template <typename Scalar>
static void svd(const Scalar* matrix, Scalar* u, Scalar* vt) {
  const Svd3<Scalar> result = JacobiSvd3<Scalar>(read(matrix)).sorted();
  write(result.u, u);
  write(result.vt, vt);
}

constexpr Steps kSteps = {
    each_of<sine>,
    each_of<cosine>,
    each_of<arcsine>,
    arctangents,
    wide,
    hypotenuses,
    svd<float>,
    svd<double>,
    [](const float* euler, float* matrix) { write(euler_to_matrix(euler), matrix); },
    [](const float* matrix, float* euler) { write(matrix_to_euler(read(matrix)), euler); },
    [](const float* matrix, float* rotation) { write(orthonormalised(read(matrix)), rotation); },
    [](const float* matrix, float* turn) { write(matrix_to_axis_angle(read(matrix)), turn); },
    [](const float* turn, float* matrix) {
      write(axis_angle_to_matrix({{turn[0], turn[1], turn[2]}}), matrix);
    },
    [](const float* matrix, const float* turn, float* euler) {
      write(compose(read(matrix), turn), euler);
    },
};

}  // namespace pyclnf::phase::PYCLNF_LEVEL

#define PYCLNF_TABLE_NAME(level) level##_kernels
#define PYCLNF_TABLE_OF(level) PYCLNF_TABLE_NAME(level)

namespace pyclnf::phase {

const Kernels PYCLNF_TABLE_OF(PYCLNF_LEVEL) = {
    PYCLNF_LEVEL::workspace_size, PYCLNF_LEVEL::prepare,        PYCLNF_LEVEL::run,
    PYCLNF_LEVEL::pose,           PYCLNF_LEVEL::descend,        PYCLNF_LEVEL::log_likelihood,
    PYCLNF_LEVEL::fill_kernels,   PYCLNF_LEVEL::kSteps,
};

}  // namespace pyclnf::phase
