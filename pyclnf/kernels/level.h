// The table of one level's kernels; every level's translation unit includes this.
#pragma once

#include "convolution.h"
#include "exponential.h"
#include "grey.h"
#include "inverses/invert.h"
#include "products.h"
#include "responses/maps.h"
#include "responses/placing.h"
#include "responses/sampling.h"
#include "simd/partial.h"
#include "table.h"

namespace pyclnf::PYCLNF_LEVEL {

static void exponentials(const float* x, std::int64_t count, float* powers) {
  for (std::int64_t i = 0; i < count; i += lanes) {
    store_first(powers + i, count - i, exponential(load_first(x + i, count - i)));
  }
}

static void fused_sums(const float* a, const float* b, const float* c, std::int64_t count,
                       float* sums) {
  for (std::int64_t i = 0; i < count; i += lanes) {
    const std::int64_t left = count - i;
    store_first(sums + i, left,
                fma(load_first(a + i, left), load_first(b + i, left), load_first(c + i, left)));
  }
}

}  // namespace pyclnf::PYCLNF_LEVEL

#define PYCLNF_TABLE_NAME(level) level##_kernels
#define PYCLNF_TABLE_OF(level) PYCLNF_TABLE_NAME(level)

namespace pyclnf {

const Kernels PYCLNF_TABLE_OF(PYCLNF_LEVEL) = {
    PYCLNF_LEVEL::lanes,
    PYCLNF_LEVEL::grey,
    PYCLNF_LEVEL::place,
    PYCLNF_LEVEL::sample,
    PYCLNF_LEVEL::response_floats,
    PYCLNF_LEVEL::respond,
    PYCLNF_LEVEL::inverse_floats,
    PYCLNF_LEVEL::invert,
    PYCLNF_LEVEL::convolve,
    PYCLNF_LEVEL::multiply,
    PYCLNF_LEVEL::exponentials,
    PYCLNF_LEVEL::fused_sums,
};

}  // namespace pyclnf
