// The single-precision functions of a rotation, as pyclnf/arithmetic/elementary.py defines them:
// in operations that IEEE 754 leaves no choice, for no two C libraries round them alike.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "level.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr double kExactBelow = 120.0;
constexpr float kRightAngleHigh = 1.57079637050628662109375f;
constexpr float kRightAngleLow = -4.37113900018624283e-8f;
constexpr float kEighthTurn = 0.785398185253143310546875f;
constexpr float kStraightBelow = 0x1p-29f;  // an arc is its sine and its tangent there

// ---- Sine and cosine: a polynomial in float64, rounded once ----

inline double sine_polynomial(double angle) {
  const double square = angle * angle;
  const double cube = angle * square;
  return (angle + cube * -0x1.555545995a603p-3) +
         cube * square * (0x1.1107605230bc4p-7 + square * -0x1.994eb3774cf24p-13);
}

inline double cosine_polynomial(double angle) {
  const double square = angle * angle;
  const double fourth = square * square;
  const double start = (1.0 + square * -0x1.ffffffd0c621cp-2) + fourth * 0x1.55553e1068f19p-5;
  return start +
         fourth * square * (-0x1.6c087e89a359dp-10 + square * 0x1.99343027bf8c3p-16);
}

// sin(angle + quadrants_ahead * pi / 2) for less than 120 radians.
inline double turned_sine(double angle, int quadrants_ahead) {
  constexpr int kBits = 24;
  constexpr double kPerRadian = 0x1.45F306DC9C883p-1 * (1 << kBits);
  constexpr double kQuadrantHigh = 0x1.921FB544p0;
  constexpr double kQuadrantLow = 0x1.921FB54442D18p0 - kQuadrantHigh;
  const auto fixed_point = static_cast<std::int64_t>(angle * kPerRadian);
  const std::int64_t quadrant = (fixed_point + (1 << (kBits - 1))) >> kBits;
  const auto turns = static_cast<double>(quadrant);
  // Both products and the first difference are exact, so this rounds like one fused operation.
  const double rest = (angle - turns * kQuadrantHigh) - turns * kQuadrantLow;
  const std::int64_t ahead = quadrant + quadrants_ahead;
  const double value = ahead & 1 ? cosine_polynomial(rest) : sine_polynomial(rest);
  return ahead & 2 ? -value : value;
}

// Angles within a phase come from an arctangent or an arcsine; NaN from 120 radians on.
inline float sine(float x) {
  const double angle = x;
  if (std::fabs(angle) < 0x1p-12) return x;  // the polynomial would lose the sign of -0
  return std::fabs(angle) < kExactBelow ? static_cast<float>(turned_sine(angle, 0)) : kNaN;
}

inline float cosine(float x) {
  const double angle = x;
  return std::fabs(angle) < kExactBelow ? static_cast<float>(turned_sine(angle, 1)) : kNaN;
}

// ---- Arcsine: rounded to float32 after every operation ----

// asin(x) / x - 1 for the square of x, up to 1/4.
inline float arcsine_excess(float square) {
  return square *
         (0.1666675248f +
          square * (0.07495297643f +
                    square * (0.04547037598f +
                              square * (0.02417951451f + square * 0.0421663088f))));
}

// Truncated to half of a float32's bits, so that the square is exact. For normal numbers.
inline float leading_bits(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits &= 0xFFFFF000u;
  std::memcpy(&value, &bits, sizeof bits);
  return value;
}

// asin(sine) for [1/2, 1] as pi/2 - 2 asin(sqrt((1 - sine) / 2)).
inline float large_arcsine(float sine) {
  const float square = (1.0f - sine) * 0.5f;
  const float root = std::sqrt(square);
  const float excess = arcsine_excess(square);
  if (sine >= 0.975f) {
    return kRightAngleHigh - (2.0f * (root + root * excess) - kRightAngleLow);
  }
  const float head = leading_bits(root);
  const float tail = (square - head * head) / (root + head);
  const float small = 2.0f * root * excess - (kRightAngleLow - 2.0f * tail);
  return kEighthTurn - (small - (kEighthTurn - 2.0f * head));
}

// The angle of a sine; NaN outside [-1, 1].
inline float arcsine(float sine) {
  const float size = std::fabs(sine);
  if (!(size <= 1.0f)) return kNaN;
  if (size < kStraightBelow) return sine;
  if (size < 0.5f) return sine + sine * arcsine_excess(sine * sine);
  const float angle = large_arcsine(size);
  return sine > 0.0f ? angle : -angle;
}

// ---- Arctangent: rounded to float32 after every operation ----

// x - atan(x) for |x| up to 7/16.
inline float arctangent_deficit(float x) {
  const float square = x * x;
  const float fourth = square * square;
  const float high =
      0.090908870101f +
      fourth * (0.066610731184f + fourth * (0.049768779427f + fourth * 0.016285819933f));
  const float odd = square * (0.33333334327f + fourth * (0.14285714924f + fourth * high));
  const float even =
      fourth *
      (-0.20000000298f +
       fourth * (-0.11111110449f +
                 fourth * (-0.076918758452f +
                           fourth * (-0.058335702866f + fourth * -0.036531571299f))));
  return x * (odd + even);
}

// atan(tangent) for tangent >= 0: from the nearest of a few angles whose tangents are known.
inline float arctangent(float tangent) {
  if (tangent < kStraightBelow) return tangent;
  if (tangent < 0.4375f) return tangent - arctangent_deficit(tangent);
  if (tangent >= 0x1p25f) return kRightAngleHigh;
  float centre, high, low;
  if (tangent < 0.6875f) {
    centre = 0.5f, high = 0.46364760399f, low = 5.0121582440e-09f;
  } else if (tangent < 1.1875f) {
    centre = 1.0f, high = 0.78539812565f, low = 3.7748947079e-08f;
  } else if (tangent < 2.4375f) {
    centre = 1.5f, high = 0.98279368877f, low = 3.4473217170e-08f;
  } else {
    const float rest = -1.0f / tangent;
    return 1.5707962513f - ((arctangent_deficit(rest) - 7.5497894159e-08f) - rest);
  }
  const float rest = (tangent - centre) / (1.0f + centre * tangent);
  return high - ((arctangent_deficit(rest) - low) - rest);
}

// The angle of the point (run, rise) for rise >= 0.
inline float upper_half_angle(double rise, double run) {
  const bool leftwards = std::signbit(run);
  if (std::isinf(rise) && std::isinf(run)) return leftwards ? 3.0f * kEighthTurn : kEighthTurn;
  if (std::isinf(rise) || (run == 0.0 && rise > 0.0)) return kRightAngleHigh;
  // In float64 for no overflow; a quotient rounds to float32 as if it had been divided there.
  const double tangent = rise > 0.0 ? rise / std::fabs(run) : 0.0;
  const float angle = arctangent(static_cast<float>(tangent < 0x1p25 ? tangent : 0x1p25));
  return leftwards ? 3.1415927410f - (angle - -8.7422776573e-08f) : angle;
}

// The angle of the point (x, y), signed zeros and infinities included; NaN if y or x is.
inline float arctangent2(float y, float x) {
  if (std::isnan(y) || std::isnan(x)) return kNaN;
  const float angle = upper_half_angle(std::fabs(static_cast<double>(y)), x);
  return std::signbit(y) ? -angle : angle;
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
