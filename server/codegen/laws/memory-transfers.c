static const char m3[] = {1,2,3}, m4[] = {1,2,3,4}, c1[1] = {9}, c3[3] = {3,2,3};
SEC("x") int p(char *d) { __builtin_memcpy(d, m3, 3); __builtin_memcpy(d + 8, m4, 4); return __builtin_memcmp(d, c1, 1) + __builtin_memcmp(d, c3, 3); }
// .rodata 6: m3@0+3 c3@3+3
