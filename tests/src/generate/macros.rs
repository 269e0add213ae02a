//! Random macros and uses of them: nested, self-referential, variadic, with `#`, `##` and
//! `__VA_OPT__`, redefined and under conditions.

use super::Random;

const NAMES: &[&str] = &["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];
const PARAMETERS: &[&str] = &["x", "y", "z"];
const WORDS: &[&str] = &[
    "a",
    "b",
    "foo",
    "x",
    "1",
    "2",
    "0x3",
    "+",
    "-",
    "(",
    ")",
    ",",
    "\"s\"",
    "'c'",
    "[",
    "]",
    ";",
    ".5",
    "...",
    "<<",
    "->",
    "__LINE__",
    "__COUNTER__",
    "if",
    "L\"w\"",
    "\\",
    "@",
];

/// One program: definitions, conditions and uses, one a line.
pub fn program(random: &mut Random) -> String {
    let mut text = String::new();
    let mut open = 0;
    for _ in 0..60 {
        match random.below(12) {
            0..=3 => define(random, &mut text),
            4 => text.push_str(&format!("#undef {}\n", random.pick(NAMES))),
            5 if open < 4 => {
                open += 1;
                let condition = condition(random, 2);
                text.push_str(&match random.below(3) {
                    0 => format!("#ifdef {}\n", random.pick(NAMES)),
                    1 => format!("#ifndef {}\n", random.pick(NAMES)),
                    _ => format!("#if {condition}\n"),
                });
            }
            6 if open > 0 => match random.below(4) {
                0 => text.push_str(&format!("#elif {}\n", condition(random, 2))),
                1 => text.push_str(&format!("#elifdef {}\n", random.pick(NAMES))),
                _ => {
                    open -= 1;
                    text.push_str(if random.one_in(2) { "#else\n#endif\n" } else { "#endif\n" });
                }
            },
            _ => {
                let count = random.between(1, 4);
                text.push_str("U ");
                for _ in 0..count {
                    text.push_str(&usage(random, 3));
                    text.push(' ');
                }
                text.push_str(";\n");
            }
        }
    }
    for _ in 0..open {
        text.push_str("#endif\n");
    }
    text
}

fn space(random: &mut Random) -> &'static str {
    random.pick(&["", " ", " ", "  ", " /* c */ "])
}

fn define(random: &mut Random, text: &mut String) {
    let name = random.pick(NAMES);
    // What is defined twice is an error in clang's eyes, and the later one counts.
    text.push_str(&format!("#undef {name}\n#define {name}"));
    let parameters: Vec<&str> = PARAMETERS.iter().copied().take(random.below(4)).collect();
    let function = random.below(3) > 0;
    let variadic = function && random.one_in(3);
    let named = variadic && random.one_in(4);
    if function {
        let mut list: Vec<String> = parameters.iter().map(|p| (*p).to_owned()).collect();
        match (variadic, named) {
            (true, true) => list.push("rest...".into()),
            (true, false) => list.push("...".into()),
            _ => {}
        }
        text.push_str(&format!("({})", list.join(", ")));
    }
    text.push(' ');
    let rest = if named { "rest" } else { "__VA_ARGS__" };
    let count = random.below(7);
    let mut pasted = true;
    for i in 0..count {
        text.push_str(space(random));
        match random.below(12) {
            0 if function && !parameters.is_empty() => {
                text.push_str(&format!("#{}", random.pick(&parameters)));
            }
            1 if i > 0 && i + 1 < count && !pasted => {
                text.push_str(" ## ");
                pasted = true;
                continue;
            }
            2 if variadic => text.push_str(rest),
            3 if variadic => text.push_str(&format!(", ##{rest}")),
            4 if variadic && !named => {
                let inner = [random.pick(WORDS), rest, random.pick(NAMES)].map(str::to_owned);
                let inner: Vec<&String> =
                    inner.iter().filter(|w| !matches!(w.as_str(), "(" | ")" | "\\")).collect();
                let inner: Vec<&str> = inner.iter().map(|w| w.as_str()).collect();
                text.push_str(&format!("__VA_OPT__({})", inner.join(" ")));
            }
            5 if variadic => text.push_str(&format!("#{rest}")),
            6 | 7 if !parameters.is_empty() => text.push_str(random.pick(&parameters)),
            8 | 9 => {
                text.push_str(random.pick(NAMES));
                if random.one_in(2) {
                    text.push_str(&format!("({})", argument(random, &parameters)));
                }
            }
            _ => text.push_str(match random.pick(WORDS) {
                // A lone backslash would splice lines.
                "\\" => "b",
                word => word,
            }),
        }
        pasted = false;
        text.push(' ');
    }
    if pasted && count > 0 {
        text.push_str(" t");
    }
    text.push('\n');
}

fn argument(random: &mut Random, parameters: &[&str]) -> String {
    match parameters.is_empty() || random.one_in(2) {
        true => random.pick(&["", "1", "foo", "A", "B", "a b"]).to_owned(),
        false => random.pick(parameters).to_owned(),
    }
}

/// A use of a macro, or words.
fn usage(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.one_in(4) {
        return match random.pick(WORDS) {
            "(" | ")" | "," | "\\" => "w".to_owned(),
            word => word.to_owned(),
        };
    }
    let name = random.pick(NAMES);
    if random.one_in(5) {
        return name.to_owned();
    }
    let count = random.below(5);
    let mut arguments = Vec::new();
    for _ in 0..count {
        arguments.push(match random.below(6) {
            0 => String::new(),
            1 => format!("({}, {})", usage(random, depth - 1), usage(random, depth - 1)),
            _ => format!("{}{}", usage(random, depth - 1), space(random)),
        });
    }
    let glue = random.pick(&["", " ", "\n"]);
    format!("{name}{glue}({})", arguments.join(","))
}

fn condition(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.one_in(4) {
        return match random.below(8) {
            0 => format!("defined({})", random.pick(NAMES)),
            1 => format!("defined {}", random.pick(NAMES)),
            2 => random
                .pick(&[
                    "1",
                    "0",
                    "0x7fffffffffffffff",
                    "-1",
                    "1u",
                    "'a'",
                    "07",
                    "0b11",
                    "2L",
                    "3ull",
                ])
                .to_owned(),
            3 => random
                .pick(&[
                    "__BPF__",
                    "__has_builtin(__builtin_memcpy)",
                    "__has_attribute(packed)",
                    "undefined",
                ])
                .to_owned(),
            4 => format!("{}", random.bits() >> random.between(1, 63)),
            _ => random.below(5).to_string(),
        };
    }
    let (a, b) = (condition(random, depth - 1), condition(random, depth - 1));
    match random.below(6) {
        0 => format!("!({a})"),
        1 => format!("({a} ? {b} : {})", condition(random, depth - 1)),
        2 => format!("(-({a}) {} ({b}))", random.pick(&["<", ">", "<=", ">=", "=="])),
        3 => format!("(({a}) {} {})", random.pick(&["<<", ">>"]), random.below(63)),
        _ => {
            let op =
                random.pick(&["+", "-", "*", "&", "|", "^", "&&", "||", "==", "!=", "<", "/", "%"]);
            format!("({a}) {op} ({b})")
        }
    }
}
