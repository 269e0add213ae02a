//! Comparing what refers to no further type, and the words for differences.

use std::fmt::Write;

use super::{Outcome, equal};
use crate::graph::{EnumType, IntType, Linkage, Member, Type};

pub(super) fn int(left: &IntType, right: &IntType, place: &str) -> Outcome {
    sizes(left.size, right.size, place)?;
    let words = |int: &IntType| {
        let mut words = format!("{} bits", int.bits);
        for (is, word) in [(int.signed, "signed"), (int.is_char, "char"), (int.is_bool, "bool")] {
            if is {
                let _ = write!(words, " {word}");
            }
        }
        words
    };
    equal(|| format!("encoding of {place}"), words(left), words(right))
}

pub(super) fn enumeration(left: &EnumType, right: &EnumType, place: &str) -> Outcome {
    for (a, b) in left.values.iter().zip(&right.values) {
        equal(|| format!("an enumerator of {place}"), shown(&a.name), shown(&b.name))?;
        equal(|| format!("value of {} in {place}", a.name), a.value, b.value)?;
    }
    equal(|| format!("number of enumerators of {place}"), left.values.len(), right.values.len())?;
    sizes(left.size, right.size, place)?;
    let words = |e: &EnumType| if e.signed { "signed" } else { "unsigned" };
    equal(|| format!("signedness of {place}"), words(left), words(right))
}

pub(super) fn linkages(left: Linkage, right: Linkage, place: &str) -> Outcome {
    let word = |linkage| match linkage {
        Linkage::Static => "static",
        Linkage::Global => "global",
        Linkage::Extern => "extern",
    };
    equal(|| format!("linkage of {place}"), word(left), word(right))
}

pub(super) fn sizes(left: u32, right: u32, place: &str) -> Outcome {
    equal(|| format!("size of {place}"), format!("{left} bytes"), format!("{right} bytes"))
}

pub(super) fn offset(member: &Member) -> String {
    match (member.offset_bits / 8, member.offset_bits % 8) {
        (bytes, 0) => format!("{bytes} bytes"),
        (bytes, bits) => format!("{bytes} bytes and {bits} bits"),
    }
}

pub(super) fn width(member: &Member) -> String {
    match member.bitfield_bits {
        0 => "no bit-field".to_owned(),
        bits => format!("{bits} bits"),
    }
}

pub(super) fn shown(name: &str) -> &str {
    if name.is_empty() { "(anonymous)" } else { name }
}

pub(super) fn kind_words(ty: &Type) -> &'static str {
    match ty {
        Type::Void => "void",
        Type::Int(_) => "an integer",
        Type::Float { .. } => "a floating-point type",
        Type::Ptr(_) => "a pointer",
        Type::Array { .. } => "an array",
        Type::Struct(_) => "a struct",
        Type::Union(_) => "a union",
        Type::Enum(_) => "an enum",
        Type::Enum64(_) => "a 64-bit enum",
        Type::Fwd { is_union: false, .. } => "a declared struct",
        Type::Fwd { is_union: true, .. } => "a declared union",
        Type::Typedef { .. } => "a typedef",
        Type::Volatile(_) => "volatile",
        Type::Const(_) => "const",
        Type::Restrict(_) => "restrict",
        Type::Func(_) => "a function",
        Type::FuncProto { .. } => "a prototype",
        Type::Var { .. } => "a variable",
        Type::Datasec { .. } => "a section",
        Type::DeclTag { .. } => "a declaration tag",
        Type::TypeTag { .. } => "a type tag",
    }
}
