// Eight float32 side by side at every level, since the reference's blocks have eight columns: always
// eight different sums, never parts of one.
#pragma once

#include "lanes.h"

namespace pyclnf::PYCLNF_LEVEL::eight {
namespace {

constexpr int count = 8;

#if defined(PYCLNF_AVX2) || defined(PYCLNF_AVX512)

struct Lanes {
  __m256 v;
};

inline Lanes load(const float* from) { return {_mm256_loadu_ps(from)}; }
inline void store(float* to, Lanes a) { _mm256_storeu_ps(to, a.v); }
inline Lanes broadcast(float a) { return {_mm256_set1_ps(a)}; }
inline Lanes operator+(Lanes a, Lanes b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Lanes operator*(Lanes a, Lanes b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline Lanes fused(Lanes a, Lanes b, Lanes c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }

// Turn eight rows of eight into columns.
inline void transpose(Lanes (&rows)[count]) {
  __m256 pairs[8], fours[8];
  for (int i = 0; i < 4; ++i) {
    pairs[2 * i] = _mm256_unpacklo_ps(rows[2 * i].v, rows[2 * i + 1].v);
    pairs[2 * i + 1] = _mm256_unpackhi_ps(rows[2 * i].v, rows[2 * i + 1].v);
  }
  for (int i = 0; i < 2; ++i) {
    fours[4 * i] = _mm256_shuffle_ps(pairs[4 * i], pairs[4 * i + 2], 0x44);
    fours[4 * i + 1] = _mm256_shuffle_ps(pairs[4 * i], pairs[4 * i + 2], 0xEE);
    fours[4 * i + 2] = _mm256_shuffle_ps(pairs[4 * i + 1], pairs[4 * i + 3], 0x44);
    fours[4 * i + 3] = _mm256_shuffle_ps(pairs[4 * i + 1], pairs[4 * i + 3], 0xEE);
  }
  for (int i = 0; i < 4; ++i) {
    rows[i].v = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
    rows[i + 4].v = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
  }
}

#else

namespace simd = pyclnf::PYCLNF_LEVEL;
static_assert(simd::lanes == 4, "two of the level's vectors are one of these");

struct Lanes {
  simd::Float low, high;
};

inline Lanes load(const float* from) { return {simd::load(from), simd::load(from + 4)}; }
inline void store(float* to, Lanes a) {
  simd::store(to, a.low);
  simd::store(to + 4, a.high);
}
inline Lanes broadcast(float a) { return {simd::set(a), simd::set(a)}; }
inline Lanes operator+(Lanes a, Lanes b) {
  return {simd::add(a.low, b.low), simd::add(a.high, b.high)};
}
inline Lanes operator*(Lanes a, Lanes b) {
  return {simd::mul(a.low, b.low), simd::mul(a.high, b.high)};
}
inline Lanes fused(Lanes a, Lanes b, Lanes c) {
  return {simd::fma(a.low, b.low, c.low), simd::fma(a.high, b.high, c.high)};
}

// Turn eight rows of eight into columns.
inline void transpose(Lanes (&rows)[count]) {
  float from[count][count], to[count][count];
  for (int i = 0; i < count; ++i) store(from[i], rows[i]);
  for (int i = 0; i < count; ++i) {
    for (int j = 0; j < count; ++j) to[i][j] = from[j][i];
  }
  for (int i = 0; i < count; ++i) rows[i] = load(to[i]);
}

#endif

}  // namespace
}  // namespace pyclnf::PYCLNF_LEVEL::eight
