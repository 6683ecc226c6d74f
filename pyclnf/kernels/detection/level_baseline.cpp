// Face detection for level baseline; CMakeLists.txt gives this file its instruction set.
#define PYCLNF_LEVEL baseline
#include "level_table.h"
