static inlined int told(int v6, int *c) { if (v6) return sink("six"); return sink("four"); }
SEC("x") int p(int *c) { return told(0, c); }
SEC("x") int q(int *c) { return told(1, c) + told(2, c); }
// .rodata.str1.1?value-propagation 9: .str@0+4?value-propagation .str.1@4+5?value-propagation
