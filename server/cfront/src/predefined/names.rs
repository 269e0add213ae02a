//! What clang 19 answers to `__has_*` for `-target bpf`. Made by `generate.py`; do not edit.
pub(super) const ATTRIBUTES: &[(&str, u32)] = &[];
pub(super) const C_ATTRIBUTES: &[(&str, u32)] = &[];
pub(super) const DECLSPECS: &[(&str, u32)] = &[];
pub(super) const BUILTINS: &[(&str, u32)] = &[];
pub(super) const FEATURES: &[(&str, u32)] = &[];
pub(super) const EXTENSIONS: &[(&str, u32)] = &[];
pub(super) const KEYWORDS: &[&str] = &[];
pub(super) const WARNINGS: &[&str] = &[];
