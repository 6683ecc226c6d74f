// Inverses of positive definite matrices; ReferenceOrder.invert.
#pragma once

#include "blocked.h"
#include "plain.h"

namespace pyclnf::PYCLNF_LEVEL {

static std::size_t inverse_floats(std::int64_t size) {
  InverseMemory memory;
  return lay_out_inverse(size, nullptr, memory);
}

static void invert(const InvertArguments& in) {
  const int64_t size = in.size;
  InverseMemory memory;
  lay_out_inverse(size, in.workspace, memory);
  for (int64_t n = 0; n < in.count; ++n) {
    const float* matrix = in.matrices + n * size * size;
    float* inverse = in.inverses + n * size * size;
    if (in.blocked) {
      invert_blocked(memory, size, matrix, inverse);
    } else {
      invert_plain(memory, size, matrix, inverse);
    }
  }
}

}  // namespace pyclnf::PYCLNF_LEVEL
