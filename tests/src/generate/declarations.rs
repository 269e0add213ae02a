//! Random programs of declarations: nested records with bit-fields, packing and alignment in all
//! their spellings, enums, typedefs, vectors; initialisers of them; constant expressions over them.
//! Each line declares one thing, so that a line that clang refuses can be taken out.

use super::{
    Random,
    expressions::{Names, float, integer},
};

/// What the program is for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dialect {
    /// C23's own: typed enums, `constexpr`, `[[...]]`, `nullptr`, `typeof_unqual`.
    pub c23: bool,
    /// Flags that change types: each program draws its own ([`flags`]).
    pub flags: bool,
}

/// Flags for a program, beside its standard.
pub fn flags(random: &mut Random, dialect: Dialect) -> Vec<String> {
    let mut flags = Vec::new();
    if dialect.flags {
        let all = ["-funsigned-char", "-fshort-enums", "-fms-extensions", "-fno-common"];
        flags.extend(all.iter().filter(|_| random.one_in(2)).map(|flag| (*flag).to_owned()));
        if random.one_in(3) {
            let n = random.pick(&["", "=1", "=2", "=4", "=8"]);
            flags.push(format!("-fpack-struct{n}"));
        }
    }
    flags
}

const SCALARS: &[&str] = &[
    "char",
    "signed char",
    "unsigned char",
    "short",
    "unsigned short",
    "int",
    "unsigned int",
    "long",
    "unsigned long",
    "long long",
    "unsigned long long",
    "_Bool",
    "__int128",
    "unsigned __int128",
    "float",
    "double",
    "long double",
    "void *",
    "char *",
    "long int unsigned",
    "short int",
    "const int",
    "volatile unsigned char",
    "_Atomic int",
    "_Atomic(short)",
];

/// Types of bit-fields, and how wide they may be.
const BITS: &[(&str, usize)] = &[
    ("char", 8),
    ("unsigned char", 8),
    ("short", 16),
    ("unsigned short", 16),
    ("int", 32),
    ("unsigned", 32),
    ("long", 64),
    ("unsigned long", 64),
    ("long long", 64),
    ("_Bool", 1),
    ("__int128", 128),
    ("unsigned __int128", 128),
    ("const unsigned", 32),
    ("signed char", 8),
];

/// A named type of the program.
#[derive(Clone, Debug)]
struct Named {
    /// `struct s3`, `t4`
    name: String,
    /// Member paths for `offsetof`.
    paths: Vec<String>,
    /// Whether it ends in a flexible array.
    flexible: bool,
    /// Enums (and their typedefs) can be types of bit-fields.
    is_enum: bool,
    is_record: bool,
    /// Whether bit-fields are in it.
    bits: bool,
}

struct Program<'a> {
    random: &'a mut Random,
    dialect: Dialect,
    lines: Vec<String>,
    types: Vec<Named>,
    names: Names,
    next: usize,
}

/// A record while its members are written.
struct Members {
    text: String,
    paths: Vec<String>,
    flexible: bool,
}

/// The program of a seed.
pub fn program(random: &mut Random, dialect: Dialect) -> Vec<String> {
    let mut program = Program {
        random,
        dialect,
        lines: Vec::new(),
        types: Vec::new(),
        names: Names::default(),
        next: 0,
    };
    // No BTF kind is theirs: clang 19 writes a type that does not exist where one is a member.
    program
        .names
        .types
        .extend(["_Complex float", "double _Complex", "_Complex char"].map(str::to_owned));
    for _ in 0..14 {
        match program.random.below(12) {
            0 => program.enumeration(),
            1 => program.typedef(),
            2 => program.pragma(),
            3 => program.vector(),
            _ => program.record(),
        }
    }
    if program.random.one_in(2) {
        program.lines.push("#pragma pack()".into());
    }
    for _ in 0..30 {
        program.constant();
    }
    program.lines
}

