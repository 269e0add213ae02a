const int c0; const volatile int r = 1; int d = 1; int z; int own SEC(".data.own"); float f = 0.0f;
SEC("x") int p(void *c) { return r + d + z + own + c0; }
// .rodata 8: r@0+4 c0@4+4
// .data 4: d@0+4
// .bss 8: f@0+4 z@4+4
// .data.own 4: own@0+4
