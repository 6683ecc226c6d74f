// A convolutional layer; pyclnf/validation/convolution.py.
//
// Lanes are windows: those of all rows in one line, the ones across the end of a row included,
// whose sums mean nothing and are not looked at. Every sum is a running one; the few that the
// reference takes in the even-odd order are then made again, one by one.
#pragma once

#include "simd/lanes.h"
#include "table.h"

namespace pyclnf::PYCLNF_LEVEL {

constexpr int64_t convolution_lanes = 2 * lanes;

// Sums of `Kernels` kernels over two vectors of windows, over one group of terms.
template <int Kernels>
PYCLNF_INLINE void convolution_group(const ConvolutionArguments& in, const float* windows,
                                     const float* weights, const int32_t* group,
                                     Float (&sums)[Kernels][2]) {
  PYCLNF_UNROLL for (int k = 0; k < Kernels; ++k) sums[k][0] = sums[k][1] = set(0.0f);
  const bool with_bias = group[1] == in.terms;
  const int32_t stop = with_bias ? group[1] - 1 : group[1];
  for (int32_t t = group[0]; t < stop; ++t) {
    const float* from = windows + in.places[t];
    const Float first = load(from), second = load(from + lanes);
    const float* of_term = weights + static_cast<int64_t>(t) * in.kernels;
    PYCLNF_UNROLL for (int k = 0; k < Kernels; ++k) {
      const Float weight = set(of_term[k]);
      sums[k][0] = fma(weight, first, sums[k][0]);
      sums[k][1] = fma(weight, second, sums[k][1]);
    }
  }
  if (!with_bias) return;
  const float* biases = weights + static_cast<int64_t>(stop) * in.kernels;
  PYCLNF_UNROLL for (int k = 0; k < Kernels; ++k) {
    sums[k][0] = add(sums[k][0], set(biases[k]));
    sums[k][1] = add(sums[k][1], set(biases[k]));
  }
}

// `Kernels` kernels from the given one on, over all windows.
template <int Kernels>
static void convolve_kernels(const ConvolutionArguments& in, int32_t kernel) {
  const float* weights = in.weights + kernel;
  for (int64_t window = 0; window < in.pitch; window += convolution_lanes) {
    Float sums[Kernels][2], more[Kernels][2];
    convolution_group<Kernels>(in, in.maps + window, weights, in.groups, sums);
    for (int32_t group = 1; group < in.n_groups; ++group) {
      convolution_group<Kernels>(in, in.maps + window, weights, in.groups + 2 * group, more);
      PYCLNF_UNROLL for (int k = 0; k < Kernels; ++k) {
        sums[k][0] = add(sums[k][0], more[k][0]);
        sums[k][1] = add(sums[k][1], more[k][1]);
      }
    }
    PYCLNF_UNROLL for (int k = 0; k < Kernels; ++k) {
      float* to = in.outputs + (kernel + k) * in.pitch + window;
      store(to, sums[k][0]);
      store(to + lanes, sums[k][1]);
    }
  }
}

// One sum in the even-odd order: terms beyond whole groups of eight go to the even one.
static float even_odd_convolution(const ConvolutionArguments& in, int32_t window, int32_t kernel) {
  float total = 0;
  for (int32_t group = 0; group < in.n_groups; ++group) {
    const int32_t start = in.groups[2 * group], stop = in.groups[2 * group + 1];
    const int32_t grouped = start + (stop - start) / 8 * 8;
    float sums[2] = {0, 0};
    for (int32_t t = start; t < stop; ++t) {
      const float value = t == in.terms - 1 ? 1.0f : in.maps[window + in.places[t]];
      const int32_t odd = t < grouped ? (t - start) & 1 : 0;
      sums[odd] = fused(in.weights[static_cast<int64_t>(t) * in.kernels + kernel], value, sums[odd]);
    }
    const float sum = sums[0] + sums[1];
    total = group == 0 ? sum : total + sum;
  }
  return total;
}

static void convolve(const ConvolutionArguments& in) {
  int32_t kernel = 0;
  for (; kernel + 5 <= in.kernels; kernel += 5) convolve_kernels<5>(in, kernel);
  for (; kernel < in.kernels; ++kernel) convolve_kernels<1>(in, kernel);
  for (int64_t i = 0; i < in.n_even_odd; ++i) {
    const int32_t window = in.even_odd[2 * i], of = in.even_odd[2 * i + 1];
    in.outputs[of * in.pitch + window] = even_odd_convolution(in, window, of);
  }
}

}  // namespace pyclnf::PYCLNF_LEVEL
