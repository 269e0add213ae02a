/* Stand-in for libbpf's bpf_helpers.h: what its macros mean, for programs read without libbpf. */
#pragma once
#include "bpf_stand_in_types.h"
#include "bpf_helper_defs.h"

#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define __ulong(name, val) enum { ___bpf_apply(___ulong_, __COUNTER__) = val } name

#define SEC(name) __attribute__((section(name), used))

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
#define __hidden __attribute__((visibility("hidden")))
#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#define __uptr __attribute__((btf_type_tag("uptr")))
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))
#define __arg_arena __attribute__((btf_decl_tag("arg:arena")))

#ifndef NULL
#define NULL ((void *)0)
#endif
#ifndef offsetof
#define offsetof(type, member) ((unsigned long)&((type *)0)->member)
#endif
#ifndef container_of
#define container_of(ptr, type, member) ({ void *__at = (void *)(ptr); ((type *)(__at - offsetof(type, member))); })
#endif
#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif
#ifndef __bpf_unreachable
#define __bpf_unreachable() __builtin_trap()
#endif
#define bpf_ksym_exists(sym) ({ !!sym; })

#ifndef KERNEL_VERSION
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#endif

enum libbpf_pin_type { LIBBPF_PIN_NONE, LIBBPF_PIN_BY_NAME };
enum libbpf_tristate { TRI_NO = 0, TRI_YES = 1, TRI_MODULE = 2 };

#define ___bpf_join(a, b) a##b
#define ___bpf_apply(fn, n) ___bpf_join(fn, n)
#define ___bpf_nth(_0, _1, _2, _3, _4, _5, _6, _7, _8, _9, _a, _b, _c, n, ...) n
#define ___bpf_narg(...) ___bpf_nth(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)

#define ___bpf_values0()
#define ___bpf_values1(a) (unsigned long long)(a)
#define ___bpf_values2(a, args...) (unsigned long long)(a), ___bpf_values1(args)
#define ___bpf_values3(a, args...) (unsigned long long)(a), ___bpf_values2(args)
#define ___bpf_values4(a, args...) (unsigned long long)(a), ___bpf_values3(args)
#define ___bpf_values5(a, args...) (unsigned long long)(a), ___bpf_values4(args)
#define ___bpf_values6(a, args...) (unsigned long long)(a), ___bpf_values5(args)
#define ___bpf_values7(a, args...) (unsigned long long)(a), ___bpf_values6(args)
#define ___bpf_values8(a, args...) (unsigned long long)(a), ___bpf_values7(args)
#define ___bpf_values9(a, args...) (unsigned long long)(a), ___bpf_values8(args)
#define ___bpf_values10(a, args...) (unsigned long long)(a), ___bpf_values9(args)
#define ___bpf_values11(a, args...) (unsigned long long)(a), ___bpf_values10(args)
#define ___bpf_values12(a, args...) (unsigned long long)(a), ___bpf_values11(args)
#define ___bpf_values(args...) ___bpf_apply(___bpf_values, ___bpf_narg(args))(args)

#define BPF_SEQ_PRINTF(seq, fmt, args...) ({ \
	static const char ___fmt[] = fmt; \
	unsigned long long ___param[] = { ___bpf_values(args) }; \
	bpf_seq_printf(seq, ___fmt, sizeof(___fmt), ___param, sizeof(___param)); })
#define BPF_SNPRINTF(out, out_size, fmt, args...) ({ \
	static const char ___fmt[] = fmt; \
	unsigned long long ___param[] = { ___bpf_values(args) }; \
	bpf_snprintf(out, out_size, ___fmt, ___param, sizeof(___param)); })

#define ___bpf_print_plain(fmt, args...) ({ static const char ____fmt[] = fmt; bpf_trace_printk(____fmt, sizeof(____fmt), ##args); })
#define ___bpf_print_values(fmt, args...) ({ \
	static const char ___fmt[] = fmt; \
	unsigned long long ___param[] = { ___bpf_values(args) }; \
	bpf_trace_vprintk(___fmt, sizeof(___fmt), ___param, sizeof(___param)); })
#define ___bpf_print_pick(...) ___bpf_nth(_, ##__VA_ARGS__, ___bpf_print_values, ___bpf_print_values, ___bpf_print_values, ___bpf_print_values, ___bpf_print_values, ___bpf_print_values, ___bpf_print_values, ___bpf_print_values, ___bpf_print_values, ___bpf_print_plain, ___bpf_print_plain, ___bpf_print_plain, ___bpf_print_plain)
#define bpf_printk(fmt, args...) ___bpf_print_pick(args)(fmt, ##args)

struct bpf_iter_num;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;
#define bpf_for_each(type, cur, args...) for (struct bpf_iter_##type ___it __attribute__((aligned(8), cleanup(bpf_iter_##type##_destroy))), *___p __attribute__((unused)) = (bpf_iter_##type##_new(&___it, ##args), (void *)0); (((cur) = bpf_iter_##type##_next(&___it)));)
#define bpf_for(i, start, end) for (i = (start); i < (end); i++)
#define bpf_repeat(n) for (int ___i = 0; ___i < (n); ___i++)
