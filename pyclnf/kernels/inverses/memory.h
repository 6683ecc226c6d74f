// The parts of the workspace of an inversion.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../simd/lanes.h"

namespace pyclnf::PYCLNF_LEVEL {

constexpr int64_t most_columns = 64;  // of an inverse that are worked on at once

struct InverseMemory {
  float *columns, *rows;  // of the factor, `pitch` apart
  float* reciprocals;     // of its diagonal
  float *block, *last;    // columns of the inverse
  int64_t pitch;
};

// Lays the workspace out; returns how many floats that takes.
static std::size_t lay_out_inverse(int64_t size, float* workspace, InverseMemory& memory) {
  memory.pitch = (size + 15) / 16 * 16;
  int64_t used = 0;
  const auto take = [&](int64_t floats) {
    float* part = workspace ? workspace + used : nullptr;
    used += (floats + 15) / 16 * 16;
    return part;
  };
  // Whole vectors are loaded from any element on.
  memory.columns = take(size * memory.pitch + 16);
  memory.rows = take(size * memory.pitch + 16);
  memory.reciprocals = take(memory.pitch);
  memory.block = take(size * most_columns);
  memory.last = take(size * most_columns);
  return static_cast<std::size_t>(used);
}

}  // namespace pyclnf::PYCLNF_LEVEL
