static int small, large, always, never;
static int get(int *p) { return *p; }
static inlined int get_always(int *p) { return *p; }
static noinline int get_never(int *p) { return *p + sink(p); }
static int get_large(int *p) { int r = 0; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; r += *p; return r; }
SEC("x") int p(int *c) { int sum = get(&small) + get_large(&large) + get_always(&always) + get_never(&never);
  small += *c; large += *c; always += *c; never += *c; return sum; }
// .bss 16: small@0+4 large@4+4?inlining always@8+4 never@12+4
