//! The raw dump: every type on its own lines, in id order, as
//! `bpftool btf dump file FILE format raw` prints it (`dump_btf_type` in bpftool's `btf.c`).

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

use crate::{
    graph::{Btf, Composite, EnumType, IntType, Linkage, Type, TypeId},
    shown,
};

/// The dump of all types, one line each plus one tab-indented line for every member, value,
/// parameter or section entry. Ends with a newline when there is any type.
pub fn dump(btf: &Btf) -> String {
    dump_with_remarks(btf, |_| None)
}

/// The same with a remark at the end of a type's lines, as a C comment, where there is one to make.
pub fn dump_with_remarks(btf: &Btf, remark: impl Fn(TypeId) -> Option<&'static str>) -> String {
    let mut out = String::new();
    for (id, ty) in btf.iter() {
        // Writing to a string cannot fail.
        let _ = write_type(&mut out, btf, id, ty);
        if let Some(remark) = remark(id) {
            out.truncate(out.trim_end().len());
            let _ = writeln!(out, " /* {remark} */");
        }
    }
    out
}

/// The lines of one type, ended by a newline.
pub fn dump_type(btf: &Btf, id: TypeId) -> String {
    let mut out = String::new();
    let _ = write_type(&mut out, btf, id, btf.get(id));
    out
}

fn write_type(out: &mut String, btf: &Btf, id: TypeId, ty: &Type) -> fmt::Result {
    write!(out, "[{}] {} '{}'", id.0, ty.kind_name(), shown(ty.name()))?;
    match ty {
        Type::Void => {}
        Type::Ptr(to)
        | Type::Volatile(to)
        | Type::Const(to)
        | Type::Restrict(to)
        | Type::Typedef { to, .. }
        | Type::TypeTag { to, .. } => write!(out, " type_id={}", to.0)?,
        Type::Int(int) => write!(
            out,
            " size={} bits_offset={} nr_bits={} encoding={}",
            int.size,
            int.offset,
            int.bits,
            encoding(int)
        )?,
        Type::Array { elem, index, len } => {
            write!(out, " type_id={} index_type_id={} nr_elems={len}", elem.0, index.0)?
        }
        Type::Struct(composite) | Type::Union(composite) => write_members(out, composite)?,
        Type::Enum(enumeration) => write_values(out, enumeration, false)?,
        Type::Enum64(enumeration) => write_values(out, enumeration, true)?,
        Type::Fwd { is_union, .. } => {
            write!(out, " fwd_kind={}", if *is_union { "union" } else { "struct" })?
        }
        Type::Func(func) => {
            write!(out, " type_id={} linkage={}", func.proto.0, linkage(func.linkage))?
        }
        Type::FuncProto { ret, params } => {
            write!(out, " ret_type_id={} vlen={}", ret.0, params.len())?;
            for param in params {
                write!(out, "\n\t'{}' type_id={}", shown(&param.name), param.ty.0)?;
            }
        }
        Type::Var { ty, linkage: link, .. } => {
            write!(out, " type_id={}, linkage={}", ty.0, linkage(*link))?
        }
        Type::Datasec { size, entries, .. } => {
            write!(out, " size={size} vlen={}", entries.len())?;
            for entry in entries {
                let var = btf.get(entry.ty);
                write!(
                    out,
                    "\n\ttype_id={} offset={} size={} ({} '{}')",
                    entry.ty.0,
                    entry.offset,
                    entry.size,
                    var.kind_name(),
                    shown(var.name())
                )?;
            }
        }
        Type::Float { size, .. } => write!(out, " size={size}")?,
        Type::DeclTag { ty, component, .. } => {
            write!(out, " type_id={} component_idx={component}", ty.0)?
        }
    }
    out.write_char('\n')
}

fn write_members(out: &mut String, composite: &Composite) -> fmt::Result {
    write!(out, " size={} vlen={}", composite.size, composite.members.len())?;
    for member in &composite.members {
        let name = shown(&member.name);
        write!(out, "\n\t'{name}' type_id={} bits_offset={}", member.ty.0, member.offset_bits)?;
        if member.bitfield_bits != 0 {
            write!(out, " bitfield_size={}", member.bitfield_bits)?;
        }
    }
    Ok(())
}

fn write_values(out: &mut String, enumeration: &EnumType, is_64: bool) -> fmt::Result {
    let signed = enumeration.signed;
    let encoding = if signed { "SIGNED" } else { "UNSIGNED" };
    let vlen = enumeration.values.len();
    write!(out, " encoding={encoding} size={} vlen={vlen}", enumeration.size)?;
    for value in &enumeration.values {
        write!(out, "\n\t'{}' val=", shown(&value.name))?;
        write_enumerator(out, value.value, signed, is_64)?;
    }
    Ok(())
}

/// A value as both the raw dump and the C printer spell it: 64-bit enums with a suffix.
pub(crate) fn write_enumerator(
    out: &mut impl Write,
    value: i64,
    signed: bool,
    is_64: bool,
) -> fmt::Result {
    match (is_64, signed) {
        (false, true) => write!(out, "{}", value as i32),
        (false, false) => write!(out, "{}", value as u32),
        (true, true) => write!(out, "{value}LL"),
        (true, false) => write!(out, "{}ULL", value as u64),
    }
}

/// A name, on the line of its type whatever is in it: that of a section can hold anything.
fn shown(name: &str) -> Cow<'_, str> {
    if name.is_empty() { Cow::Borrowed("(anon)") } else { shown::line(name) }
}

fn encoding(int: &IntType) -> &'static str {
    match (int.signed, int.is_char, int.is_bool) {
        (false, false, false) => "(none)",
        (true, false, false) => "SIGNED",
        (false, true, false) => "CHAR",
        (false, false, true) => "BOOL",
        _ => "UNKN",
    }
}

fn linkage(linkage: Linkage) -> &'static str {
    match linkage {
        Linkage::Static => "static",
        Linkage::Global => "global",
        Linkage::Extern => "extern",
    }
}
