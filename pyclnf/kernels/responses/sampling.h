// Grey values on an upright grid around each landmark; pyclnf/experts/area_of_interest.py.
#pragma once

#include "../simd/lanes.h"
#include "../simd/partial.h"
#include "../table.h"

namespace pyclnf::PYCLNF_LEVEL {

// A position in whole 1/1024 px, half to even; brought to +-2^20 px if it is beyond or no number.
PYCLNF_INLINE int32_t fixed_point(double position) {
  constexpr double farthest = 1 << 30, to_integer = 0x1.8p+52;
  double scaled = position * 1024.0;
  if (!(scaled < farthest)) scaled = farthest;
  if (scaled < -farthest) scaled = -farthest;
  return static_cast<int32_t>((scaled + to_integer) - to_integer);
}

// The samples of one row. Sums that wrap around came from beyond the
// picture, and so remain.
PYCLNF_INLINE void sample_row(const SampleArguments& in, int32_t row_x, int32_t row_y, float* out) {
  constexpr int32_t half = 16, padding = 2;
  const int32_t stride = in.width + 2 * padding;
  const int32_t last = (in.height + 2 * padding) * stride - 4;
  const int32_t* columns_y = in.columns + in.size + 16;
  const Int start_x = add(set(row_x), set(half)), start_y = add(set(row_y), set(half));
  for (int32_t i = 0; i < in.size; i += lanes) {
    const Int x = shift_right<5>(add(start_x, load(in.columns + i)));
    const Int y = shift_right<5>(add(start_y, load(columns_y + i)));
    const Int left = minimum(maximum(shift_right<5>(x), set(-padding)), set(in.width));
    const Int top = minimum(maximum(shift_right<5>(y), set(-padding)), set(in.height));
    const Int offset = add(mul(add(top, set(padding)), set(stride)), add(left, set(padding)));
    const Int upper = gather_pairs(in.pixels, offset, last);
    const Int lower = gather_pairs(in.pixels, add(offset, set(stride)), last);
    // In whole 1/1024 of a grey value, all of it is exact.
    const Int part_x = both(x, set(31)), part_y = both(y, set(31));
    const Int rest_x = sub(set(32), part_x), rest_y = sub(set(32), part_y);
    const Int byte = set(255);
    const Int above = add(mul(both(upper, byte), rest_x),
                          mul(both(shift_right<8>(upper), byte), part_x));
    const Int below = add(mul(both(lower, byte), rest_x),
                          mul(both(shift_right<8>(lower), byte), part_x));
    const Int value = add(mul(above, rest_y), mul(below, part_y));
    store_first(out + i, in.size - i, mul(to_float(value), set(0x1p-10f)));
  }
}

static void sample(const SampleArguments& in) {
  const double along = in.a, across = in.b;
  int32_t* columns_y = in.columns + in.size + 16;
  for (int32_t i = 0; i < in.size + 16; ++i) {
    in.columns[i] = fixed_point(along * i);
    columns_y[i] = fixed_point(across * i);
  }
  const float extent = static_cast<float>(in.size - 1);
  const float offset_a = in.a * extent / 2.0f, offset_b = in.b * extent / 2.0f;
  for (int32_t n = 0; n < in.count; ++n) {
    const float corner_x = in.landmarks[2 * n] - offset_a + offset_b;
    const float corner_y = in.landmarks[2 * n + 1] - offset_a - offset_b;
    float* area = in.areas + static_cast<int64_t>(n) * in.size * in.size;
    for (int32_t j = 0; j < in.size; ++j) {
      const int32_t row_x = fixed_point(static_cast<double>(corner_x) + -across * j);
      const int32_t row_y = fixed_point(static_cast<double>(corner_y) + along * j);
      sample_row(in, row_x, row_y, area + static_cast<int64_t>(j) * in.size);
    }
  }
}

}  // namespace pyclnf::PYCLNF_LEVEL
