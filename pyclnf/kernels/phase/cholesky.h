// The normal equations' solution by Cholesky, with the roundings of pyclnf/arithmetic/cholesky.py:
// float32 factors, float64 sums, products off the diagonal rounded to float32.
#pragma once

#include <cmath>
#include <cstddef>

#include "level.h"
#include "types.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

// Memory for one system of up to `size` unknowns; rows are padded(size + 1) numbers apart.
struct CholeskyMemory {
  double* remaining;   // size rows: row j holds column j of the lower triangle, then right[j]
  float* factor;       // size rows: row i holds row i of the factor, left of its diagonal
  float* column;       // padded(size + 1)
  float* reciprocals;  // size
  double* diagonal;    // padded(size + 1)
  double* open;        // padded(size + 1)
};

// Subtract the rounded products of a factor's column with one of its elements.
inline void subtract_products(const float* __restrict column, float element, int first, int last,
                              double* __restrict from) {
  for (int l = first; l < last; ++l) from[l] -= static_cast<double>(column[l] * element);
}

// Solve hessian * solution = right. Zeros where the matrix is not positive definite, as the
// reference does. Only the lower triangle is read; `stride` is that of its rows.
inline void cholesky_solve(const float* hessian, int stride, const float* right, int size,
                           const CholeskyMemory& memory, float* solution) {
  constexpr double kSmallestPivot = 0x1p-23;  // the float32 epsilon
  // The right-hand side rides along as one more row, so that the forward substitution is done with
  // the factor. Starting every row at a multiple of eight costs a few idle products, not tails.
  const int width = padded(size + 1);
  const auto row = [width](auto* rows, int i) {
    return rows + static_cast<std::ptrdiff_t>(i) * width;
  };
  for (int i = 0; i < size; ++i) {
    for (int j = 0; j < i; ++j) {
      row(memory.remaining, j)[i] = hessian[static_cast<std::ptrdiff_t>(i) * stride + j];
    }
    memory.diagonal[i] = hessian[static_cast<std::ptrdiff_t>(i) * stride + i];
    row(memory.remaining, i)[size] = right[i];
  }
  memory.diagonal[size] = 0.0;
  for (int j = 0; j < size; ++j) {
    const double pivot = memory.diagonal[j];
    if (!(pivot >= kSmallestPivot)) {
      for (int i = 0; i < size; ++i) solution[i] = 0.0f;
      return;
    }
    const auto reciprocal = static_cast<float>(1.0 / std::sqrt(pivot));
    const double factor = reciprocal;
    memory.reciprocals[j] = reciprocal;
    const double* __restrict open = row(memory.remaining, j);
    float* __restrict column = memory.column;
    const int first = (j + 1) / kLanes * kLanes;
    for (int l = first; l < width; ++l) column[l] = static_cast<float>(open[l] * factor);
    double* __restrict diagonal = memory.diagonal;
    for (int l = first; l < width; ++l) {
      // Exact: a square of 24 bits. Diagonal elements are not rounded before they are subtracted.
      diagonal[l] -= static_cast<double>(column[l]) * static_cast<double>(column[l]);
    }
    for (int k = j + 1; k < size; ++k) {
      row(memory.factor, k)[j] = column[k];
      subtract_products(column, column[k], (k + 1) / kLanes * kLanes, width,
                        row(memory.remaining, k));
    }
    solution[j] = column[size];
  }
  for (int i = 0; i < size; ++i) memory.open[i] = solution[i];
  for (int i = size - 1; i >= 0; --i) {
    solution[i] = static_cast<float>(memory.open[i] * static_cast<double>(memory.reciprocals[i]));
    subtract_products(row(memory.factor, i), solution[i], 0, i, memory.open);
  }
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
