//! Rules about map definitions.

use expect_test::expect;

use super::{super::Usage, check, check_with, program, usual};

fn map(members: &str) -> String {
    program(
        "xdp",
        &format!("struct {{ {members} }} m SEC(\".maps\");"),
        "return bpf_map_delete_elem(&m, ctx);",
    )
}

#[test]
fn key_sizes() {
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u64); __type(value, int); __uint(max_entries, 1);",
        ),
        expect![[r#"
            error map-key-size at `m`: ARRAY takes 4 bytes, `m` has 8-byte keys: creating it fails with -EINVAL
        "#]],
    );
    check(
        &map("__uint(type, BPF_MAP_TYPE_HASH); __type(value, int); __uint(max_entries, 1);"),
        expect![[r#"
            error map-key-size at `m`: HASH takes at least 1 byte, `m` has no key: creating it fails with -EINVAL
        "#]],
    );
}

#[test]
fn value_sizes() {
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_STACK_TRACE); __type(key, int); __uint(value_size, 12); __uint(max_entries, 1);",
        ),
        expect![[r#"
            error map-value-size at `m`: STACK_TRACE takes a multiple of 8 bytes, `m` has 12-byte values: creating it fails with -EINVAL
        "#]],
    );
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __uint(value_size, 40000); __uint(max_entries, 1);",
        ),
        expect![[r#"
            warning map-value-size at `m`: a value of `m` takes 40000 bytes per CPU: creating it fails with -E2BIG where pages are not larger than 32 KiB
        "#]],
    );
}

#[test]
fn entries() {
    check(
        &map("__uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, int);"),
        expect![[r#"
            error map-max-entries at `m`: ARRAY needs `max_entries` above 0 in `m`: creating it fails with -EINVAL
        "#]],
    );
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_TASK_STORAGE); __type(key, int); __type(value, int); __uint(map_flags, BPF_F_NO_PREALLOC); __uint(max_entries, 5);",
        ),
        expect![[r#"
            error map-max-entries at `m`: TASK_STORAGE takes no `max_entries`, `m` has 5: creating it fails with -EINVAL
        "#]],
    );
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4);",
        ),
        expect![[""]],
    );
}

#[test]
fn ring_buffers() {
    check(
        &map("__uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 5000);"),
        expect![[r#"
        information ringbuf-size at `max_entries`: `m` asks for 5000 bytes: libbpf makes it 8192 (with 4 KiB pages), other loaders fail
    "#]],
    );
    check(
        &map("__uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 256 * 1024);"),
        expect![[""]],
    );
}

#[test]
fn flags() {
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(key_size, 8); __uint(value_size, 4); __uint(max_entries, 5);",
        ),
        expect![[r#"
            error map-flags at `m`: LPM_TRIE needs `BPF_F_NO_PREALLOC` in `map_flags` of `m`: creating it fails with -EINVAL
        "#]],
    );
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_LRU_HASH); __type(key, int); __type(value, int); __uint(max_entries, 5); __uint(map_flags, BPF_F_NO_PREALLOC);",
        ),
        expect![[r#"
            error map-flags at `m`: LRU_HASH does not take `BPF_F_NO_PREALLOC` (`m`): creating it fails with -ENOTSUPP
        "#]],
    );
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, int); __uint(max_entries, 5); __uint(map_flags, BPF_F_NO_PREALLOC);",
        ),
        expect![[""]],
    );
}

#[test]
fn attributes_that_code_sets() {
    let mut usage = usual();
    usage.maps_set_by_code.insert("m".into());
    check_with(
        usage,
        &map("__uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u64); __type(value, int);"),
        expect![[""]],
    );
}

/// A map of a header is shared by programs; what it leaves out a loader elsewhere may fill in. What
/// the header does say is judged.
#[test]
fn maps_of_headers() {
    let with = |members: &str| {
        format!(
            "//- /p.bpf.c\n#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n#include \"maps.h\"\n//- /maps.h\nstruct {{ {members} }} m SEC(\".maps\");\n"
        )
    };
    check(
        &with("__uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, int);"),
        expect![[""]],
    );
    check(
        &with("__uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u64); __type(value, int);"),
        expect![[r#"
            error map-key-size at `m`: ARRAY takes 4 bytes, `m` has 8-byte keys: creating it fails with -EINVAL
        "#]],
    );
}

#[test]
fn unknown_members() {
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, int); __uint(max_entrys, 1); __uint(max_entries, 1);",
        ),
        expect![[r#"
            error map-unknown-member at `max_entrys`: `max_entrys` of `m` is a member that libbpf does not know: it refuses the object (-ENOTSUP, unknown field)
                fix Use `max_entries`: `max_entrys` -> `max_entries`
        "#]],
    );
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, int); int max_entries;",
        ),
        expect![[r#"
            error map-unknown-member at `max_entries`: `max_entries` of `m` is no `__uint`: libbpf refuses the object (-EINVAL)
        "#]],
    );
    check_with(
        Usage { relaxed_maps: true, ..usual() },
        &map(
            "__uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, int); __uint(mine, 1); __uint(max_entries, 1);",
        ),
        expect![[""]],
    );
}

