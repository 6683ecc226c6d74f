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

// Beyond an area's pixels, whole groups of vectors are read.
PYCLNF_INLINE int64_t strip_pitch(const ResponseArguments& in) {
  return static_cast<int64_t>(in.window + in.support - 1) * in.window + 8 * 16;
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

// Means of V vectors of windows, summed row by row, and one over the norms of what differs from
// them, squares summed column by column; 1 where a norm vanishes. Many vectors at once hide how
// long a sum waits for the one before.
template <int V>
PYCLNF_INLINE void measure_vectors(const ResponseArguments& in, const float* strips, float* means,
                                   float* reciprocals) {
  const int64_t pitch = strip_pitch(in);
  Float mean[V], squares[V];
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) mean[v] = squares[v] = set(0.0f);
  for (int64_t y = 0; y < in.support; ++y) {
    for (int64_t x = 0; x < in.support; ++x) {
      const float* pixel = strips + x * pitch + y * in.window;
      PYCLNF_UNROLL for (int v = 0; v < V; ++v) mean[v] = add(mean[v], load(pixel + v * lanes));
    }
  }
  const Float count = set(static_cast<float>(in.support * in.support)), one = set(1.0f);
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) mean[v] = div(mean[v], count);
  for (int64_t x = 0; x < in.support; ++x) {
    for (int64_t y = 0; y < in.support; ++y) {
      const float* pixel = strips + x * pitch + y * in.window;
      PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
        const Float apart = sub(load(pixel + v * lanes), mean[v]);
        squares[v] = add(squares[v], mul(apart, apart));
      }
    }
  }
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
    store(means + v * lanes, mean[v]);
    store(reciprocals + v * lanes, div(one, unless_zero(root(squares[v]), one)));
  }
}

// The same of all windows.
static void measure_windows(const ResponseArguments& in, const float* strips, float* means,
                            float* reciprocals) {
  const int64_t positions = static_cast<int64_t>(in.window) * in.window;
  int64_t c = 0;
  for (; positions - c > 4 * lanes; c += 8 * lanes) {
    measure_vectors<8>(in, strips + c, means + c, reciprocals + c);
  }
  for (; c < positions; c += 4 * lanes) {
    measure_vectors<4>(in, strips + c, means + c, reciprocals + c);
  }
}

}  // namespace pyclnf::PYCLNF_LEVEL
