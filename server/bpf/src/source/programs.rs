//! Functions that are left in the object: programs in libbpf's order, and what BTF says of functions.

use btf::{Linkage, TypeId};
use cfront::unit::ItemId;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use codegen::{
    emission_order::{EmissionOrder, Entity},
    facts::Facts,
    survival::{Liveness, inlining::Left},
};

use super::btf_types::Types;
use crate::{
    object::Program,
    refusal::{Refusal, RefusalKind},
};

/// What is known of functions.
pub(super) struct Functions {
    pub(super) programs: Vec<Program>,
    /// Static functions of which LLVM's inliner may leave nothing.
    pub(super) may_be_inlined: Vec<TypeId>,
}

/// Declares functions in BTF and finds the programs: global functions outside of `.text`, by section
/// in the order in which clang created the sections' first functions.
pub(super) fn functions(
    facts: &mut Facts<'_>,
    created: &EmissionOrder,
    liveness: &Liveness,
    types: &mut Types<'_>,
    refusals: &mut Vec<Refusal>,
) -> Functions {
    let mut by_section: Vec<Vec<Program>> = Vec::new();
    let mut sections: FxHashMap<SmolStr, usize> = FxHashMap::default();
    let mut may_be_inlined = Vec::new();
    for entity in &created.order {
        let Entity::Function(name) = entity else { continue };
        let Some(function) = facts.file_scope().function(*name) else { continue };
        let eager = function.is_eager();
        let external = function.linkage == cfront::sema::Linkage::External;
        let left = liveness.standing.get(name);
        if !(eager && external || left.is_some()) {
            continue;
        }
        let linkage = if external { Linkage::Global } else { Linkage::Static };
        let func = types.function(&function, linkage);
        if left == Some(&Left::MayBeInlined) {
            may_be_inlined.extend(func);
            continue;
        }
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
        let place = function.definition_place().map(|p| facts.place(ItemId(p.item), p.token));
        let label = function.asm_label.unwrap_or(*name);
        let program =
            Program { name: label.as_str().into(), section: section.clone(), func, place };
        let number = *sections.entry(section).or_insert(by_section.len());
        match by_section.get_mut(number) {
            Some(programs) => programs.push(program),
            None => by_section.push(vec![program]),
        }
    }
    Functions { programs: by_section.into_iter().flatten().collect(), may_be_inlined }
}
