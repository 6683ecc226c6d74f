// From areas of interest to response maps; pyclnf/experts/ccnf.py.
#pragma once

#include "../exponential.h"
#include "../simd/partial.h"
#include "tiles.h"
#include "windows.h"

namespace pyclnf::PYCLNF_LEVEL {

// The parts of the workspace.
struct ResponseMemory {
  float *strips, *means, *reciprocals, *z, *responses;
  Tile* tiles;
  int32_t *rows, *of_pixel;
  int64_t pitch;  // windows, padded to whole groups of vectors of any level
};

// Lays the workspace out; returns how many floats that takes.
static std::size_t lay_out(const ResponseArguments& in, ResponseMemory& memory) {
  const int64_t positions = static_cast<int64_t>(in.window) * in.window;
  const int64_t n_terms = 1 + static_cast<int64_t>(in.support) * in.support;
  memory.pitch = (positions + 127) / 128 * 128;
  const int64_t vectors = memory.pitch / lanes;
  int64_t used = 0;
  const auto take = [&](int64_t floats) {
    float* part = in.workspace ? in.workspace + used : nullptr;
    used += (floats + 15) / 16 * 16;
    return part;
  };
  memory.strips = take(in.support * strip_pitch(in));
  memory.means = take(memory.pitch);
  memory.reciprocals = take(memory.pitch);
  memory.z = take(in.neurons * memory.pitch);
  memory.responses = take(memory.pitch);
  memory.tiles = reinterpret_cast<Tile*>(take(vectors * static_cast<int64_t>(sizeof(Tile) / 4)));
  memory.rows = reinterpret_cast<int32_t*>(take(vectors * in.neurons * 2));
  memory.of_pixel = reinterpret_cast<int32_t*>(take(n_terms));
  return static_cast<std::size_t>(used);
}

static std::size_t response_floats(const ResponseArguments& in) {
  ResponseArguments without = in;
  without.workspace = nullptr;
  ResponseMemory memory;
  return lay_out(without, memory);
}

// Where the pixel of each term lies in the strips: column by column, after the bias.
static void find_pixels(const ResponseArguments& in, int32_t* of_pixel) {
  const auto pitch = static_cast<int32_t>(strip_pitch(in));
  *of_pixel++ = 0;
  for (int32_t x = 0; x < in.support; ++x) {
    for (int32_t y = 0; y < in.support; ++y) *of_pixel++ = x * pitch + y * in.window;
  }
}

template <int V>
PYCLNF_INLINE void neuron_sums(const ResponseArguments& in, const ResponseMemory& memory,
                               const Tile& tile, const float* weights, const float* ahead) {
  Terms<V> terms;
  terms.ahead = ahead;
  terms.strips = memory.strips + tile.first;
  terms.of_pixel = memory.of_pixel;
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
    terms.means[v] = load(memory.means + tile.first + v * lanes);
    terms.reciprocals[v] = load(memory.reciprocals + tile.first + v * lanes);
  }
  terms.start = terms.stop = 0;
  evaluate_tile<V>(in, tile, terms, weights, memory.z, memory.pitch);
}

// Sums 2 alpha / (1 + e^-z) over neurons: quotients are doubles, every sum is a float.
static void activate(const ResponseArguments& in, const ResponseMemory& memory,
                     const double* alphas) {
  const int64_t positions = static_cast<int64_t>(in.window) * in.window;
  const Wide one = set(1.0);
  for (int64_t c = 0; c < positions; c += lanes) {
    Float total = set(0.0f);
    for (int32_t row = 0; row < in.neurons; ++row) {
      const Float z = load(memory.z + row * memory.pitch + c);
      const Float power = exponential(mul(z, set(-1.0f)));
      const Wide quotient = div(set(2.0 * alphas[row]), add(widen(power), one));
      total = narrow(add(widen(total), quotient));
    }
    store(memory.responses + c, total);
  }
}

