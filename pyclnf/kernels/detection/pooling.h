// Rectifiers and poolings; pyclnf/detection/layers.py.
#pragma once

#include "maps.h"

namespace pyclnf::detection::PYCLNF_LEVEL {
namespace {

inline void rectify(const Layer& layer, const Shape& shape, float* maps) {
  for (std::int64_t map = 0; map < shape.maps; ++map) {
    const float slope = layer.weights[map];
    for (std::int64_t i = 0; i < shape.plane(); ++i, ++maps) {
      const float bent = *maps * slope;
      *maps = *maps >= 0.0f ? *maps : bent;
    }
  }
}

// The maxima of columns: of `rows` rows of a map, each `width` long.
inline void column_maxima(const float* from, std::int64_t rows, std::int64_t width, float* maxima) {
  for (std::int64_t x = 0; x < width; ++x) maxima[x] = from[x];
  for (std::int64_t row = 1; row < rows; ++row) {
    from += width;
    for (std::int64_t x = 0; x < width; ++x) maxima[x] = from[x] > maxima[x] ? from[x] : maxima[x];
  }
}

// `memory` has room for a row. The last windows may stick out.
inline void pool(const Layer& layer, const Shape& shape, const float* maps, float* memory,
                 float* out) {
  const Shape pooled = after(layer, shape);
  for (std::int64_t map = 0; map < shape.maps; ++map, maps += shape.plane()) {
    for (std::int64_t row = 0; row < pooled.height; ++row) {
      const std::int64_t y = row * layer.step_y, left_y = shape.height - y;
      column_maxima(maps + y * shape.width, left_y < layer.height ? left_y : layer.height,
                    shape.width, memory);
      for (std::int64_t column = 0; column < pooled.width; ++column) {
        const std::int64_t x = column * layer.step_x;
        const std::int64_t stop = x + layer.width < shape.width ? x + layer.width : shape.width;
        float largest = memory[x];
        for (std::int64_t i = x + 1; i < stop; ++i) largest = memory[i] > largest ? memory[i] : largest;
        *out++ = largest;
      }
    }
  }
}

}  // namespace
}  // namespace pyclnf::detection::PYCLNF_LEVEL
