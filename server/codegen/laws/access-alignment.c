char c0 = 0; char buf[8] = {0}; char c1 = 0; char weak[8] __attribute__((weak)) = {0}; char c2 = 0; char part[8] = {0};
SEC("x") int p(void *c) { __builtin_memcpy(buf, c, 8); __builtin_memcpy(weak, c, 8); __builtin_memcpy(part + 4, c, 4); return 0; }
// .bss 34: c0@0+1 buf@8+8 c1@16+1 weak@17+8 c2@25+1 part@26+8