impl Program<'_> {
    fn fresh(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{}", self.next)
    }

    fn small(&mut self) -> String {
        let depth = self.random.below(2);
        if self.random.one_in(3) && !self.names.constants.is_empty() {
            return format!(
                "({} & 3) + 1",
                self.names.constants[self.random.below(self.names.constants.len())]
            );
        }
        match depth {
            0 => format!("{}", self.random.between(1, 5)),
            _ => {
                let e = integer(self.random, &self.names, 1);
                format!("(({e}) & 3) + 1")
            }
        }
    }

    fn pragma(&mut self) {
        let n = self.random.pick(&["1", "2", "4", "8", "16"]);
        let line = match self.random.below(9) {
            0 => format!("#pragma pack({n})"),
            1 => format!("#pragma pack(push, {n})"),
            2 => "#pragma pack(push)".into(),
            3 => "#pragma pack(pop)".into(),
            4 => format!("#pragma pack(push, label, {n})"),
            5 => "#pragma pack(pop, label)".into(),
            6 => format!("_Pragma(\"pack(push, {n})\")"),
            7 => format!("#pragma pack(pop, {n})"),
            _ => "#pragma pack()".into(),
        };
        self.lines.push(line);
    }

    fn enumeration(&mut self) {
        let tag = self.fresh("e");
        let count = self.random.between(1, 4);
        let mut text = String::new();
        for _ in 0..count {
            let name = self.fresh("K");
            let value = match self.random.below(5) {
                0 => " = -1".to_owned(),
                1 => format!(
                    " = {}",
                    self.random.pick(&[
                        "0x7fffffff",
                        "0xffffffff",
                        "0x100000000",
                        "-5L",
                        "'a'",
                        "1ull << 40",
                        "-0x80000000L"
                    ])
                ),
                2 => format!(" = ({}) & 0xfff", integer(self.random, &self.names, 2)),
                _ => String::new(),
            };
            let attribute = if self.random.one_in(8) { " __attribute__((deprecated))" } else { "" };
            text.push_str(&format!("{name}{attribute}{value}, "));
            self.names.constants.push(name);
        }
        let attribute = match self.random.below(6) {
            0 => " __attribute__((packed))",
            1 => " __attribute__((aligned(8)))",
            _ => "",
        };
        let underlying = match self.dialect.c23 && self.random.one_in(2) {
            true => format!(
                " : {}",
                self.random.pick(&["unsigned char", "short", "long", "unsigned", "long long"])
            ),
            false => String::new(),
        };
        self.lines.push(format!("enum {tag}{underlying} {{ {text}}}{attribute};"));
        self.add(Named {
            name: format!("enum {tag}"),
            paths: Vec::new(),
            flexible: false,
            is_enum: true,
            is_record: false,
            bits: false,
        });
    }

    fn add(&mut self, named: Named) {
        if !named.flexible {
            self.names.types.push(named.name.clone());
        }
        for path in &named.paths {
            self.names.members.push(format!("{}, {path}", named.name));
        }
        self.types.push(named);
    }

    fn alignment(&mut self) -> String {
        match self.random.below(7) {
            0 => "__attribute__((aligned))".into(),
            1 => format!(
                "__attribute__((__aligned__(sizeof({}))))",
                self.random.pick(&["int", "long", "char", "void *"])
            ),
            2 => format!("_Alignas({})", self.random.pick(&["8", "16", "32"])),
            5 if self.dialect.c23 => "alignas(16)".into(),
            4 if self.dialect.c23 => "[[clang::annotate(\"x\"), gnu::aligned(8)]]".into(),
            3 if self.dialect.c23 => "[[gnu::aligned(16)]]".into(),
            _ => format!(
                "__attribute__((aligned({})))",
                self.random.pick(&["1", "2", "4", "8", "16", "32", "64"])
            ),
        }
    }

    /// One without `_Alignas`, for types.
    fn type_alignment(&mut self) -> String {
        loop {
            let text = self.alignment();
            if !text.starts_with("_Alignas")
                && !text.starts_with("[[")
                && !text.starts_with("alignas")
            {
                return text;
            }
        }
    }

    fn typedef(&mut self) {
        let name = self.fresh("t");
        let (base, is_enum, is_record) = match self.base() {
            (base, ..) if base.contains("_Atomic") => ("long".to_owned(), false, false),
            other => other,
        };
        let line = match self.random.below(6) {
            0 if !is_record => {
                let attribute = self.type_alignment();
                format!("typedef {base} {name} {attribute};")
            }
            1 => {
                let n = self.small();
                format!("typedef {base} {name}[{n}];")
            }
            2 => {
                let attribute = self.type_alignment();
                format!("typedef {attribute} {base} {name};")
            }
            3 => {
                let mode = self
                    .random
                    .pick(&["QI", "HI", "SI", "DI", "TI", "__byte__", "__word__", "pointer"]);
                let sign = self.random.pick(&["int", "unsigned int"]);
                format!("typedef {sign} {name} __attribute__((mode({mode})));")
            }
            4 => format!("typedef {base} *{name};"),
            _ => format!("typedef {base} {name};"),
        };
        let bits = self.types.iter().any(|t| t.bits && t.name == base);
        let is_enum = is_enum && line == format!("typedef {base} {name};");
        self.lines.push(line);
        self.add(Named {
            name,
            paths: Vec::new(),
            flexible: false,
            is_enum,
            is_record: false,
            bits,
        });
    }

    fn vector(&mut self) {
        let name = self.fresh("t");
        let base =
            self.random.pick(&["char", "short", "int", "unsigned", "long", "float", "double"]);
        let line = match self.random.below(2) {
            0 => {
                let bytes = self.random.pick(&["8", "16", "32"]);
                format!("typedef {base} {name} __attribute__((vector_size({bytes})));")
            }
            _ => {
                let len = self.random.pick(&[1, 2, 4, 8]);
                format!("typedef {base} {name} __attribute__((ext_vector_type({len})));")
            }
        };
        self.lines.push(line);
        let value = format!("{} v{name} = {{ 1, 2 }};", name);
        self.lines.push(value);
        self.add(Named {
            name,
            paths: Vec::new(),
            flexible: false,
            is_enum: false,
            is_record: false,
            bits: false,
        });
    }

    /// A type for a member, and whether it is an enum or a record.
    fn base(&mut self) -> (String, bool, bool) {
        if !self.types.is_empty() && self.random.one_in(3) {
            let named = self.types[self.random.below(self.types.len())].clone();
            if !named.flexible {
                return (named.name, named.is_enum, named.is_record);
            }
        }
        if self.dialect.c23 && self.random.one_in(8) {
            // In BTF clang leaves the qualifiers where they were written.
            let scalar = loop {
                match self.random.pick(SCALARS) {
                    text if ["const", "volatile", "_Atomic"].iter().any(|q| text.contains(q)) => {}
                    text => break text,
                }
            };
            return (format!("typeof_unqual({scalar})"), false, false);
        }
        if self.random.one_in(8) {
            let e = integer(self.random, &self.names, 1);
            return (format!("__typeof__({e})"), false, false);
        }
        (self.random.pick(SCALARS).to_owned(), false, false)
    }

    /// A type for elements of arrays: no atomic one, for which clang 19 writes no BTF, and into the
    /// array what memory holds.
    fn element(&mut self) -> String {
        loop {
            let (base, ..) = self.base();
            if !base.contains("_Atomic") {
                return base;
            }
        }
    }

    fn member(&mut self, depth: usize, last: bool, out: &mut Members) {
        let name = self.fresh("m");
        match self.random.below(12) {
            0..=3 => {
                // A bit-field.
                let enums: Vec<String> =
                    self.types.iter().filter(|t| t.is_enum).map(|t| t.name.clone()).collect();
                if !enums.is_empty() && self.random.one_in(5) {
                    let picked = &enums[self.random.below(enums.len())];
                    return self.bit_field((picked, 8), &name, out);
                }
                let bits = self.random.pick(BITS);
                self.bit_field(bits, &name, out);
            }
            4 if depth > 0 => {
                let kind = self.random.pick(&["struct", "union"]);
                let inner = self.members(kind == "union", depth - 1);
                let (before, after) = self.record_attributes();
                let anonymous = self.random.one_in(2);
                if anonymous {
                    out.text.push_str(&format!("{kind} {before} {{ {}}} {after}; ", inner.text));
                    out.paths.extend(inner.paths);
                } else {
                    let n = self.random.between(1, 3);
                    let suffix = if n > 1 { format!("[{n}]") } else { String::new() };
                    out.text.push_str(&format!(
                        "{kind} {before} {{ {}}} {after} {name}{suffix}; ",
                        inner.text
                    ));
                    let index = if n > 1 { format!("[{}]", n - 1) } else { String::new() };
                    out.paths.extend(inner.paths.iter().map(|p| format!("{name}{index}.{p}")));
                    out.paths.push(name);
                }
            }
            5 if self.dialect.flags && self.random.one_in(2) => {
                // Refused without `-fms-extensions`; the members' names then are the record's own.
                let records: Vec<&Named> =
                    self.types.iter().filter(|t| t.is_record && !t.flexible).collect();
                let Some(picked) = records.get(self.random.below(records.len())) else { return };
                out.text.push_str(&format!("{}; ", picked.name));
            }
            5 if last && !out.paths.is_empty() && self.random.one_in(2) => {
                let base = self.element();
                let len = self.random.pick(&["", "0"]);
                out.text.push_str(&format!("{base} {name}[{len}]; "));
                out.paths.push(name);
                out.flexible = true;
            }
            6 => {
                let base = self.element();
                let n = self.small();
                out.text.push_str(&format!("{base} {name}[{n}]; "));
                out.paths.push(format!("{name}[0]"));
                out.paths.push(name);
            }
            7 => {
                let (base, ..) = self.base();
                out.text.push_str(&format!("{base} (*{name})(int, char *); "));
                out.paths.push(name);
            }
            n => {
                let (base, ..) = self.base();
                let attribute = match n {
                    8 => self.alignment(),
                    9 => "__attribute__((packed))".into(),
                    _ => String::new(),
                };
                // `_Alignas` and `[[...]]` come first, GNU attributes may come last too.
                let text = match self.random.below(2) {
                    0 if attribute.starts_with("__attribute__") => {
                        format!("{base} {name} {attribute}; ")
                    }
                    _ => format!("{attribute} {base} {name}; "),
                };
                out.text.push_str(&text);
                out.paths.push(name);
            }
        }
    }

    fn bit_field(&mut self, (ty, most): (&str, usize), name: &str, out: &mut Members) {
        let width = self.random.between(1, most);
        let attribute = match self.random.below(8) {
            0 => "__attribute__((packed))".to_owned(),
            1 => self.type_alignment(),
            _ => String::new(),
        };
        let text = match self.random.below(8) {
            0 => format!("{ty} : 0; "),
            1 => format!("{ty} : {width} {attribute}; "),
            2 => {
                let other = self.fresh("m");
                format!("{ty} {name} : {width} {attribute}, {other} : {width}; ")
            }
            _ => format!("{ty} {name} : {width} {attribute}; "),
        };
        out.text.push_str(&text);
    }

    fn members(&mut self, is_union: bool, depth: usize) -> Members {
        let mut out = Members { text: String::new(), paths: Vec::new(), flexible: false };
        let count = self.random.between(1, 5);
        for i in 0..count {
            self.member(depth, i + 1 == count && !is_union, &mut out);
        }
        out
    }

    /// Attributes before the tag and after the body.
    fn record_attributes(&mut self) -> (String, String) {
        let attribute = match self.random.below(6) {
            0 => "__attribute__((packed))".to_owned(),
            1 => self.type_alignment(),
            2 => {
                format!("__attribute__((packed, aligned({})))", self.random.pick(&["2", "4", "8"]))
            }
            _ => String::new(),
        };
        match self.random.below(2) {
            0 => (attribute, String::new()),
            _ => (String::new(), attribute),
        }
    }

    fn record(&mut self) {
        let kind = self.random.pick(&["struct", "struct", "struct", "union"]);
        let tag = self.fresh("s");
        let members = self.members(kind == "union", 2);
        let (before, after) = self.record_attributes();
        self.lines.push(format!("{kind} {before} {tag} {{ {}}} {after};", members.text));
        let name = format!("{kind} {tag}");
        self.lines
            .push(format!("unsigned long z{tag}[] = {{ sizeof({name}), _Alignof({name}) }};"));
        self.lines.push(format!("{name} *p{tag};"));
        if !members.paths.is_empty() {
            let list: Vec<String> =
                members.paths.iter().map(|p| format!("__builtin_offsetof({name}, {p})")).collect();
            self.lines.push(format!("unsigned o{tag}[] = {{ {} }};", list.join(", ")));
        }
        // LLVM's type may ask for more alignment than C's where a record is packed; that of bit-fields
        // is not modelled. A section of its own takes the variable at its word.
        let bits = members.text.contains(" : ")
            || self.types.iter().any(|t| t.bits && members.text.contains(&format!("{} ", t.name)));
        let section = if bits { " __attribute__((section(\".bss.v\")))" } else { "" };
        self.lines.push(format!("{name} v{tag}{section};"));
        self.names.variables.push(format!("v{tag}"));
        for i in 0..2 {
            let values = self.initializer(2);
            // In a section of its own: elsewhere LLVM's type of the constant, which is not modelled for
            // packed unions and bit-fields, may ask for more than the declared alignment.
            self.lines.push(format!(
                "{name} i{tag}_{i} __attribute__((section(\".data.i\"))) = {values};"
            ));
        }
        if !members.paths.is_empty() {
            let path = members.paths[self.random.below(members.paths.len())].clone();
            let array = self.random.pick(&["", "[3]"]);
            let value = match array {
                "" => format!("{{ .{path} = {{ {} }} }}", self.random.below(100)),
                _ => format!(
                    "{{ [1].{path} = {{ {} }}, [0] = {} }}",
                    self.random.below(100),
                    self.initializer(1)
                ),
            };
            self.lines.push(format!(
                "{name} d{tag}{array} __attribute__((section(\".data.d\"))) = {value};"
            ));
        }
        let named = Named {
            name,
            paths: members.paths,
            flexible: members.flexible,
            is_enum: false,
            is_record: true,
            bits,
        };
        self.add(named);
    }

    /// A list with or without inner braces; values fit no type in particular.
    fn initializer(&mut self, depth: usize) -> String {
        let count = self.random.between(usize::from(!self.dialect.c23), 6);
        let mut text = String::from("{ ");
        for _ in 0..count {
            match self.random.below(7) {
                0 if depth > 0 => text.push_str(&self.initializer(depth - 1)),
                1 => text.push_str("-1"),
                2 => text.push_str(&format!(
                    "{}",
                    self.random.bits() >> self.random.below(64) & 0x7fff_ffff
                )),
                _ => text.push_str(&format!("{}", self.random.below(256))),
            }
            text.push_str(", ");
        }
        text.push('}');
        text
    }

    fn constant(&mut self) {
        let name = self.fresh("c");
        let depth = self.random.between(1, 4);
        let line = match self.random.below(12) {
            0 => {
                let ty = self.random.pick(&["float", "double", "long double"]);
                format!("{ty} {name} = {};", float(self.random, depth))
            }
            1 => {
                let e = integer(self.random, &self.names, 2);
                format!("char {name}[(({e}) & 15) + 1];")
            }
            2 => {
                let strings = self.random.pick(&[
                    "char @[] = \"a\\x41\\101\" \"b\\n\";",
                    "char @[3] = \"abc\";",
                    "char @[5] = {\"abc\"};",
                    "unsigned short @[] = u\"a\\u20ac\\U0001F600\" \"b\";",
                    "int @[] = L\"x\\xffff\" \"y\";",
                    "unsigned @[] = U\"\\U0001F600é\";",
                    "unsigned char @[] = u8\"é\\xff\";",
                    "char @[][4] = { \"ab\", {'c'}, \"defg\" };",
                    "char @[] = { [0 ... 3] = 'x', [2] = 'y' };",
                    "int @[] = { [4] = 1, 2, [1] = 3, 4 };",
                    "int @[][2] = { 1, 2, 3, [3] = { 4 }, 5 };",
                    "int @[3][4] = { [0 ... 2] = { [1 ... 2] = 5 }, [1] = { 1 }, [1][3] = 9 };",
                    "char @[] = \"a\\0b\" \"\\0\";",
                    "struct { int a; char b[4]; } @ = { 1, \"xyz\" };",
                    "struct { char b[4]; int a; } @[] = { \"xyz\", 1, { \"uvw\" }, 'q', 0, 0, 0, 7 };",
                    "int @ = sizeof(\"abc\" \"de\");",
                    "union { int a; char b[8]; } @ __attribute__((section(\".data.i\"))) = { .b = \"hello\" };",
                    "unsigned long @ = sizeof(L\"abc\");",
                    "int @ = sizeof((char[]){1,2,3});",
                    "int @ = (int){ 5 };",
                    "long @ = (long)&((struct { int a; long b[4]; } *)0)->b[2];",
                    "int @ = __builtin_strlen(\"hel\\0lo\");",
                ]);
                strings.replace('@', &name)
            }
            3 => {
                let scalar = self.random.pick(&[
                    "unsigned char",
                    "short",
                    "_Bool",
                    "unsigned",
                    "__int128",
                    "float",
                    "double",
                ]);
                let e = integer(self.random, &self.names, depth);
                format!("{scalar} {name} = {e};")
            }
            4 if self.dialect.c23 => {
                let e = integer(self.random, &self.names, 1);
                match self.random.below(22) {
                    4 => format!("bool {name} = ({e}) != 0; static_assert(sizeof(bool) == 1);"),
                    5 => format!("int {name} = 0b1'01 + 1'000'000u + 0x1'f + 0'17;"),
                    6 => format!("enum : unsigned char {{ {name} = 255 }} v{name} = {name};"),
                    7 => format!(
                        "enum {name} : short; enum {name} v{name}; enum {name} : short {{ A{name} = -2 }};"
                    ),
                    8 => {
                        format!("struct {{ int a; long b[2]; }} {name} = {{}}; int z{name} = {{}};")
                    }
                    9 => format!(
                        "constexpr long {name}[3] = {{ 1, 2, 3 }}; unsigned long u{name} = sizeof({name});"
                    ),
                    10 => format!(
                        "auto {name} = u8'x'; int u{name} = _Generic({name}, unsigned char: 1, default: 2);"
                    ),
                    11 => format!("[[gnu::section(\".data.x\"), deprecated]] int {name} = 3;"),
                    12 => format!(
                        "struct [[gnu::packed]] {name} {{ char a; [[maybe_unused]] long b; }} v{name} = {{ 1, 2 }};"
                    ),
                    13 => format!(
                        "constexpr unsigned char {name} = 200; auto u{name} = {name}; int w{name}[{name} - 190];"
                    ),
                    14 => {
                        format!("typeof({e}) {name} = {e}; typeof_unqual(long) u{name} = 4;")
                    }
                    15 => format!(
                        "int {name}[] = {{\n#embed \"case.c\" limit(3) prefix(9,) suffix(,0)\n}};"
                    ),
                    16 => format!(
                        "static_assert(alignof(int) == 4, \"x\"); unsigned {name} = alignof(long);"
                    ),
                    17 => format!("int caf\\u00e9{name} = 1; int u{name} = sizeof(café{name});"),
                    18 => format!("constexpr auto {name} = 7ull; auto u{name} = {name} + 1;"),
                    19 => format!("constexpr double {name} = 0x1.8p1; int u{name} = (int){name};"),
                    20 => format!("int <:{name}:> ; int {name} <:2:> = <% 1, 2 %>;"),
                    21 => format!("void *{name} = nullptr; long u{name} = nullptr == 0;"),
                    0 => format!("constexpr int {name} = ({e}) & 0xff; int u{name} = {name} + 1;"),
                    1 => format!("[[maybe_unused]] int {name} = {e};"),
                    2 => format!("auto {name} = {e};"),
                    _ => format!(
                        "void *{name} = nullptr; int b{name} = true + sizeof(nullptr) + 1'000;"
                    ),
                }
            }
            _ => {
                let e = integer(self.random, &self.names, depth);
                let ty = self.random.pick(&["long", "unsigned long", "int", "long"]);
                format!("{ty} {name} = {e};")
            }
        };
        self.lines.push(line);
    }
}
