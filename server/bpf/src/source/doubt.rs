//! Unknown is not refused: what can be said of an object while some of its source is not known.

use cfront::unit::Unit;
use codegen::facts::Record;
use smol_str::SmolStr;

use crate::{
    object::{Map, MapDef, MapKind, Section, SectionKind},
    refusal::{Refusal, RefusalKind},
};

/// How much of the source is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Known {
    /// Every header.
    All,
    /// Built-in headers stand in for some: their macros are right, and names may be missing.
    StandIn,
    /// Some text could not be read: a header is missing, a limit was hit, or a declaration is half typed.
    Torn,
}

impl Known {
    pub(super) fn of(unit: &Unit, record: &Record) -> Known {
        match (record.misses_text(), unit.preprocessed().uses_stand_in()) {
            (true, _) => Known::Torn,
            (false, true) => Known::StandIn,
            (false, false) => Known::All,
        }
    }
}

/// Leaves the refusals that hold whatever the missing text says. Where some cannot be told, the maps they took
/// away are in the object, with nothing known of them but their names.
pub(super) fn leave_certain(
    known: Known,
    sections: &[Section],
    maps: &mut Vec<Map>,
    refusals: &mut Vec<Refusal>,
) {
    let before = refusals.len();
    refusals.retain(|refusal| match known {
        Known::All => true,
        Known::StandIn => !rests_on_names(refusal.kind),
        Known::Torn => false,
    });
    if refusals.len() == before {
        return;
    }
    let (user, others) =
        std::mem::take(maps).into_iter().partition(|map| map.kind == MapKind::User);
    *maps = with_unknown(user, sections, SectionKind::Maps);
    let (internal, struct_ops): (Vec<Map>, Vec<Map>) =
        Vec::into_iter(others).partition(|map| map.kind != MapKind::StructOps);
    maps.extend(internal);
    maps.extend(with_unknown(struct_ops, sections, SectionKind::StructOps));
}

/// Whether the reason may be nothing but a name that a stand-in does not declare.
fn rests_on_names(kind: RefusalKind) -> bool {
    match kind {
        RefusalKind::StaticProgram
        | RefusalKind::DamagedProgram
        | RefusalKind::StaticMap
        | RefusalKind::UnknownMapMember
        | RefusalKind::LegacyMaps => false,
        RefusalKind::BadMapDefinition
        | RefusalKind::Arena
        | RefusalKind::Datasec
        | RefusalKind::Extern
        | RefusalKind::StructOps
        | RefusalKind::Relocation
        | RefusalKind::MapValues => true,
    }
}

/// The maps of all sections of a kind in their order, those that are not known too.
fn with_unknown(known: Vec<Map>, sections: &[Section], of: SectionKind) -> Vec<Map> {
    let mut known = known.into_iter().peekable();
    let mut all = Vec::new();
    for section in sections.iter().filter(|section| section.kind == of) {
        for variable in &section.variables {
            let is_next = |map: &Map| map.name == variable.name && map.section == section.name;
            let map = known.next_if(is_next).or_else(|| {
                let kind = match of {
                    SectionKind::Maps => MapKind::User,
                    _ => MapKind::StructOps,
                };
                (!variable.name.is_empty()).then(|| Map {
                    name: variable.name.clone(),
                    section: SmolStr::clone(&section.name),
                    kind,
                    def: MapDef::default(),
                    definition: None,
                    value_type: None,
                    key_type: None,
                    inner: None,
                    ops: Vec::new(),
                    place: variable.place,
                })
            });
            all.extend(map);
        }
    }
    all
}
