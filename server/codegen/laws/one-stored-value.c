static char first; static long flag; static int same;
SEC("x") int p(int *c) { first += *c; if (*c) flag = 7; if (*c) same = 0; return flag + first + same; }
// .bss 9: first@0+1 flag@8+1?store-forwarding
