// How well the response maps support where a fit has ended, see pyclnf/likelihood.py.
#pragma once

#include <cstddef>
#include <cstdint>

#include "elementary.h"
#include "level.h"
#include "types.h"
#include "wide_elementary.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

// A map under an exact Gaussian around (x, y), neither clamped nor snapped: one running sum. Only
// the exponentials are computed side by side.
inline float landmark_likelihood(const float* map, int window, float x, float y,
                                 double variance) {
  float total = 0.0f;
  const int area = window * window;
  for (int first = 0, row = 0, column = 0; first < area; first += kLanes) {
    double kernels[kLanes] = {};
    const int used = area - first < kLanes ? area - first : kLanes;
    for (int i = 0; i < used; ++i) {
      const float from_x = x - static_cast<float>(column), from_y = y - static_cast<float>(row);
      const double square = from_y * from_y + from_x * from_x;
      kernels[i] = -0.5 * square;
      if (++column == window) column = 0, ++row;
    }
    for (double& kernel : kernels) kernel = exponential(kernel / variance);
    for (int i = 0; i < used; ++i) total += static_cast<float>(map[first + i] * kernels[i]);
  }
  return total;
}

// The mean of logarithms, each sum rounded to float32.
class MeanLogarithm {
 public:
  void add(float likelihood) {
    constexpr double kOffset = 1e-8;
    const double wide = likelihood;
    const double log = wide > -kOffset ? logarithm(wide + kOffset) : kNaN;
    total_ = static_cast<float>(total_ + log);
    ++count_;
  }

  // NaN if there are none.
  double value() const {
    return count_ ? static_cast<float>(total_ / static_cast<double>(count_)) : kNaN;
  }

 private:
  float total_ = 0.0f;
  int count_ = 0;
};

// The mean log likelihood over visible landmarks; NaN if none is visible.
inline double log_likelihood(const float* maps, int landmarks, int window,
                             const std::uint8_t* visible, const float* offsets, float sigma) {
  const double variance = sigma * sigma;
  MeanLogarithm mean;
  for (int i = 0; i < landmarks; ++i, maps += static_cast<std::ptrdiff_t>(window) * window) {
    if (!visible[i]) continue;
    mean.add(landmark_likelihood(maps, window, offsets[2 * i], offsets[2 * i + 1], variance));
  }
  return mean.value();
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
