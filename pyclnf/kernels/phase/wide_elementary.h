// Double-precision functions whose results are rounded to float32 afterwards.
//
// Where pyclnf's definition takes Python's float64 functions, these serve. They are good to less
// than one unit in the last place, so that after the rounding the two differ about once in 10^8
// values; and unlike a C library's they are the same everywhere. Series are Taylor's, their
// coefficients computed by the compiler.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "level.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

// A number as the unevaluated sum of two.
struct TwoPart {
  double high, low;
};

constexpr TwoPart kHalfPi = {0x1.921fb54442d18p0, 0x1.1a62633145c07p-54};
constexpr double kLog2E = 0x1.71547652b82fep0;
constexpr TwoPart kLog2 = {0x1.62e42fefa38p-1, 0x1.ef35793c7673p-45};  // high: 42 bits

// Split into halves short enough for their products to be exact (Veltkamp, Dekker 1971).
inline TwoPart split(double a) {
  const double scaled = a * 134217729.0;  // 2^27 + 1
  const double high = scaled - (scaled - a);
  return {high, a - high};
}

// a^2 and what its rounding has lost.
inline TwoPart exact_square(double a) {
  const double square = a * a;
  const TwoPart parts = split(a);
  const double lost = ((parts.high * parts.high - square) + 2.0 * parts.high * parts.low) +
                      parts.low * parts.low;
  return {square, lost};
}

// sqrt(x^2 + y^2), correctly rounded but for a hair; for sizes whose squares are normal.
inline double hypotenuse(double x, double y) {
  const TwoPart xx = exact_square(x), yy = exact_square(y);
  const double sum = xx.high + yy.high;
  const double root = std::sqrt(sum);
  if (!(root > 0.0)) return root;
  const double larger = xx.high > yy.high ? xx.high : yy.high;
  const double smaller = xx.high > yy.high ? yy.high : xx.high;
  const double lost = (smaller - (sum - larger)) + (xx.low + yy.low);
  const TwoPart back = exact_square(root);
  return root + ((sum - back.high) + (lost - back.low)) / (2.0 * root);
}

// ---- Sine, cosine and arccosine ----

// Coefficients of a power series in x^2, from the constant one on.
template <int Count>
struct Series {
  double c[Count];

  constexpr double operator()(double square) const {
    double value = c[Count - 1];
    for (int k = Count - 2; k >= 0; --k) value = c[k] + square * value;
    return value;
  }
};

// Sum of (-1)^k x^2k / (first + 2k)! over k.
template <int Count>
constexpr Series<Count> alternating_factorials(int first) {
  Series<Count> series{};
  double factorial = 1.0;
  int n = 1;
  for (int k = 0; k < Count; ++k) {
    for (; n <= first + 2 * k; ++n) factorial *= n;  // exact up to 18!
    series.c[k] = (k % 2 ? -1.0 : 1.0) / factorial;
  }
  return series;
}

// (asin(x) - x) / x^3.
template <int Count>
constexpr Series<Count> arcsine_series() {
  Series<Count> series{};
  double ratio = 1.0;
  for (int k = 0; k < Count; ++k) {
    ratio *= (2.0 * k + 1.0) / (2.0 * k + 2.0);
    series.c[k] = ratio / (2.0 * k + 3.0);
  }
  return series;
}

struct SineCosine {
  double sine, cosine;
};

// Sine and cosine of an angle from 0 to 3.9 radians.
inline SineCosine sine_cosine(double angle) {
  constexpr auto kSine = alternating_factorials<8>(3);
  constexpr auto kCosine = alternating_factorials<8>(4);
  const int quadrant = static_cast<int>(angle / kHalfPi.high + 0.5);
  const double quadrants = quadrant;  // 0 to 2: its products are exact
  const double start = angle - quadrants * kHalfPi.high;
  const double rest = start - quadrants * kHalfPi.low;
  const double tail = (start - rest) - quadrants * kHalfPi.low;
  const double square = rest * rest;
  const double half = 0.5 * square;
  const double near_one = 1.0 - half;
  const double sine = rest + (tail * near_one - rest * square * kSine(square));
  const double cosine =
      near_one + (((1.0 - near_one) - half) + (square * square * kCosine(square) - rest * tail));
  if (quadrant == 0) return {sine, cosine};
  return quadrant == 1 ? SineCosine{cosine, -sine} : SineCosine{-sine, -cosine};
}

