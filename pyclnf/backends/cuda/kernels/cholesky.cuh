// The normal equations' solution, with the roundings of pyclnf/arithmetic/cholesky.py: float32
// factors, float64 sums, products off the diagonal rounded to float32.
#pragma once

#include <cmath>

#include "team.cuh"

namespace pyclnf::batch {

// Where element (row, column) of a lower triangle lies.
inline int triangular(int row, int column) { return row * (row + 1) / 2 + column; }

// Memory for a system of some unknowns; the right-hand side rides along as one more row.
struct CholeskyMemory {
  double* open;  // (size, size + 1): row j holds column j of what is left, then of the right side
  float* factor;  // the same of the factor, right of its diagonal

  static int64_t bytes(int size) {
    return int64_t{size} * (size + 1) * static_cast<int64_t>(sizeof(double) + sizeof(float));
  }
  CholeskyMemory(double* block, int size)
      : open(block), factor(reinterpret_cast<float*>(block + size * (size + 1))) {}
};

// One over the root of a pivot, as it is kept.
inline float pivot_reciprocal(double pivot) {
  return static_cast<float>(1.0 / std::sqrt(pivot));
}

// Solves hessian * solution = right, of the hessian the lower triangle; zeros where that is not
// positive definite.
inline void cholesky_solve(const Team& team, const float* hessian, const float* right, int size,
                           const CholeskyMemory& memory, float* solution) {
  constexpr double smallest_pivot = 0x1p-23;  // the float32 epsilon
  const int width = size + 1;
  double* const open = memory.open;
  float* const factor = memory.factor;
  team.each(size * width, [&](int i) {
    const int j = i / width, l = i % width;
    if (l >= j) open[i] = l < size ? hessian[triangular(l, j)] : right[j];
  });
  for (int j = 0; j < size; ++j) {
    double* const of_pivot = open + j * width;
    float* const column = factor + j * width;
    const double pivot = of_pivot[j];
    if (!(pivot >= smallest_pivot)) {
      team.each(size, [&](int i) { solution[i] = 0.0f; });
      return;
    }
    const double reciprocal = pivot_reciprocal(pivot);
    const int below = j + 1;
    team.each(width - below, [&](int i) {
      const int l = below + i;
      column[l] = static_cast<float>(of_pivot[l] * reciprocal);
      // Exact: a square of 24 bits. Diagonal elements are not rounded before they are subtracted.
      const double wide = column[l];
      if (l < size) open[l * width + l] -= wide * wide;
    });
    team.each((size - below) * (width - below), [&](int i) {
      const int k = below + i / (width - below), l = below + i % (width - below);
      if (l > k) open[k * width + l] -= static_cast<double>(column[l] * column[k]);
    });
  }
  double* const left = open + size;  // of row i: left[i * width]; what is still to be divided
  team.each(size, [&](int i) { left[i * width] = factor[i * width + size]; });
  for (int i = size - 1; i >= 0; --i) {
    const double reciprocal = pivot_reciprocal(open[i * width + i]);
    const auto found = static_cast<float>(left[i * width] * reciprocal);
    team.each(i + 1, [&](int l) {
      if (l == i) {
        solution[i] = found;
      } else {
        left[l * width] -= static_cast<double>(factor[l * width + i] * found);
      }
    });
  }
}

}  // namespace pyclnf::batch
