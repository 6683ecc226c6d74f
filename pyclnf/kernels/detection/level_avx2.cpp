// Face detection for level avx2; CMakeLists.txt gives this file its instruction set.
#define PYCLNF_AVX2
#define PYCLNF_LEVEL avx2
#include "level_table.h"
