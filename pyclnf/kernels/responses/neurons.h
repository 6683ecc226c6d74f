// Weighted sums of neurons over windows, in the orders of pyclnf/arithmetic/product_order.py.
#pragma once

#include <cstring>

#include "../simd/lanes.h"
#include "../table.h"

namespace pyclnf::PYCLNF_LEVEL {

// Terms that are summed by themselves, and the windows that they come from.
template <int V>
struct Terms {
  const float* strips;      // windows.h, from these windows on
  const int32_t* of_pixel;  // where the pixel of term t lies in them
  Float means[V], reciprocals[V];
  int64_t start, stop;
  const float* ahead;  // Sigma's numbers, fetched into the cache meanwhile

  // What is multiplied with weight t; the bias, t = 0, has a 1.
  PYCLNF_INLINE void load_term(const Terms& in, int64_t t, Float (&values)[V]) {
    const float* from = in.strips + in.of_pixel[t];
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
      values[v] = mul(sub(load(from + v * lanes), in.means[v]), in.reciprocals[v]);
    }
  }
};

constexpr int lines_per_step = 4, line_floats = 16;  // a step takes two terms

template <int Rows, int V>
PYCLNF_INLINE void add_term(const float* const (&weights)[Rows ? Rows : 1], int64_t t,
                            const Float (&values)[V], Float (&sums)[Rows ? Rows : 1][V]) {
  PYCLNF_UNROLL for (int row = 0; row < Rows; ++row) {
    const Float weight = set(weights[row][t]);
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
      sums[row][v] = fma(weight, values[v], sums[row][v]);
    }
  }
}

// One running sum for each of R rows; for each of E rows two, over even and odd terms, the last
// ones (beyond whole groups of eight) in the even one.
template <int E, int R, int V>
PYCLNF_INLINE void group_sums(const Terms<V>& in, const float* const (&even_odd)[E ? E : 1],
                              const float* const (&running)[R ? R : 1],
                              Float (&even)[E ? E : 1][V], Float (&run)[R ? R : 1][V]) {
  Float odd[E ? E : 1][V], values[V];
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
    PYCLNF_UNROLL for (int row = 0; row < E; ++row) even[row][v] = odd[row][v] = set(0.0f);
    PYCLNF_UNROLL for (int row = 0; row < R; ++row) run[row][v] = set(0.0f);
  }
  const int64_t grouped = in.start + (in.stop - in.start) / 8 * 8;
  int64_t t = in.start;
  const auto take = [&](int64_t term, Float (&sums)[E ? E : 1][V]) {
    if (term == 0) {
      PYCLNF_UNROLL for (int v = 0; v < V; ++v) values[v] = set(1.0f);
    } else {
      Terms<V>::load_term(in, term, values);
    }
    add_term<E, V>(even_odd, term, values, sums);
    add_term<R, V>(running, term, values, run);
  };
  if (t < grouped) {  // the bias only ever comes first: not looked for in the loop
    take(t, even);
    take(t + 1, odd);
    t += 2;
  }
  const float* ahead = in.ahead;
  for (; t < grouped; t += 2, ahead += lines_per_step * line_floats) {
    PYCLNF_UNROLL for (int line = 0; line < lines_per_step; ++line) {
      PYCLNF_FETCH(ahead + line * line_floats);
    }
    Terms<V>::load_term(in, t, values);
    add_term<E, V>(even_odd, t, values, even);
    add_term<R, V>(running, t, values, run);
    Terms<V>::load_term(in, t + 1, values);
    add_term<E, V>(even_odd, t + 1, values, odd);
    add_term<R, V>(running, t + 1, values, run);
  }
  for (; t < in.stop; ++t) take(t, even);
  PYCLNF_UNROLL for (int row = 0; row < E; ++row) {
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) even[row][v] = add(even[row][v], odd[row][v]);
  }
}

// The same over all groups of terms, whose sums are added one after another.
template <int E, int R, int V>
PYCLNF_INLINE void row_sums(const ResponseArguments& in, Terms<V> terms,
                            const float* const (&even_odd)[E ? E : 1],
                            const float* const (&running)[R ? R : 1], Float (&even)[E ? E : 1][V],
                            Float (&run)[R ? R : 1][V]) {
  terms.start = in.weight_groups[0];
  terms.stop = in.weight_groups[1];
  group_sums<E, R, V>(terms, even_odd, running, even, run);
  for (int32_t group = 1; group < in.n_weight_groups; ++group) {
    Float more_even[E ? E : 1][V], more_run[R ? R : 1][V];
    terms.start = in.weight_groups[2 * group];
    terms.stop = in.weight_groups[2 * group + 1];
    group_sums<E, R, V>(terms, even_odd, running, more_even, more_run);
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
      PYCLNF_UNROLL for (int row = 0; row < E; ++row) {
        even[row][v] = add(even[row][v], more_even[row][v]);
      }
      PYCLNF_UNROLL for (int row = 0; row < R; ++row) {
        run[row][v] = add(run[row][v], more_run[row][v]);
      }
    }
  }
}

}  // namespace pyclnf::PYCLNF_LEVEL
