//! Programs that are large in one way: `n` variables, `n` sections, declarators nested `n` deep. What is made of
//! them must cost little more than `n` times what it costs for one.

use super::program;

/// What there is a lot of.
pub struct Kind {
    /// Name, in the plural.
    pub name: &'static str,
    write: fn(usize) -> String,
    /// What goes behind the text.
    end: &'static str,
    /// Most that makes sense: depths beyond a limit are cut off.
    pub most: usize,
}

/// Where [`Kind::files`] puts the program.
pub const MAIN: &str = "/w/large.bpf.c";

const HEAD: &str = r#"#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
#define __ksym __attribute__((section(".ksyms")))
#define __kconfig __attribute__((section(".kconfig")))
typedef unsigned int __u32;
typedef unsigned long long __u64;
enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2 };
static long (*const bpf_trace_printk)(const char *fmt, __u32 fmt_size, ...) = (void *)6;
static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
char LICENSE[] SEC("license") = "GPL";
int global;
"#;

impl Kind {
    /// The program with `n` of them, and its headers; the program comes first.
    pub fn files(&self, n: usize) -> Vec<(String, String)> {
        let n = n.min(self.most);
        let head = if self.name == "lines" { "" } else { HEAD };
        let text = [head, &(self.write)(n), self.end].concat();
        let mut files = vec![(MAIN.to_owned(), text)];
        if self.name == "includes" {
            files.extend((0..n).map(|i| (format!("/w/h{i}.h"), format!("extern int h{i};\n"))));
        }
        files
    }
}

/// The kind of that name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

macro_rules! kinds {
    ($($name:literal $(($most:literal))?: $write:expr $(, $end:literal)?;)*) => {
        /// Everything that there can be a lot of.
        pub const KINDS: &[Kind] = &[$(Kind {
            name: $name,
            write: $write,
            end: concat!("", $($end)?),
            most: { let most = usize::MAX; $(let most = if most > $most { $most } else { most };)? most },
        }),*];
    };
}

fn lines(n: usize, line: impl Fn(usize) -> String) -> String {
    (0..n).map(line).collect()
}

/// `line` for each number, between two other texts.
fn within(open: &str, n: usize, line: impl Fn(usize) -> String, close: &str) -> String {
    format!("{open}{}{close}", lines(n, line))
}

fn nested(open: &str, middle: &str, close: &str, n: usize) -> String {
    [&open.repeat(n), middle, &close.repeat(n)].concat()
}

fn body(n: usize, line: impl Fn(usize) -> String) -> String {
    within("int body(int a)\n{\n", n, line, "return a;\n}\n")
}