// The running sums of one group of terms, lanes being outputs.
template <int V>
PYCLNF_INLINE void sigma_sums(const ResponseArguments& in, const float* sigma,
                              const float* responses, int32_t group, Float (&sums)[V]) {
  const int64_t positions = static_cast<int64_t>(in.window) * in.window;
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) sums[v] = set(0.0f);
  for (int64_t q = in.sigma_groups[2 * group]; q < in.sigma_groups[2 * group + 1]; ++q) {
    const Float response = set(responses[q]);
    const float* column = sigma + q * positions;
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
      sums[v] = fma(load(column + v * lanes), response, sums[v]);
    }
  }
}

// V vectors of Sigma times responses.
template <int V>
PYCLNF_INLINE void smooth_vectors(const ResponseArguments& in, const float* sigma,
                                  const float* responses, int64_t first, float* map) {
  const int64_t positions = static_cast<int64_t>(in.window) * in.window;
  Float sums[V];
  sigma_sums<V>(in, sigma + first, responses, 0, sums);
  for (int32_t group = 1; group < in.n_sigma_groups; ++group) {
    Float more[V];
    sigma_sums<V>(in, sigma + first, responses, group, more);
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) sums[v] = add(sums[v], more[v]);
  }
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
    const int64_t from = first + v * lanes;
    if (from < positions) store_first(map + from, positions - from, sums[v]);
  }
}

static void smooth(const ResponseArguments& in, const float* sigma, const float* responses,
                   float* map) {
  const int64_t positions = static_cast<int64_t>(in.window) * in.window;
  int64_t first = 0;
  for (; positions - first > 4 * lanes; first += 8 * lanes) {
    smooth_vectors<8>(in, sigma, responses, first, map);
  }
  for (; first < positions; first += 4 * lanes) {
    smooth_vectors<4>(in, sigma, responses, first, map);
  }
}

static void scale(const ResponseArguments& in, float sigma, const float* responses, float* map) {
  const int64_t positions = static_cast<int64_t>(in.window) * in.window;
  for (int64_t c = 0; c < positions; ++c) map[c] = responses[c] * sigma;
}

// Subtracts the least value where it is negative; one that is no number spreads over the map.
static void shift_to_zero(const ResponseArguments& in, float* map) {
  const int64_t positions = static_cast<int64_t>(in.window) * in.window;
  float least = 0.0f;
  for (int64_t c = 0; c < positions; ++c) {
    if (map[c] < least) least = map[c];
    if (map[c] != map[c]) {
      least = map[c];
      break;
    }
  }
  for (int64_t c = 0; c < positions; ++c) map[c] = map[c] - least;
}

static void respond(const ResponseArguments& in) {
  ResponseMemory memory;
  lay_out(in, memory);
  const int32_t n_tiles = plan_tiles(in, memory.tiles, memory.rows);
  find_pixels(in, memory.of_pixel);
  const int64_t size = in.window + in.support - 1;
  const int64_t positions = static_cast<int64_t>(in.window) * in.window;
  const int64_t n_terms = 1 + static_cast<int64_t>(in.support) * in.support;
  // A tile fetches its share of the Sigma that comes after it.
  const int64_t ahead_step = n_terms / 2 * lines_per_step * line_floats;
  for (int64_t n = 0; n < in.count; ++n) {
    const float* weights = in.weights + n * in.neurons * n_terms;
    float* map = in.maps + n * positions;
    fill_strips(in, in.areas + n * size * size, memory.strips);
    measure_windows(in, memory.strips, memory.means, memory.reciprocals);
    const float* ahead = in.sigmas + (in.scalar_sigmas ? 0 : n * positions * positions);
    for (int32_t i = 0; i < n_tiles; ++i, ahead += ahead_step) {
      const Tile& tile = memory.tiles[i];
      if (tile.vectors == tile_vectors) {
        neuron_sums<tile_vectors>(in, memory, tile, weights, ahead);
      } else {
        neuron_sums<1>(in, memory, tile, weights, ahead);
      }
    }
    activate(in, memory, in.alphas + n * in.neurons);
    if (in.scalar_sigmas) {
      scale(in, in.sigmas[n], memory.responses, map);
    } else {
      smooth(in, in.sigmas + n * positions * positions, memory.responses, map);
    }
    shift_to_zero(in, map);
  }
}

}  // namespace pyclnf::PYCLNF_LEVEL
