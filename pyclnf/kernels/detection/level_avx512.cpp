// Face detection for level avx512; CMakeLists.txt gives this file its instruction set.
#define PYCLNF_AVX512
#define PYCLNF_LEVEL avx512
#include "level_table.h"
