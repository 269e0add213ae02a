//! Cursors (`$0`) in programs and loaders, and what may be typed there.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cfront::{
    flags::Flags,
    session::{FileSystem, MemoryFileSystem},
    source::Text,
};
use expect_test::{Expect, expect};

use crate::{
    AnalysisHost, Change, Environment,
    answer::Completion,
    environment::{FileFlags, FlagsFrom},
};

struct Files(MemoryFileSystem);

impl FileSystem for Files {
    fn read(&self, path: &Path) -> Option<Text> {
        self.0.read(path)
    }
    fn is_file(&self, path: &Path) -> bool {
        self.0.is_file(path)
    }
}

impl Environment for Files {
    fn flags(&self, _: &Path) -> Arc<FileFlags> {
        Arc::new(FileFlags { flags: Flags::default(), from: FlagsFrom::CommandLine })
    }
    fn bpf_sources(&self, _: &Path, _: &str) -> Vec<PathBuf> {
        vec!["/w/hits.bpf.c".into()]
    }
    fn loaders(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}

const PROGRAM: &str = r#"
#include <bpf/bpf_helpers.h>
enum { BPF_MAP_TYPE_HASH = 1 };
struct config { int limit; };
int hits SEC(".percpu") = 3;
long by_size[6] SEC(".percpu");
const volatile struct config config = {};
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, long);
__uint(max_entries, 8); } flows SEC(".maps");
SEC("xdp") int count(struct xdp_md *ctx) { return config.limit; }
char LICENSE[] SEC("license") = "GPL";
"#;

fn completions(name: &str, text: &str) -> Vec<Completion> {
    let offset = text.find("$0").expect("a cursor");
    let text = text.replacen("$0", "", 1);
    let files = Files(MemoryFileSystem::default());
    files.0.write(Path::new("/w/hits.bpf.c"), PROGRAM);
    let mut host = AnalysisHost::new(Arc::new(files));
    let path = Path::new("/w").join(name);
    host.apply(Change::Text { path: path.as_path().into(), version: 1, text: text.into() });
    let all = host.analysis().completions(&path, offset as u32);
    all.expect("nobody cancels")
}

/// The first entries, as `label | detail`.
fn check_in(name: &str, text: &str, expect: Expect) {
    let mut all = completions(name, text);
    all.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
    let line = |c: &Completion| format!("{} | {}\n", c.label, c.detail);
    let shown: String = all.iter().take(12).map(line).collect();
    let more = if all.len() > 12 { "...\n" } else { "" };
    expect.assert_eq(&(shown + more));
}

fn check(text: &str, expect: Expect) {
    check_in("a.bpf.c", text, expect);
}

fn check_loader(body: &str, expect: Expect) {
    check_in("load.c", &format!("#include \"hits.skel.h\"\n{body}"), expect);
}

/// The labels that begin with what stands before the cursor.
fn check_matching(text: &str, expect: Expect) {
    let line = |c: &Completion| {
        let start = c.replace.start as usize;
        let word = &text[start..text.find("$0").unwrap()];
        c.label.starts_with(word).then(|| format!("{} | {}\n", c.label, c.detail))
    };
    let all = completions("a.bpf.c", text);
    expect.assert_eq(&all.iter().filter_map(line).collect::<String>());
}

