static const int five[5] = {1,2,3,4,5}; static const char bytes[3] = {1,2,3};
SEC("x") int p(void *c) { __builtin_memcpy(c, bytes, 3); return five[2]; }
// .rodata 3: bytes@0+3
