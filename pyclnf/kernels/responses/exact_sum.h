// Sums that are rounded once: those of Python's math.fsum (Shewchuk 1997).
#pragma once

#include <cstdint>

#include "../simd/lanes.h"

namespace pyclnf::PYCLNF_LEVEL {

// a + b, and what its rounding has lost.
PYCLNF_INLINE double two_sum(double a, double b, double& lost) {
  const double sum = a + b, other = sum - a;
  lost = (a - (sum - other)) + (b - other);
  return sum;
}

// A sum as doubles that do not overlap, the smallest first. Floats span 277 bits and their sums not
// many more, a double has 53: there are never as many as there is room for.
class Partials {
 public:
  void add(double x) {
    int kept = 0;
    for (int i = 0; i < count_; ++i) {
      double lost;
      x = two_sum(x, parts_[i], lost);
      if (lost != 0) parts_[kept++] = lost;
    }
    parts_[kept] = x;
    count_ = kept + 1;
  }

  double rounded() const {
    if (count_ == 0) return 0.0;
    int i = count_ - 1;
    double sum = parts_[i], lost = 0.0;
    while (i > 0 && lost == 0) sum = two_sum(sum, parts_[--i], lost);
    // Halfway, what comes after decides.
    if (i > 0 && ((lost < 0 && parts_[i - 1] < 0) || (lost > 0 && parts_[i - 1] > 0))) {
      const double next = sum + 2.0 * lost;
      if (next - sum == 2.0 * lost) sum = next;
    }
    return sum;
  }

 private:
  double parts_[16];
  int count_ = 0;
};

// The sum of every `step`th of `count` numbers.
static double exact_sum(const float* values, int64_t count, int64_t step) {
  double sum = 0.0;
  bool exact = true;
  for (int64_t i = 0; i < count; ++i) {
    double lost;
    sum = two_sum(sum, values[i * step], lost);
    exact &= lost == 0;
  }
  if (exact || !(sum - sum == 0)) return sum;  // nothing was lost, or there is nothing to save
  Partials partials;
  for (int64_t i = 0; i < count; ++i) partials.add(values[i * step]);
  return partials.rounded();
}

}  // namespace pyclnf::PYCLNF_LEVEL
