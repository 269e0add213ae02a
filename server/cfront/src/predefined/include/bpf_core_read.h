/* Stand-in for libbpf's CO-RE macros: they are read, and no relocation is known from them. */
#pragma once
#include "bpf_helpers.h"

enum bpf_field_info_kind {
	BPF_FIELD_BYTE_OFFSET = 0,
	BPF_FIELD_BYTE_SIZE = 1,
	BPF_FIELD_EXISTS = 2,
	BPF_FIELD_SIGNED = 3,
	BPF_FIELD_LSHIFT_U64 = 4,
	BPF_FIELD_RSHIFT_U64 = 5,
};
enum bpf_type_id_kind { BPF_TYPE_ID_LOCAL = 0, BPF_TYPE_ID_TARGET = 1 };
enum bpf_type_info_kind { BPF_TYPE_EXISTS = 0, BPF_TYPE_SIZE = 1, BPF_TYPE_MATCHES = 2 };
enum bpf_enum_value_kind { BPF_ENUMVAL_EXISTS = 0, BPF_ENUMVAL_VALUE = 1 };

#define bpf_core_field_exists(field...) __builtin_preserve_field_info(___core_field(field), BPF_FIELD_EXISTS)
#define bpf_core_field_size(field...) __builtin_preserve_field_info(___core_field(field), BPF_FIELD_BYTE_SIZE)
#define bpf_core_field_offset(field...) __builtin_preserve_field_info(___core_field(field), BPF_FIELD_BYTE_OFFSET)
#define ___core_field1(field) (field)
#define ___core_field2(type, field) (((typeof(type) *)0)->field)
#define ___core_field(args...) ___bpf_apply(___core_field, ___bpf_narg(args))(args)

#define bpf_core_type_id_local(type) __builtin_btf_type_id(*(typeof(type) *)0, BPF_TYPE_ID_LOCAL)
#define bpf_core_type_id_kernel(type) __builtin_btf_type_id(*(typeof(type) *)0, BPF_TYPE_ID_TARGET)
#define bpf_core_type_exists(type) __builtin_preserve_type_info(*(typeof(type) *)0, BPF_TYPE_EXISTS)
#define bpf_core_type_matches(type) __builtin_preserve_type_info(*(typeof(type) *)0, BPF_TYPE_MATCHES)
#define bpf_core_type_size(type) __builtin_preserve_type_info(*(typeof(type) *)0, BPF_TYPE_SIZE)
#define bpf_core_enum_value_exists(type, value) __builtin_preserve_enum_value(*(typeof(type) *)value, BPF_ENUMVAL_EXISTS)
#define bpf_core_enum_value(type, value) __builtin_preserve_enum_value(*(typeof(type) *)value, BPF_ENUMVAL_VALUE)

#define bpf_core_cast(ptr, type) ((typeof(type) *)bpf_rdonly_cast((ptr), bpf_core_type_id_kernel(type)))
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __attribute__((section(".ksyms"), weak));

#define bpf_core_read(dst, size, src) bpf_probe_read_kernel(dst, size, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_user(dst, size, src) bpf_probe_read_user(dst, size, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_str(dst, size, src) bpf_probe_read_kernel_str(dst, size, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_user_str(dst, size, src) bpf_probe_read_user_str(dst, size, (const void *)__builtin_preserve_access_index(src))

#define ___member2(a, b) (a)->b
#define ___member3(a, b, c) (a)->b->c
#define ___member4(a, b, c, d) (a)->b->c->d
#define ___member5(a, b, c, d, e) (a)->b->c->d->e
#define ___member6(a, b, c, d, e, f) (a)->b->c->d->e->f
#define ___member7(a, b, c, d, e, f, g) (a)->b->c->d->e->f->g
#define ___member8(a, b, c, d, e, f, g, h) (a)->b->c->d->e->f->g->h
#define ___members(args...) ___bpf_apply(___member, ___bpf_narg(args))(args)

#define BPF_CORE_READ_INTO(dst, src, a, ...) bpf_core_read(dst, sizeof(*(dst)), &___members(src, a, ##__VA_ARGS__))
#define BPF_CORE_READ_USER_INTO(dst, src, a, ...) bpf_core_read_user(dst, sizeof(*(dst)), &___members(src, a, ##__VA_ARGS__))
#define BPF_PROBE_READ_INTO(dst, src, a, ...) bpf_probe_read_kernel(dst, sizeof(*(dst)), &___members(src, a, ##__VA_ARGS__))
#define BPF_CORE_READ_STR_INTO(dst, src, a, ...) bpf_core_read_str(dst, sizeof(*(dst)), ___members(src, a, ##__VA_ARGS__))
#define BPF_CORE_READ(src, a, ...) ({ typeof(___members(src, a, ##__VA_ARGS__)) __r; BPF_CORE_READ_INTO(&__r, src, a, ##__VA_ARGS__); __r; })
#define BPF_CORE_READ_USER(src, a, ...) ({ typeof(___members(src, a, ##__VA_ARGS__)) __r; BPF_CORE_READ_USER_INTO(&__r, src, a, ##__VA_ARGS__); __r; })
#define BPF_PROBE_READ(src, a, ...) ({ typeof(___members(src, a, ##__VA_ARGS__)) __r; BPF_PROBE_READ_INTO(&__r, src, a, ##__VA_ARGS__); __r; })
#define BPF_CORE_READ_BITFIELD(s, field) ((s)->field)
#define BPF_CORE_READ_BITFIELD_PROBED(s, field) ((s)->field)
#define BPF_CORE_WRITE_BITFIELD(s, field, value) ((s)->field = (value))
