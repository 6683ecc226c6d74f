// Rotations as Euler angles and matrices, and how an update is composed onto one: what
// pyclnf/rotation.py does, detours included.
#pragma once

#include <cmath>

#include "elementary.h"
#include "jacobi_svd.h"
#include "level.h"
#include "wide_elementary.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

using Rotation = Matrix3<float>;

template <typename Scalar>
struct Vector3 {
  Scalar at[3];
};

template <typename Scalar>
inline Matrix3<Scalar> product(const Matrix3<Scalar>& a, const Matrix3<Scalar>& b) {
  Matrix3<Scalar> result;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      result.at[i][j] =
          a.at[i][0] * b.at[0][j] + a.at[i][1] * b.at[1][j] + a.at[i][2] * b.at[2][j];
    }
  }
  return result;
}

// Rx * Ry * Rz of angles in radians.
inline Rotation euler_to_matrix(const float* euler) {
  const float c1 = cosine(euler[0]), c2 = cosine(euler[1]), c3 = cosine(euler[2]);
  const float s1 = sine(euler[0]), s2 = sine(euler[1]), s3 = sine(euler[2]);
  return {{{c2 * c3, -c2 * s3, s2},
           {c1 * s3 + c3 * s1 * s2, c1 * c3 - s1 * s2 * s3, -c2 * s1},
           {s1 * s3 - c1 * c3 * s2, c3 * s1 + c1 * s2 * s3, c1 * c2}}};
}

// Euler angles by way of the quaternion; NaN where its real part vanishes (a half turn).
inline Vector3<float> matrix_to_euler(const Rotation& rotation) {
  const auto& r = rotation.at;
  const float q0 = std::sqrt(1.0f + r[0][0] + r[1][1] + r[2][2]) / 2.0f;
  const float q1 = (r[2][1] - r[1][2]) / (4.0f * q0);
  const float q2 = (r[0][2] - r[2][0]) / (4.0f * q0);
  const float q3 = (r[1][0] - r[0][1]) / (4.0f * q0);
  const float sine = 2.0f * (q0 * q2 + q1 * q3);
  const float above = sine < -1.0f ? -1.0f : sine;  // NaN stays
  return {arctangent2(2.0f * (q0 * q1 - q2 * q3), q0 * q0 - q1 * q1 - q2 * q2 + q3 * q3),
          arcsine(above > 1.0f ? 1.0f : above),
          arctangent2(2.0f * (q0 * q3 - q1 * q2), q0 * q0 + q1 * q1 - q2 * q2 - q3 * q3)};
}

inline float determinant(const Rotation& matrix) {
  double m[3][3];
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) m[i][j] = matrix.at[i][j];
  }
  return static_cast<float>(m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
                            m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
                            m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]));
}

// The nearest rotation. The determinant is used as computed, not rounded to 1 or -1.
inline Rotation orthonormalised(const Rotation& matrix) {
  const Svd3<float> svd = JacobiSvd3<float>(matrix).sorted();
  const float sign = determinant(product(svd.u, svd.vt));
  Rotation handed = svd.u;
  for (int i = 0; i < 3; ++i) handed.at[i][2] *= sign;
  return product(handed, svd.vt);
}

// Axis times angle of a rotation by nearly pi, signs from the first row.
inline Vector3<float> half_turn_axis(const double (&r)[3][3], double angle) {
  double axis[3];
  for (int i = 0; i < 3; ++i) {
    const double square = (r[i][i] + 1.0) * 0.5;
    axis[i] = std::sqrt(square < 0.0 ? 0.0 : square);
  }
  if (r[0][1] < 0.0) axis[1] = -axis[1];
  if (r[0][2] < 0.0) axis[2] = -axis[2];
  const double x = std::fabs(axis[0]), y = std::fabs(axis[1]), z = std::fabs(axis[2]);
  if (x < (y < z ? y : z) && (r[1][2] > 0.0) != (axis[1] * axis[2] > 0.0)) axis[2] = -axis[2];
  const double factor =
      angle / std::sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]);
  return {static_cast<float>(axis[0] * factor), static_cast<float>(axis[1] * factor),
          static_cast<float>(axis[2] * factor)};
}

