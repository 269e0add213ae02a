#define __OPTIMIZE__ 1
