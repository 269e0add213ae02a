//! clang's answers to `__has_attribute` and kin.

use std::{cmp::Ordering, sync::OnceLock};

use memchr::memmem;

use crate::flags::Flags;

/// Sections (`[NAME]`) of words in byte order, a line each, with the answer behind those whose answer is not 1.
const NAMES: &str = include_str!("names.txt");

/// The lines of a section. A program asks a few dozen questions: a table of all the words would take longer
/// to make than those take to answer.
fn section(name: &str) -> &'static str {
    static SECTIONS: OnceLock<Vec<(&str, &str)>> = OnceLock::new();
    let sections = SECTIONS.get_or_init(|| {
        let heads: Vec<usize> = memmem::find_iter(NAMES.as_bytes(), "\n[").collect();
        let ends = heads.iter().skip(1).copied().chain([NAMES.len()]);
        let texts = heads.iter().zip(ends).filter_map(|(&head, end)| NAMES.get(head + 2..end));
        let named = texts.filter_map(|text| text.split_once(']'));
        named.map(|(name, lines)| (name, lines.trim_start())).collect()
    });
    sections.iter().find(|(known, _)| *known == name).map_or("", |(_, lines)| lines)
}

/// The number behind a word of a section; 0 when it is not there.
fn value(name: &str, word: &str) -> u64 {
    let mut lines = section(name);
    while !lines.is_empty() {
        let middle = lines.get(..lines.len() / 2).and_then(|half| half.rfind('\n'));
        let start = middle.map_or(0, |newline| newline + 1);
        let rest = lines.get(start..).unwrap_or_default();
        let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        let (found, number) = line.split_once(' ').unwrap_or((line, "1"));
        match found.cmp(word) {
            Ordering::Less => lines = behind,
            Ordering::Greater => lines = lines.get(..start).unwrap_or_default(),
            Ordering::Equal => return number.parse().unwrap_or(1),
        }
    }
    0
}

/// `__has_attribute`, the name without surrounding underscores.
pub(crate) fn attribute(name: &str) -> u64 {
    value("ATTRIBUTES", name)
}

/// `__has_c_attribute`; the name may have a scope.
pub(crate) fn c_attribute(name: &str) -> u64 {
    let plain =
        |w: &str| w.strip_prefix("__").and_then(|w| w.strip_suffix("__")).unwrap_or(w).to_owned();
    let name = match name.split_once("::") {
        Some((scope, word)) => format!("{}::{}", plain(scope.trim()), plain(word.trim())),
        None => plain(name),
    };
    value("C_ATTRIBUTES", &name)
}

/// `__has_declspec_attribute`
pub(crate) fn declspec(name: &str) -> u64 {
    value("DECLSPECS", name)
}

/// `__has_builtin`
pub(crate) fn builtin(name: &str) -> u64 {
    value("BUILTINS", name)
}

/// `__has_feature`
pub(crate) fn feature(name: &str) -> u64 {
    value("FEATURES", name)
}

/// `__has_extension`
pub(crate) fn extension(name: &str) -> u64 {
    value("EXTENSIONS", name)
}

/// `__has_warning`, the name with `-W`.
pub(crate) fn warning(name: &str) -> bool {
    value("WARNINGS", name) != 0
}

/// Whether `__is_identifier` says no: the name is a keyword.
pub(crate) fn is_keyword(name: &str, flags: &Flags) -> bool {
    match name {
        "asm" | "typeof" => flags.gnu,
        _ => value("KEYWORDS", name) != 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_and_nothing_else() {
        let mut current = "";
        let mut asked = 0;
        for line in NAMES.lines().filter(|line| !line.starts_with(';')) {
            if let Some(name) = line.strip_prefix('[') {
                current = name.trim_end_matches(']');
                continue;
            }
            let (word, number) = line.split_once(' ').unwrap_or((line, "1"));
            assert_eq!(value(current, word).to_string(), number, "{current} {word}");
            assert_eq!(value(current, &format!("{word}_")), 0, "{current} {word}_");
            assert_eq!(value("DECLSPECS", word), 0, "a section without words");
            asked += 1;
        }
        assert_eq!(asked, 3106);
        assert_eq!(value("BUILTINS", ""), 0);
        assert_eq!(value("NONE", "aligned"), 0);
    }
}
