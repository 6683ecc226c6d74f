// Grey values on an upright grid around each landmark; pyclnf/experts/area_of_interest.py.
#pragma once

#include "../simd/lanes.h"
#include "../simd/partial.h"
#include "../table.h"

namespace pyclnf::PYCLNF_LEVEL {

PYCLNF_INLINE int32_t wrapping_sum(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

// A position in whole 1/1024 px, half to even; brought to +-2^20 px if it is beyond or no number.
PYCLNF_INLINE int32_t fixed_point(double position) {
  constexpr double farthest = 1 << 30, to_integer = 0x1.8p+52;
  double scaled = position * 1024.0;
  if (!(scaled < farthest)) scaled = farthest;
  if (scaled < -farthest) scaled = -farthest;
  return static_cast<int32_t>((scaled + to_integer) - to_integer);
}

// The parts of the workspace. All but the columns are of one area, whole vectors beyond its end.
struct SampleMemory {
  int32_t *columns_x, *columns_y;  // what a column adds to a position, 1/1024 px
  int32_t* offsets;                // of the pixel at the upper left
  int32_t* fractions;              // 1/32 px: x, and y in the next five bits
  int32_t* pixels;                 // the four around a sample, a byte each
};

static SampleMemory lay_out(const SampleArguments& in) {
  const int64_t side = in.size + 16, area = static_cast<int64_t>(in.size) * in.size + 16;
  int32_t* const start = in.workspace;
  return {start,
          start + side,
          start + 2 * side,
          start + 2 * side + area,
          start + 2 * side + 2 * area};
}

// Positions of a row's samples, to whole vectors. Sums that wrap around came from beyond the
// picture and remain there.
PYCLNF_INLINE void locate_row(const SampleArguments& in, const SampleMemory& memory, int32_t row_x,
                              int32_t row_y, int64_t first) {
  constexpr int32_t half = 16, padding = 2;
  const Int stride = set(in.width + 2 * padding);
  const Int start_x = set(wrapping_sum(row_x, half)), start_y = set(wrapping_sum(row_y, half));
  for (int32_t i = 0; i < in.size; i += lanes) {
    const Int x = shift_right<5>(add(start_x, load(memory.columns_x + i)));
    const Int y = shift_right<5>(add(start_y, load(memory.columns_y + i)));
    const Int left = minimum(maximum(shift_right<5>(x), set(-padding)), set(in.width));
    const Int top = minimum(maximum(shift_right<5>(y), set(-padding)), set(in.height));
    const Int offset = add(mul(add(top, set(padding)), stride), add(left, set(padding)));
    const Int fraction = add(both(x, set(31)), mul(both(y, set(31)), set(32)));
    store(memory.offsets + first + i, offset);
    store(memory.fractions + first + i, fraction);
  }
}

// Fetches four pixels per sample. One by one: instructions that gather are no faster.
PYCLNF_INLINE void fetch_pixels(const SampleArguments& in, const SampleMemory& memory,
                                int64_t count) {
  const int64_t stride = static_cast<int64_t>(in.width) + 4;
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t* upper = in.pixels + memory.offsets[i];
    const uint8_t* lower = upper + stride;
    const uint32_t above = upper[0] | static_cast<uint32_t>(upper[1]) << 8;
    const uint32_t below = lower[0] | static_cast<uint32_t>(lower[1]) << 8;
    memory.pixels[i] = static_cast<int32_t>(above | below << 16);
  }
}

// Weighs the four pixels; in whole 1/1024 of a grey value, all of it is exact.
PYCLNF_INLINE void weigh_pixels(const SampleMemory& memory, int64_t count, float* area) {
  const Int byte = set(255), all = set(32);
  for (int64_t i = 0; i < count; i += lanes) {
    const Int four = load(memory.pixels + i), fraction = load(memory.fractions + i);
    const Int part_x = both(fraction, set(31)), part_y = shift_right<5>(fraction);
    const Int rest_x = sub(all, part_x), rest_y = sub(all, part_y);
    const Int above =
        add(mul(both(four, byte), rest_x), mul(both(shift_right<8>(four), byte), part_x));
    const Int below = add(mul(both(shift_right<16>(four), byte), rest_x),
                          mul(both(shift_right<24>(four), byte), part_x));
    const Int value = add(mul(above, rest_y), mul(below, part_y));
    store_first(area + i, count - i, mul(to_float(value), set(0x1p-10f)));
  }
}

static void sample(const SampleArguments& in) {
  const SampleMemory memory = lay_out(in);
  const double along = in.a, across = in.b;
  for (int32_t i = 0; i < in.size + 16; ++i) {
    memory.columns_x[i] = fixed_point(along * i);
    memory.columns_y[i] = fixed_point(across * i);
  }
  const float extent = static_cast<float>(in.size - 1);
  const float offset_a = in.a * extent / 2.0f, offset_b = in.b * extent / 2.0f;
  const int64_t count = static_cast<int64_t>(in.size) * in.size;
  for (int64_t i = count; i < count + 16; ++i) memory.pixels[i] = 0;
  for (int32_t n = 0; n < in.count; ++n) {
    const float corner_x = in.landmarks[2 * n] - offset_a + offset_b;
    const float corner_y = in.landmarks[2 * n + 1] - offset_a - offset_b;
    for (int32_t j = 0; j < in.size; ++j) {
      const int32_t row_x = fixed_point(static_cast<double>(corner_x) + -across * j);
      const int32_t row_y = fixed_point(static_cast<double>(corner_y) + along * j);
      locate_row(in, memory, row_x, row_y, static_cast<int64_t>(j) * in.size);
    }
    fetch_pixels(in, memory, count);
    weigh_pixels(memory, count, in.areas + n * count);
  }
}

}  // namespace pyclnf::PYCLNF_LEVEL
