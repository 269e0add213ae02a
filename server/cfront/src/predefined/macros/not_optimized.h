#define __NO_INLINE__ 1
