/* Stand-in for libbpf's bpf_tracing.h: typed arguments of tracing programs. */
#pragma once
#include "bpf_helpers.h"

#define ___cast_ctx0()
#define ___cast_ctx1(a) , (void *)ctx[0]
#define ___cast_ctx2(a, args...) ___cast_ctx1(args), (void *)ctx[1]
#define ___cast_ctx3(a, args...) ___cast_ctx2(args), (void *)ctx[2]
#define ___cast_ctx4(a, args...) ___cast_ctx3(args), (void *)ctx[3]
#define ___cast_ctx5(a, args...) ___cast_ctx4(args), (void *)ctx[4]
#define ___cast_ctx6(a, args...) ___cast_ctx5(args), (void *)ctx[5]
#define ___cast_ctx7(a, args...) ___cast_ctx6(args), (void *)ctx[6]
#define ___cast_ctx8(a, args...) ___cast_ctx7(args), (void *)ctx[7]
#define ___cast_ctx9(a, args...) ___cast_ctx8(args), (void *)ctx[8]
#define ___cast_ctx10(a, args...) ___cast_ctx9(args), (void *)ctx[9]
#define ___cast_ctx11(a, args...) ___cast_ctx10(args), (void *)ctx[10]
#define ___cast_ctx12(a, args...) ___cast_ctx11(args), (void *)ctx[11]
#define ___cast_ctx(args...) ___bpf_apply(___cast_ctx, ___bpf_narg(args))(args)

#define BPF_PROG(name, args...) \
name(unsigned long long *ctx); \
static __always_inline typeof(name(0)) ____##name(unsigned long long *ctx, ##args); \
typeof(name(0)) name(unsigned long long *ctx) { return ____##name(ctx ___cast_ctx(args)); } \
static __always_inline typeof(name(0)) ____##name(unsigned long long *ctx, ##args)
#define BPF_PROG2(name, args...) BPF_PROG(name, ##args)

struct pt_regs;
extern unsigned long ___bpf_register(const struct pt_regs *ctx, int n);
#define PT_REGS_PARM1(x) (___bpf_register(x, 1))
#define PT_REGS_PARM2(x) (___bpf_register(x, 2))
#define PT_REGS_PARM3(x) (___bpf_register(x, 3))
#define PT_REGS_PARM4(x) (___bpf_register(x, 4))
#define PT_REGS_PARM5(x) (___bpf_register(x, 5))
#define PT_REGS_PARM6(x) (___bpf_register(x, 6))
#define PT_REGS_RC(x) (___bpf_register(x, 0))
#define PT_REGS_SP(x) (___bpf_register(x, -1))
#define PT_REGS_FP(x) (___bpf_register(x, -2))
#define PT_REGS_IP(x) (___bpf_register(x, -3))
#define PT_REGS_RET(x) (___bpf_register(x, -4))
#define PT_REGS_PARM1_CORE(x) PT_REGS_PARM1(x)
#define PT_REGS_PARM2_CORE(x) PT_REGS_PARM2(x)
#define PT_REGS_PARM3_CORE(x) PT_REGS_PARM3(x)
#define PT_REGS_PARM4_CORE(x) PT_REGS_PARM4(x)
#define PT_REGS_PARM5_CORE(x) PT_REGS_PARM5(x)
#define PT_REGS_RC_CORE(x) PT_REGS_RC(x)
#define PT_REGS_IP_CORE(x) PT_REGS_IP(x)
#define PT_REGS_PARM1_CORE_SYSCALL(x) PT_REGS_PARM1(x)
#define PT_REGS_PARM2_CORE_SYSCALL(x) PT_REGS_PARM2(x)
#define PT_REGS_PARM3_CORE_SYSCALL(x) PT_REGS_PARM3(x)
#define PT_REGS_PARM4_CORE_SYSCALL(x) PT_REGS_PARM4(x)
#define PT_REGS_PARM5_CORE_SYSCALL(x) PT_REGS_PARM5(x)

#define ___cast_regs0()
#define ___cast_regs1(a) , (void *)PT_REGS_PARM1(ctx)
#define ___cast_regs2(a, args...) ___cast_regs1(args), (void *)PT_REGS_PARM2(ctx)
#define ___cast_regs3(a, args...) ___cast_regs2(args), (void *)PT_REGS_PARM3(ctx)
#define ___cast_regs4(a, args...) ___cast_regs3(args), (void *)PT_REGS_PARM4(ctx)
#define ___cast_regs5(a, args...) ___cast_regs4(args), (void *)PT_REGS_PARM5(ctx)
#define ___cast_regs6(a, args...) ___cast_regs5(args), (void *)PT_REGS_PARM6(ctx)
#define ___cast_regs(args...) ___bpf_apply(___cast_regs, ___bpf_narg(args))(args)

#define BPF_KPROBE(name, args...) \
name(struct pt_regs *ctx); \
static __always_inline typeof(name(0)) ____##name(struct pt_regs *ctx, ##args); \
typeof(name(0)) name(struct pt_regs *ctx) { return ____##name(ctx ___cast_regs(args)); } \
static __always_inline typeof(name(0)) ____##name(struct pt_regs *ctx, ##args)

#define ___cast_ret0()
#define ___cast_ret1(a) , (void *)PT_REGS_RC(ctx)
#define ___cast_ret(args...) ___bpf_apply(___cast_ret, ___bpf_narg(args))(args)
#define BPF_KRETPROBE(name, args...) \
name(struct pt_regs *ctx); \
static __always_inline typeof(name(0)) ____##name(struct pt_regs *ctx, ##args); \
typeof(name(0)) name(struct pt_regs *ctx) { return ____##name(ctx ___cast_ret(args)); } \
static __always_inline typeof(name(0)) ____##name(struct pt_regs *ctx, ##args)

#define BPF_KSYSCALL(name, args...) BPF_KPROBE(name, ##args)
#define BPF_KPROBE_SYSCALL BPF_KSYSCALL
#define BPF_UPROBE(name, args...) BPF_KPROBE(name, ##args)
#define BPF_URETPROBE(name, args...) BPF_KRETPROBE(name, ##args)
