//! C text of types.

use super::Sema;
use crate::{
    ast::Quals,
    ctypes::{ArrayLen, CType, CTypeId, EnumId, RecordId},
};

/// How deep declarators are written out.
const MAX_DEPTH: u32 = 64;

/// The type as C text, declaring `name` when one is given.
pub(crate) fn spell(sema: &Sema, id: CTypeId, name: Option<&str>) -> String {
    let mut base = String::new();
    let mut declarator = name.unwrap_or("").to_owned();
    write(sema, id, &mut base, &mut declarator, 0);
    if declarator.is_empty() {
        return base;
    }
    let glue = if base.ends_with('*') { "" } else { " " };
    format!("{base}{glue}{declarator}")
}

fn quals(quals: Quals, address_space: u32) -> String {
    let mut out = String::new();
    let words = [
        (quals.is_const, "const"),
        (quals.is_volatile, "volatile"),
        (quals.is_restrict, "restrict"),
        (quals.is_atomic, "_Atomic"),
    ];
    for (_, word) in words.iter().filter(|(set, _)| *set) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    if address_space != 0 {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&format!("__attribute__((address_space({address_space})))"));
    }
    out
}

fn wrap_pointer(declarator: &mut String, inner: &CType) {
    if matches!(inner, CType::Array { .. } | CType::Function(_)) {
        *declarator = format!("({declarator})");
    }
}

/// Writes a type around a declarator: `base` gets what stands before, `declarator` grows outwards.
fn write(sema: &Sema, id: CTypeId, base: &mut String, declarator: &mut String, depth: u32) {
    if depth > MAX_DEPTH {
        base.push_str("...");
        return;
    }
    match sema.ctype(id) {
        CType::Unknown => base.push_str("<unknown>"),
        CType::Void => base.push_str("void"),
        CType::Bool => base.push_str("_Bool"),
        CType::Int(kind) => base.push_str(kind.name()),
        CType::Float(kind) => base.push_str(kind.name()),
        CType::Record(record) => base.push_str(&record_name(sema, *record)),
        CType::Enum(e) => base.push_str(&enum_name(sema, *e)),
        CType::Typedef(t) => {
            let name = sema.typedefs.get(t.0 as usize).map_or("<unknown>", |t| t.name.as_str());
            base.push_str(name);
        }
        CType::Pointer(to) => {
            *declarator = format!("*{declarator}");
            wrap_pointer(declarator, sema.ctype(*to));
            write(sema, *to, base, declarator, depth + 1);
        }
        CType::Qualified { of, quals: q, address_space } => {
            let words = quals(*q, *address_space);
            match sema.ctype(*of) {
                CType::Pointer(to) => {
                    let space = if declarator.is_empty() { "" } else { " " };
                    *declarator = format!("*{words}{space}{declarator}");
                    wrap_pointer(declarator, sema.ctype(*to));
                    write(sema, *to, base, declarator, depth + 1);
                }
                _ => {
                    base.push_str(&words);
                    base.push(' ');
                    write(sema, *of, base, declarator, depth + 1);
                }
            }
        }
        CType::Tagged { of, .. } => write(sema, *of, base, declarator, depth + 1),
        CType::Array { elem, len } => {
            match len {
                ArrayLen::Fixed(n) => declarator.push_str(&format!("[{n}]")),
                ArrayLen::Incomplete => declarator.push_str("[]"),
                ArrayLen::Unknown => declarator.push_str("[?]"),
            }
            write(sema, *elem, base, declarator, depth + 1);
        }
        CType::Complex(part) => {
            base.push_str("_Complex ");
            write(sema, *part, base, declarator, depth + 1);
        }
        CType::Vector { elem, len, .. } => {
            declarator.push_str(&format!(" __attribute__((ext_vector_type({len})))"));
            write(sema, *elem, base, declarator, depth + 1);
        }
        CType::Function(f) => {
            let mut params: Vec<String> = Vec::new();
            for &param in &f.params {
                let (mut b, mut d) = (String::new(), String::new());
                write(sema, param, &mut b, &mut d, depth + 1);
                let glue = if d.is_empty() || b.ends_with('*') { "" } else { " " };
                params.push(format!("{b}{glue}{d}"));
            }
            if f.variadic {
                params.push("...".to_owned());
            }
            if params.is_empty() && f.prototyped {
                params.push("void".to_owned());
            }
            declarator.push_str(&format!("({})", params.join(", ")));
            write(sema, f.ret, base, declarator, depth + 1);
        }
    }
}

fn record_name(sema: &Sema, id: RecordId) -> String {
    let Some(entity) = sema.records.get(id.0 as usize) else { return "struct ?".to_owned() };
    let keyword = if entity.is_union { "union" } else { "struct" };
    match entity.tag {
        Some(tag) => format!("{keyword} {tag}"),
        None => format!("{keyword} {{...}}"),
    }
}

fn enum_name(sema: &Sema, id: EnumId) -> String {
    match sema.enums.get(id.0 as usize).and_then(|e| e.tag) {
        Some(tag) => format!("enum {tag}"),
        None => "enum {...}".to_owned(),
    }
}
