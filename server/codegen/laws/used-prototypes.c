static int s1, s2, s3, s4; void save(void);
static int sub(void *x);
static noinline int sub(void *x){ s4++; return s4; }
static noinline int push(void){ s1++; s2++; return sub(0) + s1 + s2; }
static noinline int pop(void){ s3++; return sub(0) + s3; }
SEC("x") int p1(void *c){ return push(); } SEC("x") int p2(void *c){ return pop(); }
// .bss 16: s1@0+4 s2@4+4 s3@8+4 s4@12+4
