//! Tests of units built from text.

mod dialects;

use std::sync::Arc;

use expect_test::{Expect, expect};

use crate::{
    ctypes::{CType, CTypeId},
    fixture,
    flags::{Flags, Machine},
    pp::preprocess,
    sema::{Definition, Initial, RelocationTarget},
    session::Session,
    symbol::Symbol,
    unit::Unit,
};

fn unit(text: &str) -> Unit {
    let fixture = fixture::parse(text);
    let (path, main) = fixture.main();
    let session = Session::default();
    let pp = preprocess(&session, &fixture.file_system(), path, main, &Flags::default());
    Unit::build(Arc::new(pp), None, false)
}

#[test]
fn file_scope_is_that_of_one_standard() {
    let session = Session::default();
    let fixture = fixture::parse("//- /w/a.c\n_Bool b;\n");
    let (path, main) = fixture.main();
    let unit = |standard: &str, previous| {
        let flags = Flags::parse(&[format!("-std={standard}")], std::path::Path::new("/"));
        let pp = preprocess(&session, &fixture.file_system(), path, main.clone(), &flags);
        Unit::build(Arc::new(pp), previous, false)
    };
    let first = unit("c17", None);
    assert!(unit("c17", Some(&first)).work().environment_reused);
    let other = unit("c23", Some(&first));
    assert!(!other.work().environment_reused && other.standard() != first.standard());
}

/// Types, sizes, alignments and first bytes of all variables.
fn variables(unit: &Unit) -> String {
    let mut out = String::new();
    for v in unit.variables() {
        let size = v.size.map_or("?".into(), |s| s.to_string());
        let align = v.align.map_or("?".into(), |s| s.to_string());
        out += &format!("{} | {size} {align}", unit.spell(v.ty, Some(v.name.as_str())));
        if !matches!(v.definition, Definition::Initialised(_)) {
            out.push('\n');
            continue;
        }
        match unit.initial(v) {
            Initial::Zero => out += " | zero",
            Initial::Unknown => out += " | unknown",
            Initial::Bytes { bytes, relocations } => {
                out += " | ";
                bytes.iter().take(48).for_each(|b| out += &format!("{b:02x}"));
                for r in relocations {
                    let target = match r.target {
                        RelocationTarget::Symbol(s) => s.as_str().to_owned(),
                        RelocationTarget::String(s, _) => {
                            format!("{:?}", String::from_utf8_lossy(&s))
                        }
                        other => format!("{other:?}"),
                    };
                    out += &format!(" {}:{target}", r.offset);
                }
            }
        }
        out.push('\n');
    }
    out
}

fn check_variables(text: &str, expect: Expect) {
    expect.assert_eq(&variables(&unit(text)));
}

