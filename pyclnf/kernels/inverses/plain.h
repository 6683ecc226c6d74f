// Inverses of other positive definite matrices; cholesky_inverse in pyclnf/arithmetic/cholesky.py.
//
// Factors are floats, sums are doubles. Row r of column c lies at [c * pitch + r].
#pragma once

#include <cmath>

#include "memory.h"

namespace pyclnf::PYCLNF_LEVEL {

constexpr int plain_vectors = 4;
constexpr int plain_columns = plain_vectors * lanes;
static_assert(plain_columns <= most_columns, "the workspace holds them");

// Takes products, rounded to floats, from a double.
PYCLNF_INLINE Wide less_product(Wide total, float factor, const float* known) {
  return sub(total, widen(mul(set(factor), load(known))));
}

// Fills the factor's columns; false if the matrix is not positive definite.
static bool factor_plain(const InverseMemory& memory, int64_t size) {
  constexpr double smallest_pivot = 0x1p-23;  // the float32 epsilon
  const int64_t pitch = memory.pitch;
  for (int64_t j = 0; j < size; ++j) {
    float* column = memory.columns + j * pitch;
    double pivot = column[j];
    for (int64_t k = 0; k < j; ++k) {
      const double factor = memory.columns[k * pitch + j];
      pivot -= factor * factor;
    }
    if (!(pivot >= smallest_pivot)) return false;
    const auto reciprocal = static_cast<float>(1.0 / std::sqrt(pivot));
    memory.reciprocals[j] = reciprocal;
    const Wide factor = set(static_cast<double>(reciprocal));
    for (int64_t r = j / lanes * lanes; r < size; r += lanes) {
      Wide open = widen(load(column + r));
      for (int64_t k = 0; k < j; ++k) {
        const float* earlier = memory.columns + k * pitch;
        open = less_product(open, earlier[j], earlier + r);
      }
      store(column + r, narrow(mul(open, factor)));
    }
  }
  return true;
}

// One unknown of some columns of the inverse, from those in [first, end), taken in steps.
PYCLNF_INLINE void solve_plain(const float* factors, int64_t pitch, float reciprocal,
                               int64_t first, int64_t end, int64_t step, const float* known,
                               float* unknown) {
  Wide open[plain_vectors];
  PYCLNF_UNROLL for (int v = 0; v < plain_vectors; ++v) {
    open[v] = widen(load(unknown + v * lanes));
  }
  for (int64_t k = first; k != end; k += step) {
    PYCLNF_UNROLL for (int v = 0; v < plain_vectors; ++v) {
      open[v] = less_product(open[v], factors[k * pitch], known + k * plain_columns + v * lanes);
    }
  }
  const Wide factor = set(static_cast<double>(reciprocal));
  PYCLNF_UNROLL for (int v = 0; v < plain_vectors; ++v) {
    store(unknown + v * lanes, narrow(mul(open[v], factor)));
  }
}

static void invert_plain_columns(const InverseMemory& memory, int64_t size, int64_t column,
                                 float* inverse) {
  float* block = memory.block;
  const int64_t pitch = memory.pitch;
  for (int64_t i = 0; i < size * plain_columns; ++i) block[i] = 0.0f;
  const int64_t count = size - column < plain_columns ? size - column : plain_columns;
  for (int64_t c = 0; c < count; ++c) block[(column + c) * plain_columns + c] = 1.0f;
  // Rows before the first column stay zero, and add nothing.
  for (int64_t i = column; i < size; ++i) {
    solve_plain(memory.columns + i, pitch, memory.reciprocals[i], column, i, 1, block,
                block + i * plain_columns);
  }
  for (int64_t i = size - 1; i >= 0; --i) {
    solve_plain(memory.columns + i * pitch, 1, memory.reciprocals[i], size - 1, i, -1, block,
                block + i * plain_columns);
  }
  for (int64_t r = 0; r < size; ++r) {
    for (int64_t c = 0; c < count; ++c) {
      inverse[r * size + column + c] = block[r * plain_columns + c];
    }
  }
}

static void invert_plain(const InverseMemory& memory, int64_t size, const float* matrix,
                         float* inverse) {
  for (int64_t c = 0; c < size; ++c) {
    float* column = memory.columns + c * memory.pitch;
    for (int64_t r = 0; r < memory.pitch; ++r) {
      column[r] = c <= r && r < size ? matrix[r * size + c] : 0.0f;
    }
  }
  if (!factor_plain(memory, size)) {
    for (int64_t i = 0; i < size * size; ++i) inverse[i] = 0.0f;
    return;
  }
  for (int64_t column = 0; column < size; column += plain_columns) {
    invert_plain_columns(memory, size, column, inverse);
  }
}

}  // namespace pyclnf::PYCLNF_LEVEL