#[test]
fn section_names() {
    check_matching(
        "SEC(\"xd$0\")\nint f(void *ctx) { return 0; }\n",
        expect![[r#"
        xdp.frags/devmap | XDP, BPF_XDP_DEVMAP
        xdp/devmap | XDP, BPF_XDP_DEVMAP
        xdp.frags/cpumap | XDP, BPF_XDP_CPUMAP
        xdp/cpumap | XDP, BPF_XDP_CPUMAP
        xdp.frags | XDP, BPF_XDP
        xdp | XDP, BPF_XDP
    "#]],
    );
}

#[test]
fn section_names_without_end_of_string() {
    check_matching(
        "SEC(\"fentry$0\nint f(void *ctx) { return 0; }\n",
        expect![[r#"
        fentry/ | TRACING, BPF_TRACE_FENTRY
        fentry.s/ | TRACING, BPF_TRACE_FENTRY, sleepable
        fentry.multi/ | TRACING, BPF_TRACE_FENTRY_MULTI
        fentry.multi.s/ | TRACING, BPF_TRACE_FENTRY_MULTI, sleepable
    "#]],
    );
    check_matching(
        "int x;\nSEC(\"?lsm$0",
        expect![[r#"
        lsm/ | LSM, BPF_LSM_MAC
        lsm.s/ | LSM, BPF_LSM_MAC, sleepable
        lsm_cgroup/ | LSM, BPF_LSM_CGROUP
    "#]],
    );
}

#[test]
fn data_sections_behind_a_declarator() {
    check_matching(
        "long hits[4] SEC(\".p$0\") = {};\n",
        expect![[r#"
        .percpu | per-CPU data: one copy for each possible CPU
        .percpu. | per-CPU data in a map of its own name
    "#]],
    );
    check_matching(
        "struct { int a; } m SEC(\".m$0\n\nint g;\n",
        expect![[r#"
        .maps | map definitions
    "#]],
    );
}

#[test]
fn other_strings_are_left_alone() {
    check("int f(void) { bpf_printk(\"x$0\"); }", expect![[""]]);
    check("#include \"x$0\"\n", expect![[""]]);
    check("// SEC(\"x$0\n", expect![[""]]);
    check("/* SEC(\"x$0\") */\n", expect![[""]]);
}

#[test]
fn licences() {
    check(
        "char LICENSE[] SEC(\"license\") = \"$0\";",
        expect![[r#"
        Dual BSD/GPL | GPL compatible
        Dual MIT/GPL | GPL compatible
        Dual MPL/GPL | GPL compatible
        GPL | GPL compatible
        GPL and additional rights | GPL compatible
        GPL v2 | GPL compatible
    "#]],
    );
    check(
        "char LICENSE[] SEC(\"license\") = \"Dual$0\n",
        expect![[r#"
        Dual BSD/GPL | GPL compatible
        Dual MIT/GPL | GPL compatible
        Dual MPL/GPL | GPL compatible
        GPL | GPL compatible
        GPL and additional rights | GPL compatible
        GPL v2 | GPL compatible
    "#]],
    );
    check("char NAME[] SEC(\".data.x\") = \"$0\";", expect![[""]]);
}

#[test]
fn map_types() {
    check_matching(
        "struct {\n\t__uint(type, BPF_MAP_TYPE_PERCPU$0);\n} m SEC(\".maps\");",
        expect![[r#"
            BPF_MAP_TYPE_PERCPU_HASH | since Linux 4.6
            BPF_MAP_TYPE_PERCPU_ARRAY | since Linux 4.6
            BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE_DEPRECATED | since Linux 4.20
            BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE | since Linux 4.20
        "#]],
    );
}

#[test]
fn map_types_on_a_torn_line() {
    check_matching(
        "struct {\n\t__uint(type, BPF_MAP_TYPE_RING$0\n\t__uint(max_entries, 8);\n} m SEC(\".maps\");",
        expect![[r#"
            BPF_MAP_TYPE_RINGBUF | since Linux 5.8
        "#]],
    );
    check_matching(
        "struct {\n\t__uint(type, BPF_MAP_TYPE_RING$0",
        expect![[r#"
        BPF_MAP_TYPE_RINGBUF | since Linux 5.8
    "#]],
    );
}

#[test]
fn names_in_a_members_macro() {
    check(
        "struct {\n\t__uint(type, BPF_MAP_TYPE_HASH);\n\t__uint($0)\n} m SEC(\".maps\");",
        expect![[r#"
            max_entries | number of entries; bytes of a ring buffer
            key_size | size of a key in bytes, where no type is given
            value_size | size of a value in bytes, where no type is given
            map_flags | flags of map creation
            numa_node | NUMA node of the memory, with BPF_F_NUMA_NODE
            pinning | whether libbpf pins the map below /sys/fs/bpf
        "#]],
    );
    check(
        "struct {\n\t__type(key, int);\n\t__type($0);\n} m SEC(\".maps\");",
        expect![[r#"
        value | C type of the values, for BTF and for the value size
    "#]],
    );
}

#[test]
fn flags_of_the_maps_type() {
    check(
        "struct {\n\t__uint(type, BPF_MAP_TYPE_RINGBUF);\n\t__uint(map_flags, $0);\n} m SEC(\".maps\");",
        expect![[r#"
            BPF_F_NUMA_NODE | 0x4
        "#]],
    );
    check_matching(
        "struct {\n\t__uint(type, BPF_MAP_TYPE_ARRAY);\n\t__uint(map_flags, BPF_F_INNER_MAP | BPF_F_M$0);\n} m SEC(\".maps\");",
        expect![[r#"
            BPF_F_MMAPABLE | 0x400
        "#]],
    );
}

#[test]
fn members_of_a_definition() {
    check(
        "struct {\n\t__uint(type, BPF_MAP_TYPE_HASH);\n\t__$0\n\t__type(key, int);\n} m SEC(\".maps\");",
        expect![[r#"
            __uint(max_entries, ...) | number of entries; bytes of a ring buffer
            __type(value, ...) | C type of the values, for BTF and for the value size
            __uint(key_size, ...) | size of a key in bytes, where no type is given
            __uint(value_size, ...) | size of a value in bytes, where no type is given
            __uint(map_flags, ...) | flags of map creation
            __uint(numa_node, ...) | NUMA node of the memory, with BPF_F_NUMA_NODE
            __uint(pinning, ...) | whether libbpf pins the map below /sys/fs/bpf
            __ulong(map_extra, ...) | a number that the map type defines (bloom filter, arena)
            __array(values, ...) | definition or slots of the maps or programs inside
        "#]],
    );
    check("struct named {\n\t__$0\n\tint a;\n};", expect![[""]]);
}

#[test]
fn helpers_in_a_program() {
    check_matching(
        "SEC(\"xdp\")\nint f(struct xdp_md *ctx)\n{\n\tbpf_xdp_adj$0\n\treturn 0;\n}\n",
        expect![[r#"
            bpf_xdp_adjust_head | long (struct xdp_md *xdp_md, int delta)
            bpf_xdp_adjust_meta | long (struct xdp_md *xdp_md, int delta)
            bpf_xdp_adjust_tail | long (struct xdp_md *xdp_md, int delta)
        "#]],
    );
    check_matching(
        "SEC(\"xdp\")\nint f(struct xdp_md *ctx)\n{\n\tif (bpf_probe_read_k$0\n\treturn 0;\n}\n",
        expect![[r#"
            bpf_probe_read_kernel | long (void *dst, __u32 size, const void *unsafe_ptr)
            bpf_probe_read_kernel_str | long (void *dst, __u32 size, const void *unsafe_ptr)
            bpf_probe_read_kernel_dynptr | kfunc
            bpf_probe_read_kernel_str_dynptr | kfunc
        "#]],
    );
    check_matching(
        "SEC(\"kprobe/x\")\nint BPF_KPROBE(f, int a)\n{\n\tint x = bpf_get_current_co$0;\n}\n",
        expect![[r#"
            bpf_get_current_comm | long (void *buf, __u32 size_of_buf)
        "#]],
    );
}

#[test]
fn no_helpers_where_no_value_can_stand() {
    check("int f(void)\n{\n\tint bpf_g$0;\n}\n", expect![[""]]);
    check("int bpf_g$0(void)\n{\n}\n", expect![[""]]);
    check("int f(void) { return 0; }\nbpf_g$0", expect![[""]]);
    check("int f(struct s *p) { return p->bpf_g$0; }\n", expect![[""]]);
}

#[test]
fn members_of_a_skeleton() {
    check_loader(
        "int f(struct hits *skel)\n{\n\tskel->$0\n\treturn 0;\n}\n",
        expect![[r#"
            skeleton | struct bpf_object_skeleton *skeleton
            obj | struct bpf_object *obj
            maps | struct { ... } maps
            progs | struct { ... } progs
            links | struct { ... } links
            percpu | struct hits__percpu { ... } *percpu
            rodata | struct hits__rodata { ... } *rodata
        "#]],
    );
    check_loader(
        "int f(struct hits *skel)\n{\n\tif (skel->maps.$0)\n",
        expect![[r#"
            flows | struct bpf_map *flows
            percpu | struct bpf_map *percpu
            rodata | struct bpf_map *rodata
        "#]],
    );
    check_loader(
        "int f(struct hits *skel)\n{\n\treturn g(skel->progs.c$0",
        expect![[r#"
        count | struct bpf_program *count
    "#]],
    );
    check_loader(
        "int f(struct hits *skel)\n{\n\tskel->links.$0 = 0;\n}\n",
        expect![[r#"
        count | struct bpf_link *count
    "#]],
    );
}

#[test]
fn variables_of_a_section() {
    check_loader(
        "int f(struct hits *skel)\n{\n\tskel->percpu->h$0 = 1;\n}\n",
        expect![[r#"
        hits | int hits // .percpu+0
        by_size | long by_size[6] // .percpu+8
    "#]],
    );
    check_loader(
        "int f(struct hits *skel)\n{\n\tskel->rodata->$0\n}\n",
        expect![[r#"
        config | volatile const struct config config // .rodata+0
    "#]],
    );
}

#[test]
fn variables_through_a_pointer_to_the_section() {
    check_loader(
        "int f(struct hits__percpu *p)\n{\n\tp->$0\n}\n",
        expect![[r#"
        hits | int hits // .percpu+0
        by_size | long by_size[6] // .percpu+8
    "#]],
    );
}

#[test]
fn other_structs_are_left_alone() {
    check_loader("struct s { int a; };\nint f(struct s *p)\n{\n\tp->$0\n}\n", expect![[""]]);
}

#[test]
fn functions_of_a_skeleton() {
    check_loader(
        "int f(void)\n{\n\tstruct hits *s = hits__o$0\n}\n",
        expect![[r#"
        hits__open | struct hits * (void)
        hits__open_opts | struct hits * (const struct bpf_object_open_opts *opts)
        hits__load | int (struct hits *obj)
        hits__open_and_load | struct hits * (void)
        hits__attach | int (struct hits *obj)
        hits__detach | void (struct hits *obj)
        hits__destroy | void (struct hits *obj)
        hits__elf_bytes | const void * (size_t *sz)
    "#]],
    );
    check_loader("int f(void)\n{\n\tx$0\n}\n", expect![[""]]);
}

#[test]
fn every_place_of_torn_texts_has_an_answer() {
    let torn = "SEC(\"xdp\nstruct { __uint(type, }; é SEC( int BPF_PROG(f, {{{ bpf_g[(";
    for (at, _) in torn.char_indices() {
        for name in ["a.bpf.c", "load.c"] {
            let text = format!("{}$0{}", &torn[..at], &torn[at..]);
            completions(name, &text);
        }
    }
}
