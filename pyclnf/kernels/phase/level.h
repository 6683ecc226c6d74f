// Which SIMD level a translation unit is compiled for: PYCLNF_LEVEL.
//
// Every level compiles these headers once, with its own compiler flags. All they define is in a
// nameless namespace: otherwise the linker would keep one copy for all levels, and a processor
// without AVX-512 might be given that one.
#pragma once

#if !defined(PYCLNF_LEVEL)
#error "define PYCLNF_LEVEL: baseline, avx2 or avx512"
#endif
#if defined(__FAST_MATH__)
#error "the kernels' sums have a fixed rounding: compile without -ffast-math"
#endif
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#error "float and double must be rounded at every step: on 32-bit x86, compile with -mfpmath=sse"
#endif
