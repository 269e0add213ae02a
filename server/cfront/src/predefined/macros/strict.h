#define __STRICT_ANSI__ 1
