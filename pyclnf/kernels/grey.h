// Pictures made grey within a border of zeros; pyclnf/image.py.
//
// Whole numbers only: the compiler may vectorise as it likes.
#pragma once

#include <cstring>

#include "simd/lanes.h"
#include "table.h"

namespace pyclnf::PYCLNF_LEVEL {

// ITU-R BT.601 in units of 2^-15, rounded half up.
PYCLNF_INLINE uint8_t luma(uint32_t blue, uint32_t green, uint32_t red) {
  return static_cast<uint8_t>((3735 * blue + 19235 * green + 9798 * red + (1 << 14)) >> 15);
}

// A row whose pixels lie one after another; the common one, and the only fast one.
static void grey_packed(const uint8_t* row, int64_t width, uint8_t* grey) {
  for (int64_t x = 0; x < width; ++x) grey[x] = luma(row[3 * x], row[3 * x + 1], row[3 * x + 2]);
}

static void grey_strided(const GreyArguments& in, const uint8_t* row, uint8_t* grey) {
  for (int64_t x = 0; x < in.width; ++x, row += in.column_step) {
    grey[x] = luma(row[0], row[in.colour_step], row[2 * in.colour_step]);
  }
}

// A row of a picture that is grey already.
static void copy_row(const GreyArguments& in, const uint8_t* row, uint8_t* grey) {
  if (in.column_step == 1) {
    std::memcpy(grey, row, static_cast<std::size_t>(in.width));
  } else {
    for (int64_t x = 0; x < in.width; ++x) grey[x] = row[x * in.column_step];
  }
}

static void grey(const GreyArguments& in) {
  constexpr int64_t padding = 2;
  const int64_t pitch = in.width + 2 * padding;
  const std::size_t above = static_cast<std::size_t>(padding * pitch);
  std::memset(in.grey, 0, above);
  std::memset(in.grey + (in.height + padding) * pitch, 0, above);
  const bool packed = in.column_step == 3 && in.colour_step == 1;
  for (int64_t y = 0; y < in.height; ++y) {
    const uint8_t* row = in.pixels + y * in.row_step;
    uint8_t* to = in.grey + (y + padding) * pitch;
    std::memset(to, 0, padding);
    std::memset(to + padding + in.width, 0, padding);
    if (in.colour_step == 0) {
      copy_row(in, row, to + padding);
    } else if (packed) {
      grey_packed(row, in.width, to + padding);
    } else {
      grey_strided(in, row, to + padding);
    }
  }
}

}  // namespace pyclnf::PYCLNF_LEVEL
