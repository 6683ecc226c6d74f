// What the kernels need of the C++ standard library, for a compiler that comes without one (NVRTC).
// Functions are the compiler's own; square roots are rounded correctly.
#pragma once

typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;

#define HUGE_VAL __longlong_as_double(0x7ff0000000000000LL)

namespace std {

using ::int32_t;
using ::int64_t;
using ::memcpy;
using ::memset;
using ::uint32_t;
using ::uint64_t;
using ::uint8_t;
typedef decltype(sizeof(0)) size_t;
typedef long long ptrdiff_t;

inline float sqrt(float x) { return __fsqrt_rn(x); }
inline double sqrt(double x) { return __dsqrt_rn(x); }
inline float fabs(float x) { return ::fabsf(x); }
inline double fabs(double x) { return ::fabs(x); }
inline float fma(float a, float b, float c) { return __fmaf_rn(a, b, c); }
inline bool isfinite(double x) { return ::isfinite(x); }
inline bool isinf(double x) { return ::isinf(x); }
inline bool isnan(double x) { return ::isnan(x); }
inline bool signbit(double x) { return ::signbit(x); }

template <typename Number>
struct numeric_limits;

template <>
struct numeric_limits<float> {
  static constexpr float epsilon() { return 0x1p-23f; }
  static constexpr float min() { return 0x1p-126f; }
  static constexpr float quiet_NaN() { return __builtin_bit_cast(float, 0x7fc00000); }
};

template <>
struct numeric_limits<double> {
  static constexpr double epsilon() { return 0x1p-52; }
  static constexpr double min() { return 0x1p-1022; }
};

}  // namespace std
