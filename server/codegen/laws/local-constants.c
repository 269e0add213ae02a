SEC("x") int p(void *c) { char text[] = "a long text"; int four[4] = {1,2,3,4}; char small[] = "abc"; struct { long x[9]; } few = {{1}};
  sink(text); sink(four); sink(small); return sink(&few); }
// .rodata.str1.1 12: __const.p.text@0+12
// .rodata.cst16 16: __const.p.four@0+16
