// Eight lanes: AVX2 with fused multiply-adds.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "fused.h"
#include "powers.h"

namespace pyclnf::PYCLNF_LEVEL {

constexpr int lanes = 8;
constexpr int tile_vectors = 1;  // 4 x 2 + 3 sums in 16 registers

struct Float {
  __m256 v;
};
struct Wide {
  __m256d low, high;
};
struct Int {
  __m256i v;
};

PYCLNF_INLINE Float load(const float* p) { return {_mm256_loadu_ps(p)}; }
PYCLNF_INLINE void store(float* p, Float a) { _mm256_storeu_ps(p, a.v); }
PYCLNF_INLINE Float set(float x) { return {_mm256_set1_ps(x)}; }
PYCLNF_INLINE Float add(Float a, Float b) { return {_mm256_add_ps(a.v, b.v)}; }
PYCLNF_INLINE Float sub(Float a, Float b) { return {_mm256_sub_ps(a.v, b.v)}; }
PYCLNF_INLINE Float mul(Float a, Float b) { return {_mm256_mul_ps(a.v, b.v)}; }
PYCLNF_INLINE Float div(Float a, Float b) { return {_mm256_div_ps(a.v, b.v)}; }
PYCLNF_INLINE Float root(Float a) { return {_mm256_sqrt_ps(a.v)}; }
PYCLNF_INLINE Float fma(Float a, Float b, Float c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
// b where a is zero.
PYCLNF_INLINE Float unless_zero(Float a, Float b) {
  return {_mm256_blendv_ps(a.v, b.v, _mm256_cmp_ps(a.v, _mm256_setzero_ps(), _CMP_EQ_OQ))};
}

PYCLNF_INLINE Wide load(const double* p) { return {_mm256_loadu_pd(p), _mm256_loadu_pd(p + 4)}; }
PYCLNF_INLINE void store(double* p, Wide a) {
  _mm256_storeu_pd(p, a.low);
  _mm256_storeu_pd(p + 4, a.high);
}
PYCLNF_INLINE Wide set(double x) { return {_mm256_set1_pd(x), _mm256_set1_pd(x)}; }

#define PYCLNF_WIDE(name, instruction)                                           \
  PYCLNF_INLINE Wide name(Wide a, Wide b) {                                      \
    return {_mm256_##instruction##_pd(a.low, b.low), _mm256_##instruction##_pd(a.high, b.high)}; \
  }
PYCLNF_WIDE(add, add)
PYCLNF_WIDE(sub, sub)
PYCLNF_WIDE(mul, mul)
PYCLNF_WIDE(div, div)
PYCLNF_WIDE(minimum, min)
PYCLNF_WIDE(maximum, max)
#undef PYCLNF_WIDE

PYCLNF_INLINE Wide root(Wide a) { return {_mm256_sqrt_pd(a.low), _mm256_sqrt_pd(a.high)}; }
PYCLNF_INLINE Wide widen(Float a) {
  return {_mm256_cvtps_pd(_mm256_castps256_ps128(a.v)),
          _mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1))};
}
PYCLNF_INLINE Float narrow(Wide a) {
  const __m256 low = _mm256_castps128_ps256(_mm256_cvtpd_ps(a.low));
  return {_mm256_insertf128_ps(low, _mm256_cvtpd_ps(a.high), 1)};
}

PYCLNF_INLINE __m256d power_of_two(__m256d a) {
  const __m256i steps = _mm256_castpd_si256(a);
  const __m256i step = _mm256_and_si256(steps, _mm256_set1_epi64x(31));
  const __m256i whole = _mm256_slli_epi64(_mm256_andnot_si256(_mm256_set1_epi64x(31), steps), 47);
  const __m256i fraction = _mm256_castpd_si256(_mm256_i64gather_pd(powers_of_two, step, 8));
  return _mm256_castsi256_pd(_mm256_add_epi64(fraction, whole));
}
// 2^(k/32) for the integer k in the last bits of a double, see exponential.h.
PYCLNF_INLINE Wide power_of_two(Wide a) { return {power_of_two(a.low), power_of_two(a.high)}; }

PYCLNF_INLINE Int load(const int32_t* p) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))};
}
PYCLNF_INLINE void store(int32_t* p, Int a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a.v);
}
PYCLNF_INLINE Int set(int32_t x) { return {_mm256_set1_epi32(x)}; }
// Sums, differences and products wrap around.
PYCLNF_INLINE Int add(Int a, Int b) { return {_mm256_add_epi32(a.v, b.v)}; }
PYCLNF_INLINE Int sub(Int a, Int b) { return {_mm256_sub_epi32(a.v, b.v)}; }
PYCLNF_INLINE Int mul(Int a, Int b) { return {_mm256_mullo_epi32(a.v, b.v)}; }
PYCLNF_INLINE Int both(Int a, Int b) { return {_mm256_and_si256(a.v, b.v)}; }
PYCLNF_INLINE Int minimum(Int a, Int b) { return {_mm256_min_epi32(a.v, b.v)}; }
PYCLNF_INLINE Int maximum(Int a, Int b) { return {_mm256_max_epi32(a.v, b.v)}; }
template <int Bits>
PYCLNF_INLINE Int shift_right(Int a) {
  return {_mm256_srai_epi32(a.v, Bits)};
}
PYCLNF_INLINE Float to_float(Int a) { return {_mm256_cvtepi32_ps(a.v)}; }

}  // namespace pyclnf::PYCLNF_LEVEL