// 2 asin(sqrt(square)) for the square of up to sqrt(1/2).
inline double twice_arcsine_of_root(double square) {
  constexpr auto kExcess = arcsine_series<28>();
  const double root = std::sqrt(square);
  if (!(root > 0.0)) return 0.0;
  const TwoPart back = exact_square(root);
  const double lost = ((square - back.high) - back.low) / (2.0 * root);
  return 2.0 * (root + (lost + root * square * kExcess(square)));
}

// The angle of a cosine from -1 to 1.
inline double arccosine(double cosine) {
  constexpr auto kExcess = arcsine_series<28>();
  if (cosine > 0.5) return twice_arcsine_of_root((1.0 - cosine) * 0.5);
  if (cosine < -0.5) {
    const double rest = twice_arcsine_of_root((1.0 + cosine) * 0.5);
    return 2.0 * kHalfPi.high - (rest - 2.0 * kHalfPi.low);
  }
  const double square = cosine * cosine;
  return kHalfPi.high - (cosine + (cosine * square * kExcess(square) - kHalfPi.low));
}

// ---- Exponential and logarithm ----

// e^x for x <= 0. Below -700, where no float32 is left of it, a tiny number.
inline double exponential(double x) {
  constexpr double kToInteger = 0x1.8p52;  // leaves the nearest integer in the last bits
  const double least = x < -700.0 ? -700.0 : x;
  const double shifted = least * kLog2E + kToInteger;
  const double steps = shifted - kToInteger;
  const double rest = (least - steps * kLog2.high) - steps * kLog2.low;  // first part exact
  // 1/3! + r/4! + .. + r^10/13!, written out so that the compiler sees no loop in a loop.
  const double tenth = 1.0 / 39916800.0 + rest * (1.0 / 479001600.0 + rest * (1.0 / 6227020800.0));
  const double sixth =
      1.0 / 5040.0 +
      rest * (1.0 / 40320.0 + rest * (1.0 / 362880.0 + rest * (1.0 / 3628800.0 + rest * tenth)));
  const double sum = 1.0 / 6.0 + rest * (1.0 / 24.0 + rest * (1.0 / 120.0 + rest * (1.0 / 720.0 + rest * sixth)));
  const double power = 1.0 + (rest + rest * rest * (0.5 + rest * sum));
  std::int64_t bits, integer;
  std::memcpy(&integer, &shifted, sizeof integer);
  std::memcpy(&bits, &power, sizeof bits);
  bits += static_cast<std::int64_t>(static_cast<std::uint64_t>(integer) << 52);
  double result;
  std::memcpy(&result, &bits, sizeof result);
  return least == least ? result : least;
}

// The natural logarithm of a positive normal number.
inline double logarithm(double x) {
  if (!(x < HUGE_VAL)) return x;  // infinity and NaN
  std::int64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  // Exponent and a mantissa in [sqrt(1/2), sqrt(2)).
  constexpr std::int64_t kRootHalfBits = 0x3fe6a09e667f3bcd;
  const std::int64_t exponent = (bits - kRootHalfBits) >> 52;
  bits -= static_cast<std::int64_t>(static_cast<std::uint64_t>(exponent) << 52);
  double mantissa;
  std::memcpy(&mantissa, &bits, sizeof mantissa);
  const double excess = mantissa - 1.0;  // exact
  const double ratio = excess / (2.0 + excess);
  const double square = ratio * ratio;
  double sum = 1.0 / 25.0;
  for (int odd = 23; odd >= 3; odd -= 2) sum = 1.0 / odd + square * sum;
  // log(1 + f) = f - f^2/2 + s (f^2/2 + 2 s^2 (1/3 + s^2/5 + ..)), s = f / (2 + f)
  const double half = 0.5 * excess * excess;
  const double rest = ratio * (half + 2.0 * square * sum);
  const auto octaves = static_cast<double>(exponent);
  return octaves * kLog2.high + (excess - (half - (rest + octaves * kLog2.low)));
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
