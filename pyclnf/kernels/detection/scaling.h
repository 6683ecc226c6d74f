// A part of a picture, scaled and normalised; pyclnf/detection/resize.py, pictures.py.
#pragma once

#include <cmath>

#include "types.h"

namespace pyclnf::detection::PYCLNF_LEVEL {
namespace {

// The two pixels of a row or column between which a pixel of a scaled one lies.
struct Neighbours {
  std::int64_t first, second;
  float weight;  // of the second
};

inline std::int64_t within(std::int64_t index, std::int64_t length) {
  return index < 0 ? 0 : index < length ? index : length - 1;
}

inline Neighbours neighbours(std::int64_t index, std::int64_t length, std::int64_t new_length,
                             bool keep_weights) {
  const double scale = 1.0 / (static_cast<double>(new_length) / static_cast<double>(length));
  const auto position = static_cast<float>((static_cast<double>(index) + 0.5) * scale - 0.5);
  const float before = std::floor(position);
  const auto first = static_cast<std::int64_t>(before);
  const bool beyond = first < 0 || first >= length - 1;
  return {within(first, length), within(first + 1, length),
          beyond && !keep_weights ? 0.0f : position - before};
}

// Where the pixels of a scaled row come from in a row of the picture, and how they are weighed.
struct Along {
  std::int32_t* first;
  std::int32_t* second;
  float* weight_of_first;
  float* weight;
};

inline Along carve_along(std::int32_t width, float* memory) {
  auto* const indices = reinterpret_cast<std::int32_t*>(memory);
  return {indices, indices + width, memory + 2 * width, memory + 3 * width};
}

inline void fill_along(const View& view, const Along& along) {
  for (std::int32_t x = 0; x < view.scaled_width; ++x) {
    const Neighbours at = neighbours(x, view.columns, view.scaled_width, false);
    const std::int64_t first = at.first + view.left, second = at.second + view.left;
    along.first[x] = static_cast<std::int32_t>(within(first, view.width));
    along.second[x] = static_cast<std::int32_t>(within(second, view.width));
    // Black, outside the picture: a weight of zero gives the same.
    along.weight_of_first[x] = along.first[x] == first ? 1.0f - at.weight : 0.0f;
    along.weight[x] = along.second[x] == second ? at.weight : 0.0f;
  }
}

// One row of the picture between its columns.
inline void blend_along(const View& view, const std::uint8_t* plane, std::int64_t row,
                        const Along& along, float* blended) {
  const std::int64_t y = row + view.upper;
  const bool inside = y >= 0 && y < view.height;
  const std::uint8_t* const from = plane + (inside ? y : 0) * view.width;
  for (std::int32_t x = 0; x < view.scaled_width; ++x) {
    const float first = static_cast<float>(from[along.first[x]]) * along.weight_of_first[x];
    const float second = static_cast<float>(from[along.second[x]]) * along.weight[x];
    blended[x] = inside ? first + second : 0.0f;
  }
}

inline std::size_t scaling_floats(std::int32_t width) {
  return 6 * static_cast<std::size_t>(width) + kBeyond;
}

// Fills (3, scaled_height, scaled_width) maps.
inline void scale(const View& view, float* memory, float* maps) {
  const std::int32_t width = view.scaled_width;
  const Along along = carve_along(width, memory);
  fill_along(view, along);
  float *const upper = memory + 4 * width, *const lower = memory + 5 * width;
  for (int colour = 0; colour < 3; ++colour) {
    const std::uint8_t* const plane = view.planes + colour * view.height * view.width;
    for (std::int32_t y = 0; y < view.scaled_height; ++y, maps += width) {
      const Neighbours at = neighbours(y, view.rows, view.scaled_height, true);
      blend_along(view, plane, at.first, along, upper);
      blend_along(view, plane, at.second, along, lower);
      const float weight_of_first = 1.0f - at.weight;
      for (std::int32_t x = 0; x < width; ++x) {
        const float blended = upper[x] * weight_of_first + lower[x] * at.weight;
        maps[x] = blended * 0x1p-7f - 127.5f * 0x1p-7f;
      }
    }
  }
}

}  // namespace
}  // namespace pyclnf::detection::PYCLNF_LEVEL
