// What every SIMD level offers: its functions, under one name per level.
#pragma once

#include <cstddef>
#include <cstdint>

#include "types.h"

namespace pyclnf::phase {

// Single steps, for comparing each with its definition in NumPy.
struct Steps {
  using Function = void (*)(const float* x, std::int64_t count, float* y);
  Function sine, cosine, arcsine;
  void (*arctangent2)(const float* y, const float* x, std::int64_t count, float* angles);
  // arccosine, sine, cosine, exponential and logarithm of x where it is within their domains
  void (*wide)(const double* x, std::int64_t count, double* five);
  void (*hypotenuse)(const double* x, const double* y, std::int64_t count, double* lengths);
  void (*svd_float)(const float* matrix, float* u, float* vt);
  void (*svd_double)(const double* matrix, double* u, double* vt);
  void (*euler_to_matrix)(const float* euler, float* matrix);
  void (*matrix_to_euler)(const float* matrix, float* euler);
  void (*orthonormalised)(const float* matrix, float* rotation);
  void (*matrix_to_axis_angle)(const float* matrix, float* axis_angle);
  void (*axis_angle_to_matrix)(const float* axis_angle, float* matrix);
  void (*compose)(const float* matrix, const float* turn, float* euler);
};

struct Kernels {
  // Bytes of memory, aligned to kAlignment, that one phase at a time of a model needs.
  std::size_t (*workspace_size)(const Model& model);
  // Prepare such memory; for the same model it serves any number of phases.
  void (*prepare)(const Model& model, void* workspace);
  // `offsets`, n x 2, gets those of the last iteration's start. `record` may be null.
  Outcome (*run)(const Model& model, const Task& task, const State& state, const Record* record,
                 void* workspace, float* offsets);
  // Derive rotation, 3D shape and landmarks from a state's parameters.
  void (*pose)(const Model& model, const State& state, void* workspace);
  // Go to the parameters of landmarks, n x 2, that all count; `prior` is that of 6 + m parameters.
  // Return how many iterations that took.
  int (*descend)(const Model& model, const float* landmarks, const float* prior,
                 const State& state, void* workspace);
  // NaN if no landmark is visible.
  double (*log_likelihood)(const float* maps, int landmarks, int window,
                           const std::uint8_t* visible, const float* offsets, float sigma);
  // The mean shift's table, (10w)^2 x w^2.
  void (*fill_kernels)(int window, float sigma, float* kernels);
  Steps steps;
};

extern const Kernels baseline_kernels;
#if defined(PYCLNF_X86)
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
#endif

// The kernels of level 0 (baseline), 1 (AVX2) or 2 (AVX-512); null if this build has no such level.
// Whether the processor has it is for the caller to know.
inline const Kernels* kernels_of(int level) {
  if (level == 0) return &baseline_kernels;
#if defined(PYCLNF_X86)
  if (level == 1) return &avx2_kernels;
  if (level == 2) return &avx512_kernels;
#endif
  return nullptr;
}

}  // namespace pyclnf::phase
