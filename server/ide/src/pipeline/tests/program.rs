//! Programs put together from pieces, and edits of pieces and of single characters.

use proptest::{prelude::*, sample::Index};

pub(super) const HEAD: &str = "\
#define SEC(name) __attribute__((section(name), used))
#define __noinline __attribute__((noinline))
#define __always_inline inline __attribute__((always_inline))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
typedef unsigned int u32;
typedef unsigned long u64;
static long (*bpf_trace_printk)(const char *fmt, u32 size, ...) = (void *)6;
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
extern int kernel_value(int) SEC(\".ksyms\");
";

/// What stands at each place of the program, at the user's choice.
pub(super) const PIECES: &[&[&str]] = &[
    &[
        "struct pair { int a, b; };",
        "struct pair { u64 a; char b; };",
        "struct pair { int b, a, c; };",
    ],
    &["typedef struct pair pair_t;", "typedef struct { int a; long b; } pair_t;"],
    &[
        "int g0;",
        "static int g0;",
        "int g0 = 7;",
        "static volatile int g0;",
        "int g0 SEC(\".data.x\");",
    ],
    &[
        "static int g1;",
        "static u64 g1 = 5;",
        "const volatile int g1 = 1;",
        "static int g1 SEC(\".percpu\");",
    ],
    &[
        "static pair_t p0;",
        "pair_t p0;",
        "static pair_t p0 = { .a = 1 };",
        "static pair_t p0[2] = {};",
    ],
    &["static const int c0[] = { 1, 2, 3 };", "const int c0[3] = { 3 };", "static int c0[3];"],
    &[
        "struct { __uint(type, 1); __uint(max_entries, 4); __type(key, int); __type(value, pair_t); } m0 SEC(\".maps\");",
        "struct { __uint(type, 2); __uint(max_entries, 8); __type(key, u32); __type(value, u64); } m0 SEC(\".maps\");",
        "struct { __uint(type, 27); __uint(max_entries, 4096); } m0 SEC(\".maps\");",
    ],
    &["", "static int h0(int);", "static __noinline int h1(int *p);"],
    &[
        "static int h0(int x) { return x + g1; }",
        "static __noinline int h0(int x) { static int calls; calls++; return calls + x; }",
        "static __always_inline int h0(int x) { g0 = x; return 0; }",
        "static int h0(int x) { int t[6] = { 1, 2, 3, 4, 5, 6 }; return t[x & 3]; }",
        "static int h0(int x) { const char f[] = \"h0 says %d\"; bpf_trace_printk(f, sizeof(f), x); return 0; }",
        "",
    ],
    &[
        "static int h1(int *p) { return *p + c0[1]; }",
        "static __noinline int h1(int *p) { *p = 3; return h0(1); }",
        "int h1(int *p) { static pair_t kept; kept.a += *p; return kept.a; }",
        "static int h1(int *p) { return p == &g0; }",
    ],
    &[
        "SEC(\"tc\") int one(void *ctx) { return h0(2); }",
        "SEC(\"tc\") int one(void *ctx) { int k = 0; return bpf_map_lookup_elem(&m0, &k) ? 1 : h1(&k); }",
        "SEC(\"xdp\") int one(void *ctx) { static int seen; if (!seen) { seen = 1; return g1; } return p0.a; }",
        "SEC(\"tc\") int one(void *ctx) { bpf_trace_printk(\"one\", 4); return 0; }",
        "SEC(\"tc\") static int one(void *ctx) { return 0; }",
        "",
    ],
    &[
        "SEC(\"kprobe/f\") int two(void *ctx) { g0 += 1; bpf_trace_printk(\"two %d\", 7, g0); return h1(&g0); }",
        "SEC(\"kprobe/f\") int two(void *ctx) { extern int here SEC(\".ksyms\"); return (long)&here & kernel_value(1); }",
        "SEC(\"tc\") int two(void *ctx) { bpf_trace_printk(__func__, 4); bpf_trace_printk(\"one\", 4); return 0; }",
        "SEC(\"tc\") int two(void *ctx) { for (int i = 0; i < 3; i++) { pair_t q = { i, 1 }; g0 = q.a; } return c0[g0 & 1]; }",
    ],
    &[
        "char _license[] SEC(\"license\") = \"GPL\";",
        "char _license[] SEC(\"license\") = \"MIT\";",
        "",
    ],
];

/// What may be typed anywhere in a body.
pub(super) const TYPED: &[&str] = &[
    "int zz = 1;",
    "zz += 2;",
    " ",
    "\n",
    "/* so */",
    "g0++;",
    "\"x\";",
    "static int s = 2; s++;",
    "{",
    "}",
    "(",
    "h0(1);",
    "return 1;",
    "i",
    "p0.a = 3;",
    ";",
    "struct pair l = { 1, 2 };",
    "// rest",
];

#[derive(Clone, Debug)]
pub(super) enum Edit {
    /// Another choice for a piece.
    Piece(Index, Index),
    /// Two pieces change places, with their texts.
    Swap(Index, Index),
    /// Text that is typed behind a `{` or `;` of the file, or at any byte.
    Type(Index, Index, bool),
    /// Bytes that are taken out.
    Delete(Index, usize),
    /// The text of the pieces again.
    Undo,
}

pub(super) fn edits() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => (any::<Index>(), any::<Index>()).prop_map(|(at, new)| Edit::Piece(at, new)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Edit::Swap(a, b)),
        5 => (any::<Index>(), any::<Index>(), prop::bool::weighted(0.9))
            .prop_map(|(at, what, inside)| Edit::Type(at, what, inside)),
        1 => (any::<Index>(), 1usize..12).prop_map(|(at, count)| Edit::Delete(at, count)),
        1 => Just(Edit::Undo),
    ]
}

