SEC("x") int p(int *c) { const char *t = "replaced"; if (*c) t = "b"; else t = "c"; return sink(t); }
// .rodata.str1.1 4: .str.1@0+2 .str.2@2+2
