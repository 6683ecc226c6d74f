// Response maps, a block for each landmark of each face; pyclnf/experts/ccnf.py.
//
// A thread has a position of the map: all sums of its window are its own.
#pragma once

#include <cmath>

#include "../../../kernels/exponential.h"
#include "../../../kernels/simd/fused.h"
#include "arguments.cuh"
#include "sample.cuh"
#include "team.cuh"

namespace pyclnf::batch {

using PYCLNF_LEVEL::fused;

constexpr int neurons_at_once = 4;
constexpr int minima = 32;

// The part of an area that a position of the map sees, less its mean and by its norm.
struct Window {
  const float* corner;
  int size, support;
  float mean, reciprocal;

  float pixel(int x, int y) const { return corner[y * size + x]; }
  float value(int x, int y) const { return (pixel(x, y) - mean) * reciprocal; }
};

// The mean is summed row by row, squares column by column; 1 where the norm vanishes.
inline Window measured_window(const float* corner, int size, int support) {
  Window window = {corner, size, support, 0.0f, 0.0f};
  float sum = 0.0f, squares = 0.0f;
  for (int y = 0; y < support; ++y) {
    for (int x = 0; x < support; ++x) sum += window.pixel(x, y);
  }
  window.mean = sum / static_cast<float>(support * support);
  for (int x = 0; x < support; ++x) {
    for (int y = 0; y < support; ++y) {
      const float apart = window.pixel(x, y) - window.mean;
      squares += apart * apart;
    }
  }
  const float norm = std::sqrt(squares);
  window.reciprocal = 1.0f / (norm == 0.0f ? 1.0f : norm);
  return window;
}

// Goes through the terms of a sum: the bias, then the window's pixels column by column.
class TermWalk {
 public:
  TermWalk(const Window& window, int first)
      : window_(window),
        bias_(first == 0),
        x_(first == 0 ? 0 : (first - 1) / window.support),
        y_(first == 0 ? 0 : (first - 1) % window.support) {}

  float next() {
    if (bias_) {
      bias_ = false;
      return 1.0f;
    }
    const float value = window_.value(x_, y_);
    if (++y_ == window_.support) y_ = 0, ++x_;
    return value;
  }

