//! Shadow types of struct_ops maps: what the user may set before load
//! (`gen_st_ops_shadow_type`, `walk_st_ops_shadow_vars`).

use super::Holder;
use super::writer::Writer;
use crate::maps::is_function_pointer;
use crate::object::{Map, MapKind};
use btf::{Btf, CDumper, Composite, Type};
use std::fmt::Write;

/// Longest text of one shadow type: only a damaged object asks for more.
const MAX_BYTES: usize = 8 << 20;
/// Size of a pointer in bytes.
const POINTER: u64 = 8;

pub(super) fn shadows(out: &mut Writer<'_>) {
    let object = out.object;
    if !object.has_btf() {
        return;
    }
    let maps: Vec<&Map> = object.maps.iter().filter(|m| m.kind == MapKind::StructOps).collect();
    if maps.is_empty() {
        return;
    }
    out.line(format_args!("\tstruct {{"));
    for map in maps {
        if out.is_full() {
            break;
        }
        let ty = map.value_type.map(|id| object.btf.get(id));
        let Some(Type::Struct(composite)) = ty else {
            out.fails(format!("the type of struct_ops map {} is not known", map.name));
            continue;
        };
        let (name, tag) = (&map.name, &composite.name);
        let mut text = format!("\t\tstruct {}__{name}__{tag} {{\n", object.name);
        let unknown = members(&object.btf, composite, &mut text);
        let _ = write!(text, "\t\t}} *{name};");
        out.member(Holder::StructOps, name.clone(), name, &map.section, &text);
        if let Some(member) = unknown {
            out.fails(format!("the size of member {member} of struct {tag} is not known"));
        }
    }
    out.line(format_args!("\t}} struct_ops;"));
}

/// Prints the members; gives the name of the first whose size is not known, where bpftool stops.
fn members<'b>(btf: &'b Btf, composite: &'b Composite, text: &mut String) -> Option<&'b str> {
    let mut dumper = CDumper::new(btf);
    let mut position = 0u64;
    for (index, member) in composite.members.iter().enumerate() {
        if text.len() > MAX_BYTES {
            return Some(&member.name);
        }
        let offset = u64::from(member.offset_bits / 8);
        if position < offset {
            let _ = writeln!(text, "\t\t\tchar __padding_{index}[{}];", offset - position);
        }
        let name = &member.name;
        let size = if is_function_pointer(btf, member.ty) {
            let _ = writeln!(text, "\t\t\tstruct bpf_program *{name};");
            POINTER
        } else {
            let Some((ty, size)) =
                btf.resolve(member.ty).and_then(|ty| Some((ty, btf.size_of(ty)?)))
            else {
                return Some(name);
            };
            let scalar = matches!(
                btf.get(ty),
                Type::Int(_) | Type::Float { .. } | Type::Enum(_) | Type::Enum64(_)
            );
            let _ = if scalar {
                writeln!(text, "\t\t\t{};", dumper.type_decl(ty, name, 3, false))
            } else {
                writeln!(text, "\t\t\tchar __unsupported_{index}[{size}];")
            };
            size
        };
        position = offset + size;
    }
    let size = u64::from(composite.size);
    if position < size {
        let _ = writeln!(text, "\t\t\tchar __padding_end[{}];", size - position);
    }
    None
}