// Axis times angle of a matrix near orthonormal, computed in float64. A turn of less than 1e-5
// gives zeros. Near a gimbal lock the last bits of the polar factor decide the angles.
inline Vector3<float> matrix_to_axis_angle(const Rotation& rotation) {
  Matrix3<double> wide;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) wide.at[i][j] = rotation.at[i][j];
  }
  const Svd3<double> svd = JacobiSvd3<double>(wide).sorted();
  const Matrix3<double> polar = product(svd.u, svd.vt);
  const auto& r = polar.at;
  const double skew[3] = {r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1]};
  const double squares = skew[0] * skew[0] + skew[1] * skew[1] + skew[2] * skew[2];
  if (!std::isfinite(squares)) return {kNaN, kNaN, kNaN};
  const double sine = std::sqrt(squares * 0.25);
  const double raw = (r[0][0] + r[1][1] + r[2][2] - 1.0) * 0.5;
  const double above = raw < -1.0 ? -1.0 : raw;
  const double cosine = above > 1.0 ? 1.0 : above;
  const double angle = arccosine(cosine);
  if (sine >= 1e-5) {
    const double factor = 1.0 / (2.0 * sine) * angle;
    return {static_cast<float>(skew[0] * factor), static_cast<float>(skew[1] * factor),
            static_cast<float>(skew[2] * factor)};
  }
  if (cosine > 0.0) return {0.0f, 0.0f, 0.0f};
  return half_turn_axis(r, angle);
}

// The rotation matrix of axis times angle, up to 3.9 radians (Rodrigues).
inline Rotation axis_angle_to_matrix(const Vector3<float>& turn) {
  double x = turn.at[0], y = turn.at[1], z = turn.at[2];
  const double angle = std::sqrt(x * x + y * y + z * z);
  if (angle < std::numeric_limits<double>::epsilon()) {
    return {{{1.0f, 0.0f, 0.0f}, {0.0f, 1.0f, 0.0f}, {0.0f, 0.0f, 1.0f}}};
  }
  if (!std::isfinite(angle)) {
    return {{{kNaN, kNaN, kNaN}, {kNaN, kNaN, kNaN}, {kNaN, kNaN, kNaN}}};
  }
  const double reciprocal = 1.0 / angle;
  x *= reciprocal, y *= reciprocal, z *= reciprocal;
  const auto [s, c] = sine_cosine(angle);
  const double t = 1.0 - c;
  return {{{static_cast<float>(c + t * (x * x)), static_cast<float>(t * (x * y) - s * z),
            static_cast<float>(t * (x * z) + s * y)},
           {static_cast<float>(t * (x * y) + s * z), static_cast<float>(c + t * (y * y)),
            static_cast<float>(t * (y * z) - s * x)},
           {static_cast<float>(t * (x * z) - s * y), static_cast<float>(t * (y * z) + s * x),
            static_cast<float>(c + t * (z * z))}}};
}

// Euler angles of R * R', R' being I + [turn]x made orthonormal. All zero where they cannot be told.
inline Vector3<float> compose(const Rotation& rotation, const float* turn) {
  const float x = turn[0], y = turn[1], z = turn[2];
  const Rotation small = {{{1.0f, -z, y}, {z, 1.0f, -x}, {-y, x, 1.0f}}};
  const Rotation composed = product(rotation, orthonormalised(small));
  // The detour through axis and angle is the reference's; it rounds to float32 twice.
  const Vector3<float> angles =
      matrix_to_euler(axis_angle_to_matrix(matrix_to_axis_angle(composed)));
  for (const float angle : angles.at) {
    if (std::isnan(angle)) return {0.0f, 0.0f, 0.0f};
  }
  return angles;
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
