static struct { int a, b; long c; } st; static struct { int a, b; } whole;
SEC("x") int p(int *c) { st.a += *c; st.c += st.a; whole.a += *c; sink(&whole); return st.c; }
// .bss 24: st.0@0+4?sra st.1@8+8?sra whole@16+8
