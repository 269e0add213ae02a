//! clang's answers to `__has_attribute` and kin.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::flags::Flags;

/// Value by name, by section of the table.
fn table(section: &str) -> Option<&'static FxHashMap<&'static str, u32>> {
    static TABLE: OnceLock<FxHashMap<&'static str, FxHashMap<&'static str, u32>>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut table: FxHashMap<&str, FxHashMap<&str, u32>> = FxHashMap::default();
        let mut current = "";
        for line in include_str!("names.txt").lines().filter(|l| !l.starts_with(';')) {
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                current = name;
                continue;
            }
            let (name, value) = line.split_once(' ').unwrap_or((line, "1"));
            table.entry(current).or_default().insert(name, value.parse().unwrap_or(1));
        }
        table
    });
    table.get(section)
}

fn value(section: &str, name: &str) -> u64 {
    table(section).and_then(|t| t.get(name)).map_or(0, |v| u64::from(*v))
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
