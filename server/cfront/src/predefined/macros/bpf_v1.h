#define __BPF_CPU_VERSION__ 1
