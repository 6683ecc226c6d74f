// The vectors of the level that this translation unit is compiled for (PYCLNF_LEVEL).
//
// Every level offers the same operations, each of which IEEE 754 leaves no choice: so results do
// not depend on the level. Minima and maxima return the second operand where one is not a number.
#pragma once

#if !defined(PYCLNF_LEVEL)
#error "define PYCLNF_LEVEL: baseline, avx2 or avx512"
#endif

#if defined(_MSC_VER)
#define PYCLNF_INLINE static __forceinline
#else
#define PYCLNF_INLINE static inline __attribute__((always_inline))
#endif

// Loops over registers must vanish, or the registers become memory.
#if defined(__clang__) || defined(__CUDACC__)
#define PYCLNF_UNROLL _Pragma("unroll")
#elif defined(__GNUC__)
#define PYCLNF_UNROLL _Pragma("GCC unroll 16")
#else
#define PYCLNF_UNROLL
#endif

// Asks for memory before it is needed; any address may be asked for.
#if defined(__GNUC__)
#define PYCLNF_FETCH(from) __builtin_prefetch(from, 0, 2)
#else
#define PYCLNF_FETCH(from) static_cast<void>(from)
#endif

#if defined(PYCLNF_AVX512)
#include "avx512.h"
#elif defined(PYCLNF_AVX2)
#include "avx2.h"
#elif defined(PYCLNF_X86)
#include "sse2.h"
#else
#include "baseline.h"
#endif
