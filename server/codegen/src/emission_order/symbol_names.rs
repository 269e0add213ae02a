//! Names of globals in the module: `function.variable` for local statics, and the number that tells
//! equal names apart.

use cfront::symbol::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::{EmissionOrder, Entity};
use crate::facts::Facts;

/// The name of every created entity. LLVM appends `.N` to a name that is taken, with one counter for
/// the whole module ([`crate::laws::SYMBOL_NAMES`]).
pub(crate) fn names(facts: &mut Facts<'_>, created: &EmissionOrder) -> FxHashMap<Entity, SmolStr> {
    let mut taken: FxHashSet<SmolStr> = FxHashSet::default();
    let mut last = 0u32;
    let mut out = FxHashMap::default();
    for entity in &created.order {
        let base = match created.function_names.get(entity) {
            Some(name) => name.clone(),
            None => base_name(facts, entity),
        };
        let mut name = base.clone();
        while !taken.insert(name.clone()) {
            last = last.saturating_add(1);
            name = format_smolstr!("{base}.{last}");
        }
        out.insert(entity.clone(), name);
    }
    out
}

fn base_name(facts: &mut Facts<'_>, entity: &Entity) -> SmolStr {
    let local = |facts: &mut Facts<'_>, function: Symbol, local: u32| {
        Some(facts.function(function)?.local(local)?.name)
    };
    match entity {
        Entity::Variable(name) => {
            let label = facts.file_scope().variable(*name).and_then(|v| v.asm_label);
            label.unwrap_or(*name).as_str().into()
        }
        Entity::Function(name) => {
            let label = facts.file_scope().function(*name).and_then(|f| f.asm_label);
            label.unwrap_or(*name).as_str().into()
        }
        Entity::Static(function, id) => match local(facts, *function, *id) {
            Some(name) => format_smolstr!("{function}.{name}"),
            None => format_smolstr!("{function}."),
        },
        Entity::Str(..) => SmolStr::new_static(".str"),
        Entity::Constant(function, index) => {
            let id = facts
                .function(*function)
                .and_then(|b| b.constants.get(*index as usize).map(|t| t.local));
            match id.and_then(|id| local(facts, *function, id)) {
                Some(name) => format_smolstr!("__const.{function}.{name}"),
                None => format_smolstr!("__const.{function}."),
            }
        }
    }
}
