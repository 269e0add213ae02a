static const unsigned ports[] = {80, 443, 0}; static const int inner[] = {1, 0, 2, 0}; static const long three[] = {1, 2, 3};
SEC("x") int p(unsigned long *c) { return ports[c[0]] + inner[c[2]] + three[c[3]]; }
// .rodata.str4.4 12: ports@0+12
// .rodata.cst16 16: inner@0+16
// .rodata 24: three@0+24
