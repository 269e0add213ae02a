#define __GNUC_GNU_INLINE__ 1
