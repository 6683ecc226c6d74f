// Inverses of larger positive definite matrices; pyclnf/arithmetic/blocked_cholesky.py.
#pragma once

#include "../table.h"
#include "blocked_factor.h"
#include "memory.h"

namespace pyclnf::PYCLNF_LEVEL {

constexpr int columns_vectors = lanes >= 16 ? 2 : 1;
constexpr int columns_at_once = columns_vectors * lanes;
static_assert(columns_at_once <= most_columns, "the workspace holds them");

template <bool Upwards, bool Fused>
PYCLNF_INLINE void solve_next(const System& in, int64_t width, int64_t start, Earlier over) {
  constexpr int V = columns_vectors;
  if (width == 8) solve_group<8, V, Upwards, Fused>(in, start, over, columns_at_once);
  if (width == 4) solve_group<4, V, Upwards, Fused>(in, start, over, columns_at_once);
  if (width == 2) solve_group<2, V, Upwards, Fused>(in, start, over, columns_at_once);
  if (width == 1) solve_group<1, V, Upwards, Fused>(in, start, over, columns_at_once);
}

// L * Y = I, for columns of I from `column` on: rows before it stay zero, and add nothing.
static void solve_forwards(const System& in, int64_t size, int64_t column) {
  const int64_t first = column / 8 * 8;  // where a group begins: the narrower ones come last
  int64_t start = 0;
  while (start < size) {
    const int64_t width = group_width(size - start);
    if (start + width > first) {
      const int64_t from = first < start ? first : start;
      solve_next<false, true>(in, width, start, {from, start, 1});
    }
    start += width;
  }
}

// L^T * X = Y; the last columns of the inverse have an order of their own.
template <bool LastColumns>
static void solve_backwards(const System& in, int64_t size) {
  int64_t stop = size;
  while (stop > 0) {
    // Groups are counted from the top: of 8, and what is left at the bottom of 4, 2 and 1.
    const int64_t left = stop % 8;
    const int64_t width = left == 0 ? 8 : left & -left;
    const int64_t start = stop - width;
    if (LastColumns) {
      solve_next<true, false>(in, width, start, {stop, size, 1});
    } else {
      solve_next<true, true>(in, width, start, {size - 1, stop - 1, -1});
    }
    stop = start;
  }
}

static void set_identity(float* block, int64_t size, int64_t column) {
  for (int64_t i = 0; i < size * columns_at_once; ++i) block[i] = 0.0f;
  for (int64_t c = 0; c < columns_at_once && column + c < size; ++c) {
    block[(column + c) * columns_at_once + c] = 1.0f;
  }
}

// Columns of the inverse from `column` on, as many as are worked on at once.
static void invert_columns(const InverseMemory& memory, int64_t size, int64_t column,
                           float* inverse) {
  const int64_t whole = size - size % 4;
  float *block = memory.block, *last = memory.last;
  const System lower = {memory.columns, memory.pitch, memory.reciprocals, block, columns_at_once};
  System upper = lower;
  upper.factors = memory.rows;
  set_identity(block, size, column);
  solve_forwards(lower, size, column);
  const int64_t count = size - column < columns_at_once ? size - column : columns_at_once;
  int64_t plain = count;  // columns from here on are the last ones
  if (column + count > whole) {
    plain = whole - column;
    for (int64_t i = 0; i < size * columns_at_once; ++i) last[i] = block[i];
    System of_last = upper;
    of_last.right = last;
    solve_backwards<true>(of_last, size);
  }
  solve_backwards<false>(upper, size);
  for (int64_t r = 0; r < size; ++r) {
    const float* from = block + r * columns_at_once;
    const float* from_last = last + r * columns_at_once;
    float* to = inverse + r * size + column;
    for (int64_t c = 0; c < plain; ++c) to[c] = from[c];
    for (int64_t c = plain; c < count; ++c) to[c] = from_last[c];
  }
}

static void invert_blocked(const InverseMemory& memory, int64_t size, const float* matrix,
                           float* inverse) {
  for (int64_t c = 0; c < size; ++c) {
    for (int64_t r = 0; r < size; ++r) memory.columns[c * memory.pitch + r] = matrix[c * size + r];
  }
  factor_blocked(memory.columns, memory.pitch, size, memory.reciprocals);
  for (int64_t c = 0; c < size; ++c) {
    for (int64_t r = c; r < size; ++r) {
      memory.rows[r * memory.pitch + c] = memory.columns[c * memory.pitch + r];
    }
  }
  for (int64_t column = 0; column < size; column += columns_at_once) {
    invert_columns(memory, size, column, inverse);
  }
  bool finite = true;
  for (int64_t i = 0; i < size * size; ++i) finite &= inverse[i] - inverse[i] == 0.0f;
  for (int64_t i = 0; !finite && i < size * size; ++i) inverse[i] = 0.0f;
}

}  // namespace pyclnf::PYCLNF_LEVEL
