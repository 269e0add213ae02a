//! The structs of the data sections and the size assertions.

use super::writer::Writer;
use super::{Holder, SkeletonKind, data_ident};
use crate::object::{Object, Section, Variable};
use crate::section::{datasec_ident, identifier};
use btf::size::Aligner;
use btf::{CDumper, Linkage, Type, TypeId};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// bpftool lays out for hosts of 32 bits: it counts on no larger alignment, in bytes.
const MAX_ALIGN: u64 = 4;

/// The struct of every map whose data the header points at, in map order.
pub(super) fn structs(out: &mut Writer<'_>) {
    let object = out.object;
    // One printer for all: it must remember which names it has given out.
    let mut dumper = CDumper::new(&object.btf);
    let mut aligner = Aligner::default();
    let kind = out.kind;
    let sections = sections_by_ident(object);
    for ident in object.maps.iter().filter_map(|m| data_ident(object, m, kind)) {
        let section = sections.get(&ident).copied();
        let subskeleton = out.kind == SkeletonKind::Subskeleton;
        if subskeleton && section.is_none() {
            continue;
        }
        out.line(format_args!("\tstruct {}__{ident} {{", object.name));
        let pointer = if subskeleton { "" } else { "*" };
        match section {
            Some(section) if subskeleton => pointers(out, &mut dumper, &ident, section),
            Some(section) => values(out, &mut dumper, &mut aligner, &ident, section),
            None => {}
        }
        out.line(format_args!("\t}} {pointer}{ident};"));
    }
}

/// The sections whose DATASECs bpftool takes for each identifier: the first in BTF order that yields
/// it (`find_type_for_map`).
fn sections_by_ident(object: &Object) -> FxHashMap<SmolStr, &Section> {
    let mut found: FxHashMap<SmolStr, (TypeId, &Section)> = FxHashMap::default();
    for section in &object.sections {
        let (Some(id), Some(ident)) = (section.datasec, datasec_ident(&section.name)) else {
            continue;
        };
        let first = found.entry(ident).or_insert((id, section));
        if id < first.0 {
            *first = (id, section);
        }
    }
    found.into_iter().map(|(ident, (_, section))| (ident, section)).collect()
}

/// The variables of a subskeleton, with the member names of their sections, in order.
pub(super) fn variables(object: &Object) -> impl Iterator<Item = (SmolStr, &Variable)> {
    let sections = sections_by_ident(object);
    let idents =
        object.maps.iter().filter_map(|m| data_ident(object, m, SkeletonKind::Subskeleton));
    idents
        .filter_map(move |ident| Some((ident.clone(), *sections.get(&ident)?)))
        .flat_map(|(ident, section)| shown(section).map(move |v| (ident.clone(), v)))
}

/// Variables that show: statics do not.
fn shown(section: &Section) -> impl Iterator<Item = &Variable> {
    section.variables.iter().filter(|v| v.linkage != Linkage::Static)
}

fn keeps_modifiers(section: &Section) -> bool {
    section.name == ".kconfig"
}

/// `codegen_datasec_def`
fn values(
    out: &mut Writer<'_>,
    dumper: &mut CDumper<'_>,
    aligner: &mut Aligner,
    ident: &SmolStr,
    section: &Section,
) {
    let strip = !keeps_modifiers(section);
    let mut position = 0u64;
    let mut paddings = 0;
    for variable in shown(section) {
        if out.is_full() {
            return;
        }
        let name = identifier(variable.name.as_bytes());
        if position > variable.offset {
            out.fails(format!(
                "variable {} of section {} overlaps the one before",
                variable.name, section.name
            ));
            return;
        }
        let Some(align) = aligner.align_of(&out.object.btf, variable.ty) else {
            out.fails(format!("the alignment of variable {} is not known", variable.name));
            return;
        };
        let aligned = position.checked_next_multiple_of(MAX_ALIGN.min(align.into()));
        if aligned != Some(variable.offset) {
            let gap = variable.offset - position;
            out.line(format_args!("\t\tchar __pad{paddings}[{gap}];"));
            paddings += 1;
        }
        let declaration = format!("\t\t{};", dumper.type_decl(variable.ty, &name, 2, strip));
        let holder = Holder::Data(ident.clone());
        out.member(holder, name, &variable.name, &section.name, &declaration);
        position = variable.offset.saturating_add(variable.size);
    }
}

/// `codegen_subskel_datasecs`
fn pointers(out: &mut Writer<'_>, dumper: &mut CDumper<'_>, ident: &SmolStr, section: &Section) {
    for variable in shown(section) {
        if out.is_full() {
            return;
        }
        let ty = dumper.type_decl(variable.ty, "", 2, !keeps_modifiers(section));
        let name = &variable.name;
        let declaration = if needs_typeof(out.object, variable.ty) {
            format!("\t\t__typeof__({ty}) *{name};")
        } else {
            format!("\t\t{ty} *{name};")
        };
        let holder = Holder::Data(ident.clone());
        out.member(holder, name.clone(), name, &section.name, &declaration);
    }
}

/// Arrays and pointers to functions cannot get a `*` in front of the name.
fn needs_typeof(object: &Object, ty: TypeId) -> bool {
    match object.btf.resolve(ty).map(|id| object.btf.get(id)) {
        Some(Type::Array { .. }) => true,
        Some(Type::Ptr(to)) => matches!(object.btf.get(*to), Type::FuncProto { .. }),
        _ => false,
    }
}

/// `codegen_asserts`
pub(super) fn asserts(out: &mut Writer<'_>) {
    let object = out.object;
    let name = &object.name;
    out.line(format_args!(
        "\n__attribute__((unused)) static void\n\
         {name}__assert(struct {name} *s __attribute__((unused)))\n\
         {{\n\
         #ifdef __cplusplus\n\
         #define _Static_assert static_assert\n\
         #endif"
    ));
    let sections = sections_by_ident(object);
    for map in &object.maps {
        let Some(ident) = data_ident(object, map, out.kind) else { continue };
        let Some(&section) = sections.get(&ident) else { continue };
        for variable in shown(section) {
            let Some(size) = object.btf.size_of(variable.ty) else { continue };
            let name = identifier(variable.name.as_bytes());
            out.line(format_args!(
                "\t_Static_assert(sizeof(s->{ident}->{name}) == {size}, \"unexpected size of '{name}'\");"
            ));
        }
    }
    out.line(format_args!("#ifdef __cplusplus\n#undef _Static_assert\n#endif\n}}"));
}
