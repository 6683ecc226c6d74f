// Both sides of (J^T W J + r / Lambda) change = J^T W shift - r / Lambda q, see pyclnf/nu_rlms.py.
#pragma once

#include <cstddef>

#include "gram.h"
#include "level.h"
#include "types.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

// Rows of a Jacobian times a factor per landmark: visibility or weights.
template <typename Factor>
inline void scale_rows(const float* from, int landmarks, int stride, Factor factor, float* to) {
  for (int i = 0; i < 2 * landmarks; ++i, from += stride, to += stride) {
    const Lanes scale = broadcast(factor(i < landmarks ? i : i - landmarks));
    for (int j = 0; j < stride; j += kLanes) store(to + j, load(from + j) * scale);
  }
}

// Jacobian^T * pull, one column after another: exact products, summed in float64, rounded once.
template <int Columns>
inline void pulled(const float* weighted, int stride, const float* pull, int rows, float* right) {
  double sums[Columns] = {};
  for (int k = 0; k < rows; ++k, weighted += stride) {
    const double by = pull[k];
    for (int j = 0; j < Columns; ++j) sums[j] += static_cast<double>(weighted[j]) * by;
  }
  for (int j = 0; j < Columns; ++j) right[j] = static_cast<float>(sums[j]);
}

inline void right_hand_side(const float* weighted, int stride, const float* pull, int rows,
                            float* right) {
  int j = 0;
  for (; j + 2 * kLanes <= stride; j += 2 * kLanes) {
    pulled<2 * kLanes>(weighted + j, stride, pull, rows, right + j);
  }
  if (j < stride) pulled<kLanes>(weighted + j, stride, pull, rows, right + j);
}

// The prior's term, in float64 and rounded again; global parameters have none.
inline void subtract_prior(const float* prior, const float* local, int modes, float* right) {
  for (int k = 0; k < modes; ++k) {
    const double term = static_cast<double>(prior[kRigid + k]) * static_cast<double>(local[k]);
    right[kRigid + k] = static_cast<float>(static_cast<double>(right[kRigid + k]) - term);
  }
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
