struct two { int a, b; };
static struct two made; static struct two read;
int f(struct two *p) { made = (struct two){ p->a, p->b }; read = *p; return 0; }
SEC("x") int p(struct two *c) { *c = made; struct two l = read; return l.a; }
SEC("x") int q(void *c) { int four[4] = {1,2,3,4}; four[0] = 5; return sink(four); }
// .bss 16: made@0+8 read@8+8
// .rodata.cst16?sroa 16: __const.q.four@0+16?sroa
