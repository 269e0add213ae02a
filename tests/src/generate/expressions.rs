//! Random constant expressions that clang takes as initialisers at file scope.

use super::Random;

/// What an expression may name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Complete object types, as type names.
    pub types: Vec<String>,
    /// Enumerators.
    pub constants: Vec<String>,
    /// Operands of `offsetof`: `struct s, m.n[1]`.
    pub members: Vec<String>,
    /// Variables.
    pub variables: Vec<String>,
}

const CASTS: &[&str] = &[
    "char",
    "signed char",
    "unsigned char",
    "short",
    "unsigned short",
    "int",
    "unsigned",
    "long",
    "unsigned long",
    "long long",
    "unsigned long long",
    "_Bool",
    "__int128",
    "unsigned __int128",
];

/// An integer literal in one of its many forms.
fn literal(random: &mut Random) -> String {
    let value = match random.below(6) {
        0 => random.below(4) as u64,
        1 => random.below(256) as u64,
        2 => random.bits() >> 33,
        3 => random.bits() >> 32,
        4 => random.pick(&[0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fff_ffff_ffff_ffff]),
        _ => random.bits() >> random.below(64),
    };
    let suffix =
        random.pick(&["", "", "", "u", "U", "l", "L", "ul", "LU", "ll", "LL", "ull", "LLU"]);
    // A decimal literal above LLONG_MAX needs its `u`.
    match random.below(5) {
        0 => format!("0x{value:x}{suffix}"),
        1 => format!("0{value:o}{suffix}"),
        2 => format!("0b{value:b}{suffix}"),
        _ => format!("{}{suffix}", value & 0x7fff_ffff_ffff_ffff),
    }
}

fn character(random: &mut Random) -> String {
    random
        .pick(&[
            "'a'",
            "'\\0'",
            "'\\xff'",
            "'\\377'",
            "'\\n'",
            "'\\\\'",
            "'\\''",
            "'\"'",
            "'\\?'",
            "'ab'",
            "'abcd'",
            "L'x'",
            "u'\\u20ac'",
            "U'\\U0001F600'",
            "L'\\xffff'",
            "'\\e'",
            "u8'z'",
            "'\\x80'",
            "L'\\xffffffff'",
            "u'\\xffff'",
            "'\\177'",
            "'\\x7f'",
        ])
        .to_owned()
}

/// A floating expression.
pub fn float(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.one_in(3) {
        return random
            .pick(&[
                "1.0",
                ".5f",
                "3.",
                "1e10",
                "1e-10f",
                "0x1.8p3",
                "0x1p-4f",
                "2.5L",
                "123456789.0f",
                "1E+3",
                "0x.8p1",
                "0xAp0",
                "1e300",
                "16777217.0f",
                "0.1",
                "0.1f",
                "1e-320",
                "3.4e38f",
                "0x1.fffffffp0f",
            ])
            .to_owned();
    }
    let a = float(random, depth - 1);
    match random.below(9) {
        0 => format!("(-{a})"),
        1 => format!("((float){a})"),
        2 => format!("((double){a})"),
        3 => format!("(float){}", integer(random, &Names::default(), depth - 1)),
        4 => format!("({a} ? {} : {})", float(random, depth - 1), float(random, depth - 1)),
        5 => format!("({a} + {})", literal(random)),
        _ => {
            let op = random.pick(&["+", "-", "*", "/"]);
            format!("({a} {op} {})", float(random, depth - 1))
        }
    }
}

/// An integer expression.
pub fn integer(random: &mut Random, names: &Names, depth: usize) -> String {
    if depth == 0 || random.one_in(6) {
        return match random.below(8) {
            0 => character(random),
            1 if !names.constants.is_empty() => {
                names.constants[random.below(names.constants.len())].clone()
            }
            2 if !names.types.is_empty() => {
                let ty = &names.types[random.below(names.types.len())];
                let op = random.pick(&["sizeof", "_Alignof", "__alignof__", "sizeof"]);
                format!("{op}({ty})")
            }
            3 if !names.members.is_empty() => {
                format!("__builtin_offsetof({})", names.members[random.below(names.members.len())])
            }
            4 if !names.variables.is_empty() => {
                let variable = &names.variables[random.below(names.variables.len())];
                let op = random.pick(&["sizeof", "sizeof", "__alignof__"]);
                format!("{op}({variable})")
            }
            _ => literal(random),
        };
    }
    let a = integer(random, names, depth - 1);
    match random.below(22) {
        0 => format!("(-{a})"),
        1 => format!("(~{a})"),
        2 => format!("(!{a})"),
        3 | 4 => format!("(({}){a})", random.pick(CASTS)),
        5 => {
            let b = integer(random, names, depth - 1);
            format!("({a} ? {b} : {})", integer(random, names, depth - 1))
        }
        6 => format!("({a} {} {})", random.pick(&["<<", ">>"]), random.below(31)),
        7 => format!("({a} {} {})", random.pick(&["/", "%"]), literal(random)),
        8 => {
            let b = integer(random, names, depth - 1);
            format!("({a} {} {b})", random.pick(&["<", ">", "<=", ">=", "==", "!=", "&&", "||"]))
        }
        9 => {
            let builtin = random.pick(&[
                "popcount",
                "popcountl",
                "popcountll",
                "parity",
                "parityl",
                "bswap16",
                "bswap32",
                "bswap64",
                "ffs",
                "ffsl",
                "ffsll",
                "clrsb",
                "clrsbl",
                "abs",
                "labs",
                "llabs",
                "bitreverse8",
                "bitreverse16",
                "bitreverse32",
                "bitreverse64",
            ]);
            format!("__builtin_{builtin}({a})")
        }
        10 => {
            let builtin = random.pick(&["clz", "clzl", "clzll", "ctz", "ctzl", "ctzll"]);
            format!("__builtin_{builtin}({a} | 4)")
        }
        11 => {
            let b = integer(random, names, depth - 1);
            format!("__builtin_choose_expr({}, {a}, {b})", random.below(2))
        }
        12 => {
            let (a, b) = (random.pick(CASTS), random.pick(CASTS));
            format!("__builtin_types_compatible_p({a}, {b})")
        }
        13 => {
            let b = integer(random, names, depth - 1);
            format!(
                "_Generic({a}, int: {b}, unsigned: 7, long: 8, unsigned long: 9, char: 10, default: 11)"
            )
        }
        14 => format!("__builtin_constant_p({a})"),
        15 => format!(
            "((int){})",
            float(random, 1).replace("e300", "e3").replace("e38", "e3").replace("e10", "e5")
        ),
        16 => format!("(sizeof({a}) + _Alignof(__typeof__({a})))"),
        17 => format!("__builtin_types_compatible_p(__typeof__({a}), {})", random.pick(CASTS)),
        18 => format!("__extension__({a})"),
        _ => {
            let b = integer(random, names, depth - 1);
            format!("({a} {} {b})", random.pick(&["+", "-", "*", "&", "|", "^"]))
        }
    }
}
