#include "missing.h"
struct later kept; int g;
// .bss 4: kept@0+0?incomplete-types g@0+4
