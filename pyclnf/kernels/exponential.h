// e to the power of x as pyclnf/arithmetic/elementary.py defines it, in every bit.
#pragma once

#include "simd/lanes.h"

namespace pyclnf::PYCLNF_LEVEL {

// A polynomial in double around the nearest 32nd of a power of two, rounded to float once.
PYCLNF_INLINE Float exponential(Float x) {
  constexpr double steps_high = 0x1.7154765p+5, steps_low = 0x1.5c17fp-26;
  constexpr double steps_per_unit = steps_high + steps_low;
  constexpr double e1 = 0x1.62e42ff0c52d6p-6, e2 = 0x1.ebfce50fac4f3p-13,
                   e3 = 0x1.c6af84b912394p-20;
  constexpr double to_integer = 0x1.8p+52;  // leaves the nearest integer in the last bits
  const Wide exponent = minimum(set(89.0), maximum(set(-104.0), widen(x)));
  const Wide shifted = add(mul(exponent, set(steps_per_unit)), set(to_integer));
  const Wide step = sub(shifted, set(to_integer));
  const Wide rest =
      add(sub(mul(exponent, set(steps_high)), step), mul(exponent, set(steps_low)));
  const Wide square = mul(rest, rest);
  const Wide cubic = mul(add(mul(set(e3), rest), set(e2)), square);
  const Wide linear = add(mul(rest, set(e1)), set(1.0));
  return narrow(mul(power_of_two(shifted), add(cubic, linear)));
}

}  // namespace pyclnf::PYCLNF_LEVEL