kinds! {
    // All at once: so many lines.
    "lines": |n| program::program(program::STAND_IN, n, 1);
    // File scope.
    "variables": |n| lines(n, |i| format!("int v{i};\n"));
    "initialised variables": |n| lines(n, |i| format!("int v{i} = {i};\n"));
    "statics": |n| lines(n, |i| format!("static int v{i};\n")) + &body(n, |i| format!("v{i} += a;\n"));
    "constants": |n| lines(n, |i| format!("const volatile int v{i} = {i};\n"));
    "declarators": |n| within("int v", n, |i| format!(", v{i}"), ";\n");
    "redeclarations": |n| lines(n, |_| "extern int again;\nint twice(int a);\n".to_owned());
    "kernel symbols": |n| lines(n, |i| format!("extern int k{i}(int a) __ksym;\n"))
        + &body(n, |i| format!("a += k{i}(a);\n"));
    "options": |n| lines(n, |i| format!("extern int CONFIG_{i} __kconfig;\n"))
        + &body(n, |i| format!("a += CONFIG_{i};\n"));
    "sections": |n| lines(n, |i| format!("int v{i} SEC(\".data.s{i}\") = 1;\n"));
    "maps": |n| lines(n, |i| format!(
        "struct {{\n__uint(type, BPF_MAP_TYPE_HASH);\n__uint(max_entries, 1);\n__type(key, __u32);\n\
         __type(value, __u64);\n}} m{i} SEC(\".maps\");\n"));
    "functions": |n| lines(n, |i| format!("int f{i}(int a)\n{{\nreturn a + {i};\n}}\n"));
    "callers": |n| lines(n, |i| format!(
        "int f{}(int a)\n{{\nreturn f{i}(a) + global;\n}}\n", i + 1)), "int f0(int a) { return a; }\n";
    "static functions": |n| lines(n, |i| format!("static int f{}(int a);\nstatic int f{i}(int a)\n{{\nreturn f{}(a);\n}}\n", i + 1, i + 1)),
        "int first(int a) { return f0(a); }\n";
    "unused functions": |n| lines(n, |i| format!("static int f{i}(int a)\n{{\nreturn a;\n}}\n"));
    "programs": |n| lines(n, |i| format!("SEC(\"tc\")\nint p{i}(void *ctx)\n{{\nreturn global;\n}}\n"));
    "program sections": |n| lines(n, |i| format!("SEC(\"kprobe/f{i}\")\nint p{i}(void *ctx)\n{{\nreturn global;\n}}\n"));
    "prototypes": |n| lines(n, |i| format!("int f{i}(int a);\n")) + &body(n, |i| format!("a += f{i}(a);\n"));
    // Types.
    "structs": |n| lines(n, |i| format!("struct s{i} {{ int a; }};\nstruct s{i} v{i};\n"));
    "nameless structs": |n| lines(n, |i| format!("struct {{ int a{i}; }} v{i};\n"));
    "members": |n| within("struct s {\n", n, |i| format!("int m{i};\n"), "};\nstruct s v;\n");
    "uses of members": |n| within("struct s {\n", n, |i| format!("int m{i};\n"), "};\nstruct s v;\n")
        + &body(n, |i| format!("a += v.m{i};\n"));
    "bit-fields": |n| within("struct s {\n", n, |i| format!("int m{i}:3;\n"), "};\nstruct s v;\n");
    "nameless members": |n| within("struct s {\n", n, |i| format!("union {{ int m{i}; int o{i}; }};\n"), "};\nstruct s v;\n")
        + &body(n, |i| format!("a += v.m{i};\n"));
    "chained structs": |n| within("struct s0 { int a; };\n", n, |i| format!("struct s{} {{ struct s{i} *p; int b; }} v{i};\n", i + 1), "");
    "forward structs": |n| lines(n, |i| format!("struct s{i};\nstruct s{i} *v{i};\n"));
    "enumerators": |n| within("enum e {\n", n, |i| format!("E{i},\n"), "};\nenum e v;\nchar w[E0 + 1];\n");
    "uses of enumerators": |n| within("enum e {\n", n, |i| format!("E{i},\n"), "};\n")
        + &lines(n, |i| format!("char v{i}[E{i} * 0 + 1];\n"));
    "enums": |n| lines(n, |i| format!("enum e{i} {{ E{i} }};\nenum e{i} v{i};\n"));
    "typedefs": |n| lines(n, |i| format!("typedef int t{i};\nt{i} v{i};\n"));
    "chained typedefs": |n| within("typedef int t0;\n", n, |i| format!("typedef t{i} t{};\n", i + 1), "")
        + &format!("t{n} v;\n");
    // Preprocessor.
    "macros": |n| lines(n, |i| format!("#define M{i} {i}\nint v{i} = M{i};\n"));
    "macro calls": |n| within("#define VAR(name, value) int name = value;\n", n, |i| format!("VAR(v{i}, {i})\n"), "");
    "chained macros"(10000): |n| within("#define M0 1\n", n, |i| format!("#define M{} M{i}\n", i + 1), "")
        + &format!("int v = M{n};\n");
    "includes"(40000): |n| lines(n, |i| format!("#include \"h{i}.h\"\n"));
    "conditionals": |n| lines(n, |i| format!("#ifdef C{i}\nint c{i};\n#else\nint d{i};\n#endif\n"));
    "nested conditionals": |n| nested("#if 1\n", "int v;\n", "#endif\n", n);
    "pragmas": |n| lines(n, |i| format!("#pragma pack(push, 1)\nstruct s{i} {{ char a; int b; }} v{i};\n#pragma pack(pop)\n"));
    "comments": |n| lines(n, |i| format!("// comment {i}\n/* and\n another */\n"));
    "one line": |n| lines(n, |i| format!("int v{i}; "));
    // Literals and initialisers.
    "strings": |n| lines(n, |i| format!("const char *v{i} = \"text {i}\";\n"));
    "bytes of a string": |n| format!("char v[] = \"{}\";\n", "x".repeat(n));
    "parts of a string": |n| within("char v[] =\n", n, |i| format!("\"part {i}\"\n"), ";\n");
    "elements": |n| within("int v[] = {\n", n, |i| format!("{i},\n"), "};\n");
    "designators": |n| within("int v[] = {\n", n, |i| format!("[{i}] = {i},\n"), "};\n");
    "designated members": |n| within("struct s {\n", n, |i| format!("int m{i};\n"), "};\nstruct s v = {\n")
        + &lines(n, |i| format!(".m{i} = 1,\n")) + "};\n";
    "records": |n| within("struct s { int a; long b; } v[] = {\n", n, |i| format!("{{ .a = {i}, .b = 1 }},\n"), "};\n");
    "addresses": |n| lines(n, |i| format!("int v{i};\n")) + &within("int *v[] = {\n", n, |i| format!("&v{i},\n"), "};\n");
    "compound literals": |n| within("struct s { int a; };\nstruct s *v[] = {\n", n, |i| format!("&(struct s){{ {i} }},\n"), "};\n");
    // Bodies.
    "statements": |n| body(n, |i| format!("global += {i};\n"));
    "locals": |n| body(n, |i| format!("int l{i} = a;\na += l{i};\n"));
    "copied locals": |n| body(n, |i| format!("int *l{i} = {};\n", if i == 0 { "&global".to_owned() } else { format!("l{}", i - 1) }));
    "static locals": |n| body(n, |i| format!("static int l{i};\nl{i} += a;\n"));
    "blocks": |n| body(n, |i| format!("{{ static int l; int m = {i}; l += m; }}\n"));
    "local structs": |n| body(n, |i| format!("struct s{i} {{ int a; }} l{i} = {{}};\na += l{i}.a;\n"));
    "strings in a body": |n| body(n, |i| format!("bpf_trace_printk(\"text {i}\", 10);\n"));
    "tables in a body": |n| body(n, |i| format!("{{ const int t[] = {{ {i}, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }}; a += t[a]; }}\n"));
    "cases": |n| within("int body(int a)\n{\nswitch (a) {\n", n, |i| format!("case {i}: global += {i}; break;\n"), "}\nreturn a;\n}\n");
    "labels": |n| body(n, |i| format!("l{i}: if (a) goto l{i};\n"));
    "else ifs": |n| within("int body(int a)\n{\nif (a) a++;\n", n, |i| format!("else if (a == {i}) global += {i};\n"), "return a;\n}\n");
    "terms": |n| within("int body(int a)\n{\nreturn a", n, |i| format!("\n+ {i}"), ";\n}\n");
    "commas": |n| within("int body(int a)\n{\nreturn a", n, |i| format!(",\nglobal += {i}"), ";\n}\n");
    "arguments": |n| within("int f(int, ...);\nint body(int a)\n{\nreturn f(a", n, |i| format!(",\n{i}"), ");\n}\n");
    "parameters": |n| within("int body(int a", n, |i| format!(",\nint p{i}"), ")\n{\nreturn a;\n}\n");
    "lookups": |n| within("struct {\n__uint(type, BPF_MAP_TYPE_HASH);\n__uint(max_entries, 1);\n__type(key, __u32);\n\
         __type(value, __u64);\n} m SEC(\".maps\");\n", 1, |_| String::new(), "")
        + &body(n, |_| "bpf_map_lookup_elem(&m, &a);\n".to_owned());
    // Depth.
    "nested blocks": |n| body(1, |_| nested("{ ", "global++;", " }", n));
    "nested ifs": |n| body(1, |_| nested("if (a) {\n", "global++;\n", "}\n", n));
    "nested parentheses": |n| format!("int v = {};\n", nested("(", "1", ")", n));
    "nested declarators": |n| format!("int {};\n", nested("(", "v", ")", n));
    "pointers": |n| format!("int {}v;\n", "*".repeat(n));
    "dimensions": |n| format!("int v{};\n", "[1]".repeat(n));
    "nested structs": |n| format!("{} v;\n", nested("struct { ", "int a;", " }", n).replace("} }", "} a; }"));
    "nested braces": |n| format!("int v = {};\n", nested("{", "1", "}", n));
    // Mistakes.
    "unknown types": |n| lines(n, |i| format!("foo_t v{i};\n"));
    "half lines": |n| lines(n, |i| format!("int v{i} = ;\n"));
    "open braces": |n| lines(n, |i| format!("int f{i}(void) {{\n"));
    "findings": |n| lines(n, |i| format!("int v{i} SEC(\".maps\");\n"));
    "wrong sections": |n| lines(n, |i| format!("SEC(\"kprob/f{i}\")\nint p{i}(void *ctx)\n{{\nreturn 0;\n}}\n"));
    "unknown macros": |n| lines(n, |i| format!("UNKNOWN(v{i})\nint v{i};\n"));
}
