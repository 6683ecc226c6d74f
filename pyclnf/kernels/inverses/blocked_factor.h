// The factor of a larger positive definite matrix; pyclnf/arithmetic/blocked_cholesky.py.
//
// Row r of column c lies at [c * pitch + r], of which those with r >= c count.
#pragma once

#include <cmath>

#include "substitution.h"

namespace pyclnf::PYCLNF_LEVEL {

// Squares are added two by two, the pairs in a double.
static float sum_of_squares(const float* row, int64_t pitch, int64_t count) {
  double total = 0.0;
  for (int64_t k = 0; k + 1 < count; k += 2) {
    const float one = row[k * pitch], other = row[(k + 1) * pitch];
    const float squares = one * one + other * other;
    total += squares;
  }
  if (count % 2 != 0) {
    const float last = row[(count - 1) * pitch];
    const float square = last * last;
    total += square;
  }
  return static_cast<float>(total);
}

// Takes from `count` elements under a diagonal element what four earlier columns explain.
static void subtract_four(const float* left, const float* row, int64_t pitch, int64_t count,
                          float* below) {
  const float *l0 = left, *l1 = left + pitch, *l2 = left + 2 * pitch, *l3 = left + 3 * pitch;
  const float r0 = row[0], r1 = row[pitch], r2 = row[2 * pitch], r3 = row[3 * pitch];
  const int64_t two_chains = count % 16;
  for (int64_t r = 0; r < two_chains; ++r) {
    const float even = fused(l2[r], r2, l0[r] * r0), odd = fused(l3[r], r3, l1[r] * r1);
    below[r] -= even + odd;
  }
  for (int64_t r = two_chains; r < count; ++r) {
    below[r] -= fused(l3[r], r3, fused(l2[r], r2, fused(l1[r], r1, l0[r] * r0)));
  }
}

static void subtract_columns(const float* left, const float* row, int64_t pitch, int64_t columns,
                             int64_t count, float* below) {
  const int64_t whole = count - count % 4, fours = columns - columns % 4;
  for (int64_t k = 0; k < fours; k += 4) {
    subtract_four(left + k * pitch, row + k * pitch, pitch, whole, below);
  }
  for (int64_t k = fours; k < columns; ++k) {
    for (int64_t r = 0; r < whole; ++r) below[r] -= left[k * pitch + r] * row[k * pitch];
  }
  for (int64_t r = whole; r < count; ++r) {
    float total = 0.0f;
    for (int64_t k = 0; k < columns; ++k) total += left[k * pitch + r] * row[k * pitch];
    below[r] -= total;
  }
}

static void factor_by_column(float* columns, int64_t pitch, int64_t size) {
  for (int64_t j = 0; j < size; ++j) {
    float* column = columns + j * pitch;
    const float root = std::sqrt(column[j] - sum_of_squares(columns + j, pitch, j));
    column[j] = root;
    subtract_columns(columns + j + 1, columns + j, pitch, j, size - j - 1, column + j + 1);
    const float reciprocal = 1.0f / root;
    for (int64_t r = j + 1; r < size; ++r) column[r] *= reciprocal;
  }
}

// Forward substitution for the rows under a panel's diagonal block.
static void solve_panel(const System& in, int64_t unknowns, int64_t rows) {
  for (int64_t r = 0; r < rows; r += lanes) {
    System part = in;
    part.right = in.right + r;
    const int64_t count = rows - r;
    int64_t start = 0;
    for (; unknowns - start >= 12; start += 12) {
      solve_group<12, 1, false, true>(part, start, {0, start, 1}, count);
    }
    while (start < unknowns) {
      const int64_t width = group_width(unknowns - start);
      const Earlier over = {0, start, 1};
      if (width == 8) solve_group<8, 1, false, true>(part, start, over, count);
      if (width == 4) solve_group<4, 1, false, true>(part, start, over, count);
      if (width == 2) solve_group<2, 1, false, false>(part, start, over, count);
      if (width == 1) solve_group<1, 1, false, false>(part, start, over, count);
      start += width;
    }
  }
}

// Subtracts from R columns, on and below the diagonal, what a panel explains.
template <int R>
PYCLNF_INLINE void subtract_panel_columns(const System& panel, int64_t unknowns, int64_t first,
                                          int64_t size, float* corner, int64_t pitch) {
  for (int64_t r = first; r < size; r += lanes) {
    System part = panel;
    part.right = panel.right + r;
    Float sums[R][1];
    running_sums<R, 1>(part, first, {0, unknowns, 1}, sums);
    PYCLNF_UNROLL for (int i = 0; i < R; ++i) {
      float* column = corner + (first + i) * pitch + r;
      store_first(column, size - r, sub(load(column), sums[i][0]));
    }
  }
}

// Subtracts panel^T * panel from the corner to its lower right.
static void subtract_panel(const System& panel, int64_t unknowns, int64_t size, float* corner,
                           int64_t pitch) {
  int64_t first = 0;
  for (; size - first >= 8; first += 8) {
    subtract_panel_columns<8>(panel, unknowns, first, size, corner, pitch);
  }
  for (; first < size; ++first) {
    subtract_panel_columns<1>(panel, unknowns, first, size, corner, pitch);
  }
}

// `reciprocals` are those of the diagonal, and filled too.
static void factor_blocked(float* columns, int64_t pitch, int64_t size, float* reciprocals) {
  if (size <= 32) {
    factor_by_column(columns, pitch, size);
    for (int64_t j = 0; j < size; ++j) reciprocals[j] = 1.0f / columns[j * pitch + j];
    return;
  }
  const int64_t step = size / 4;
  for (int64_t start = 0; start < size; start += step) {
    const int64_t stop = start + step < size ? start + step : size;
    float* block = columns + start * pitch + start;
    factor_blocked(block, pitch, stop - start, reciprocals + start);
    if (stop == size) break;
    float* panel = columns + start * pitch + stop;
    solve_panel({block, pitch, reciprocals + start, panel, pitch}, stop - start, size - stop);
    subtract_panel({panel, pitch, nullptr, panel, pitch}, stop - start, size - stop,
                   columns + stop * pitch + stop, pitch);
  }
}

}  // namespace pyclnf::PYCLNF_LEVEL
