//! Every query of `grammar-queries/` compiles against the grammar that the server is built with, and
//! captures what it says it captures.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};
use tree_sitter::{Language, Parser, Query, QueryCursor, StreamingIterator as _};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../grammar-queries/queries/c")
}

fn language() -> Language {
    tree_sitter_c::LANGUAGE.into()
}

fn compile(path: &Path) -> Query {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Query::new(&language(), &text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// One line a match: its captures in the order of the text, without the helper captures (`@_x`).
fn captures(query: &Query, source: &str) -> String {
    let mut parser = Parser::new();
    parser.set_language(&language()).expect("the grammar fits the library");
    let tree = parser.parse(source, None).expect("no time limit is set");
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(query, tree.root_node(), source.as_bytes());
    let mut lines = Vec::new();
    while let Some(found) = matches.next() {
        let mut line = String::new();
        for capture in found.captures() {
            let name = query.capture_names()[capture.index as usize];
            if name.starts_with('_') {
                continue;
            }
            let text =
                source[capture.node.byte_range()].split_whitespace().collect::<Vec<_>>().join(" ");
            let separator = if line.is_empty() { "" } else { " | " };
            let _ = write!(line, "{separator}{name}: {text}");
        }
        let start = found.captures().iter().map(|c| c.node.start_byte()).min().unwrap_or(0);
        lines.push((start, line));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line + "\n").collect()
}

fn check(file: &str, source: &str, expect: Expect) {
    expect.assert_eq(&captures(&compile(&folder().join(file)), source));
}

#[test]
fn every_query_compiles() {
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        compile(&path);
        seen.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    seen.sort();
    expect![[r#"
        [
            "highlights.scm",
            "locals.scm",
            "maps.scm",
            "programs.scm",
            "sections.scm",
            "tags.scm",
        ]
    "#]]
    .assert_debug_eq(&seen);
}

#[test]
fn sections_as_written() {
    check(
        "sections.scm",
        r#"
__u64 hits SEC(".percpu") = 0;
__u32 by_size[6] SEC(".percpu");
SEC("?tc") __noinline int g(void) { other(".percpu"); return 0; }
int v __attribute__((section(".data.x"))) = 1;
"#,
        expect![[r#"
            section.entity: __u64 hits | section.declarator: hits
            section.macro: SEC | section.name: .percpu
            section.entity: __u32 by_size[6] | section.declarator: by_size[6]
            section.macro: SEC | section.name: .percpu
            section.macro: SEC | section.name: ?tc
            section.entity: int g(void) { other(".percpu"); return 0; } | section.declarator: g(void)
            section.entity: int v | section.declarator: v
            section.macro: section | section.name: .data.x
        "#]],
    );
}

#[test]
fn sections_in_plain_c() {
    check(
        "sections.scm",
        r#"
__u64 hits = 0, *next, table[4];
struct { struct { int a; } b; } last;
int count(struct xdp_md *ctx) { int inner = 1; return inner; }
"#,
        expect![[r#"
            section.entity: __u64 hits = 0, *next, table[4]; | section.declarator: *next
            section.entity: __u64 hits = 0, *next, table[4]; | section.declarator: hits = 0
            section.entity: __u64 hits = 0, *next, table[4]; | section.declarator: table[4]
            section.entity: struct { struct { int a; } b; } last; | section.declarator: last
            section.entity: int count(struct xdp_md *ctx) { int inner = 1; return inner; } | section.declarator: count(struct xdp_md *ctx)
        "#]],
    );
}

#[test]
fn map_members_as_written() {
    check(
        "maps.scm",
        r#"
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64 * 1024);
	__type(key, __u32);
	__type(value, struct flow);
	__array(values, struct inner);
	__ulong(map_extra, 5);
} flows SEC(".maps");
"#,
        expect![[r#"
            map.body: { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64 * 1024); __type(key, __u32); __type(value, struct flow); __array(values, struct inner); __ulong(map_extra, 5); }
            map.member: __uint(type, BPF_MAP_TYPE_HASH); | map.member.macro: __uint
            map.member.name: type
            map.member.name: max_entries
            map.member: __uint(max_entries, 64 * 1024); | map.member.macro: __uint
            map.member.type: __u32
            map.member: __type(key, __u32); | map.member.macro: __type
            map.member.name: key
            map.member.type: struct flow
            map.member: __type(value, struct flow); | map.member.macro: __type
            map.member.name: value
            map.member.inner: struct inner
            map.member: __array(values, struct inner); | map.member.macro: __array
            map.member.name: values
            map.member.name: map_extra
            map.member: __ulong(map_extra, 5); | map.member.macro: __ulong
        "#]],
    );
}

#[test]
fn map_members_in_plain_c() {
    check(
        "maps.scm",
        r#"
struct {
	int (*type)[1];
	int (*max_entries)[64 * 1024];
	__u32 *key;
	__typeof__(struct flow) *value;
	struct inner *values[];
	int plain;
} flows;
"#,
        expect![[r#"
            map.body: { int (*type)[1]; int (*max_entries)[64 * 1024]; __u32 *key; __typeof__(struct flow) *value; struct inner *values[]; int plain; }
            map.member: int (*type)[1]; | map.member.name: type | map.member.number: 1
            map.member: int (*max_entries)[64 * 1024]; | map.member.name: max_entries | map.member.number: 64 * 1024
            map.member: __u32 *key; | map.member.type: __u32 | map.member.name: key
            map.member: __typeof__(struct flow) *value; | map.member.type: __typeof__(struct flow) | map.member.name: value
            map.member: struct inner *values[]; | map.member.inner: struct inner | map.member.name: values
        "#]],
    );
}

#[test]
fn programs_as_written() {
    check(
        "programs.scm",
        r#"
SEC("xdp")
int count_packet(struct xdp_md *ctx) { return 0; }
SEC("kprobe/do_unlinkat")
int BPF_KPROBE(unlink, int fd) { return 0; }
SEC("?tc") __noinline int classify(void) { return 0; }
static int helper(void) { return 0; }
"#,
        expect![[r#"
            program.section: xdp | program.name: count_packet
            program: int count_packet(struct xdp_md *ctx) { return 0; } | program.name: count_packet | program.parameters: (struct xdp_md *ctx)
            program.section: kprobe/do_unlinkat | program.name: BPF_KPROBE
            program: int BPF_KPROBE(unlink, int fd) { return 0; } | program.macro: BPF_KPROBE | program.parameters: (unlink, int fd) | program.name: unlink
            program.section: ?tc | program.name: classify
            program: int classify(void) { return 0; } | program.name: classify | program.parameters: (void)
            program: static int helper(void) { return 0; } | program.name: helper | program.parameters: (void)
        "#]],
    );
}

#[test]
fn programs_in_plain_c() {
    check(
        "programs.scm",
        r#"
int count_packet(struct xdp_md *ctx) { return 0; }
struct flow *find(void) { return 0; }
int declared(void);
"#,
        expect![[r#"
            program: int count_packet(struct xdp_md *ctx) { return 0; } | program.name: count_packet | program.parameters: (struct xdp_md *ctx)
            program: struct flow *find(void) { return 0; } | program.name: find | program.parameters: (void)
        "#]],
    );
}

#[test]
fn highlights() {
    check(
        "highlights.scm",
        r#"
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
} flows SEC(".maps");
extern int CONFIG_HZ __kconfig;
SEC("kprobe/do_unlinkat")
int BPF_KPROBE(unlink, int fd) { return bpf_get_smp_processor_id(); }
"#,
        expect![[r#"
            constant: BPF_MAP_TYPE_HASH
            function.macro: __uint
            property: type
            function.macro: __uint
            property: max_entries
            function.macro: __type
            property: key
            type.builtin: __u32
            attribute: SEC | string.special: .maps
            attribute: __kconfig
            attribute: SEC | string.special: kprobe/do_unlinkat
            function.macro: BPF_KPROBE | function: unlink
            function.builtin: bpf_get_smp_processor_id
        "#]],
    );
}

#[test]
fn locals() {
    check(
        "locals.scm",
        "#define LIMIT 3\nstatic int add(int a, int *b) { int sum = a; return sum; }\n",
        expect![[r#"
            local.scope: #define LIMIT 3 static int add(int a, int *b) { int sum = a; return sum; }
            local.definition.macro: LIMIT
            local.reference: LIMIT
            local.scope: static int add(int a, int *b) { int sum = a; return sum; }
            local.definition.function: add
            local.reference: add
            local.definition.parameter: a
            local.reference: a
            local.definition.var: b
            local.reference: b
            local.scope: { int sum = a; return sum; }
            local.definition.var: sum
            local.reference: sum
            local.reference: a
            local.reference: sum
        "#]],
    );
}

#[test]
fn tags() {
    check(
        "tags.scm",
        r#"
#define LIMIT 3
struct flow { int a; };
__u64 hits SEC(".percpu") = 0;
char LICENSE[] SEC("license") = "GPL";
int plain = 4;
SEC("xdp")
int count_packet(struct xdp_md *ctx) { return helper(ctx); }
SEC("kprobe/do_unlinkat")
int BPF_KPROBE(unlink, int fd) { return 0; }
"#,
        expect![[r#"
            definition.macro: #define LIMIT 3 | name: LIMIT
            definition.class: struct flow { int a; } | name: flow
            definition.variable: __u64 hits | name: hits
            definition.variable: char LICENSE[] | name: LICENSE
            definition.variable: int plain = 4; | name: plain
            definition.function: int count_packet(struct xdp_md *ctx) { return helper(ctx); } | name: count_packet
            reference.call: helper(ctx) | name: helper
            definition.function: int BPF_KPROBE(unlink, int fd) { return 0; } | name: unlink
        "#]],
    );
}

#[test]
fn initial_values_of_sections_as_written() {
    check(
        "sections.scm",
        "char LICENSE[] SEC(\"license\") = \"GPL\";\n",
        expect![[r#"
        section.entity: char LICENSE[] | section.declarator: LICENSE[]
        section.macro: SEC | section.name: license
        section.macro: SEC | section.name: license | section.value: "GPL"
    "#]],
    );
}

#[test]
fn map_bodies() {
    check(
        "maps.scm",
        "struct { int a; } x SEC(\".maps\");\nstruct s { int a; };\n",
        expect![[r#"
        map.body: { int a; }
    "#]],
    );
}
