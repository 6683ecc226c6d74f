// Singular values of a tiny square matrix by one-sided Jacobi rotations (Hestenes 1958),
// with the roundings of pyclnf/arithmetic/jacobi_svd.py: sums in float64, rotations and columns in
// the matrix's own precision.
#pragma once

#include <cmath>
#include <limits>

#include "level.h"
#include "wide_elementary.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

template <typename Scalar, int Size>
struct Matrix {
  Scalar at[Size][Size];
};

template <typename Scalar, int Size>
struct Svd {
  Matrix<Scalar, Size> u;  // columns for singular values that vanish are zero
  Matrix<Scalar, Size> vt;
};

template <typename Scalar>
using Matrix3 = Matrix<Scalar, 3>;
template <typename Scalar>
using Svd3 = Svd<Scalar, 3>;

template <typename Scalar, int Size>
class JacobiSvd {
 public:
  explicit JacobiSvd(const Matrix<Scalar, Size>& matrix) {
    for (int j = 0; j < Size; ++j) {
      for (int k = 0; k < Size; ++k) {
        columns_[j].matrix[k] = matrix.at[k][j];
        columns_[j].v[k] = j == k ? Scalar(1) : Scalar(0);
      }
      squares_[j] = dot(columns_[j], columns_[j]);
    }
    for (int sweep = 0; sweep < kMaxSweeps && rotate_pairs(); ++sweep) {
    }
  }

  // U and V transposed, singular values descending.
  Svd<Scalar, Size> sorted() const {
    double norms[Size];
    int order[Size];
    for (int j = 0; j < Size; ++j) {
      norms[j] = std::sqrt(dot(columns_[j], columns_[j]));
      order[j] = j;
    }
    for (int i = 0; i < Size - 1; ++i) {
      int largest = i;
      for (int k = i + 1; k < Size; ++k) {
        if (norms[order[k]] > norms[order[largest]]) largest = k;
      }
      const int chosen = order[largest];
      order[largest] = order[i];
      order[i] = chosen;
    }
    Svd<Scalar, Size> result;
    for (int j = 0; j < Size; ++j) {
      const double norm = norms[order[j]];
      const double tiny = std::numeric_limits<Scalar>::min();
      const auto reciprocal = static_cast<Scalar>(norm > tiny ? 1.0 / norm : 0.0);
      for (int k = 0; k < Size; ++k) {
        result.u.at[k][j] = columns_[order[j]].matrix[k] * reciprocal;
        result.vt.at[j][k] = columns_[order[j]].v[k];
      }
    }
    return result;
  }

 private:
  static constexpr int kMaxSweeps = 30;

  // A column of the matrix and of V, turned together.
  struct Column {
    Scalar matrix[Size];
    Scalar v[Size];
  };

  static double dot(const Column& a, const Column& b) {
    double total = 0.0;
    for (int k = 0; k < Size; ++k) {
      total += static_cast<double>(a.matrix[k]) * static_cast<double>(b.matrix[k]);
    }
    return total;
  }

  // Rotate every pair of columns that is not orthogonal yet; tell whether any was rotated.
  bool rotate_pairs() {
    constexpr double kTolerance =
        (sizeof(Scalar) == sizeof(float) ? 2.0 : 10.0) * std::numeric_limits<Scalar>::epsilon();
    bool rotated = false;
    for (int i = 0; i < Size - 1; ++i) {
      for (int j = i + 1; j < Size; ++j) {
        const double inner = dot(columns_[i], columns_[j]);
        const double bound = kTolerance * std::sqrt(squares_[i] * squares_[j]);
        if (!(std::fabs(inner) > bound)) continue;
        rotate(columns_[i], columns_[j], 2.0 * inner, squares_[i] - squares_[j]);
        squares_[i] = dot(columns_[i], columns_[i]);
        squares_[j] = dot(columns_[j], columns_[j]);
        rotated = true;
      }
    }
    return rotated;
  }

  // Turn two columns until they are orthogonal.
  static void rotate(Column& a, Column& b, double twice_inner, double difference) {
    const double length = hypotenuse(twice_inner, difference);
    Scalar cosine, sine;
    if (difference < 0.0) {
      sine = static_cast<Scalar>(std::sqrt((length - difference) * 0.5 / length));
      cosine = static_cast<Scalar>(twice_inner / (length * static_cast<double>(sine) * 2.0));
    } else {
      cosine = static_cast<Scalar>(std::sqrt((length + difference) / (length * 2.0)));
      sine = static_cast<Scalar>(twice_inner / (length * static_cast<double>(cosine) * 2.0));
    }
    turn(a.matrix, b.matrix, cosine, sine);
    turn(a.v, b.v, cosine, sine);
  }

  static void turn(Scalar (&a)[Size], Scalar (&b)[Size], Scalar cosine, Scalar sine) {
    for (int k = 0; k < Size; ++k) {
      const Scalar first = a[k], second = b[k];
      a[k] = cosine * first + sine * second;
      b[k] = cosine * second - sine * first;
    }
  }

  Column columns_[Size];
  double squares_[Size];
};

template <typename Scalar>
using JacobiSvd3 = JacobiSvd<Scalar, 3>;

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
