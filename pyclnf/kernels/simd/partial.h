// Vectors of which only the first lanes count.
#pragma once

#include <cstdint>
#include <cstring>

#include "lanes.h"

namespace pyclnf::PYCLNF_LEVEL {

// Stores the first `count` lanes, or all.
PYCLNF_INLINE void store_first(float* p, int64_t count, Float a) {
  if (count >= lanes) {
    store(p, a);
  } else {
    alignas(64) float all[lanes];
    store(all, a);
    std::memcpy(p, all, static_cast<std::size_t>(count) * sizeof(float));
  }
}

// Loads the first `count` lanes, or all; the others are zero.
PYCLNF_INLINE Float load_first(const float* p, int64_t count) {
  if (count >= lanes) return load(p);
  alignas(64) float all[lanes] = {};
  std::memcpy(all, p, static_cast<std::size_t>(count) * sizeof(float));
  return load(all);
}

}  // namespace pyclnf::PYCLNF_LEVEL
