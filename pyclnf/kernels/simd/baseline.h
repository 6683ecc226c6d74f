// Vectors that any C++ compiler has: four lanes as arrays, or as many as PYCLNF_LANES says.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "fused.h"
#include "powers.h"

namespace pyclnf::PYCLNF_LEVEL {

#if defined(PYCLNF_LANES)
constexpr int lanes = PYCLNF_LANES;
#else
constexpr int lanes = 4;
#endif
constexpr int tile_vectors = 1;

struct Float {
  float v[lanes];
};
struct Wide {
  double v[lanes];
};
struct Int {
  int32_t v[lanes];
};

#define PYCLNF_LANEWISE(expression)                      \
  PYCLNF_UNROLL for (int i = 0; i < lanes; ++i) r.v[i] = (expression); \
  return r

PYCLNF_INLINE Float load(const float* p) {
  Float r;
  std::memcpy(r.v, p, sizeof r.v);
  return r;
}
PYCLNF_INLINE void store(float* p, Float a) { std::memcpy(p, a.v, sizeof a.v); }
PYCLNF_INLINE Float set(float x) { Float r; PYCLNF_LANEWISE(x); }
PYCLNF_INLINE Float add(Float a, Float b) { Float r; PYCLNF_LANEWISE(a.v[i] + b.v[i]); }
PYCLNF_INLINE Float sub(Float a, Float b) { Float r; PYCLNF_LANEWISE(a.v[i] - b.v[i]); }
PYCLNF_INLINE Float mul(Float a, Float b) { Float r; PYCLNF_LANEWISE(a.v[i] * b.v[i]); }
PYCLNF_INLINE Float div(Float a, Float b) { Float r; PYCLNF_LANEWISE(a.v[i] / b.v[i]); }
PYCLNF_INLINE Float root(Float a) { Float r; PYCLNF_LANEWISE(std::sqrt(a.v[i])); }
PYCLNF_INLINE Float fma(Float a, Float b, Float c) {
  Float r;
  PYCLNF_LANEWISE(fused(a.v[i], b.v[i], c.v[i]));
}
// b where a is zero.
PYCLNF_INLINE Float unless_zero(Float a, Float b) {
  Float r;
  PYCLNF_LANEWISE(a.v[i] == 0 ? b.v[i] : a.v[i]);
}

PYCLNF_INLINE Wide load(const double* p) {
  Wide r;
  std::memcpy(r.v, p, sizeof r.v);
  return r;
}
PYCLNF_INLINE void store(double* p, Wide a) { std::memcpy(p, a.v, sizeof a.v); }
PYCLNF_INLINE Wide set(double x) { Wide r; PYCLNF_LANEWISE(x); }
PYCLNF_INLINE Wide add(Wide a, Wide b) { Wide r; PYCLNF_LANEWISE(a.v[i] + b.v[i]); }
PYCLNF_INLINE Wide sub(Wide a, Wide b) { Wide r; PYCLNF_LANEWISE(a.v[i] - b.v[i]); }
PYCLNF_INLINE Wide mul(Wide a, Wide b) { Wide r; PYCLNF_LANEWISE(a.v[i] * b.v[i]); }
PYCLNF_INLINE Wide div(Wide a, Wide b) { Wide r; PYCLNF_LANEWISE(a.v[i] / b.v[i]); }
PYCLNF_INLINE Wide root(Wide a) { Wide r; PYCLNF_LANEWISE(std::sqrt(a.v[i])); }
PYCLNF_INLINE Wide minimum(Wide a, Wide b) {
  Wide r;
  PYCLNF_LANEWISE(a.v[i] < b.v[i] ? a.v[i] : b.v[i]);
}
PYCLNF_INLINE Wide maximum(Wide a, Wide b) {
  Wide r;
  PYCLNF_LANEWISE(a.v[i] > b.v[i] ? a.v[i] : b.v[i]);
}
PYCLNF_INLINE Wide widen(Float a) { Wide r; PYCLNF_LANEWISE(a.v[i]); }
PYCLNF_INLINE Float narrow(Wide a) { Float r; PYCLNF_LANEWISE(static_cast<float>(a.v[i])); }

// 2^(k/32) for the integer k in the last bits of a double, see exponential.h.
PYCLNF_INLINE Wide power_of_two(Wide a) {
  Wide r;
  for (int i = 0; i < lanes; ++i) {
    uint64_t steps, bits;
    std::memcpy(&steps, &a.v[i], sizeof steps);
    std::memcpy(&bits, &powers_of_two[steps & 31], sizeof bits);
    bits += (steps & ~uint64_t{31}) << 47;
    std::memcpy(&r.v[i], &bits, sizeof bits);
  }
  return r;
}

PYCLNF_INLINE int32_t wrapped(uint32_t x) { return static_cast<int32_t>(x); }
PYCLNF_INLINE uint32_t bare(int32_t x) { return static_cast<uint32_t>(x); }

PYCLNF_INLINE Int load(const int32_t* p) {
  Int r;
  std::memcpy(r.v, p, sizeof r.v);
  return r;
}
PYCLNF_INLINE void store(int32_t* p, Int a) { std::memcpy(p, a.v, sizeof a.v); }
PYCLNF_INLINE Int set(int32_t x) { Int r; PYCLNF_LANEWISE(x); }
// Sums, differences and products wrap around.
PYCLNF_INLINE Int add(Int a, Int b) {
  Int r;
  PYCLNF_LANEWISE(wrapped(bare(a.v[i]) + bare(b.v[i])));
}
PYCLNF_INLINE Int sub(Int a, Int b) {
  Int r;
  PYCLNF_LANEWISE(wrapped(bare(a.v[i]) - bare(b.v[i])));
}
PYCLNF_INLINE Int mul(Int a, Int b) {
  Int r;
  PYCLNF_LANEWISE(wrapped(bare(a.v[i]) * bare(b.v[i])));
}
PYCLNF_INLINE Int both(Int a, Int b) { Int r; PYCLNF_LANEWISE(a.v[i] & b.v[i]); }
PYCLNF_INLINE Int minimum(Int a, Int b) {
  Int r;
  PYCLNF_LANEWISE(a.v[i] < b.v[i] ? a.v[i] : b.v[i]);
}
PYCLNF_INLINE Int maximum(Int a, Int b) {
  Int r;
  PYCLNF_LANEWISE(a.v[i] > b.v[i] ? a.v[i] : b.v[i]);
}
template <int Bits>
PYCLNF_INLINE Int shift_right(Int a) {
  Int r;
  PYCLNF_LANEWISE(a.v[i] >> Bits);
}
PYCLNF_INLINE Float to_float(Int a) { Float r; PYCLNF_LANEWISE(static_cast<float>(a.v[i])); }

#undef PYCLNF_LANEWISE

}  // namespace pyclnf::PYCLNF_LEVEL
