// Full connections; pyclnf/detection/layers.py, products.py.
#pragma once

#include "maps.h"

namespace pyclnf::detection::PYCLNF_LEVEL {
namespace {

using simd::Float;
using simd::Wide;

constexpr std::int64_t kPadding = 16;  // rows of weights are a multiple of it

inline std::int64_t pitch_of(const Layer& layer) {
  return (layer.outputs + kPadding - 1) / kPadding * kPadding;
}

// Maps pixel by pixel: sums in double over the maps, rounded, then the biases.
inline void connect_pixels(const Layer& layer, const Shape& shape, const float* maps, float* out) {
  const std::int64_t plane = shape.plane(), pitch = pitch_of(layer);
  for (std::int64_t output = 0; output < layer.outputs; ++output, out += plane) {
    const Float bias = simd::set(layer.biases[output]);
    for (std::int64_t pixel = 0; pixel < plane; pixel += simd::lanes) {
      Wide sum = simd::set(0.0);
      for (std::int64_t map = 0; map < shape.maps; ++map) {
        const Wide weight = simd::set(static_cast<double>(layer.weights[map * pitch + output]));
        const Wide value = simd::widen(simd::load(maps + map * plane + pixel));
        sum = simd::add(sum, simd::mul(value, weight));
      }
      simd::store_first(out + pixel, plane - pixel, simd::add(simd::narrow(sum), bias));
    }
  }
}

// Maps column by column, as a connection takes them.
inline void flatten(const Shape& shape, const float* maps, float* numbers) {
  for (std::int64_t map = 0; map < shape.maps; ++map, maps += shape.plane()) {
    for (std::int64_t x = 0; x < shape.width; ++x) {
      for (std::int64_t y = 0; y < shape.height; ++y) *numbers++ = maps[y * shape.width + x];
    }
  }
}

// Sums in double, rounded with the biases.
inline void connect_wide(const Layer& layer, const float* numbers, float* out) {
  const std::int64_t pitch = pitch_of(layer);
  for (std::int64_t output = 0; output < layer.outputs; output += simd::lanes) {
    Wide sum = simd::set(0.0);
    for (std::int64_t i = 0; i < layer.inputs; ++i) {
      const Wide weights = simd::widen(simd::load(layer.weights + i * pitch + output));
      sum = simd::add(sum, simd::mul(simd::set(static_cast<double>(numbers[i])), weights));
    }
    sum = simd::add(sum, simd::widen(simd::load(layer.biases + output)));
    simd::store_first(out + output, layer.outputs - output, simd::narrow(sum));
  }
}

// Groups of terms, each a running sum, are added to the biases one after another.
template <int V>
static void connect_ordered(const Layer& layer, const float* numbers, std::int64_t output,
                            float* out) {
  const std::int64_t pitch = pitch_of(layer);
  Float total[V];
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
    total[v] = simd::load(layer.biases + output + v * simd::lanes);
  }
  for (std::int32_t group = 0; group < layer.n_groups; ++group) {
    Float sums[V];
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) sums[v] = simd::set(0.0f);
    for (std::int64_t i = layer.groups[2 * group]; i < layer.groups[2 * group + 1]; ++i) {
      const Float number = simd::set(numbers[i]);
      const float* const weights = layer.weights + i * pitch + output;
      PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
        sums[v] = simd::fma(number, simd::load(weights + v * simd::lanes), sums[v]);
      }
    }
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) total[v] = simd::add(total[v], sums[v]);
  }
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
    const std::int64_t first = output + v * simd::lanes;
    if (first < layer.outputs) simd::store_first(out + first, layer.outputs - first, total[v]);
  }
}

inline void connect_ordered(const Layer& layer, const float* numbers, float* out) {
  constexpr int kVectors = 8;
  const std::int64_t pitch = pitch_of(layer);
  std::int64_t output = 0;
  for (; output + kVectors * simd::lanes <= pitch; output += kVectors * simd::lanes) {
    connect_ordered<kVectors>(layer, numbers, output, out);
  }
  for (; output < pitch; output += simd::lanes) connect_ordered<1>(layer, numbers, output, out);
}

}  // namespace
}  // namespace pyclnf::detection::PYCLNF_LEVEL
