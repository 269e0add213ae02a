//! Whole programs of any length in the manner of large BPF projects: few headers, and part after part of types, maps,
//! globals, helper functions and programs that call each other and jump through program arrays.

use super::Random;

/// What a program begins with to be compiled: the headers of libbpf and of the kernel's user space.
pub const HEADERS: &str = "#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct pt_regs;
";

/// What a program begins with where there are no headers: as much of them as it needs.
pub const STAND_IN: &str = r#"#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
#define __weak __attribute__((weak))
#define bpf_htons(x) __builtin_bswap16(x)
#define bpf_printk(fmt, args...) ({ static const char f[] = fmt; bpf_trace_printk(f, sizeof(f), ##args); })
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
enum { BPF_ANY, BPF_NOEXIST, BPF_EXIST };
enum {
	BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9, BPF_MAP_TYPE_RINGBUF = 27,
};
struct pt_regs;
struct __sk_buff { __u32 len, pkt_type, mark, queue_mapping, protocol; };
struct xdp_md { __u32 data, data_end, data_meta, ingress_ifindex; };
static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const bpf_map_update_elem)(void *map, const void *key, const void *value, __u64 flags) = (void *)2;
static long (*const bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static __u64 (*const bpf_ktime_get_ns)(void) = (void *)5;
static long (*const bpf_trace_printk)(const char *fmt, __u32 fmt_size, ...) = (void *)6;
static __u32 (*const bpf_get_smp_processor_id)(void) = (void *)8;
static long (*const bpf_tail_call)(void *ctx, void *prog_array_map, __u32 index) = (void *)12;
static __u64 (*const bpf_get_current_pid_tgid)(void) = (void *)14;
static long (*const bpf_get_current_comm)(void *buf, __u32 size_of_buf) = (void *)16;
static long (*const bpf_probe_read_kernel)(void *dst, __u32 size, const void *unsafe_ptr) = (void *)113;
static void *(*const bpf_ringbuf_reserve)(void *ringbuf, __u64 size, __u64 flags) = (void *)131;
static void (*const bpf_ringbuf_submit)(void *data, __u64 flags) = (void *)132;
"#;

const HEAD: &str = r#"
#define COMM_LEN 16
#define MAX_ENTRIES 10240
#define MAX_DEPTH 8
#define BIT(n) (1ULL << (n))
#define FIELD(type, name) type name
#define READ(dst, src) bpf_probe_read_kernel(&(dst), sizeof(dst), &(src))
#define MIN(a, b) ({ typeof(a) _a = (a); typeof(b) _b = (b); _a < _b ? _a : _b; })
#define DEFINE_MAP(_kind, _name, _key, _value, _entries)	\
	struct {						\
		__uint(type, _kind);				\
		__uint(max_entries, _entries);			\
		__type(key, _key);				\
		__type(value, _value);				\
	} _name SEC(".maps")
#define DEFINE_HASH(_name, _key, _value) DEFINE_MAP(BPF_MAP_TYPE_HASH, _name, _key, _value, MAX_ENTRIES)
#define COUNT(_stats, _member)					\
	do {							\
		struct stats *_s = (_stats);			\
		if (_s)						\
			__sync_fetch_and_add(&_s->_member, 1);	\
	} while (0)

char LICENSE[] SEC("license") = "GPL";

struct stats {
	FIELD(__u64, hits);
	FIELD(__u64, misses);
	FIELD(__u64, errors);
	FIELD(__u64, bytes);
};

struct header {
	__u64 when;
	__u32 pid;
	__u32 kind;
	char comm[COMM_LEN];
};

DEFINE_MAP(BPF_MAP_TYPE_PERCPU_ARRAY, all_stats, __u32, struct stats, 64);
DEFINE_MAP(BPF_MAP_TYPE_PROG_ARRAY, jumps, __u32, __u32, 64);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

const volatile __u32 wanted_pid = 0;
const volatile _Bool verbose = 0;
static __u64 started;
__u64 dropped;

static __always_inline struct stats *stats_of(__u32 which)
{
	return bpf_map_lookup_elem(&all_stats, &which);
}

static __always_inline void fill_header(struct header *header, __u32 kind)
{
	__u64 id = bpf_get_current_pid_tgid();

	header->when = bpf_ktime_get_ns() - started;
	header->pid = id >> 32;
	header->kind = kind;
	bpf_get_current_comm(header->comm, sizeof(header->comm));
}
"#;

const WORDS: [&str; 12] = [
    "task", "file", "sock", "mount", "cgroup", "inode", "packet", "flow", "page", "signal",
    "timer", "module",
];
const VERBS: [&str; 10] =
    ["read", "parse", "check", "update", "filter", "hash", "copy", "account", "match", "classify"];
const TYPES: [&str; 6] = ["__u8", "__u16", "__u32", "__u64", "__s32", "long"];
const SECTIONS: [(&str, &str); 6] = [
    ("tc", "struct __sk_buff"),
    ("xdp", "struct xdp_md"),
    ("kprobe/do_", "struct pt_regs"),
    ("kretprobe/do_", "struct pt_regs"),
    ("tracepoint/syscalls/sys_enter_", "void"),
    ("raw_tp/sys_", "void"),
];

/// A program of at least so many lines behind what it begins with ([`HEADERS`] or [`STAND_IN`]): the same for the same
/// seed, and each longer one begins as the shorter one does.
pub fn program(begin: &str, lines: usize, seed: u64) -> String {
    let text = [begin, HEAD].concat();
    let own = text.len() - HEAD.len();
    let mut writer = Writer { text, random: Random::new(seed), part: String::new(), statics: 0 };
    let mut number = 0;
    let mut counted = (own, 0);
    while counted.1 < lines {
        writer.part(number);
        number += 1;
        let more = writer.text.get(counted.0..).unwrap_or_default().matches('\n').count();
        counted = (writer.text.len(), counted.1 + more);
    }
    writer.text
}

struct Writer {
    text: String,
    random: Random,
    /// Name of the part that is being written.
    part: String,
    /// Helper functions that the part has so far.
    statics: usize,
}

/// Adds lines to the text; names in braces are those in scope.
macro_rules! lines {
    ($writer:expr, $($format:tt)*) => {{
        let line = format!($($format)*);
        $writer.text.push_str(&line);
        $writer.text.push('\n');
    }};
}

impl Writer {
    /// Types, maps, globals, helper functions and programs for one purpose.
    fn part(&mut self, number: usize) {
        self.part = format!("{}{number}", WORDS[number % WORDS.len()]);
        self.statics = 0;
        let part = self.part.clone();
        lines!(self, "\n/* What is known of each {part}, and what is told of it. */\n");
        let upper = part.to_uppercase();
        self.types(&part, &upper, number);
        self.maps(&part);
        self.globals(&part);
        for _ in 0..self.random.between(4, 9) {
            self.helper(&part, &upper);
        }
        for index in 0..self.random.between(2, 4) {
            self.program(&part, &upper, index);
        }
    }

    fn types(&mut self, part: &str, upper: &str, number: usize) {
        lines!(
            self,
            "#define {upper}_MAX {}\n#define {upper}_FLAG(n) (BIT(n) | {number})\n",
            16 + number % 48
        );
        lines!(
            self,
            "enum {part}_state {{\n\t{upper}_NEW,\n\t{upper}_OPEN,\n\t{upper}_BUSY = 4,\n\t{upper}_CLOSED,\n}};\n"
        );
        lines!(self, "struct {part}_key {{\n\t__u64 id;\n\t__u32 cpu;\n\t__u32 flags;\n}};\n");
        lines!(
            self,
            "struct {part} {{\n\tenum {part}_state state;\n\t__u32 uses:24, dirty:1, remote:7;"
        );
        lines!(
            self,
            "\tunion {{\n\t\t__u64 raw;\n\t\tstruct {{\n\t\t\t__u32 low;\n\t\t\t__u32 high;\n\t\t}};\n\t}};"
        );
        for member in 0..self.random.between(3, 10) {
            let kind = self.random.pick(&TYPES);
            match self.random.one_in(5) {
                true => lines!(self, "\t{kind} m{member}[{}];", self.random.between(2, 6)),
                false => lines!(self, "\t{kind} m{member};"),
            }
        }
        lines!(self, "\tstruct {part}_key last;\n\t__u64 sum;\n\tchar name[COMM_LEN];\n}};\n");
        lines!(
            self,
            "struct {part}_event {{\n\tstruct header header;\n\tstruct {part}_key key;\n\t__u64 value;\n}};\n"
        );
    }

    fn maps(&mut self, part: &str) {
        lines!(self, "DEFINE_HASH({part}s, struct {part}_key, struct {part});");
        let kind = self.random.pick(&[
            "BPF_MAP_TYPE_ARRAY",
            "BPF_MAP_TYPE_PERCPU_ARRAY",
            "BPF_MAP_TYPE_LRU_HASH",
        ]);
        lines!(
            self,
            "\nstruct {{\n\t__uint(type, {kind});\n\t__uint(max_entries, {});",
            self.random.between(1, 512)
        );
        lines!(
            self,
            "\t__type(key, __u32);\n\t__type(value, struct {part});\n}} {part}_scratch SEC(\".maps\");\n"
        );
    }

    fn globals(&mut self, part: &str) {
        lines!(
            self,
            "const volatile __u32 {part}_limit = {};\n__u64 {part}_seen;",
            self.random.between(1, 4096)
        );
        lines!(self, "static __u32 {part}_errors;\nstatic struct {part}_key {part}_last;");
        if self.random.one_in(2) {
            let values: Vec<String> = (0..self.random.between(3, 12))
                .map(|_| self.random.below(256).to_string())
                .collect();
            lines!(self, "static const __u16 {part}_weights[16] = {{ {} }};", values.join(", "));
        } else {
            lines!(
                self,
                "__u16 {part}_weights[16] SEC(\".data.{part}\") = {{ [3] = 7, [5] = {} }};",
                self.random.below(99)
            );
        }
    }

    fn helper(&mut self, part: &str, upper: &str) {
        let verb = self.random.pick(&VERBS);
        let how = self.random.pick(&[
            "static __always_inline",
            "static __noinline",
            "static",
            "static inline",
            "__noinline",
        ]);
        let number = self.statics;
        lines!(
            self,
            "\n{how} int {part}_{verb}{number}(struct {part} *it, __u64 value)\n{{\n\t__u32 index = value & 15;\n\tint err = 0;\n"
        );
        if how == "__noinline" {
            lines!(self, "\tif (!it)\n\t\treturn -1;");
        }
        for _ in 0..self.random.between(2, 7) {
            self.statement(part, upper);
        }
        lines!(self, "\treturn err;\n}}");
        lines!(self, "#define {part}_step{number}(it, value) {part}_{verb}{number}(it, value)");
        self.statics += 1;
    }

    /// A statement in a body with `it`, `value`, `index` and `err`.
    fn statement(&mut self, part: &str, upper: &str) {
        let number = self.random.between(1, 999);
        match self.random.below(12) {
            0 => lines!(
                self,
                "\tif (it->state == {upper}_CLOSED || value > {part}_limit) {{\n\t\t{part}_errors++;\n\t\treturn -{};\n\t}}",
                number % 30 + 1
            ),
            1 => lines!(self, "\tit->sum += {part}_weights[index] * {number};\n\tit->uses++;"),
            2 => lines!(
                self,
                "\tfor (int i = 0; i < MAX_DEPTH; i++) {{\n\t\tif (it->name[i] == {})\n\t\t\tbreak;\n\t\tit->sum = it->sum * 31 + it->name[i];\n\t}}",
                number % 100
            ),
            3 => lines!(
                self,
                "\tswitch (it->state) {{\n\tcase {upper}_NEW:\n\t\tit->state = {upper}_OPEN;\n\t\tbreak;\n\tcase {upper}_OPEN:\n\tcase {upper}_BUSY:\n\t\terr = {};\n\t\tbreak;\n\tdefault:\n\t\tit->dirty = 1;\n\t}}",
                number % 9
            ),
            4 => {
                lines!(self, "\tif (verbose)\n\t\tbpf_printk(\"{part}: %d after {number}\", err);")
            }
            5 => lines!(
                self,
                "\t{part}_last.id = MIN(value, (__u64){number});\n\t{part}_last.flags |= {upper}_FLAG({});",
                number % 24
            ),
            6 => lines!(
                self,
                "\t{{\n\t\tstruct {part} *found = bpf_map_lookup_elem(&{part}s, &it->last);\n\n\t\tif (found && found->raw != it->raw)\n\t\t\tfound->low = it->high ^ {number};\n\t}}"
            ),
            7 => lines!(
                self,
                "\tCOUNT(stats_of({}), {});",
                number % 64,
                self.random.pick(&["hits", "misses", "errors"])
            ),
            8 => lines!(
                self,
                "\t__sync_fetch_and_add(&{part}_seen, {number});\n\tvalue >>= {};",
                number % 7
            ),
            9 => {
                lines!(self, "\tif (READ(it->last, {part}_last))\n\t\terr = -{};", number % 30 + 1)
            }
            10 => lines!(
                self,
                "\tit->low = bpf_htons((__u16)value) + {number};\n\tindex = (index + it->low) & 15;"
            ),
            _ if self.statics > 0 => {
                let callee = self.random.below(self.statics);
                lines!(
                    self,
                    "\terr = {part}_step{callee}(it, value + {number});\n\tif (err)\n\t\treturn err;"
                );
            }
            _ => lines!(self, "\tstarted += value ^ {number};"),
        }
    }

    fn program(&mut self, part: &str, upper: &str, index: usize) {
        let (section, context) = self.random.pick(&SECTIONS);
        let section = match section.ends_with(['/', '_']) {
            true => format!("{section}{part}"),
            false => section.to_owned(),
        };
        lines!(self, "\nSEC(\"{section}\")\nint {part}_enter{index}({context} *ctx)\n{{");
        lines!(
            self,
            "\tstruct {part}_key key = {{ .cpu = bpf_get_smp_processor_id() }};\n\tstruct {part}_event *event;\n\tstruct {part} *it;\n\t__u64 value = {};\n\t__u32 index;\n\tint err;\n",
            self.random.below(64)
        );
        lines!(
            self,
            "\tkey.id = bpf_get_current_pid_tgid();\n\tif (wanted_pid && key.id >> 32 != wanted_pid)\n\t\treturn 0;"
        );
        lines!(
            self,
            "\tindex = key.id & 15;\n\tit = bpf_map_lookup_elem(&{part}s, &key);\n\tif (!it) {{\n\t\t{part}_errors++;\n\t\tgoto jump;\n\t}}"
        );
        for _ in 0..self.random.between(1, 4) {
            let callee = self.random.below(self.statics);
            lines!(
                self,
                "\terr = {part}_step{callee}(it, value + {part}_weights[index]);\n\tif (err < 0)\n\t\tgoto jump;"
            );
        }
        lines!(
            self,
            "\tevent = bpf_ringbuf_reserve(&events, sizeof(*event), 0);\n\tif (!event) {{\n\t\tdropped++;\n\t\treturn 0;\n\t}}"
        );
        lines!(
            self,
            "\tfill_header(&event->header, {upper}_MAX);\n\tevent->key = key;\n\tevent->value = value + it->sum;\n\tbpf_ringbuf_submit(event, 0);"
        );
        lines!(
            self,
            "jump:\n\tbpf_tail_call(ctx, &jumps, {});\n\treturn 0;\n}}",
            self.random.below(64)
        );
    }
}
