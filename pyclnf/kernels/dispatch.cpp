#include "dispatch.h"

#if defined(PYCLNF_X86) && defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#endif

namespace pyclnf {

namespace {

#if defined(PYCLNF_X86) && defined(_MSC_VER)

// Whether the operating system keeps the registers, and the processor has the instructions.
bool has(int needed_state, int leaf1_ecx, int leaf7_ebx) {
  int leaf[4];
  __cpuid(leaf, 1);
  const int osxsave_avx = (1 << 27) | (1 << 28);
  if ((leaf[2] & (osxsave_avx | leaf1_ecx)) != (osxsave_avx | leaf1_ecx)) return false;
  if ((static_cast<int>(_xgetbv(0)) & needed_state) != needed_state) return false;
  __cpuidex(leaf, 7, 0);
  return (leaf[1] & leaf7_ebx) == leaf7_ebx;
}
bool has_avx2() { return has(0x06, 1 << 12, 1 << 5); }
bool has_avx512() {
  const unsigned f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
  return has_avx2() && has(0xe6, 1 << 12, static_cast<int>(f_dq_bw_vl));
}

#elif defined(PYCLNF_X86)

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

#endif

}  // namespace

const char* level_name(int level) {
  static const char* const names[n_levels] = {"baseline", "avx2", "avx512"};
  return level >= 0 && level < n_levels ? names[level] : "";
}

const Kernels* kernels_of(int level) {
  if (level == 0) return &baseline_kernels;
#if defined(PYCLNF_X86)
  if (level == 1 && has_avx2()) return &avx2_kernels;
  if (level == 2 && has_avx512()) return &avx512_kernels;
#endif
  return nullptr;
}

}  // namespace pyclnf
