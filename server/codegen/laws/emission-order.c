int t1; int t2=1; int t5=0;
static int late; static int first;
SEC("x") int p(int *c) { first += *c; late += first; return late + t1; }
int t6;
// .data 4: t2@0+4
// .bss 20: t5@0+4 first@4+4 late@8+4 t1@12+4 t6@16+4