 private:
  const Window& window_;
  bool bias_;
  int x_, y_;
};

struct NeuronSums {
  float of[neurons_at_once];
};

// The sums of one group of terms, in one chain or in two: over even and odd terms, those beyond
// whole groups of eight being even.
inline NeuronSums group_sums(const Window& window, const float* weights,
                             const bool (&even_odd)[neurons_at_once], int start, int stop) {
  NeuronSums even = {}, odd = {};
  const int grouped = start + (stop - start) / 8 * 8;
  TermWalk walk(window, start);
  const float* weight = weights + start * neurons_at_once;
  int t = start;
  for (; t < grouped; t += 2, weight += 2 * neurons_at_once) {
    const float first = walk.next(), second = walk.next();
    PYCLNF_UNROLL for (int k = 0; k < neurons_at_once; ++k) {
      even.of[k] = fused(weight[k], first, even.of[k]);
      const float by = weight[neurons_at_once + k];
      const float sum = fused(by, second, even_odd[k] ? odd.of[k] : even.of[k]);
      if (even_odd[k]) {
        odd.of[k] = sum;
      } else {
        even.of[k] = sum;
      }
    }
  }
  for (; t < stop; ++t, weight += neurons_at_once) {
    const float value = walk.next();
    PYCLNF_UNROLL for (int k = 0; k < neurons_at_once; ++k) {
      even.of[k] = fused(weight[k], value, even.of[k]);
    }
  }
  PYCLNF_UNROLL for (int k = 0; k < neurons_at_once; ++k) {
    if (even_odd[k]) even.of[k] = even.of[k] + odd.of[k];
  }
  return even;
}

inline NeuronSums neuron_sums(const RespondArguments& in, const Window& window,
                              const float* weights, const bool (&even_odd)[neurons_at_once]) {
  const int32_t* groups = in.weight_groups;
  NeuronSums sums = group_sums(window, weights, even_odd, groups[0], groups[1]);
  for (int group = 1; group < in.n_weight_groups; ++group) {
    const NeuronSums more =
        group_sums(window, weights, even_odd, groups[2 * group], groups[2 * group + 1]);
    PYCLNF_UNROLL for (int k = 0; k < neurons_at_once; ++k) sums.of[k] = sums.of[k] + more.of[k];
  }
  return sums;
}

// e to the power of a number: pyclnf/kernels/exponential.h, of one lane.
inline float power(float x) {
  float result;
  PYCLNF_LEVEL::store(&result, PYCLNF_LEVEL::exponential(PYCLNF_LEVEL::set(x)));
  return result;
}

// Sum of 2 alpha / (1 + e^-z) over neurons: quotients are doubles, every sum is a float.
inline float response_at(const RespondArguments& in, const View& view, const float* area,
                         const float* weights, const double* alphas, int position) {
  const int size = in.window + view.support - 1, positions = in.window * in.window;
  const float* corner = area + position / in.window * size + position % in.window;
  const Window window = measured_window(corner, size, view.support);
  const int terms = 1 + view.support * view.support;
  float total = 0.0f;
  for (int first = 0; first < view.neurons; first += neurons_at_once) {
    bool even_odd[neurons_at_once];
    PYCLNF_UNROLL for (int k = 0; k < neurons_at_once; ++k) {
      even_odd[k] = view.even_odd[(first + k) * positions + position] != 0;
    }
    const NeuronSums sums = neuron_sums(in, window, weights + first * terms, even_odd);
    PYCLNF_UNROLL for (int k = 0; k < neurons_at_once; ++k) {
      const double quotient = 2.0 * alphas[first + k] / (power(sums.of[k] * -1.0f) + 1.0);
      total = static_cast<float>(total + quotient);
    }
  }
  return total;
}

// Sigma times responses: one running sum for each group of terms.
inline float smoothed(const RespondArguments& in, const float* sigma, const float* responses,
                      int position) {
  const int positions = in.window * in.window;
  float total = 0.0f;
  for (int group = 0; group < in.n_sigma_groups; ++group) {
    float sum = 0.0f;
    for (int q = in.sigma_groups[2 * group]; q < in.sigma_groups[2 * group + 1]; ++q) {
      sum = fused(sigma[static_cast<int64_t>(q) * positions + position], responses[q], sum);
    }
    total = group == 0 ? sum : total + sum;
  }
  return total;
}

// The least of 0 and every 32nd number from one on; one that is no number, if there is any.
inline float least_of(const float* map, int first, int positions) {
  float least = 0.0f;
  for (int c = first; c < positions; c += minima) {
    if (map[c] < least || map[c] != map[c]) least = map[c];
    if (least != least) break;
  }
  return least;
}

// Subtracts the least value where it is negative; one that is no number spreads over the map.
inline void shift_to_zero(const Team& team, const float* map, int positions, float* partial,
                          float* shifted) {
  team.each(minima, [&](int i) { partial[i] = least_of(map, i, positions); });
  float least = 0.0f;
  for (int i = 0; i < minima; ++i) {
    if (partial[i] < least || partial[i] != partial[i]) least = partial[i];
    if (least != least) break;
  }
  team.each(positions, [&](int i) { shifted[i] = map[i] - least; });
}

// Shared memory: an area, responses, the map they become, minima, weights.
inline void respond(const Team& team, int64_t block, void* shared, const RespondArguments& in) {
  const int64_t face = block / in.n;
  const int landmark = static_cast<int>(block % in.n);
  if (in.status[face] != active) return;
  const View& view = in.views[in.view_of[face]];
  const int row = view.rows[landmark];
  if (row < 0) return;
  const int size = in.window + view.support - 1, positions = in.window * in.window;
  const int terms = 1 + view.support * view.support;
  auto* const area = static_cast<float*>(shared);
  float* const responses = area + size * size;
  float* const map = responses + positions;
  float* const partial = map + positions;
  float* const weights = partial + minima;

  const float* of_landmark = view.weights + static_cast<int64_t>(row) * view.neurons * terms;
  team.each(view.neurons * terms, [&](int i) { weights[i] = of_landmark[i]; });
  const Grid grid = grid_of(in.landmarks + 2 * block, in.to_image + 4 * face, size);
  sample_area(team, in.frames[in.frame_of[face]], grid, size, area);
  if (in.areas != nullptr) {
    float* const to = in.areas + block * size * size;
    team.each(size * size, [&](int i) { to[i] = area[i]; });
  }
  const double* alphas = view.alphas + static_cast<int64_t>(row) * view.neurons;
  team.each(positions, [&](int i) {
    responses[i] = response_at(in, view, area, weights, alphas, i);
  });
  const int64_t sigma_size = view.scalar_sigmas ? 1 : int64_t{positions} * positions;
  const float* sigma = view.sigmas + row * sigma_size;
  team.each(positions, [&](int i) {
    map[i] = view.scalar_sigmas ? responses[i] * sigma[0] : smoothed(in, sigma, responses, i);
  });
  shift_to_zero(team, map, positions, partial, in.maps + block * positions);
}

}  // namespace pyclnf::batch
