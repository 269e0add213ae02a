static int forwarded, kept;
SEC("x") int p(int *c) { forwarded = *c; kept += *c; return forwarded + kept; }
// .bss 8: forwarded@0+4?store-forwarding kept@4+4
