// Grey values on an upright grid around a landmark; pyclnf/experts/area_of_interest.py.
#pragma once

#include "../../../kernels/responses/sampling.h"
#include "arguments.cuh"
#include "grey.cuh"
#include "team.cuh"

namespace pyclnf::batch {

using PYCLNF_LEVEL::fixed_point;
using PYCLNF_LEVEL::wrapping_sum;

// The grid of one area: its upper left corner, and how a step to the right moves a position.
struct Grid {
  double corner_x, corner_y, along, across;
};

inline Grid grid_of(const float* landmark, const float* to_image, int size) {
  const float a = to_image[0], b = -to_image[1], extent = static_cast<float>(size - 1);
  const float offset_a = a * extent / 2.0f, offset_b = b * extent / 2.0f;
  const float x = landmark[0] - offset_a + offset_b, y = landmark[1] - offset_a - offset_b;
  return {x, y, a, b};
}

// A whole position, brought to the border of a padded picture.
inline int32_t within_border(int32_t position, int32_t extent) {
  const int32_t above = position < -padding ? -padding : position;
  return (above > extent ? extent : above) + padding;
}

// Positions are whole 1/32 px; in whole 1/1024 of a grey value, all of it is exact.
inline float sample_at(const Frame& frame, int32_t x, int32_t y) {
  const int64_t pitch = int64_t{frame.width} + 2 * padding;
  const uint8_t* upper = frame.grey + within_border(y >> 5, frame.height) * pitch +
                         within_border(x >> 5, frame.width);
  const uint8_t* lower = upper + pitch;
  const int32_t part_x = x & 31, part_y = y & 31, rest_x = 32 - part_x;
  const int32_t above = upper[0] * rest_x + upper[1] * part_x;
  const int32_t below = lower[0] * rest_x + lower[1] * part_x;
  return static_cast<float>(above * (32 - part_y) + below * part_y) * 0x1p-10f;
}

// Fills (size, size) grey values around a landmark.
inline void sample_area(const Team& team, const Frame& frame, const Grid& grid, int size,
                        float* area) {
  team.each(size * size, [&](int at) {
    const int row = at / size, column = at % size;
    const int32_t row_x = fixed_point(grid.corner_x + -grid.across * row);
    const int32_t row_y = fixed_point(grid.corner_y + grid.along * row);
    const int32_t x = wrapping_sum(wrapping_sum(row_x, 16), fixed_point(grid.along * column));
    const int32_t y = wrapping_sum(wrapping_sum(row_y, 16), fixed_point(grid.across * column));
    area[at] = sample_at(frame, x >> 5, y >> 5);
  });
}

}  // namespace pyclnf::batch
