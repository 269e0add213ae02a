//! The object model from a translation unit: what `clang -target bpf -g -O2` and then libbpf would
//! make of it.
//!
//! [`codegen`] finds the order in which clang creates globals, what the optimiser leaves of them, and where
//! in which section they are; maps, externs and programs follow as libbpf reads them.

mod btf_types;
mod doubt;
mod externs;
mod programs;
mod references;

#[cfg(test)]
mod tests;

use btf::{Btf, DatasecEntry, Linkage, Type, TypeId};
use cfront::{ctypes::CTypeId, sema::Initial, unit::Unit};
use codegen::{
    emission_order::emission_order,
    facts::{self, Facts, Record},
    placement::{self, Laid, Layout, Omitted, Placed},
    survival,
};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::{
    maps,
    object::{
        Certainty, Doubt, Object, Origin, Place, PossibleSection, Section, SectionKind, Variable,
    },
    refusal::{Refusal, RefusalKind},
};
use btf_types::{Reach, Types};
use doubt::Known;

/// So many zero bytes of a variable are spelled out: who shows them needs no more.
const SHOWN_ZEROS: u64 = 64;

/// The model of a unit, and everything for which libbpf would refuse to open the object.
#[derive(Clone)]
pub struct SourceObject {
    /// The object; what was refused is left out of it.
    pub object: Object,
    /// Why libbpf would refuse it, whatever the text says that is not known.
    pub refusals: Vec<Refusal>,
    known: Known,
    /// What it was made of; nothing for dumps of everything.
    record: Option<Record>,
}

/// The object model of a unit under the object name `name` (see
/// [`crate::section::object_name_of_source`]).
pub fn object(unit: &Unit, name: &str) -> Object {
    build(unit, name).object
}

/// A type of the unit as BTF would have it, in a graph of its own; for types that no variable, map or
/// function of the object brings into its BTF.
pub fn type_graph(unit: &Unit, ty: CTypeId) -> (Btf, TypeId) {
    let mut types = Types::new(unit, Reach::All);
    let id = types.of(ty);
    (types.finish(), id)
}

/// As [`object`], with the refusals. Its BTF is without the static functions that are not inlined, and
/// records that only prototypes point to are forward declarations there.
pub fn build(unit: &Unit, name: &str) -> SourceObject {
    build_with(unit, name, Reach::Data).0
}

/// The same from the model of an earlier unit of the file, where the edits since then have changed
/// nothing of what it was made of: the object is that one, but for the places in the text. `None` where
/// it may be another, and is to be built.
pub fn taken_over(unit: &Unit, name: &str, earlier: &SourceObject) -> Option<SourceObject> {
    let before = earlier.record.as_ref().filter(|_| earlier.object.name == name)?;
    let record = before.taken_over(unit)?;
    let known = Some(Known::of(unit, &record)).filter(|known| *known == earlier.known)?;
    let mut object = earlier.object.clone();
    record.move_places(before, places(&mut object));
    object.complete = record.is_complete();
    Some(SourceObject { object, refusals: earlier.refusals.clone(), known, record: Some(record) })
}

/// As [`build`], with every function and type that clang describes in BTF, for dumps of all of them; and
/// the ids of the static functions that LLVM's inliner may leave nothing of.
pub fn build_whole(unit: &Unit, name: &str) -> (SourceObject, Vec<TypeId>) {
    build_with(unit, name, Reach::All)
}

fn build_with(unit: &Unit, name: &str, reach: Reach) -> (SourceObject, Vec<TypeId>) {
    let (made, mut record) = facts::recorded(unit, (name, reach), read);
    let Made { mut object, mut refusals, may_be_inlined } = made;
    let known = Known::of(unit, &record);
    doubt::leave_certain(known, &object.sections, &mut object.maps, &mut refusals);
    record.settle(places(&mut object));
    object.complete = record.is_complete();
    let record = matches!(reach, Reach::Data).then_some(record);
    (SourceObject { object, refusals, known, record }, may_be_inlined)
}

/// The places in a model, always in the same order.
fn places(object: &mut Object) -> impl Iterator<Item = &mut Option<Place>> {
    let variables = object.sections.iter_mut().flat_map(|section| &mut section.variables);
    let variables = variables.map(|variable| &mut variable.place);
    let maps = object.maps.iter_mut().map(|map| &mut map.place);
    variables.chain(maps).chain(object.programs.iter_mut().map(|program| &mut program.place))
}

/// What is made of the facts of a unit.
struct Made {
    /// With stand-ins for its places.
    object: Object,
    refusals: Vec<Refusal>,
    may_be_inlined: Vec<TypeId>,
}

