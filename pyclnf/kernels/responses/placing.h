// How the experts see a face: their view, and the similarity between picture and their frame;
// pyclnf/experts/views.py and pyclnf/similarity.py.
#pragma once

#include <cmath>

#include "../phase/jacobi_svd.h"
#include "../table.h"
#include "exact_sum.h"

namespace pyclnf::PYCLNF_LEVEL {

using phase::PYCLNF_LEVEL::JacobiSvd;
using Matrix2 = phase::PYCLNF_LEVEL::Matrix<float, 2>;

// The view whose centre is nearest, the first one of equals.
static int32_t nearest_view(const PlaceArguments& in) {
  int32_t nearest = 0;
  float least = 0.0f;
  for (int32_t view = 0; view < in.n_views; ++view) {
    float squares[3];
    for (int axis = 0; axis < 3; ++axis) {
      const auto apart =
          static_cast<float>(static_cast<double>(in.euler[axis]) - in.centers[3 * view + axis]);
      squares[axis] = apart * apart;
    }
    const float distance = squares[0] + squares[1] + squares[2];
    if (view == 0 || distance < least) {
      nearest = view;
      least = distance;
    }
  }
  return nearest;
}

// The current shape upright at the experts' scale, (n, 2).
static void reference_shape(const PlaceArguments& in, float* shape) {
  for (int64_t i = 0; i < in.n; ++i) {
    shape[2 * i] = in.scale * in.shape_3d[i] + 0.0f;
    shape[2 * i + 1] = in.scale * in.shape_3d[in.n + i] + 0.0f;
  }
}

// Sums whole groups of sixteen exactly; what is left, in fours in single precision.
static double grouped_sum(const float* values, int64_t count) {
  const int64_t whole = count - count % 16, fours = count - count % 4;
  double total = exact_sum(values, whole, 1);
  for (int64_t i = whole; i < fours; i += 4) {
    total += static_cast<double>(values[i] + values[i + 1] + values[i + 2] + values[i + 3]);
  }
  double rest = 0.0;
  for (int64_t i = fours; i < count; ++i) rest += static_cast<double>(values[i]);
  return total + rest;
}

// Makes a shape mean-free and divides it by its root-mean-square norm, which it returns.
static float normalise_shape(const float* shape, int64_t n, float* unit, float* squares) {
  float means[2];
  for (int axis = 0; axis < 2; ++axis) {
    means[axis] = static_cast<float>(exact_sum(shape + axis, n, 2) / static_cast<double>(n));
  }
  for (int64_t i = 0; i < 2 * n; ++i) {
    unit[i] = shape[i] - means[i % 2];
    squares[i] = unit[i] * unit[i];
  }
  const double square = grouped_sum(squares, 2 * n) / static_cast<double>(n);
  const auto norm = static_cast<float>(std::sqrt(square));
  // As the reference divides.
  const float reciprocal = norm > 0.0f ? static_cast<float>(1.0 / static_cast<double>(norm)) : 0.0f;
  for (int64_t i = 0; i < 2 * n; ++i) unit[i] = unit[i] * reciprocal;
  return norm;
}

// source^T target of (n, 2) shapes, summed in double, rounded once.
static Matrix2 covariance(const float* source, const float* target, int64_t n) {
  double sums[2][2] = {};
  for (int64_t i = 0; i < n; ++i) {
    for (int j = 0; j < 2; ++j) {
      for (int k = 0; k < 2; ++k) {
        const double left = source[2 * i + j], right = target[2 * i + k];
        sums[j][k] += left * right;
      }
    }
  }
  Matrix2 result;
  for (int j = 0; j < 2; ++j) {
    for (int k = 0; k < 2; ++k) result.at[j][k] = static_cast<float>(sums[j][k]);
  }
  return result;
}

// V diag(1, sign) U^T, summed in double, rounded once.
static Matrix2 rotation_of(const Matrix2& u, const Matrix2& vt, float sign) {
  Matrix2 result;
  for (int i = 0; i < 2; ++i) {
    const double first = vt.at[0][i], second = vt.at[1][i] * sign;
    for (int j = 0; j < 2; ++j) {
      const double a = u.at[j][0], b = u.at[j][1];
      result.at[i][j] = static_cast<float>(first * a + second * b);
    }
  }
  return result;
}

// The scaled rotation that best maps one shape onto another (Kabsch), never a reflection.
static void align(const float* source, const float* target, int64_t n, float* workspace,
                  float* similarity) {
  float *of_source = workspace, *of_target = workspace + 2 * n, *squares = workspace + 4 * n;
  const float source_norm = normalise_shape(source, n, of_source, squares);
  const float target_norm = normalise_shape(target, n, of_target, squares);
  if (source_norm == 0.0f) {
    for (int i = 0; i < 4; ++i) similarity[i] = 0.0f;
    return;
  }
  const auto svd = JacobiSvd<float, 2>(covariance(of_source, of_target, n)).sorted();
  Matrix2 rotation = rotation_of(svd.u, svd.vt, 1.0f);
  const double a = rotation.at[0][0], b = rotation.at[0][1];
  const double c = rotation.at[1][0], d = rotation.at[1][1];
  if (!(a * d - b * c > 0.0)) rotation = rotation_of(svd.u, svd.vt, -1.0f);
  const float ratio = target_norm / source_norm;
  for (int i = 0; i < 4; ++i) similarity[i] = ratio * rotation.at[i / 2][i % 2];
}

// By the determinant; zeros for a singular matrix and for one whose determinant overflows.
static void invert(const float* matrix, float* inverse) {
  const float a = matrix[0], b = matrix[1], c = matrix[2], d = matrix[3];
  const float determinant = a * d - b * c;
  const bool regular = determinant != 0.0f && determinant - determinant == 0.0f;
  const float reciprocal = 1.0f / determinant;
  const float entries[4] = {d * reciprocal, -b * reciprocal, -c * reciprocal, a * reciprocal};
  for (int i = 0; i < 4; ++i) inverse[i] = regular ? entries[i] : 0.0f;
}

static int32_t place(const PlaceArguments& in) {
  float* reference = in.workspace + 6 * static_cast<int64_t>(in.n);
  reference_shape(in, reference);
  align(in.landmarks, reference, in.n, in.workspace, in.to_reference);
  invert(in.to_reference, in.to_image);
  return nearest_view(in);
}

}  // namespace pyclnf::PYCLNF_LEVEL
