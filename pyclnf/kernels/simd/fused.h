// Fused multiply-add of single numbers, exact with and without the instruction.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "lanes.h"

namespace pyclnf::PYCLNF_LEVEL {

#if defined(__FMA__) || defined(__FP_FAST_FMAF) || defined(__aarch64__) || defined(_M_ARM64) || \
    defined(PYCLNF_AVX2) || defined(PYCLNF_AVX512) || defined(__CUDACC__)

PYCLNF_INLINE float fused(float a, float b, float c) { return std::fma(a, b, c); }

#else

PYCLNF_INLINE uint64_t bits_of(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

// The product is exact in a double, the sum is not: rounding it to a double first may put it
// halfway between two floats, or on a subnormal one's halfway. There the sum is rounded to odd,
// which keeps on which side of halfway the true one lies.
static inline double odd_sum(double product, double addend, double sum) {
  const double other = sum - product;
  const double lost = (product - (sum - other)) + (addend - other);
  uint64_t bits = bits_of(sum);
  if (lost != 0 && lost == lost && (bits & 1) == 0) {
    bits += ((lost > 0) == (sum > 0)) ? 1 : static_cast<uint64_t>(-1);
    std::memcpy(&sum, &bits, sizeof sum);
  }
  return sum;
}

PYCLNF_INLINE float fused(float a, float b, float c) {
  constexpr uint64_t tail = (uint64_t{1} << 29) - 1, halfway = uint64_t{1} << 28;
  const double product = static_cast<double>(a) * static_cast<double>(b);
  const double addend = c, sum = product + addend;
  const bool subnormal = std::fabs(sum) < 1.2e-38;
  if ((bits_of(sum) & tail) != halfway && !subnormal) return static_cast<float>(sum);
  return static_cast<float>(odd_sum(product, addend, sum));
}

#endif

}  // namespace pyclnf::PYCLNF_LEVEL
