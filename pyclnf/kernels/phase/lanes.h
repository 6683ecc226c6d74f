// The lanes of a phase: rows and columns are padded to whole vectors of them.
#pragma once

#include "../simd/eight.h"
#include "level.h"
#include "types.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

namespace eight = pyclnf::PYCLNF_LEVEL::eight;
static_assert(eight::count == kLanes, "rows and columns are padded to whole vectors");

using eight::broadcast;
using eight::fused;
using eight::Lanes;
using eight::load;
using eight::store;
using eight::transpose;

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