#[test]
fn hosts() {
    let text = "#ifdef __bpf__\nint bpf;\n#endif\n#if defined(__linux__) && defined(__x86_64__)\nint x86;\n\
        #endif\nlong n; long double d; char *p; struct { char c; long long q; long double d; } s;\n\
        int negative = (char)200 < 0; unsigned long max = ~0UL; __SIZE_TYPE__ size;\n";
    let mut out = String::new();
    for machine in [Machine::Bpf, Machine::X86_64, Machine::Aarch64, Machine::I386] {
        let fixture = fixture::parse(text);
        let (path, main) = fixture.main();
        let flags = Flags { machine, ..Flags::default() };
        let pp = preprocess(&Session::default(), &fixture.file_system(), path, main, &flags);
        let unit = Unit::build(Arc::new(pp), None, false);
        out += &format!("{machine:?}\n{}", variables(&unit));
    }
    expect![[r#"
        Bpf
        int bpf | 4 4
        long n | 8 8
        long double d | 8 8
        char *p | 8 8
        struct {...} s | 24 8
        int negative | 4 4 | 01000000
        unsigned long max | 8 8 | ffffffffffffffff
        unsigned long size | 8 8
        X86_64
        int x86 | 4 4
        long n | 8 8
        long double d | 16 16
        char *p | 8 8
        struct {...} s | 32 16
        int negative | 4 4 | 01000000
        unsigned long max | 8 8 | ffffffffffffffff
        unsigned long size | 8 8
        Aarch64
        long n | 8 8
        long double d | 16 16
        char *p | 8 8
        struct {...} s | 32 16
        int negative | 4 4 | zero
        unsigned long max | 8 8 | ffffffffffffffff
        unsigned long size | 8 8
        I386
        int n | 4 4
        long double d | 12 4
        char *p | 4 4
        struct {...} s | 24 4
        int negative | 4 4 | 01000000
        unsigned int max | 4 4 | ffffffff
        unsigned int size | 4 4
    "#]]
    .assert_eq(&out);
}

fn check_with_flags(flags: &str, text: &str, expect: Expect) {
    let flags: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
    let flags = Flags::parse(&flags, std::path::Path::new("/w"));
    let fs = crate::session::MemoryFileSystem::default();
    let pp = preprocess(&Session::new(), &fs, "/w/a.bpf.c".as_ref(), text.into(), &flags);
    expect.assert_eq(&variables(&Unit::build(Arc::new(pp), None, false)));
}

/// The layout of `struct s`.
fn check_layout(text: &str, expect: Expect) {
    let unit = unit(text);
    let mut out = String::new();
    let ty = unit.tag(Symbol::intern("s")).unwrap_or(CTypeId::UNKNOWN);
    let CType::Record(id) = unit.canonical(ty) else { panic!("no struct s") };
    let record = unit.record(id).unwrap();
    out += &format!("size {:?} align {:?}\n", record.size, record.align);
    for f in &record.fields {
        let name = f.name.map_or("", |n| n.as_str());
        out += &format!("{:?} {}", f.offset_bits, unit.spell(f.ty, Some(name)));
        if let Some(bits) = f.bits {
            out += &format!(" : {bits}");
        }
        out.push('\n');
    }
    expect.assert_eq(&out);
}

#[test]
fn basics() {
    check_variables(
        "typedef unsigned int u32; int a; u32 b = 5; char s[] = \"abc\"; int arr[] = {1, [4] = 2, 3};\n\
         struct p { int x; char c; short h[2]; } q = { .c = 1, .h = {2, 3} }; int *ptr = &a; char *str = \"x\";\n\
         float f = -0.0f; float z = 0.0f; extern int e[]; int e[4]; const volatile int cv = 3; int t[];\n\
         static u32 st __attribute__((aligned(64)));\n\
         enum { A, B = 1 << 4, C }; char big[C * sizeof(struct p)]; struct p two[] = {1, 2, 3, 4, 5};\n",
        expect![[r#"
            int a | 4 4
            u32 b | 4 4 | 05000000
            char s[4] | 4 1 | 61626300
            int arr[6] | 24 4 | 010000000000000000000000000000000200000003000000
            struct p q | 12 4 | 000000000100020003000000
            int *ptr | 8 8 | 0000000000000000 0:a
            char *str | 8 8 | 0000000000000000 0:"x"
            float f | 4 4 | 00000080
            float z | 4 4 | zero
            int e[4] | 16 4
            const volatile int cv | 4 4 | 03000000
            int t[1] | 4 4
            u32 st | 4 64
            char big[204] | 204 1
            struct p two[2] | 24 4 | 010000000200030004000000050000000000000000000000
        "#]],
    );
}

#[test]
fn bit_fields_packed_and_anonymous_members() {
    check_layout(
        "struct s { char c; unsigned a:3, :2, b:9; union { int x; struct { short y; } __attribute__((packed)); };\n\
         long l __attribute__((packed)); enum { P, Q } e; struct { char z[3]; } __attribute__((aligned(8))) in;\n\
         int (*fn)(const char *, ...); typeof(((struct t *)0)->v) tv; char fam[]; };\n\
         struct t { unsigned long long v; };",
        expect![[r#"
            size Some(48) align Some(8)
            Some(0) char c
            Some(8) unsigned int a : 3
            Some(13) unsigned int b : 9
            Some(32) union {...}
            Some(64) long l
            Some(128) enum {...} e
            Some(192) struct {...} in
            Some(256) int (*fn)(const char *, ...)
            Some(320) unsigned long long tv
            Some(384) char fam[]
        "#]],
    );
}

#[test]
fn pragma_pack_and_typedef_alignment() {
    check_layout(
        "typedef long low __attribute__((aligned(2))); typedef int i16 __attribute__((mode(HI)));\n\
         #pragma pack(push, 2)\nstruct s { char a; int b; low c; __int128 d; i16 e; };\n#pragma pack(pop)\n",
        expect![[r#"
            size Some(32) align Some(2)
            Some(0) char a
            Some(16) int b
            Some(48) low c
            Some(112) __int128 d
            Some(240) i16 e
        "#]],
    );
}

#[test]
fn constants_of_types_and_offsets() {
    check_variables(
        "struct in { char c; int a[4]; }; struct o { int x; union { long y; struct in in; }; };\n\
         #define offsetof(T, m) ((unsigned long)&((T *)0)->m)\n\
         int a[offsetof(struct o, in.a[2])]; int b[__builtin_offsetof(struct o, in.a[1])];\n\
         int c[sizeof(((struct o *)0)->in.a) / sizeof(int)]; int d[(-1 < 1u) + 1]; int e[-8 / 3 + 4];\n\
         int f[_Alignof(struct o)]; int g[__builtin_types_compatible_p(int, typeof(1)) ? 7 : 8];\n\
         int h[__builtin_choose_expr(sizeof(long) == 8, 3, 4)]; static const int N = 6; int i[N];\n\
         int j[(char)300]; int k[sizeof(\"abc\" \"d\")]; long m = (long)&a[1];\n\
         unsigned char n = 3 ? 1 : 0x1ff; int o = 1 ?: 2; long p = ~0u; long long q = 1LL << 40;\n",
        expect![[r#"
            int a[20] | 80 4
            int b[16] | 64 4
            int c[4] | 16 4
            int d[1] | 4 4
            int e[2] | 8 4
            int f[8] | 32 4
            int g[7] | 28 4
            int h[3] | 12 4
            const int N | 4 4 | 06000000
            int i[6] | 24 4
            int j[44] | 176 4
            int k[5] | 20 4
            long m | 8 8 | 0400000000000000 0:a
            unsigned char n | 1 1 | 01
            int o | 4 4 | 01000000
            long p | 8 8 | ffffffff00000000
            long long q | 8 8 | 0000000000010000
        "#]],
    );
}

#[test]
fn map_definitions_by_macros() {
    check_variables(
        "#define SEC(n) __attribute__((section(n), used))\n#define __uint(name, val) int (*name)[val]\n\
         #define __type(name, val) typeof(val) *name\n#define __array(name, val) typeof(val) *name[]\n\
         enum { MAX = 1 << 10 }; struct v { int a[3]; };\n\
         struct inner { __uint(type, 1); __uint(max_entries, MAX); __type(key, unsigned); __type(value, struct v); } in1 SEC(\".maps\"), in2 SEC(\".maps\");\n\
         struct { __uint(type, 12); __array(values, struct inner); } outer SEC(\".maps\") = { .values = { &in1, [3] = &in2 } };\n\
         extern int prog(void *ctx);\n struct { __uint(type, 3); __array(values, int (void *)); } jmp SEC(\".maps\") = { .values = { [1] = (void *)&prog } };\n",
        expect![[r#"
            struct inner in1 | 32 8
            struct inner in2 | 32 8
            struct {...} outer | 40 8 | 00000000000000000000000000000000000000000000000000000000000000000000000000000000 8:in1 32:in2
            struct {...} jmp | 24 8 | 000000000000000000000000000000000000000000000000 16:prog
        "#]],
    );
}

#[test]
fn initialisers() {
    check_variables(
        "struct p { int x, y; }; struct q { struct p p[2]; char c; } a = { 1, 2, 3, 4, 'c' };\n\
         struct q b = { .p[1].y = 5, 6 }; int c[] = { [2 ... 4] = 7, 1 }; char d[3] = \"abc\"; char e[][4] = { \"x\", \"yz\" };\n\
         struct { int n; char s[]; } f = { 1, \"ab\" }; struct { int a:3, b:5; unsigned c:9; } g = { 1, -1, 3 };\n\
         union { long l; char c; } h = { .c = 1 }; struct p i = (struct p){ 8, 9 }; _Bool j = 5; double k = 0.5;\n\
         void fn(void); void (*l)(void) = fn; const char *m[] = { \"a\", 0, \"b\" + 1 }; int *n = (int *)0; int o = {3};\n\
         enum { E1 = 2 } z = E1; int big[2][2] = { { 1 }, 2, 3 }; struct p *pp = &(struct p){1,2}; int *q = &a.p[1].y;\n",
        expect![[r#"
            struct q a | 20 4 | 0100000002000000030000000400000063000000
            struct q b | 20 4 | 0000000000000000000000000500000006000000
            int c[6] | 24 4 | 000000000000000007000000070000000700000001000000
            char d[3] | 3 1 | 616263
            char e[2][4] | 8 1 | 78000000797a0000
            struct {...} f | 7 4 | 01000000616200
            struct {...} g | 4 4 | f9030000
            union {...} h | 8 8 | 0100000000000000
            struct p i | 8 4 | 0800000009000000
            _Bool j | 1 1 | 01
            double k | 8 8 | 000000000000e03f
            void (*l)(void) | 8 8 | 0000000000000000 0:fn
            const char *m[3] | 24 8 | 000000000000000000000000000000000100000000000000 0:"a" 16:"b"
            int *n | 8 8 | zero
            int o | 4 4 | 03000000
            enum {...} z | 4 4 | 02000000
            int big[2][2] | 16 4 | 01000000000000000200000003000000
            struct p *pp | 8 8 | 0000000000000000 0:Anonymous
            int *q | 8 8 | 0c00000000000000 0:a
        "#]],
    );
}

fn check_locals(text: &str, expect: Expect) {
    let unit = unit(text);
    let mut out = String::new();
    for i in 0..unit.item_count() {
        let Some(scope) = unit.scope(crate::unit::ItemId(i)) else { continue };
        for l in scope.locals() {
            out +=
                &format!("{:?} {} {:?}\n", l.kind, unit.spell(l.ty, Some(l.name.as_str())), l.size);
        }
    }
    expect.assert_eq(&out);
}

#[test]
fn locals_and_statement_expressions() {
    check_locals(
        "struct s { int a; unsigned long b; } *gp; typedef int T;\n\
         #define max(a, b) ({ typeof(a) _a = (a); typeof(b) _b = (b); _a > _b ? _a : _b; })\n\
         int f(struct s *p, char arr[4], T t) {\n\
           struct s *s = p; __auto_type x = p->b; typeof(*s) copy; typeof(max(t, p->b)) m; static int counts[] = {1, 2};\n\
           enum { L = 3 }; int buf[L]; typedef char T; T c; const int k = 4; int kk[k];\n\
           for (int i = 0; i < 4; i++) { T t = 0; struct s { char z; } in; typeof(in.z) w; }\n\
           struct s again; typeof(&p->a) pa; typeof(gp[0].b + 1) sum; typeof(1 ? p : (void *)0) cond; typeof(arr) dec;\n\
           typeof(*(8 ? ((void *)((long)(3) * 0l)) : (int *)8)) constexpr; typeof(*(8 ? ((void *)((long)(t) * 0l)) : (int *)8)) *not_constexpr;\n\
           return max(max(t, 1), 2); }\n",
        expect![[r#"
            Param(0) struct s *p None
            Param(1) char *arr None
            Param(2) T t None
            Auto struct s *s Some(8)
            Auto unsigned long x Some(8)
            Auto struct s copy Some(16)
            Auto T _a Some(4)
            Auto unsigned long _b Some(8)
            Auto unsigned long m Some(8)
            Static int counts[2] Some(8)
            Auto int buf[3] Some(12)
            Auto T c Some(1)
            Auto const int k Some(4)
            Auto int kk[4] Some(16)
            Auto int i Some(4)
            Auto T t Some(1)
            Auto struct s in Some(1)
            Auto char w Some(1)
            Auto struct s again Some(16)
            Auto int *pa Some(8)
            Auto unsigned long sum Some(8)
            Auto struct s *cond Some(8)
            Auto char *dec Some(8)
            Auto void *not_constexpr Some(8)
            Auto T _a Some(4)
            Auto int _b Some(4)
            Auto int _a Some(4)
            Auto T _a Some(4)
            Auto int _b Some(4)
            Auto int _b Some(4)
        "#]],
    );
}

fn check_events(text: &str, expect: Expect) {
    let unit = unit(text);
    let mut out = String::new();
    for event in unit.top_level() {
        out += &match event {
            crate::unit::Event::Function(f) => {
                format!("function {}\n", unit.spell(f.ty, Some(f.name.as_str())))
            }
            crate::unit::Event::FunctionDeclaration(f, i) => format!("declared {} #{i}\n", f.name),
            crate::unit::Event::DeferredFunction(f) => format!("deferred {}\n", f.name),
            crate::unit::Event::Variable(v, i) => {
                format!("variable {} #{i} {:?} {:?}\n", v.name, v.definition, v.linkage)
            }
        };
    }
    expect.assert_eq(&out);
}

#[test]
fn events_of_headers_and_the_file() {
    check_events(
        "#include \"h.h\"\nint a; extern int b[]; int b[3] = {}; static int helper(int x) { return x; }\n\
         int f(void *ctx);\nint f(void *c) { return a; }\ninline int inl(void) { return 1; }\n\
         __attribute__((used)) static int u(void) { return 0; }\n\
         //- /h.h\nint shared = 1; extern int not; static inline int lazy(void) { return 0; } int proto(void);\n\
         static long (*const bpf_x)(void) = (void *)1; int later __attribute__((section(\".bss.x\")));\n",
        expect![[r#"
            variable shared #0 Initialised(0) External
            variable later #0 Tentative(0) External
            variable a #0 Tentative(0) External
            variable b #0 Initialised(1) External
            variable b #1 Initialised(1) External
            deferred helper
            declared f #0
            function int f(void *)
            deferred inl
            function int u(void)
        "#]],
    );
}

/// Work after an edit: (items parsed, records laid out, whether file scope was kept).
fn edited(before: &str, after: &str) -> (usize, usize, bool) {
    let session = Session::default();
    let flags = Flags::default();
    let path = std::path::Path::new("/main.bpf.c");
    let fs = crate::session::MemoryFileSystem::default();
    fs.write(path, before);
    let ask = |unit: &Unit| {
        unit.variables();
        for i in 0..unit.item_count() {
            unit.item(crate::unit::ItemId(i));
            unit.scope(crate::unit::ItemId(i));
        }
    };
    let first = preprocess(&session, &fs, path, before.into(), &flags);
    let first = Unit::build(Arc::new(first), None, false);
    ask(&first);
    let laid_out = first.work().types_laid_out;
    let second = preprocess(&session, &fs, path, after.into(), &flags);
    let second = Unit::build(Arc::new(second), Some(&first), false);
    ask(&second);
    let work = second.work();
    let before = if work.environment_reused { laid_out } else { 0 };
    (work.items_parsed, work.types_laid_out - before, work.environment_reused)
}

const PROGRAM: &str = "struct s { int a, b; }; struct s v; typedef int T;\nint f(void) { return v.a; }\nint g(void) { T x = 0; return x; }\n";

#[test]
fn an_edit_in_a_body_parses_one_item() {
    assert_eq!(edited(PROGRAM, &PROGRAM.replace("v.a", "v.b")), (1, 0, true));
}

#[test]
fn an_edit_of_a_declaration_keeps_the_other_syntax() {
    assert_eq!(edited(PROGRAM, &PROGRAM.replace("a, b", "a, b, c")), (1, 1, false));
}

#[test]
fn a_typedef_that_becomes_a_variable_is_noticed() {
    // `T` is no type any more, so `g` is parsed again.
    assert_eq!(edited(PROGRAM, &PROGRAM.replace("typedef int T", "int T")), (2, 1, false));
}

#[test]
fn a_torn_body_does_not_take_its_function_away() {
    for body in
        ["", "{#e}*", "#", "{{# if", "(", "[", "e) (", "case", "= {,", "struct {", "\"", "@ \\ `"]
    {
        let torn =
            unit(&format!("int before;\nint u(int a) {{{body}}}\nint v(void) {{ return 0; }}\n"));
        let names: Vec<_> = torn.functions().iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["u", "v"], "{body}");
    }
}

#[test]
fn hostile_nesting_ends() {
    let deep = format!("int x = {}1{};", "(".repeat(20_000), ")".repeat(20_000));
    unit(&deep).variables();
    let chain: String =
        (1..3000).map(|i| format!("typedef struct {{ t{} *p; }} t{i};\n", i - 1)).collect();
    let chain = format!("typedef int t0;\n{chain}t2999 v;");
    assert_eq!(variables(&unit(&chain)), "t2999 v | 8 8\n");
    let own = "struct s { struct s inner; int a[sizeof(struct s)]; } v; enum { A = A }; const int k = k; int z[k];";
    unit(own).variables();
}

/// All that a unit says, for comparison.
fn state(unit: &Unit) -> String {
    let mut out = variables(unit);
    for f in unit.functions() {
        out +=
            &format!("{} {:?} {:?}\n", unit.spell(f.ty, Some(f.name.as_str())), f.linkage, f.decls);
    }
    for i in 0..unit.item_count() {
        let Some(scope) = unit.scope(crate::unit::ItemId(i)) else { continue };
        for l in scope.locals() {
            out += &format!("{i} {} {:?}\n", unit.spell(l.ty, Some(l.name.as_str())), l.size);
        }
    }
    // Type ids count what was asked for in which order.
    out.lines().map(|l| l.split("ty: CTypeId").next().unwrap_or("").to_owned() + "\n").collect()
}

#[test]
fn any_edit_sequence_gives_the_state_from_scratch() {
    let pieces = [
        "struct s { int a; char b; };",
        "struct s { long a; };",
        "int x = sizeof(struct s);",
        "typedef int T;",
        "int T;",
        "T y;",
        "int f(T *p) { return sizeof(*p); }",
        "enum { A = 3 };",
        "int z[A];",
        "}",
        "{",
        ";",
        "static int g(void) { struct s l; typeof(l.a) k; return A; }",
        "#pragma pack(1)\n",
        "#pragma pack()\n",
        "extern int z[];",
        "int w = (A) * 1;",
        "struct p { struct s in; } v;",
        "/*",
        "\"",
        "(",
    ];
    let session = Session::default();
    let (flags, path) = (Flags::default(), std::path::Path::new("/main.bpf.c"));
    let fs = crate::session::MemoryFileSystem::default();
    let mut seed = 12345u64;
    let mut random = |n: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % n
    };
    let mut lines: Vec<&str> = pieces.iter().take(9).copied().collect();
    let mut previous: Option<Unit> = None;
    for step in 0..120 {
        match random(3) {
            0 if lines.len() > 3 => {
                lines.remove(random(lines.len()));
            }
            1 => lines.insert(random(lines.len() + 1), pieces[random(pieces.len())]),
            _ => {
                let at = random(lines.len());
                lines[at] = pieces[random(pieces.len())];
            }
        }
        let text = lines.join("\n");
        fs.write(path, &text);
        let pp = Arc::new(preprocess(&session, &fs, path, text.as_str().into(), &flags));
        let kept = Unit::build(pp.clone(), previous.as_ref(), false);
        let fresh = Unit::build(pp, None, false);
        assert_eq!(state(&kept), state(&fresh), "step {step}:\n{text}");
        previous = Some(kept);
    }
}

/// After an edit in a body the names of the unit before stay, so a torn body must not make or unmake them.
#[test]
fn what_an_item_declares_does_not_hang_on_its_body() {
    let session = Session::default();
    let (flags, path) = (Flags::default(), std::path::Path::new("/main.bpf.c"));
    let fs = crate::session::MemoryFileSystem::default();
    let headers = [
        "missing name if (!s)",
        "missing name(int a)",
        "int name(missing a",
        "MISSING(name, int a)",
        "static missing *name(void) MISSING(1)",
        "struct { int name; int other(int a)",
    ];
    let bodies = [
        "",
        "g(&a, 1);",
        "g(&a, .1);",
        "a.;",
        "if (",
        "x = (",
        "struct s { int a; } s",
        "\"",
        "#",
        "__syn#undef c_fetch_and_add(&calls, 1);\nlast = update(&by_pid, &one, BPF_ANY);",
        "__syn#undef c_fetch_and_add(&calls, 1);\nlast = update(&by_pid, &one, .BPF_ANY);",
    ];
    for header in headers {
        let mut previous: Option<Unit> = None;
        for body in bodies.into_iter().chain(bodies.into_iter().rev()) {
            let text = format!("{header} {{\n{body}\n}}\n");
            fs.write(path, &text);
            let pp = Arc::new(preprocess(&session, &fs, path, text.as_str().into(), &flags));
            let kept = Unit::build(pp.clone(), previous.as_ref(), false);
            let fresh = Unit::build(pp, None, false);
            assert_eq!(state(&kept), state(&fresh), "{text}");
            // Names are asked for before the next edit.
            previous = Some(kept);
        }
    }
}

#[test]
fn an_initialiser_in_braces_a_string_or_another_union_member_overrides_the_whole() {
    check_variables(
        "int a[3][4] = { [0 ... 2] = { [1 ... 2] = 5 }, [1] = { 1 }, [1][3] = 9 };\n\
         char s[2][4] = { [0] = \"abc\", [0] = \"x\" };\n\
         union u { int a; char b[6]; } u = { .b = \"hello\", .a = 1 };\n\
         struct { union { long l; struct { short s, t; }; }; } v = { .l = -1, .s = 2, .t = 3 };\n\
         union w { const unsigned : 0; } w = { 1 };\n",
        expect![[r#"
            int a[3][4] | 48 4 | 000000000500000005000000000000000100000000000000000000000900000000000000050000000500000000000000
            char s[2][4] | 8 1 | 7800000000000000
            union u u | 8 4 | 0100000000000000
            struct {...} v | 8 8 | 0200030000000000
            union w w | 0 1 | zero
        "#]],
    );
}

#[test]
fn vectors_take_their_elements_one_by_one_or_all_from_one() {
    check_variables(
        "typedef short g __attribute__((vector_size(8)));\ntypedef short e __attribute__((ext_vector_type(4)));\n\
         struct { char c; g v; char d; } a = { 1, 2, 3, 4, 5, 6 };\n\
         struct { char c; e v; char d; } b = { 1, 2, 6 };\ne whole = 7;\n",
        expect![[r#"
            struct {...} a | 24 8 | 010000000000000002000300040005000600000000000000
            struct {...} b | 24 8 | 010000000000000002000200020002000600000000000000
            e whole | 8 8 | 0700070007000700
        "#]],
    );
}

#[test]
fn an_enumerator_is_known_to_those_behind_it_whichever_is_asked_for_first() {
    check_variables(
        "enum { A = 3, B = A + 1 };\nchar a[A];\nchar b[B];\n\
         enum big { M = -1, N = 0xffffffff, O };\nint n = _Generic(N, long: 1, unsigned: 2, default: 3) + _Generic(M, int: 4, default: 5);\n\
         long o = O;\n",
        expect![[r#"
            char a[3] | 3 1
            char b[4] | 4 1
            int n | 4 4 | 05000000
            long o | 8 8 | 0000000001000000
        "#]],
    );
}

#[test]
fn complex_types_and_builtins_that_fold() {
    check_variables(
        "unsigned s[] = { sizeof(_Complex float), _Alignof(double _Complex), sizeof(_Complex), sizeof(long _Complex), sizeof(_Complex char) };\n\
         int v[] = { __builtin_clrsb(-1), __builtin_clrsbl(1), __builtin_ffs(8), __builtin_parity(7), __builtin_clz(1), __builtin_ctzll(8) };\n\
         unsigned long r[] = { __builtin_bitreverse32(1), __builtin_bswap64(1), __builtin_popcount(-1L) };\n\
         int array[4]; unsigned long z[] = { __builtin_object_size(&array[1], 0), __builtin_object_size(\"abc\", 2), __builtin_object_size(array, 1) };\n\
         int abs = __builtin_abs(-1);\n",
        expect![[r#"
            unsigned int s[5] | 20 4 | 0800000008000000100000001000000002000000
            int v[6] | 24 4 | 1f0000003e00000004000000010000001f00000003000000
            unsigned long r[3] | 24 8 | 000000800000000000000000000000012000000000000000
            int array[4] | 16 4
            unsigned long z[3] | 24 8 | unknown
            int abs | 4 4 | unknown
        "#]],
    );
}

#[test]
fn floats_become_integers_as_clang_folds_them() {
    check_variables(
        "int a = (int)(float)4142870673ul; unsigned b = (unsigned)-1.5; float c = 16777217; double d = 0x1.8p3;\n\
         float nan = 0.0f / 0.0f; float hex[] = { 0x1p-149f, 0x1.fffffffp0f };\n",
        expect![[r#"
            int a | 4 4 | ffffff7f
            unsigned int b | 4 4 | zero
            float c | 4 4 | 0000804b
            double d | 8 8 | 0000000000002840
            float nan | 4 4 | 0000c07f
            float hex[2] | 8 4 | 0100000000000040
        "#]],
    );
}
