// Every window of an area, less its mean and with its norm; pyclnf/experts/windows.py.
//
// Windows lie row by row in the lanes. A strip holds, for one column of a window, that column's
// pixels of all rows of the area: strip[row * window + position]. Pixel (x, y) of all windows is
// then a slice of strip x that starts at y * window, without a copy for every pixel.
#pragma once

#include <cstring>

#include "../simd/lanes.h"
#include "../table.h"

namespace pyclnf::PYCLNF_LEVEL {

PYCLNF_INLINE int64_t strip_pitch(const ResponseArguments& in) {
  return static_cast<int64_t>(in.window + in.support - 1) * in.window + 2 * 16;
}

static void fill_strips(const ResponseArguments& in, const float* area, float* strips) {
  const int64_t window = in.window, size = window + in.support - 1, pitch = strip_pitch(in);
  for (int64_t x = 0; x < in.support; ++x) {
    float* strip = strips + x * pitch;
    for (int64_t row = 0; row < size; ++row) {
      std::memcpy(strip + row * window, area + row * size + x,
                  static_cast<std::size_t>(window) * sizeof(float));
    }
    std::memset(strip + size * window, 0,
                static_cast<std::size_t>(pitch - size * window) * sizeof(float));
  }
}

// Sums pixels row by row; then, column by column, keeps what differs from the mean, and sums its
// squares: centred[(1 + pixel) * V * lanes + lane], entry 0 being the bias'. Returns one over
// the norms, 1 where one vanishes.
template <int V>
PYCLNF_INLINE void centre_windows(const ResponseArguments& in, const float* strips, int64_t first,
                                  float* centred, Float (&reciprocals)[V]) {
  const int64_t pitch = strip_pitch(in);
  const float* from = strips + first;
  Float sums[V];
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) sums[v] = set(0.0f);
  for (int64_t y = 0; y < in.support; ++y) {
    for (int64_t x = 0; x < in.support; ++x) {
      const float* pixel = from + x * pitch + y * in.window;
      PYCLNF_UNROLL for (int v = 0; v < V; ++v) sums[v] = add(sums[v], load(pixel + v * lanes));
    }
  }
  const Float count = set(static_cast<float>(in.support * in.support));
  Float means[V], squares[V];
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
    means[v] = div(sums[v], count);
    squares[v] = set(0.0f);
  }
  float* to = centred + V * lanes;
  for (int64_t x = 0; x < in.support; ++x) {
    for (int64_t y = 0; y < in.support; ++y, to += V * lanes) {
      const float* pixel = from + x * pitch + y * in.window;
      PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
        const Float apart = sub(load(pixel + v * lanes), means[v]);
        store(to + v * lanes, apart);
        squares[v] = add(squares[v], mul(apart, apart));
      }
    }
  }
  const Float one = set(1.0f);
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
    reciprocals[v] = div(one, unless_zero(root(squares[v]), one));
  }
}

}  // namespace pyclnf::PYCLNF_LEVEL
