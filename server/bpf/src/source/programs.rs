//! Functions that are left in the object: programs in libbpf's order, and what BTF says of functions.

use btf::Linkage;
use cfront::{sema::Visibility, unit::ItemId};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::{
    bodies::Bodies,
    btf_types::Types,
    creation::{Creation, Entity},
    liveness::Liveness,
};
use crate::{
    object::Program,
    refusal::{Refusal, RefusalKind},
};

/// What is known of functions.
pub(super) struct Functions {
    pub(super) programs: Vec<Program>,
}

/// Declares functions in BTF and finds the programs: global functions outside of `.text`, by section
/// in the order in which clang created the sections' first functions.
pub(super) fn functions(
    bodies: &mut Bodies<'_>,
    creation: &Creation,
    liveness: &Liveness,
    types: &mut Types<'_>,
    refusals: &mut Vec<Refusal>,
) -> Functions {
    let mut by_section: Vec<Vec<Program>> = Vec::new();
    let mut sections: FxHashMap<SmolStr, usize> = FxHashMap::default();
    for entity in &creation.order {
        let Entity::Function(name) = entity else { continue };
        let Some(function) = bodies.unit.function(*name) else { continue };
        let eager = function.is_eager();
        let external = function.linkage == cfront::sema::Linkage::External;
        if !(eager && external || liveness.standing.contains(name)) {
            continue;
        }
        let hidden = matches!(function.attrs.visibility, Visibility::Hidden | Visibility::Internal);
        let linkage = if external { Linkage::Global } else { Linkage::Static };
        let func = types.function(&function, linkage);
        let Some(section) = function.attrs.section.map(|s| SmolStr::new(s.as_str())) else {
            continue;
        };
        if section == ".text" {
            continue;
        }
        if !external {
            let message = format!("program {name} of section {section} is static");
            refusals.push(Refusal::new(RefusalKind::StaticProgram, "EOPNOTSUPP", message));
            continue;
        }
        // libbpf looks at the binding of the symbol, which hiding does not change.
        let _ = hidden;
        let place = function.definition_place().and_then(|p| bodies.place(ItemId(p.item), p.token));
        let label = function.asm_label.unwrap_or(*name);
        let program =
            Program { name: label.as_str().into(), section: section.clone(), func, place };
        let number = *sections.entry(section).or_insert(by_section.len());
        match by_section.get_mut(number) {
            Some(programs) => programs.push(program),
            None => by_section.push(vec![program]),
        }
    }
    Functions { programs: by_section.into_iter().flatten().collect() }
}