fn read(facts: &mut Facts<'_>, (name, reach): (&str, Reach)) -> Made {
    let created = emission_order(facts);
    let whole = matches!(reach, Reach::All);
    let liveness = survival::liveness(facts, &created, whole);
    let Layout { sections: laid, omitted } = placement::lay_out(facts, &created, &liveness);

    let mut types = Types::new(facts.file_scope(), reach);
    let mut refusals = Vec::new();
    let mut datasecs: Vec<(SmolStr, u32, Vec<DatasecEntry>)> = Vec::new();
    let mut variables: Vec<Vec<Variable>> = Vec::new();
    for section in &laid {
        let (entries, found) = declare(&mut types, section);
        if !entries.is_empty() {
            datasecs.push((section.name.clone(), size32(section.size), entries));
        }
        variables.push(found);
    }
    let functions = programs::functions(facts, &created, &liveness, &mut types, &mut refusals);
    let externs = externs::externs(facts, &created, &liveness, &mut types, &mut refusals);
    for external in &externs {
        datasecs.push((
            external.section.name.clone(),
            size32(external.section.size),
            external.entries.clone(),
        ));
    }
    let mut btf = types.finish();
    datasecs.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    let mut ids: FxHashMap<SmolStr, TypeId> = FxHashMap::default();
    for (name, size, mut entries) in datasecs {
        entries.sort_by_key(|e| e.offset);
        let id = btf.add(Type::Datasec { name: name.clone(), size, entries });
        ids.entry(name).or_insert(id);
    }
    let datasec = |name: &str| ids.get(name).copied();

    let mut all: Vec<Section> = Vec::new();
    for (section, variables) in laid.iter().zip(variables) {
        all.push(Section {
            name: section.name.clone(),
            kind: SectionKind::of_section(&section.name, section.nobits()),
            size: section.size,
            align: section.align,
            datasec: datasec(&section.name),
            certainty: certainty(section, &omitted),
            existence: existence(section),
            doubts: doubts(section, &omitted),
            variables,
        });
    }
    for external in externs {
        let mut section = external.section;
        section.datasec = datasec(&section.name);
        all.push(section);
    }
    if laid.iter().any(|s| s.name == "maps") {
        let message = "maps in the section \"maps\" are not supported by libbpf 1.0 and later";
        refusals.push(Refusal::new(RefusalKind::LegacyMaps, "EOPNOTSUPP", message));
    }
    let (mut found, refused) = maps::of_sections(name, &btf, &all);
    refusals.extend(refused);
    references::collect(&btf, &laid, &mut found);
    let object = Object {
        name: SmolStr::new(name),
        origin: Origin::Source,
        btf: btf.into(),
        possible_sections: possible_sections(&all, omitted),
        sections: all,
        maps: found,
        programs: functions.programs,
        complete: false,
    };
    Made { object, refusals, may_be_inlined: functions.may_be_inlined }
}

/// A section whose size or an offset rests on something that is only likely.
fn certainty(section: &Laid, omitted: &[Omitted]) -> Certainty {
    let of_variables = section.variables.iter().map(|v| v.certainty).max();
    let left_out = omitted.iter().find(|one| one.section == section.name);
    let left_out = left_out.map(|one| Certainty::Likely(one.law));
    of_variables.into_iter().chain(left_out).max().unwrap_or(Certainty::Certain)
}

/// A section is there for certain where one of its variables is.
fn existence(section: &Laid) -> Certainty {
    section.variables.iter().map(|v| v.existence).min().unwrap_or(Certainty::Certain)
}

fn doubts(section: &Laid, omitted: &[Omitted]) -> Vec<Doubt> {
    let here = section.variables.iter().filter_map(|one| {
        let law = one.certainty.law()?;
        Some(Doubt { name: one.name.clone(), offset: one.offset, law, present: true })
    });
    let left_out = omitted.iter().filter(|one| one.section == section.name).map(|one| Doubt {
        name: one.name.clone(),
        offset: one.offset,
        law: one.law,
        present: false,
    });
    let mut doubts: Vec<Doubt> = here.chain(left_out).collect();
    doubts.sort_by_key(|doubt| doubt.offset);
    doubts
}

/// Sections of which the model leaves out everything.
fn possible_sections(sections: &[Section], omitted: Vec<Omitted>) -> Vec<PossibleSection> {
    let mut known: FxHashSet<SmolStr> = sections.iter().map(|s| s.name.clone()).collect();
    let others = omitted.into_iter().filter(|one| known.insert(one.section.clone()));
    others
        .map(|Omitted { section, name, law, .. }| PossibleSection {
            name: section,
            variable: name,
            law,
        })
        .collect()
}

/// Declares the variables of a section in BTF.
fn declare(types: &mut Types<'_>, section: &Laid) -> (Vec<DatasecEntry>, Vec<Variable>) {
    let mut entries = Vec::new();
    let mut variables = Vec::new();
    for one in &section.variables {
        let Some(ctype) = one.ty else { continue };
        let ty = match section.name.as_str() {
            ".maps" => types.map_definition(ctype),
            _ => types.of(ctype),
        };
        // clang writes a hidden variable as global; libbpf makes it static when it opens the object
        // (`btf_fixup_datasec`).
        let opened = if one.hidden { Linkage::Static } else { one.linkage };
        let id = types.variable(&one.name, ty, one.linkage, &one.tags);
        entries.push(DatasecEntry { ty: id, offset: size32(one.offset), size: size32(one.size) });
        variables.push(variable(one, ty, opened));
    }
    (entries, variables)
}

fn variable(one: &Placed, ty: TypeId, linkage: Linkage) -> Variable {
    Variable {
        name: one.name.clone(),
        ty,
        offset: one.offset,
        size: one.size,
        align: one.align,
        linkage,
        weak: one.weak,
        certainty: one.certainty,
        initial: match &one.initial {
            Initial::Zero => {
                Some(std::iter::repeat_n(0, one.size.min(SHOWN_ZEROS) as usize).collect())
            }
            Initial::Bytes { bytes, .. } => Some(bytes.as_slice().into()),
            Initial::Unknown => None,
        },
        place: one.place,
    }
}

fn size32(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
