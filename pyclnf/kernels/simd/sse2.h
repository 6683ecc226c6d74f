// Four lanes on any x86-64 processor: SSE2, fused multiply-adds put together from doubles.
#pragma once

#include <emmintrin.h>

#include <cstdint>
#include <cstring>

#include "fused.h"
#include "powers.h"

namespace pyclnf::PYCLNF_LEVEL {

constexpr int lanes = 4;
constexpr int tile_vectors = 1;

struct Float {
  __m128 v;
};
struct Wide {
  __m128d low, high;
};
struct Int {
  __m128i v;
};

PYCLNF_INLINE Float load(const float* p) { return {_mm_loadu_ps(p)}; }
PYCLNF_INLINE void store(float* p, Float a) { _mm_storeu_ps(p, a.v); }
PYCLNF_INLINE Float set(float x) { return {_mm_set1_ps(x)}; }
PYCLNF_INLINE Float add(Float a, Float b) { return {_mm_add_ps(a.v, b.v)}; }
PYCLNF_INLINE Float sub(Float a, Float b) { return {_mm_sub_ps(a.v, b.v)}; }
PYCLNF_INLINE Float mul(Float a, Float b) { return {_mm_mul_ps(a.v, b.v)}; }
PYCLNF_INLINE Float div(Float a, Float b) { return {_mm_div_ps(a.v, b.v)}; }
PYCLNF_INLINE Float root(Float a) { return {_mm_sqrt_ps(a.v)}; }
// b where a is zero.
PYCLNF_INLINE Float unless_zero(Float a, Float b) {
  const __m128 zero = _mm_cmpeq_ps(a.v, _mm_setzero_ps());
  return {_mm_or_ps(_mm_and_ps(zero, b.v), _mm_andnot_ps(zero, a.v))};
}

PYCLNF_INLINE Wide load(const double* p) { return {_mm_loadu_pd(p), _mm_loadu_pd(p + 2)}; }
PYCLNF_INLINE void store(double* p, Wide a) {
  _mm_storeu_pd(p, a.low);
  _mm_storeu_pd(p + 2, a.high);
}
PYCLNF_INLINE Wide set(double x) { return {_mm_set1_pd(x), _mm_set1_pd(x)}; }

#define PYCLNF_WIDE(name, instruction)                                                     \
  PYCLNF_INLINE Wide name(Wide a, Wide b) {                                                \
    return {_mm_##instruction##_pd(a.low, b.low), _mm_##instruction##_pd(a.high, b.high)}; \
  }
PYCLNF_WIDE(add, add)
PYCLNF_WIDE(sub, sub)
PYCLNF_WIDE(mul, mul)
PYCLNF_WIDE(div, div)
PYCLNF_WIDE(minimum, min)
PYCLNF_WIDE(maximum, max)
#undef PYCLNF_WIDE

PYCLNF_INLINE Wide root(Wide a) { return {_mm_sqrt_pd(a.low), _mm_sqrt_pd(a.high)}; }
PYCLNF_INLINE Wide widen(Float a) {
  return {_mm_cvtps_pd(a.v), _mm_cvtps_pd(_mm_movehl_ps(a.v, a.v))};
}
PYCLNF_INLINE Float narrow(Wide a) {
  return {_mm_movelh_ps(_mm_cvtpd_ps(a.low), _mm_cvtpd_ps(a.high))};
}

static Float fma_one_by_one(Float a, Float b, Float c) {
  float of_a[lanes], of_b[lanes], of_c[lanes];
  store(of_a, a);
  store(of_b, b);
  store(of_c, c);
  for (int i = 0; i < lanes; ++i) of_c[i] = fused(of_a[i], of_b[i], of_c[i]);
  return load(of_c);
}

// As fused.h does it; lanes that need care are rare, and then all four are done one by one.
PYCLNF_INLINE Float fma(Float a, Float b, Float c) {
  const Wide sum = add(mul(widen(a), widen(b)), widen(c));
  const Float rounded = narrow(sum);
  const __m128i low_halves = _mm_castps_si128(
      _mm_shuffle_ps(_mm_castpd_ps(sum.low), _mm_castpd_ps(sum.high), _MM_SHUFFLE(2, 0, 2, 0)));
  const __m128i tail = _mm_and_si128(low_halves, _mm_set1_epi32((1 << 29) - 1));
  const __m128i halfway = _mm_cmpeq_epi32(tail, _mm_set1_epi32(1 << 28));
  const __m128i size = _mm_and_si128(_mm_castps_si128(rounded.v), _mm_set1_epi32(0x7fffffff));
  // The least normal number may have been a subnormal one rounded up.
  const __m128i subnormal = _mm_and_si128(_mm_cmpgt_epi32(size, _mm_setzero_si128()),
                                          _mm_cmplt_epi32(size, _mm_set1_epi32(0x00800001)));
  if (_mm_movemask_epi8(_mm_or_si128(halfway, subnormal)) != 0) return fma_one_by_one(a, b, c);
  return rounded;
}

PYCLNF_INLINE __m128d power_of_two(__m128d a) {
  const __m128i steps = _mm_castpd_si128(a);
  const __m128i whole = _mm_slli_epi64(_mm_andnot_si128(_mm_set1_epi64x(31), steps), 47);
  const int first = _mm_cvtsi128_si32(steps) & 31;
  const int second = _mm_cvtsi128_si32(_mm_unpackhi_epi64(steps, steps)) & 31;
  const __m128d fraction = _mm_set_pd(powers_of_two[second], powers_of_two[first]);
  return _mm_castsi128_pd(_mm_add_epi64(_mm_castpd_si128(fraction), whole));
}
// 2^(k/32) for the integer k in the last bits of a double, see exponential.h.
PYCLNF_INLINE Wide power_of_two(Wide a) { return {power_of_two(a.low), power_of_two(a.high)}; }

PYCLNF_INLINE Int load(const int32_t* p) {
  return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))};
}
PYCLNF_INLINE void store(int32_t* p, Int a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), a.v);
}
PYCLNF_INLINE Int set(int32_t x) { return {_mm_set1_epi32(x)}; }
// Sums, differences and products wrap around.
PYCLNF_INLINE Int add(Int a, Int b) { return {_mm_add_epi32(a.v, b.v)}; }
PYCLNF_INLINE Int sub(Int a, Int b) { return {_mm_sub_epi32(a.v, b.v)}; }
PYCLNF_INLINE Int mul(Int a, Int b) {
  const __m128i even = _mm_mul_epu32(a.v, b.v);
  const __m128i odd = _mm_mul_epu32(_mm_srli_epi64(a.v, 32), _mm_srli_epi64(b.v, 32));
  return {_mm_unpacklo_epi32(_mm_shuffle_epi32(even, _MM_SHUFFLE(0, 0, 2, 0)),
                             _mm_shuffle_epi32(odd, _MM_SHUFFLE(0, 0, 2, 0)))};
}
PYCLNF_INLINE Int both(Int a, Int b) { return {_mm_and_si128(a.v, b.v)}; }
PYCLNF_INLINE Int choose(__m128i first, Int a, Int b) {
  return {_mm_or_si128(_mm_and_si128(first, a.v), _mm_andnot_si128(first, b.v))};
}
PYCLNF_INLINE Int minimum(Int a, Int b) { return choose(_mm_cmplt_epi32(a.v, b.v), a, b); }
PYCLNF_INLINE Int maximum(Int a, Int b) { return choose(_mm_cmpgt_epi32(a.v, b.v), a, b); }
template <int Bits>
PYCLNF_INLINE Int shift_right(Int a) {
  return {_mm_srai_epi32(a.v, Bits)};
}
PYCLNF_INLINE Float to_float(Int a) { return {_mm_cvtepi32_ps(a.v)}; }

}  // namespace pyclnf::PYCLNF_LEVEL
