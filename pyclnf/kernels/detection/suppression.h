// Non-maximum suppression of boxes in order; pyclnf/detection/suppression.py.
#pragma once

#include "types.h"

namespace pyclnf::detection::PYCLNF_LEVEL {
namespace {

inline std::int64_t shared_length(std::int64_t a, std::int64_t a_length, std::int64_t b,
                                  std::int64_t b_length) {
  const std::int64_t low = a > b ? a : b;
  const std::int64_t high = a + a_length < b + b_length ? a + a_length : b + b_length;
  return high > low ? high - low : 0;
}

inline std::int64_t area(const std::int32_t* box) {
  return static_cast<std::int64_t>(box[2]) * box[3];
}

// Overlap in units of the union, or of the smaller one; NaN for boxes without area.
inline float overlap(const std::int32_t* a, const std::int32_t* b, bool of_smaller) {
  const auto shared = static_cast<float>(shared_length(a[0], a[2], b[0], b[2]) *
                                         shared_length(a[1], a[3], b[1], b[3]));
  if (of_smaller) return shared / static_cast<float>(area(a) < area(b) ? area(a) : area(b));
  return shared / (static_cast<float>(area(a) + area(b)) - shared);
}

static void suppress(const Suppression& given) {
  for (std::int64_t i = 0; i < given.count; ++i) given.stays[i] = 1;
  for (std::int64_t i = 0; i < given.count; ++i) {
    if (!given.stays[i]) continue;
    for (std::int64_t j = i + 1; j < given.count; ++j) {
      if (!given.stays[j]) continue;
      const float shared = overlap(given.boxes + 4 * i, given.boxes + 4 * j, given.of_smaller);
      if (shared > given.most) given.stays[j] = 0;
    }
  }
}

}  // namespace
}  // namespace pyclnf::detection::PYCLNF_LEVEL
