// Eight float32 side by side: always eight different sums, never parts of one.
#pragma once

#include "../simd/lanes.h"
#include "level.h"
#include "types.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

using pyclnf::PYCLNF_LEVEL::fused;

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
inline void transpose(Lanes (&rows)[kLanes]) {
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

struct Lanes {
  float v[kLanes];
};

template <typename Function>
inline Lanes each(Function function) {
  Lanes result;
  for (int i = 0; i < kLanes; ++i) result.v[i] = function(i);
  return result;
}

inline Lanes load(const float* from) {
  return each([=](int i) { return from[i]; });
}
inline void store(float* to, const Lanes& a) {
  for (int i = 0; i < kLanes; ++i) to[i] = a.v[i];
}
inline Lanes broadcast(float a) {
  return each([=](int) { return a; });
}
inline Lanes operator+(const Lanes& a, const Lanes& b) {
  return each([&](int i) { return a.v[i] + b.v[i]; });
}
inline Lanes operator*(const Lanes& a, const Lanes& b) {
  return each([&](int i) { return a.v[i] * b.v[i]; });
}
inline Lanes fused(const Lanes& a, const Lanes& b, const Lanes& c) {
  return each([&](int i) { return fused(a.v[i], b.v[i], c.v[i]); });
}

// Turn eight rows of eight into columns.
inline void transpose(Lanes (&rows)[kLanes]) {
  for (int i = 0; i < kLanes; ++i) {
    for (int j = i + 1; j < kLanes; ++j) {
      const float swapped = rows[i].v[j];
      rows[i].v[j] = rows[j].v[i];
      rows[j].v[i] = swapped;
    }
  }
}

#endif

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
