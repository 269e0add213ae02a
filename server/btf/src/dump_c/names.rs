//! Names as the printer gives them out: the second type of one name is called `name___2`.

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use crate::graph::{Btf, Type, TypeId};

/// The name spaces of one printer: tags, and typedefs together with enumerators.
#[derive(Debug)]
pub(super) struct Names {
    /// `None` when names are kept as they are.
    spaces: Option<Spaces>,
}

#[derive(Debug, Default)]
struct Spaces {
    tags: FxHashMap<SmolStr, usize>,
    idents: FxHashMap<SmolStr, usize>,
    given: FxHashMap<TypeId, SmolStr>,
}

impl Names {
    pub(super) fn unique() -> Self {
        Names { spaces: Some(Spaces::default()) }
    }

    pub(super) fn plain() -> Self {
        Names { spaces: None }
    }

    /// The tag of a struct, union, enum or forward declaration; empty for anonymous ones.
    pub(super) fn tag_name(&mut self, btf: &Btf, id: TypeId) -> SmolStr {
        let (name, declared_only) = match btf.get(id) {
            Type::Struct(c) | Type::Union(c) => (&c.name, false),
            Type::Enum(e) => (&e.name, e.values.is_empty()),
            Type::Enum64(e) => (&e.name, false),
            Type::Fwd { name, .. } => (name, true),
            _ => return SmolStr::default(),
        };
        match &mut self.spaces {
            // A mere declaration names whatever is defined elsewhere.
            Some(spaces) if !declared_only && !name.is_empty() => {
                give(&mut spaces.given, &mut spaces.tags, id, name)
            }
            _ => name.clone(),
        }
    }

    /// The name of a typedef.
    pub(super) fn ident_name(&mut self, btf: &Btf, id: TypeId) -> SmolStr {
        let Type::Typedef { name, .. } = btf.get(id) else {
            return SmolStr::default();
        };
        match &mut self.spaces {
            Some(spaces) if !name.is_empty() => {
                give(&mut spaces.given, &mut spaces.idents, id, name)
            }
            _ => name.clone(),
        }
    }

    /// The name of an enumerator. It counts each time it is written.
    pub(super) fn enumerator_name(&mut self, name: &SmolStr) -> SmolStr {
        match &mut self.spaces {
            Some(spaces) => count(&mut spaces.idents, name),
            None => name.clone(),
        }
    }
}

/// The name of a type: chosen when it is first met, then kept.
fn give(
    given: &mut FxHashMap<TypeId, SmolStr>,
    space: &mut FxHashMap<SmolStr, usize>,
    id: TypeId,
    name: &SmolStr,
) -> SmolStr {
    given.entry(id).or_insert_with(|| count(space, name)).clone()
}

fn count(space: &mut FxHashMap<SmolStr, usize>, name: &SmolStr) -> SmolStr {
    let times = space.entry(name.clone()).or_insert(0);
    *times += 1;
    if *times == 1 { name.clone() } else { format_smolstr!("{name}___{times}") }
}
