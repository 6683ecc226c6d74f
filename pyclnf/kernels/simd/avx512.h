// Sixteen lanes: AVX-512 (F, DQ, BW, VL).
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "fused.h"
#include "powers.h"

namespace pyclnf::PYCLNF_LEVEL {

constexpr int lanes = 16;
constexpr int tile_vectors = 2;  // twice 4 x 2 + 3 sums in 32 registers

struct Float {
  __m512 v;
};
struct Wide {
  __m512d low, high;
};
struct Int {
  __m512i v;
};

PYCLNF_INLINE Float load(const float* p) { return {_mm512_loadu_ps(p)}; }
PYCLNF_INLINE void store(float* p, Float a) { _mm512_storeu_ps(p, a.v); }
PYCLNF_INLINE Float set(float x) { return {_mm512_set1_ps(x)}; }
PYCLNF_INLINE Float add(Float a, Float b) { return {_mm512_add_ps(a.v, b.v)}; }
PYCLNF_INLINE Float sub(Float a, Float b) { return {_mm512_sub_ps(a.v, b.v)}; }
PYCLNF_INLINE Float mul(Float a, Float b) { return {_mm512_mul_ps(a.v, b.v)}; }
PYCLNF_INLINE Float div(Float a, Float b) { return {_mm512_div_ps(a.v, b.v)}; }
PYCLNF_INLINE Float root(Float a) { return {_mm512_sqrt_ps(a.v)}; }
PYCLNF_INLINE Float fma(Float a, Float b, Float c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
// b where a is zero.
PYCLNF_INLINE Float unless_zero(Float a, Float b) {
  const __mmask16 zero = _mm512_cmp_ps_mask(a.v, _mm512_setzero_ps(), _CMP_EQ_OQ);
  return {_mm512_mask_blend_ps(zero, a.v, b.v)};
}

PYCLNF_INLINE Wide load(const double* p) { return {_mm512_loadu_pd(p), _mm512_loadu_pd(p + 8)}; }
PYCLNF_INLINE void store(double* p, Wide a) {
  _mm512_storeu_pd(p, a.low);
  _mm512_storeu_pd(p + 8, a.high);
}
PYCLNF_INLINE Wide set(double x) { return {_mm512_set1_pd(x), _mm512_set1_pd(x)}; }

#define PYCLNF_WIDE(name, instruction)                                           \
  PYCLNF_INLINE Wide name(Wide a, Wide b) {                                      \
    return {_mm512_##instruction##_pd(a.low, b.low), _mm512_##instruction##_pd(a.high, b.high)}; \
  }
PYCLNF_WIDE(add, add)
PYCLNF_WIDE(sub, sub)
PYCLNF_WIDE(mul, mul)
PYCLNF_WIDE(div, div)
PYCLNF_WIDE(minimum, min)
PYCLNF_WIDE(maximum, max)
#undef PYCLNF_WIDE

PYCLNF_INLINE Wide root(Wide a) { return {_mm512_sqrt_pd(a.low), _mm512_sqrt_pd(a.high)}; }
PYCLNF_INLINE Wide widen(Float a) {
  return {_mm512_cvtps_pd(_mm512_castps512_ps256(a.v)),
          _mm512_cvtps_pd(_mm512_extractf32x8_ps(a.v, 1))};
}
PYCLNF_INLINE Float narrow(Wide a) {
  const __m512 low = _mm512_castps256_ps512(_mm512_cvtpd_ps(a.low));
  return {_mm512_insertf32x8(low, _mm512_cvtpd_ps(a.high), 1)};
}

PYCLNF_INLINE __m512d power_of_two(__m512d a) {
  const __m512i steps = _mm512_castpd_si512(a);
  const double* table = powers_of_two;
  // Four registers hold the table: the first four bits of a step choose within two of them.
  const __m512d lower =
      _mm512_permutex2var_pd(_mm512_load_pd(table), steps, _mm512_load_pd(table + 8));
  const __m512d upper =
      _mm512_permutex2var_pd(_mm512_load_pd(table + 16), steps, _mm512_load_pd(table + 24));
  const __mmask8 in_upper = _mm512_test_epi64_mask(steps, _mm512_set1_epi64(16));
  const __m512i fraction = _mm512_castpd_si512(_mm512_mask_blend_pd(in_upper, lower, upper));
  const __m512i whole = _mm512_slli_epi64(_mm512_andnot_si512(_mm512_set1_epi64(31), steps), 47);
  return _mm512_castsi512_pd(_mm512_add_epi64(fraction, whole));
}
// 2^(k/32) for the integer k in the last bits of a double, see exponential.h.
PYCLNF_INLINE Wide power_of_two(Wide a) { return {power_of_two(a.low), power_of_two(a.high)}; }

PYCLNF_INLINE Int load(const int32_t* p) { return {_mm512_loadu_si512(p)}; }
PYCLNF_INLINE void store(int32_t* p, Int a) { _mm512_storeu_si512(p, a.v); }
PYCLNF_INLINE Int set(int32_t x) { return {_mm512_set1_epi32(x)}; }
// Sums, differences and products wrap around.
PYCLNF_INLINE Int add(Int a, Int b) { return {_mm512_add_epi32(a.v, b.v)}; }
PYCLNF_INLINE Int sub(Int a, Int b) { return {_mm512_sub_epi32(a.v, b.v)}; }
PYCLNF_INLINE Int mul(Int a, Int b) { return {_mm512_mullo_epi32(a.v, b.v)}; }
PYCLNF_INLINE Int both(Int a, Int b) { return {_mm512_and_si512(a.v, b.v)}; }
PYCLNF_INLINE Int minimum(Int a, Int b) { return {_mm512_min_epi32(a.v, b.v)}; }
PYCLNF_INLINE Int maximum(Int a, Int b) { return {_mm512_max_epi32(a.v, b.v)}; }
template <int Bits>
PYCLNF_INLINE Int shift_right(Int a) {
  return {_mm512_srai_epi32(a.v, Bits)};
}
PYCLNF_INLINE Float to_float(Int a) { return {_mm512_cvtepi32_ps(a.v)}; }

}  // namespace pyclnf::PYCLNF_LEVEL
