//! clang's answers to `__has_attribute` and kin.

use super::names;
use crate::flags::Flags;

fn value(table: &[(&str, u32)], name: &str) -> u64 {
    let found = table.binary_search_by(|(n, _)| (*n).cmp(name)).ok();
    found.and_then(|i| table.get(i)).map_or(0, |(_, v)| u64::from(*v))
}

/// `__has_attribute`, the name without surrounding underscores.
pub(crate) fn attribute(name: &str) -> u64 {
    value(names::ATTRIBUTES, name)
}

/// `__has_c_attribute`; the name may have a scope.
pub(crate) fn c_attribute(name: &str) -> u64 {
    let plain =
        |w: &str| w.strip_prefix("__").and_then(|w| w.strip_suffix("__")).unwrap_or(w).to_owned();
    let name = match name.split_once("::") {
        Some((scope, word)) => format!("{}::{}", plain(scope.trim()), plain(word.trim())),
        None => plain(name),
    };
    value(names::C_ATTRIBUTES, &name)
}

/// `__has_declspec_attribute`
pub(crate) fn declspec(name: &str) -> u64 {
    value(names::DECLSPECS, name)
}

/// `__has_builtin`
pub(crate) fn builtin(name: &str) -> u64 {
    value(names::BUILTINS, name)
}

/// `__has_feature`
pub(crate) fn feature(name: &str) -> u64 {
    value(names::FEATURES, name)
}

/// `__has_extension`
pub(crate) fn extension(name: &str) -> u64 {
    value(names::EXTENSIONS, name)
}

/// `__has_warning`, the name with `-W`.
pub(crate) fn warning(name: &str) -> bool {
    names::WARNINGS.binary_search(&name).is_ok()
}

/// Whether `__is_identifier` says no: the name is a keyword.
pub(crate) fn is_keyword(name: &str, flags: &Flags) -> bool {
    match name {
        "asm" | "typeof" => flags.gnu,
        _ => names::KEYWORDS.binary_search(&name).is_ok(),
    }
}
