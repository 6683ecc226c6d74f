// Products of matrices, every element in its order; pyclnf/arithmetic/product_order.py.
#pragma once

#include "simd/lanes.h"
#include "table.h"

namespace pyclnf::PYCLNF_LEVEL {

// Adds every `step`th term from `first` on to the sums of some rows and a vector of columns.
template <int Rows>
PYCLNF_INLINE void add_terms(const ProductArguments& in, int64_t row, int64_t column, int64_t first,
                             int64_t last, int64_t step, Float (&sums)[Rows]) {
  const float* left = in.left + row * in.terms;
  const float* right = in.right + column;
  for (int64_t k = first; k < last; k += step) {
    const Float values = load(right + k * in.columns);
    PYCLNF_UNROLL for (int i = 0; i < Rows; ++i) {
      sums[i] = fma(set(left[i * in.terms + k]), values, sums[i]);
    }
  }
}

// One running sum per element.
template <int Rows>
PYCLNF_INLINE void running_sums(const ProductArguments& in, int64_t row, int64_t column,
                                int64_t start, int64_t stop, Float (&sums)[Rows]) {
  PYCLNF_UNROLL for (int i = 0; i < Rows; ++i) sums[i] = set(0.0f);
  add_terms<Rows>(in, row, column, start, stop, 1, sums);
}

// Two per element, over even and odd terms; those beyond whole groups of eight count as even.
template <int Rows>
PYCLNF_INLINE void even_odd_sums(const ProductArguments& in, int64_t row, int64_t column,
                                 int64_t start, int64_t stop, Float (&sums)[Rows]) {
  Float odd[Rows];
  PYCLNF_UNROLL for (int i = 0; i < Rows; ++i) sums[i] = odd[i] = set(0.0f);
  const int64_t grouped = start + (stop - start) / 8 * 8;
  add_terms<Rows>(in, row, column, start, grouped, 2, sums);
  add_terms<Rows>(in, row, column, grouped, stop, 1, sums);
  add_terms<Rows>(in, row, column, start + 1, grouped, 2, odd);
  PYCLNF_UNROLL for (int i = 0; i < Rows; ++i) sums[i] = add(sums[i], odd[i]);
}

// The sums of one group of terms.
template <int Rows, bool EvenOdd>
PYCLNF_INLINE void sums_of_group(const ProductArguments& in, int64_t row, int64_t column,
                              int32_t group, Float (&sums)[Rows]) {
  const int64_t start = in.groups[2 * group], stop = in.groups[2 * group + 1];
  if constexpr (EvenOdd) {
    even_odd_sums<Rows>(in, row, column, start, stop, sums);
  } else {
    running_sums<Rows>(in, row, column, start, stop, sums);
  }
}

// Stores the elements of a tile that have one order; groups of terms are added one after another.
template <int Rows, bool EvenOdd>
PYCLNF_INLINE void store_tile(const ProductArguments& in, int64_t row, int64_t column) {
  Float total[Rows];
  sums_of_group<Rows, EvenOdd>(in, row, column, 0, total);
  for (int32_t group = 1; group < in.n_groups; ++group) {
    Float more[Rows];
    sums_of_group<Rows, EvenOdd>(in, row, column, group, more);
    PYCLNF_UNROLL for (int i = 0; i < Rows; ++i) total[i] = add(total[i], more[i]);
  }
  for (int i = 0; i < Rows; ++i) {
    alignas(64) float values[lanes];
    store(values, total[i]);
    const int64_t at = (row + i) * in.columns + column;
    for (int lane = 0; lane < lanes; ++lane) {
      if ((in.even_odd[at + lane] != 0) == EvenOdd) in.product[at + lane] = values[lane];
    }
  }
}

template <int Rows>
static void multiply_rows(const ProductArguments& in, int64_t row) {
  for (int64_t column = 0; column < in.columns; column += lanes) {
    bool running = false, even_odd = false;
    for (int i = 0; i < Rows; ++i) {
      const uint8_t* orders = in.even_odd + (row + i) * in.columns + column;
      for (int lane = 0; lane < lanes; ++lane) {
        running |= orders[lane] == 0;
        even_odd |= orders[lane] != 0;
      }
    }
    if (running) store_tile<Rows, false>(in, row, column);
    if (even_odd) store_tile<Rows, true>(in, row, column);
  }
}

static void multiply(const ProductArguments& in) {
  constexpr int rows = 6;  // half a strip
  int64_t row = 0;
  for (; row + rows <= in.rows; row += rows) multiply_rows<rows>(in, row);
  for (; row < in.rows; ++row) multiply_rows<1>(in, row);
}

}  // namespace pyclnf::PYCLNF_LEVEL
