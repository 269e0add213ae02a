static int gone, other, behind, kept;
SEC("x") int p(int *c) { if (sizeof(int) == 8) { gone += *c; return gone; } other += *c; kept += other; return kept; behind += *c; return behind; }
// .bss 8: other@0+4 kept@4+4
