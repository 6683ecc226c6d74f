// What every SIMD level offers: its functions, under one name per level.
#pragma once

#include "types.h"

namespace pyclnf::detection {

struct Kernels {
  // Floats of memory that looking at views scaled to a size takes.
  std::size_t (*workspace_floats)(const Network& network, std::int32_t height, std::int32_t width);
  // What the network returns for such a view; no maps if its layers do not fit each other or it.
  Shape (*output_shape)(const Network& network, std::int32_t height, std::int32_t width);
  void (*look)(const Network& network, const View& view, float* workspace, float* outputs);
  void (*suppress)(const Suppression& given);
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

}  // namespace pyclnf::detection
