// Which neurons' sums over which windows take which order, and their evaluation tile by tile.
#pragma once

#include <cstring>

#include "neurons.h"

namespace pyclnf::PYCLNF_LEVEL {

// One or two vectors of windows. Its rows are neurons: first those whose sums are even-odd for some
// window, then those whose sums are running for some. In a mixed tile a row may be among both.
struct Tile {
  int64_t first;
  int32_t vectors, n_even_odd, n_running;
  bool mixed;
  const int32_t* rows;
};

// Finds the rows of one vector of windows; returns how many there are.
static int32_t find_rows(const ResponseArguments& in, int64_t first, Tile& tile, int32_t* rows) {
  const int64_t positions = static_cast<int64_t>(in.window) * in.window;
  const int64_t stop = first + lanes < positions ? first + lanes : positions;
  int32_t found = 0;
  tile = Tile{first, 1, 0, 0, false, rows};
  for (int order = 0; order < 2; ++order) {
    const bool wanted = order == 0;  // even-odd ones first
    for (int32_t row = 0; row < in.neurons; ++row) {
      const uint8_t* flags = in.even_odd + row * positions;
      bool some = false, all = true;
      for (int64_t c = first; c < stop; ++c) {
        some |= (flags[c] != 0) == wanted;
        all &= (flags[c] != 0) == wanted;
      }
      if (some) rows[found++] = row;
      tile.mixed |= some && !all;
    }
    if (wanted) tile.n_even_odd = found;
  }
  tile.n_running = found - tile.n_even_odd;
  return found;
}

static bool same_rows(const Tile& a, const Tile& b) {
  const std::size_t bytes = sizeof(int32_t) * static_cast<std::size_t>(a.n_even_odd + a.n_running);
  return !a.mixed && !b.mixed && a.n_even_odd == b.n_even_odd && a.n_running == b.n_running &&
         std::memcmp(a.rows, b.rows, bytes) == 0;
}

// Cuts all windows into tiles; returns how many. `rows` has room for two per neuron and vector.
static int32_t plan_tiles(const ResponseArguments& in, Tile* tiles, int32_t* rows) {
  const int64_t positions = static_cast<int64_t>(in.window) * in.window;
  int32_t count = 0;
  for (int64_t first = 0; first < positions; first += lanes) {
    Tile tile;
    const int32_t found = find_rows(in, first, tile, rows);
    Tile* before = count ? &tiles[count - 1] : nullptr;
    if (before && before->vectors < tile_vectors && same_rows(*before, tile)) {
      ++before->vectors;
    } else {
      tiles[count++] = tile;
      rows += found;
    }
  }
  return count;
}

// Stores a row's sums over a tile, of a mixed one only those whose order is this.
template <int V>
PYCLNF_INLINE void store_sums(const ResponseArguments& in, const Tile& tile, int32_t row,
                              const Float (&sums)[V], bool even_odd, float* to) {
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
    if (!tile.mixed) {
      store(to + v * lanes, sums[v]);
      continue;
    }
    const int64_t positions = static_cast<int64_t>(in.window) * in.window;
    const uint8_t* flags = in.even_odd + row * positions;
    alignas(64) float all[lanes];
    store(all, sums[v]);
    for (int64_t lane = 0, c = tile.first + v * lanes; lane < lanes && c < positions; ++lane, ++c) {
      if ((flags[c] != 0) == even_odd) to[v * lanes + lane] = all[lane];
    }
  }
}

// Rows at even_odd and running onwards, their sums into z[row * pitch + window].
template <int E, int R, int V>
static void evaluate_rows(const ResponseArguments& in, const Tile& tile, const Terms<V>& terms,
                          const float* weights, const int32_t* even_odd, const int32_t* running,
                          float* z, int64_t pitch) {
  const int64_t n_terms = 1 + static_cast<int64_t>(in.support) * in.support;
  const float* of_even_odd[E ? E : 1] = {};
  const float* of_running[R ? R : 1] = {};
  for (int i = 0; i < E; ++i) of_even_odd[i] = weights + even_odd[i] * n_terms;
  for (int i = 0; i < R; ++i) of_running[i] = weights + running[i] * n_terms;
  Float even[E ? E : 1][V], run[R ? R : 1][V];
  row_sums<E, R, V>(in, terms, of_even_odd, of_running, even, run);
  PYCLNF_UNROLL for (int i = 0; i < E; ++i) {
    store_sums<V>(in, tile, even_odd[i], even[i], true, z + even_odd[i] * pitch + tile.first);
  }
  PYCLNF_UNROLL for (int i = 0; i < R; ++i) {
    store_sums<V>(in, tile, running[i], run[i], false, z + running[i] * pitch + tile.first);
  }
}

// All rows of a tile, as many at once as registers allow.
template <int V>
static void evaluate_tile(const ResponseArguments& in, const Tile& tile, const Terms<V>& terms,
                          const float* weights, float* z, int64_t pitch) {
  const int32_t *even_odd = tile.rows, *running = even_odd + tile.n_even_odd;
  const int32_t *last_even_odd = running, *last_running = running + tile.n_running;
#define PYCLNF_ROWS(E, R)                                                                   \
  (evaluate_rows<E, R, V>(in, tile, terms, weights, even_odd, running, z, pitch), \
   even_odd += (E), running += (R))
  while (even_odd < last_even_odd || running < last_running) {
    const auto paired = last_even_odd - even_odd, single = last_running - running;
    if (paired >= 4 && single >= 3) {
      PYCLNF_ROWS(4, 3);
    } else if (paired >= 4) {
      PYCLNF_ROWS(4, 0);
    } else if (paired >= 1) {
      PYCLNF_ROWS(1, 0);
    } else if (single == 7 && V == 1) {
      PYCLNF_ROWS(0, 7);
    } else if (single >= 4) {
      PYCLNF_ROWS(0, 4);
    } else {
      PYCLNF_ROWS(0, 1);
    }
  }
#undef PYCLNF_ROWS
}

}  // namespace pyclnf::PYCLNF_LEVEL
