// The table of one level's functions; every level's translation unit includes this.
#pragma once

#include "run.h"
#include "suppression.h"
#include "table.h"

#define PYCLNF_TABLE_NAME(level) level##_kernels
#define PYCLNF_TABLE_OF(level) PYCLNF_TABLE_NAME(level)

namespace pyclnf::detection {

const Kernels PYCLNF_TABLE_OF(PYCLNF_LEVEL) = {
    PYCLNF_LEVEL::workspace_floats,
    PYCLNF_LEVEL::output_shape,
    PYCLNF_LEVEL::look,
    PYCLNF_LEVEL::suppress,
};

}  // namespace pyclnf::detection
