// Gaussian kernels around every multiple of 0.1 px of a map, see KernelTable in pyclnf/mean_shift.py.
#pragma once

#include <cstddef>

#include "../exponential.h"
#include "../simd/partial.h"
#include "level.h"
#include "mean_shift.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

// Squared distance of a cell from a column or row of the map.
inline float squared_distance(int cell, int index) {
  const float distance = static_cast<float>(cell) * 0.1f - static_cast<float>(index);
  return distance * distance;
}

// e to the power of each number, in their place.
inline void exponentiate(float* numbers, std::ptrdiff_t count) {
  namespace simd = pyclnf::PYCLNF_LEVEL;
  for (std::ptrdiff_t i = 0; i < count; i += simd::lanes) {
    const std::ptrdiff_t left = count - i;
    simd::store_first(numbers + i, left, simd::exponential(simd::load_first(numbers + i, left)));
  }
}

inline void fill_kernels(int window, float sigma, float* kernels) {
  constexpr int kLargest = 256;
  const auto exponent = static_cast<float>(-0.5 / static_cast<double>(sigma * sigma));
  const int cells = window * kCellsPerPixel;
  float columns[kLargest];
  for (int cell_x = 0; cell_x < cells; ++cell_x) {
    float* const first = kernels;
    for (int j = 0; j < window; ++j) columns[j] = squared_distance(cell_x, j);
    for (int cell_y = 0; cell_y < cells; ++cell_y) {
      for (int i = 0; i < window; ++i, kernels += window) {
        const float row = squared_distance(cell_y, i);
        for (int j = 0; j < window; ++j) kernels[j] = exponent * (row + columns[j]);
      }
    }
    exponentiate(first, kernels - first);
  }
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
