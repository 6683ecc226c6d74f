// How well the response maps support where a fit has ended, see pyclnf/likelihood.py.
#pragma once

#include <cstddef>
#include <cstdint>

#include "level.h"
#include "wide_elementary.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

// A map under an exact Gaussian around (x, y), neither clamped nor snapped. `terms` has room for a
// row of the map.
inline float landmark_likelihood(const float* map, int window, float x, float y, double variance,
                                 float* __restrict terms) {
  float total = 0.0f;
  for (int i = 0; i < window; ++i, map += window) {
    const float from_y = y - static_cast<float>(i);
    for (int j = 0; j < window; ++j) {
      const float from_x = x - static_cast<float>(j);
      const double square = from_y * from_y + from_x * from_x;
      terms[j] = static_cast<float>(map[j] * exponential(-0.5 * square / variance));
    }
    for (int j = 0; j < window; ++j) total += terms[j];
  }
  return total;
}

// The mean log likelihood over visible landmarks; NaN if none is visible.
inline double log_likelihood(const float* maps, int landmarks, int window,
                             const std::uint8_t* visible, const float* offsets, float sigma,
                             float* terms) {
  constexpr double kOffset = 1e-8;
  const double variance = sigma * sigma;
  float total = 0.0f;
  int count = 0;
  for (int i = 0; i < landmarks; ++i, maps += static_cast<std::ptrdiff_t>(window) * window) {
    if (!visible[i]) continue;
    const double likelihood = landmark_likelihood(maps, window, offsets[2 * i],
                                                  offsets[2 * i + 1], variance, terms);
    const double log = likelihood > -kOffset ? logarithm(likelihood + kOffset) : kNaN;
    total = static_cast<float>(total + log);
    ++count;
  }
  return count ? static_cast<float>(total / static_cast<double>(count)) : kNaN;
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
