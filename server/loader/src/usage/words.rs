//! What the words of a text say that it may do to objects, without its headers and without parsing it.
//!
//! This only ever exempts: code in a branch of a conditional that is switched off, in a macro's body,
//! or about any other map counts as well.

use bpf::section::identifier;
use cfront::{lexer, token::TokenKind};
use memchr::memmem;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::skeletons::HeaderKind;

/// Larger files are no loaders.
const MAX_BYTES: usize = 1 << 20;

/// Functions that open objects without a skeleton.
const OPENERS: &[&str] =
    &["bpf_object__open", "bpf_object__open_file", "bpf_object__open_mem", "bpf_prog_load"];

/// Functions that give programs other types than their sections say.
const TYPE_SETTERS: &[&str] = &["bpf_program__set_type", "libbpf_register_prog_handler"];

/// Functions that choose which programs are loaded.
const CHOOSERS: &[&str] = &["bpf_program__set_autoload"];

const MAP_SETTER: &str = "bpf_map__set_";
const RELAXED: &str = "relaxed_maps";

/// What a text could be about. A folder may hold hundreds of loaders, and all but a few of them are
/// about other programs: this costs a few searches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mentions {
    /// Names of objects whose skeletons the text may include.
    pub skeletons: FxHashSet<SmolStr>,
    /// The same for subskeletons: such objects are linked into others.
    pub subskeletons: FxHashSet<SmolStr>,
    /// It has the name of a function that opens objects without a skeleton.
    pub opens: bool,
    /// It may set attributes of any map or program, whether or not it opens an object itself.
    pub exempts: bool,
}

impl Mentions {
    /// Looks at a text without lexing it.
    pub fn read(text: &str) -> Mentions {
        let mut found = Mentions::default();
        let bytes = text.as_bytes();
        for at in memmem::find_iter(bytes, "skel.h") {
            let end = at + "skel.h".len();
            let before = bytes.get(..at).unwrap_or_default();
            let start = memchr::memrchr3(b'"', b'/', b'\n', before).map_or(0, |i| i + 1);
            let Some((kind, name)) = text.get(start..end).and_then(HeaderKind::of_include) else {
                continue;
            };
            let name = identifier(name.strip_suffix(".bpf").unwrap_or(name));
            match kind {
                HeaderKind::Subskeleton => found.subskeletons.insert(name),
                _ => found.skeletons.insert(name),
            };
        }
        let any = |words: &[&str]| {
            words.iter().any(|word| memmem::find(bytes, word.as_bytes()).is_some())
        };
        found.opens = any(OPENERS);
        found.exempts = any(TYPE_SETTERS) || any(CHOOSERS) || any(&[MAP_SETTER, RELAXED]);
        found
    }
}

/// What the words of a text say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words {
    /// Some function gives programs their types.
    pub sets_program_types: bool,
    /// Some function chooses which programs are loaded.
    pub chooses_programs: bool,
    /// Members of struct_ops maps are set.
    pub sets_struct_ops: bool,
    /// An object is opened with `relaxed_maps`.
    pub relaxed_maps: bool,
    /// Maps whose attributes are set; `*` where it is not known which.
    pub sets: FxHashSet<SmolStr>,
}

impl Words {
    /// Lexes a text; directives are read like code.
    pub fn read(text: &str) -> Words {
        let mut words = Words::default();
        if text.len() > MAX_BYTES {
            return words;
        }
        let mut pos = 0;
        let mut directive = false;
        let mut before = String::new();
        while let raw = lexer::lex(text, pos)
            && let Some(kind) = raw.kind
        {
            pos = raw.end.max(pos + 1);
            let word = raw.text(text);
            // The body of a macro may stand for any map.
            directive &= !raw.ends_line();
            directive |= before == "#" && word == "define";
            if kind == TokenKind::Ident {
                match word.as_ref() {
                    "struct_ops" => words.sets_struct_ops = true,
                    RELAXED => words.relaxed_maps = true,
                    name if is_one(name, CHOOSERS) => words.chooses_programs = true,
                    name if is_one(name, TYPE_SETTERS) => words.sets_program_types = true,
                    // Wrappers and pointers to it have names such as `sym_bpf_map__set_max_entries`.
                    name if name.contains(MAP_SETTER) => {
                        let map = if directive { "*".into() } else { argument(text, pos) };
                        words.sets.insert(map);
                    }
                    _ => {}
                }
            }
            before = word.into_owned();
        }
        words
    }
}

/// Whether a name is one of these, or that of a wrapper or pointer (`sym_bpf_program__set_type`).
fn is_one(name: &str, functions: &[&str]) -> bool {
    functions.iter().any(|function| name.ends_with(function))
}

/// The map that the first argument of a call names (`skel->maps.NAME`), or `*`.
fn argument(text: &str, mut pos: usize) -> SmolStr {
    let mut words: Vec<String> = Vec::new();
    while words.len() < 16 {
        let raw = lexer::lex(text, pos);
        if raw.kind.is_none() {
            break;
        }
        pos = raw.end.max(pos + 1);
        let word = raw.text(text).into_owned();
        if word == "," || word == ")" {
            break;
        }
        words.push(word);
    }
    match words.as_slice() {
        [.., maps, dot, name] if maps == "maps" && dot == "." => name.as_str().into(),
        _ => "*".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, skeletons: &[&str], sets: &[&str]) {
        let set = |words: &[&str]| words.iter().copied().map(SmolStr::new).collect();
        assert_eq!(Mentions::read(text).skeletons, set(skeletons), "{text}");
        assert_eq!(Words::read(text).sets, set(sets), "{text}");
    }

    #[test]
    fn a_named_map_and_one_that_is_not_known() {
        check(
            "#include \"x/a-b.skel.h\"\nint f(void) { bpf_map__set_max_entries(skel->maps.m, 1); }",
            &["a_b"],
            &["m"],
        );
        check("bpf_map__set_type(map, 3); // bpf_map__set_x(y)", &[], &["*"]);
        check("\"bpf_map__set_type(map)\"", &[], &[]);
        check("#include \"a.bpf.skel.h\"\n#include \"b.subskel.h\"", &["a"], &[]);
    }

    #[test]
    fn macros_may_stand_for_any_map() {
        check("#define S(m) \\\n\tbpf_map__set_type(skel->maps.m, 1)\nint x;", &[], &["*"]);
        check("#define X\nbpf_map__set_type(skel->maps.m, 1);", &[], &["m"]);
        check("#if 0\nbpf_map__set_type(skel->maps.m, 1);\n#endif", &[], &["m"]);
    }

    #[test]
    fn other_words() {
        let words = Words::read("bpf_program__set_type(p, 1); o.relaxed_maps = true;");
        assert!(words.sets_program_types && words.relaxed_maps && words.sets.is_empty());
        assert!(Mentions::read("x(bpf_program__set_type)").exempts);
        assert!(!Mentions::read("bpf_map_update_elem(fd, k, v)").exempts);
    }
}
