SEC("x") int p(int *c) { { static int v; v += *c; sink(&v); } { static int v; v += *c; return sink(&v); } }
SEC("x") int q(int *c) { { static int v; v += *c; sink(&v); } { static int v; v += *c; return sink(&v); } }
// .bss 16: p.v@0+4 p.v.1@4+4 q.v@8+4 q.v.2@12+4
