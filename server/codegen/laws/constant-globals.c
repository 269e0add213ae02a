static int read[5] = {1,2,3,4,5}; static const char small[4] = {1,2,3,4};
SEC("x") int p(unsigned *c) { return read[*c % 5]; }
SEC("x") int q(unsigned *c) { return small[*c & 3] == 2; }
// .rodata 20: read@0+20
// .rodata.cst4?constant-globals 4: small@0+4?constant-globals
