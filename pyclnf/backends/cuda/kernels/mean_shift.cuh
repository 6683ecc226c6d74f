// Where a landmark lies in its response map and how far that pulls it; pyclnf/mean_shift.py.
#pragma once

#include "../../../kernels/phase/cells.h"
#include "arguments.cuh"

namespace pyclnf::batch {

using phase::PYCLNF_LEVEL::Vector2;
using phase::PYCLNF_LEVEL::clamped_offset;
using phase::PYCLNF_LEVEL::kCellsPerPixel;
using phase::PYCLNF_LEVEL::kernel_cell;
using phase::PYCLNF_LEVEL::transformed;

inline Vector2 map_offset(const float* landmark, const float* base, const float* to_reference,
                          int window) {
  const float moved_x = landmark[0] - base[0], moved_y = landmark[1] - base[1];
  const Vector2 moved = transformed(to_reference, moved_x, moved_y);
  const auto middle = static_cast<float>((window - 1) / 2);
  return {moved.x + middle, moved.y + middle};
}

// The map's mean under the kernel around the snapped offset, less the unsnapped one. Three running
// sums, in the map's own order.
inline Vector2 mean_shift(const float* map, const float* kernels, int window, Vector2 offset) {
  const float highest = static_cast<float>(window) - 0.1f;
  const float x = clamped_offset(offset.x, highest), y = clamped_offset(offset.y, highest);
  const int64_t cell = int64_t{kernel_cell(x)} * (window * kCellsPerPixel) + kernel_cell(y);
  const float* kernel = kernels + cell * (window * window);
  float weight = 0.0f, column = 0.0f, row = 0.0f;
  for (int j = 0; j < window; ++j) {
    for (int i = 0; i < window; ++i) {
      const float product = map[j * window + i] * kernel[j * window + i];
      weight += product;
      column += product * static_cast<float>(i);
      row += product * static_cast<float>(j);
    }
  }
  return {column / weight - x, row / weight - y};
}

}  // namespace pyclnf::batch
