// Both sides of (J^T W J + r / Lambda) change = J^T W shift - r / Lambda q; pyclnf/nu_rlms.py.
#pragma once

#include "../../../kernels/simd/fused.h"
#include "arguments.cuh"

namespace pyclnf::batch {

using PYCLNF_LEVEL::fused;

// A Jacobian whose rows of invisible landmarks are zero, and what its rows count.
struct Rows {
  const float* jacobian;  // (2n, c)
  const float* weights;   // (n,), or null
  int landmarks, columns;

  float seen(int row, int column) const { return jacobian[row * columns + column]; }

  float weighted(int row, int column) const {
    const float element = seen(row, column);
    return weights ? element * weights[row < landmarks ? row : row - landmarks] : element;
  }
};

// The terms from one up to another of an element's sum, every one of them or every other one.
inline float add_terms(const Rows& rows, const Element& element, int first, int last, int step,
                       float sum) {
  for (int k = first; k < last; k += step) {
    sum = fused(rows.weighted(k, element.row), rows.seen(k, element.column), sum);
  }
  return sum;
}

inline float gram_element(const Rows& rows, const Element& element, const int32_t* groups,
                          int n_groups) {
  float total = 0.0f;
  for (int group = 0; group < n_groups; ++group) {
    const int first = groups[2 * group], last = groups[2 * group + 1];
    float sum;
    if (element.even_odd) {  // terms beyond whole groups of eight count as even
      const int grouped = first + (last - first) / 8 * 8;
      sum = add_terms(rows, element, first, grouped, 2, 0.0f);
      sum = add_terms(rows, element, grouped, last, 1, sum);
      sum = sum + add_terms(rows, element, first + 1, grouped, 2, 0.0f);
    } else {
      sum = add_terms(rows, element, first, last, 1, 0.0f);
    }
    total = group == 0 ? sum : total + sum;
  }
  return total;
}

// A column of the Jacobian times pulls: exact products, summed in float64, rounded once.
inline float right_element(const Rows& rows, const float* pull, int column) {
  double sum = 0.0;
  for (int k = 0; k < 2 * rows.landmarks; ++k) {
    sum += static_cast<double>(rows.weighted(k, column)) * static_cast<double>(pull[k]);
  }
  return static_cast<float>(sum);
}

// The prior's term, in float64 and rounded again.
inline float less_prior(float right, float prior, float local) {
  const double term = static_cast<double>(prior) * static_cast<double>(local);
  return static_cast<float>(static_cast<double>(right) - term);
}

}  // namespace pyclnf::batch
