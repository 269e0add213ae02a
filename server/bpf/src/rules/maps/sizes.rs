//! What the kernel accepts as key and value of a map type: `map-key-size`, `map-value-size`.

use cfront::ctypes::CType;

use super::{
    super::context::{Check, Context, Family},
    definition::{Definition, short_name},
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    facts::map_types::{MapType, SizeRule},
    object::MapDef,
    rule::{self, Rule, Scope},
};

static KEY_SIZE: Rule = Rule {
    id: "map-key-size",
    severity: Severity::Error,
    title: "the map type does not accept this key size",
    happens: "The kernel refuses to create the map (-EINVAL, for SOCKHASH -E2BIG), so the object does not \
              load.",
    why: "Each map type has its own rule. Arrays want 4 bytes, LPM tries 5 to 260, SOCKHASH at most 512, \
          local storage an integer of 4 bytes, and ring buffers, queues and stacks take no key at all.",
    fix: "Give `key` a type of the right size, usually `__u32`, or leave it out where the type takes none.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static VALUE_SIZE: Rule = Rule {
    id: "map-value-size",
    severity: Severity::Error,
    title: "the map type does not accept this value size",
    happens: "The kernel refuses to create the map (-EINVAL, for values that are too large -E2BIG), so the \
              object does not load.",
    why: "Each map type has its own rule. Maps of descriptors and maps of maps want 4 bytes (some also take \
          8), stack traces a multiple of 8, and ring buffers take no value at all. One value of a per-CPU \
          map has to fit an allocation of the per-CPU allocator: 32 KiB, or 64 KiB on hosts with 64 KiB \
          pages.",
    fix: "Give `value` a type of the right size, or leave it out where the type takes none. Split per-CPU \
          values that are too large over several maps.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&KEY_SIZE, &VALUE_SIZE], check: Check::object(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    for map in cx.maps() {
        let before = found.len();
        if let Some((def, row)) = map.judged() {
            key_size(cx, map, def, row, found);
            value_size(cx, map, def, row, found);
        }
        integer_key(cx, map, found);
        if found.len() > before && cx.usage.sets_map(map.variable.as_str()) {
            found.truncate(before);
        }
    }
}

fn key_size(
    cx: Context<'_>,
    map: &Definition,
    def: &MapDef,
    row: &MapType,
    found: &mut Vec<Diagnostic>,
) {
    let size = u64::from(def.key_size.unwrap_or(0));
    if size == 0 && map.is_open(cx.unit, cx.usage) || row.key_size.takes(size) != Some(false) {
        return;
    }
    let too_large = row.name == "BPF_MAP_TYPE_SOCKHASH" && size > 512;
    let errno = if too_large { "-E2BIG" } else { "-EINVAL" };
    let message = refused(map, row, "key", &row.key_size, size, errno);
    found.push(Diagnostic::new(&KEY_SIZE, map.at, message));
}

fn value_size(
    cx: Context<'_>,
    map: &Definition,
    def: &MapDef,
    row: &MapType,
    found: &mut Vec<Diagnostic>,
) {
    let rule = &row.value_size;
    let size = match def.value_size {
        Some(size) => u64::from(size),
        // `values` of map-in-map and program array types sets 4.
        None if map.has_values => return,
        None => 0,
    };
    let percpu = *rule == SizeRule::PercpuValue;
    match rule.takes(size) {
        Some(false) if size == 0 && map.is_open(cx.unit, cx.usage) => {}
        None if percpu => {
            let message = format!(
                "a value of `{}` takes {size} bytes per CPU: on hosts with pages of up to 32 KiB creating \
                 it fails with -E2BIG",
                map.name
            );
            let finding = Diagnostic::new(&VALUE_SIZE, map.at, message);
            found.push(finding.with_severity(Severity::Warning));
        }
        Some(false) => {
            let too_large = size > 0 && (percpu || *rule == SizeRule::StorageValue);
            let errno = if too_large { "-E2BIG" } else { "-EINVAL" };
            let message = refused(map, row, "value", rule, size, errno);
            found.push(Diagnostic::new(&VALUE_SIZE, map.at, message));
        }
        Some(true) | None => {}
    }
}

/// The keys of local storage are file descriptors: a 32-bit integer type and nothing else of that size.
fn integer_key(cx: Context<'_>, map: &Definition, found: &mut Vec<Diagnostic>) {
    let Some(row) = map.wanted(cx.unit) else { return };
    if !row.needs_btf_types || row.key_btf != "int" {
        return;
    }
    let Some(key) = map.member("key") else { return };
    let CType::Pointer(to) = cx.unit.canonical(key.ty) else { return };
    let what = match cx.unit.canonical(to) {
        CType::Record(_) => "a struct or union",
        CType::Enum(_) => "an enum",
        CType::Array { .. } => "an array",
        CType::Pointer(_) => "a pointer",
        CType::Float(_) => "a float",
        _ => return,
    };
    // Another size is reported as that.
    if cx.unit.size_of(to) != Some(4) {
        return;
    }
    let message = format!(
        "{} maps need a 32-bit integer as key, but the key of `{}` is {what}: creating it fails with -EINVAL",
        short_name(row),
        map.name
    );
    found.push(Diagnostic::new(&KEY_SIZE, key.at, message));
}

fn refused(
    map: &Definition,
    row: &MapType,
    what: &str,
    rule: &SizeRule,
    size: u64,
    errno: &str,
) -> String {
    let wanted = match rule {
        SizeRule::OneOf(sizes) if sizes == &[0] => format!("take no {what}"),
        rule => format!("need {what}s of {}", wanted(rule)),
    };
    let given = if size == 0 { format!("no {what}") } else { format!("{size}-byte {what}s") };
    let (kind, name) = (short_name(row), &map.name);
    format!("{kind} maps {wanted}, but `{name}` has {given}: creating it fails with {errno}")
}

fn wanted(rule: &SizeRule) -> String {
    match rule {
        SizeRule::OneOf(sizes) => {
            let sizes: Vec<String> = sizes.iter().map(u64::to_string).collect();
            format!("{} bytes", sizes.join(" or "))
        }
        SizeRule::Between(1, u64::MAX) => "at least 1 byte".into(),
        SizeRule::Between(from, to) => format!("{from} to {to} bytes"),
        SizeRule::MultipleOf(unit) => format!("a multiple of {unit} bytes"),
        SizeRule::PercpuValue => "1 byte to 32 KiB (64 KiB with 64 KiB pages)".into(),
        SizeRule::StorageValue => "less than 64 KiB".into(),
        SizeRule::PagesPowerOfTwo | SizeRule::Unknown => "another size".into(),
    }
}
