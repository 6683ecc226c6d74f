// Which levels this processor has.
#pragma once

#include "table.h"

namespace pyclnf {

constexpr int n_levels = 3;

const char* level_name(int level);

// The kernels of a level; null if this build or this processor does not have it.
const Kernels* kernels_of(int level);

}  // namespace pyclnf