#[test]
fn two_sizes_and_no_type() {
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __uint(key_size, 8); __type(value, int); __uint(max_entries, 1);",
        ),
        expect![[r#"
            error map-unknown-member at `key_size`: `m` says two key sizes, 4 and 8: libbpf refuses the object (-EINVAL)
        "#]],
    );
    check(
        &map("__type(key, int); __type(value, int); __uint(max_entries, 1);"),
        expect![[r#"
        error map-unknown-member at `m`: `m` has no `type`: libbpf refuses the object (-EINVAL)
    "#]],
    );
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_HASH); __uint(key_size, 4); __type(key, int); __type(value, int); __uint(max_entries, 1);",
        ),
        expect![[""]],
    );
}

#[test]
fn pinning() {
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, int); __uint(max_entries, 1); __uint(pinning, 2);",
        ),
        expect![[r#"
            error map-unknown-member at `pinning`: libbpf knows no pinning 2: it refuses the object (-EINVAL)
        "#]],
    );
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, int); __uint(max_entries, 1); __uint(pinning, LIBBPF_PIN_BY_NAME);",
        ),
        expect![[""]],
    );
}

#[test]
fn linkage() {
    let members = "__uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, int); __uint(max_entries, 1);";
    check(
        &program(
            "xdp",
            &format!("static struct {{ {members} }} m SEC(\".maps\");"),
            "return bpf_map_delete_elem(&m, ctx);",
        ),
        expect![[r#"
            error map-unknown-member at `m`: `m` is static: libbpf takes global maps only and refuses the object (-EOPNOTSUPP)
        "#]],
    );
    check(
        &program(
            "xdp",
            &format!("struct {{ {members} }} m __hidden SEC(\".maps\");"),
            "return bpf_map_delete_elem(&m, ctx);",
        ),
        expect![[r#"
            error map-unknown-member at `m`: `m` is hidden: libbpf takes global maps only and refuses the object (-EOPNOTSUPP)
        "#]],
    );
    check(
        &program(
            "xdp",
            &format!("struct {{ {members} }} m __weak SEC(\".maps\");"),
            "return bpf_map_delete_elem(&m, ctx);",
        ),
        expect![[""]],
    );
}

#[test]
fn maps_in_maps() {
    let inner = "struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, int); __uint(max_entries, 1);";
    let outer = "struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __type(key, int); __uint(max_entries, 1); __array(values, struct inner); } m SEC(\".maps\");";
    check(
        &program("xdp", &format!("{inner} }}; {outer}"), "return bpf_map_delete_elem(&m, ctx);"),
        expect![[""]],
    );
    check(
        &program(
            "xdp",
            &format!("{inner} __uint(pinning, 1); }}; {outer}"),
            "return bpf_map_delete_elem(&m, ctx);",
        ),
        expect![[r#"
            error map-unknown-member at `pinning`: `m.inner` is an inner map and cannot be pinned: libbpf refuses the object (-EINVAL)
        "#]],
    );
    check(
        &program(
            "xdp",
            &format!("{inner} }}; {}", outer.replace("ARRAY_OF_MAPS", "ARRAY")),
            "return bpf_map_delete_elem(&m, ctx);",
        ),
        expect![[r#"
            error map-unknown-member at `values`: `values` of `m`: only maps of maps and program arrays take it, libbpf refuses the object (-ENOTSUP)
        "#]],
    );
}

#[test]
fn types_without_size() {
    let text = |ty: &str| {
        map(&format!("__uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, {ty}); __uint(max_entries, 1);"))
            .replace("#include \"vmlinux.h\"", "#include \"vmlinux.h\"\nstruct gone; struct here { int a; };")
            + "//- /vmlinux.h\ntypedef unsigned int __u32; typedef int __s32; typedef unsigned long long __u64; typedef unsigned char __u8; typedef unsigned short __u16; typedef long long __s64; typedef __u16 __be16; typedef __u32 __be32; typedef __u32 __wsum; enum { BPF_MAP_TYPE_HASH = 1 };\n"
    };
    check(
        &text("void"),
        expect![[r#"
        error map-incomplete-type at `value`: `void` has no size: libbpf cannot tell the value size of `m` and refuses the object (-EINVAL)
    "#]],
    );
    check(&text("struct here"), expect![[""]]);
}

#[test]
fn storage_needs_types() {
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(key_size, 4); __uint(value_size, 8); __uint(map_flags, BPF_F_NO_PREALLOC);",
        ),
        expect![[r#"
            error map-needs-btf at `key_size`: TASK_STORAGE needs the type of the key, `m` gives its size only: creating it fails with -EINVAL; use `__type(key, ...)`
            error map-needs-btf at `value_size`: TASK_STORAGE needs the type of the value, `m` gives its size only: creating it fails with -EINVAL; use `__type(value, ...)`
        "#]],
    );
    check(
        &map(
            "__uint(type, BPF_MAP_TYPE_TASK_STORAGE); __type(key, int); __type(value, long); __uint(map_flags, BPF_F_NO_PREALLOC);",
        ),
        expect![[""]],
    );
}
