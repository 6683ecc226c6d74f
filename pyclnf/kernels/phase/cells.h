// What a single landmark's mean shift begins with, see pyclnf/mean_shift.py: its place in its map,
// and the cell of the kernel table that this place belongs to.
#pragma once

#include "level.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

constexpr int kCellsPerPixel = 10;

struct Vector2 {
  float x, y;
};

// A vector times a 2 x 2 matrix: exact products, summed in float64 and rounded once.
inline Vector2 transformed(const float* matrix, float x, float y) {
  const double a = matrix[0], b = matrix[1], c = matrix[2], d = matrix[3];
  const double wide_x = x, wide_y = y;
  return {static_cast<float>(wide_x * a + wide_y * b), static_cast<float>(wide_x * c + wide_y * d)};
}

// Keep an offset within the kernel table; NaN stays.
inline float clamped_offset(float offset, float highest) {
  const float above = offset < 0.0f ? 0.0f : offset;
  return above > highest ? highest : above;
}

// The 0.1 px cell nearest to a clamped offset, half up; 0 for NaN.
inline int kernel_cell(float clamped) {
  const double cell = static_cast<double>(clamped / 0.1f) + 0.5;
  return cell == cell ? static_cast<int>(cell) : 0;
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