pub(super) struct Program {
    /// None for a program from a file.
    pieces: Vec<String>,
    /// What stands before them and is left alone.
    head: String,
    pub(super) text: String,
}

impl Program {
    pub(super) fn new(head: &str, choices: &[Index]) -> Program {
        let pieces = PIECES.iter().zip(choices);
        let pieces = pieces.map(|(all, choice)| choice.get(all).to_string()).collect();
        let mut program = Program { pieces, head: head.to_owned(), text: String::new() };
        program.put_together();
        program
    }

    /// One with pieces as the digits of a number name them.
    pub(super) fn chosen(head: &str, mut number: usize) -> Program {
        let mut next = |all: &[&str]| {
            let choice = all[number % all.len()].to_owned();
            number = number.rotate_right(3) ^ 0x5bd1;
            choice
        };
        let pieces = PIECES.iter().map(|all| next(all)).collect();
        let mut program = Program { pieces, head: head.to_owned(), text: String::new() };
        program.put_together();
        program
    }

    /// One that is edited by what is typed alone.
    pub(super) fn of_text(text: String) -> Program {
        Program { pieces: Vec::new(), head: String::new(), text }
    }

    pub(super) fn is_of_text(&self) -> bool {
        self.pieces.is_empty()
    }

    fn put_together(&mut self) {
        self.text = format!("{}{}\n", self.head, self.pieces.join("\n"));
    }

    pub(super) fn apply(&mut self, edit: &Edit) {
        let of_pieces = matches!(edit, Edit::Piece(..) | Edit::Swap(..) | Edit::Undo);
        if of_pieces && self.pieces.is_empty() {
            return;
        }
        match edit {
            Edit::Piece(at, new) => {
                let at = at.index(PIECES.len());
                self.pieces[at] = new.get(PIECES[at]).to_string();
                self.put_together();
            }
            Edit::Swap(a, b) => {
                let (a, b) = (a.index(PIECES.len()), b.index(PIECES.len()));
                self.pieces.swap(a, b);
                self.put_together();
            }
            Edit::Type(at, what, inside) => {
                let ends = |byte: &u8| matches!(byte, b'{' | b';');
                let bytes = self.text.bytes().enumerate().skip(self.head.len());
                let bytes = bytes.filter(|(_, b)| !inside || ends(b)).map(|(at, _)| at + 1);
                let places: Vec<usize> =
                    bytes.filter(|at| self.text.is_char_boundary(*at)).collect();
                if !places.is_empty() {
                    let what = TYPED[what.index(TYPED.len())];
                    self.text.insert_str(*at.get(&places), what);
                }
            }
            Edit::Delete(at, count) => {
                let start = at.index(self.text.len().max(1)).min(self.text.len());
                let end = (start + count).min(self.text.len());
                if self.text.is_char_boundary(start) && self.text.is_char_boundary(end) {
                    self.text.replace_range(start..end, "");
                }
            }
            Edit::Undo => self.put_together(),
        }
    }
}
