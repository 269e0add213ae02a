static const int few[4] = {10,20,30,40}; static const unsigned char many[100] = {1,2,3}; static const int near[12] = {1,3,5};
int found;
SEC("x") int p(unsigned char *d) {
  for (int i = 0; i < 4; i++) if (d[0] == few[i]) return i;
  for (int i = 0; i < 100; i++) if (d[i] + many[i] > 9) return i;
  for (int i = 0; i < 12; i++) if (d[i] > near[i] + found) found += d[i] * near[i];
  return 0; }
// .bss 4: found@0+4
// .rodata 148: many@0+100 near@100+48?loop-unrolling
