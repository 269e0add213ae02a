int a, b, c, f(int *);
SEC("x") int p(int *ctx) { static int x, y, z; x += y += *ctx; for (int i = 0; i < *ctx; z += sink(ctx)) i += *ctx; return x + y + z; }
// .bss 24: p.x@0+4 p.y@4+4 p.z@8+4 a@12+4 b@16+4 c@20+4
