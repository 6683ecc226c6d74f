// Pictures made grey within a border of zeros; pyclnf/image.py.
#pragma once

#include "arguments.cuh"
#include "team.cuh"

namespace pyclnf::batch {

constexpr int padding = 2;
constexpr int pixels_per_block = 1024;

// ITU-R BT.601 in units of 2^-15, rounded half up.
inline uint8_t luma(uint32_t blue, uint32_t green, uint32_t red) {
  return static_cast<uint8_t>((3735 * blue + 19235 * green + 9798 * red + (1 << 14)) >> 15);
}

inline uint8_t grey_value(const Picture& picture, int64_t y, int64_t x) {
  if (y < 0 || x < 0 || y >= picture.height || x >= picture.width) return 0;
  const uint8_t* pixel = picture.pixels + y * picture.row_step + x * picture.column_step;
  const int64_t step = picture.colour_step;
  return step == 0 ? *pixel : luma(pixel[0], pixel[step], pixel[2 * step]);
}

inline void grey(const Team& team, int64_t block, void*, const GreyArguments& in) {
  const Picture& picture = in.pictures[block / in.blocks];
  const int64_t pitch = int64_t{picture.width} + 2 * padding;
  const int64_t count = pitch * (int64_t{picture.height} + 2 * padding);
  const int64_t first = block % in.blocks * pixels_per_block;
  const int64_t left = count - first;
  const int64_t used = left < pixels_per_block ? left : pixels_per_block;
  team.each(static_cast<int>(used < 0 ? 0 : used), [&](int i) {
    const int64_t at = first + i;
    picture.grey[at] = grey_value(picture, at / pitch - padding, at % pitch - padding);
  });
}

}  // namespace pyclnf::batch
