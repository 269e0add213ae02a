//! Names of globals in the module: `function.variable` for local statics, and the number that tells
//! equal names apart.

use cfront::{sema::LocalId, symbol::Symbol};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::{EmissionOrder, Entity};
use crate::bodies::Bodies;

/// The name of every created entity. LLVM appends `.N` to a name that is taken, with one counter for
/// the whole module (`ValueSymbolTable::makeUniqueName`).
pub(crate) fn names(
    bodies: &mut Bodies<'_>,
    created: &EmissionOrder,
) -> FxHashMap<Entity, SmolStr> {
    let mut taken: FxHashSet<SmolStr> = FxHashSet::default();
    let mut last = 0u32;
    let mut out = FxHashMap::default();
    for entity in &created.order {
        let base = match created.function_names.get(entity) {
            Some(name) => name.clone(),
            None => base_name(bodies, entity),
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

fn base_name(bodies: &mut Bodies<'_>, entity: &Entity) -> SmolStr {
    let local = |bodies: &mut Bodies<'_>, function: Symbol, local: u32| {
        let body = bodies.function(function)?;
        Some(body.scope.local(LocalId(local))?.name)
    };
    match entity {
        Entity::Variable(name) => {
            let label = bodies.unit.variable(*name).and_then(|v| v.asm_label);
            label.unwrap_or(*name).as_str().into()
        }
        Entity::Function(name) => {
            let label = bodies.unit.function(*name).and_then(|f| f.asm_label);
            label.unwrap_or(*name).as_str().into()
        }
        Entity::Static(function, id) => match local(bodies, *function, *id) {
            Some(name) => format_smolstr!("{function}.{name}"),
            None => format_smolstr!("{function}."),
        },
        Entity::Str(..) => SmolStr::new_static(".str"),
        Entity::Constant(function, index) => {
            let id = bodies
                .function(*function)
                .and_then(|b| b.body.constants.get(*index as usize).map(|t| t.local));
            match id.and_then(|id| local(bodies, *function, id)) {
                Some(name) => format_smolstr!("__const.{function}.{name}"),
                None => format_smolstr!("__const.{function}."),
            }
        }
    }
}
