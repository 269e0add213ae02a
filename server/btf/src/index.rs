//! Types by name.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::graph::{Btf, Type, TypeId};

/// The name spaces of a graph.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NameSpace {
    /// Tags of structs.
    Struct,
    /// Tags of unions.
    Union,
    /// Tags of enums, 32 and 64 bits.
    Enum,
    /// Typedefs.
    Typedef,
    /// Base types: integers and floating point.
    Base,
    /// Functions.
    Func,
    /// Variables.
    Var,
    /// Data sections.
    Datasec,
}

/// The named types of one graph. Where several types of one kind share a name, the one with the
/// lowest id is found. Forward declarations and tags are left out.
#[derive(Clone, Debug, Default)]
pub struct NameIndex {
    ids: FxHashMap<(NameSpace, SmolStr), TypeId>,
}

impl NameIndex {
    /// Indexes all named types of a graph.
    pub fn new(btf: &Btf) -> Self {
        let mut ids = FxHashMap::default();
        for (id, ty) in btf.iter() {
            let Some(space) = name_space(ty) else { continue };
            if !ty.name().is_empty() {
                ids.entry((space, SmolStr::from(ty.name()))).or_insert(id);
            }
        }
        NameIndex { ids }
    }

    /// The type of that name.
    pub fn find(&self, space: NameSpace, name: &str) -> Option<TypeId> {
        self.ids.get(&(space, SmolStr::from(name))).copied()
    }

    /// A type as C names it: `struct foo`, `union foo`, `enum foo`, or `foo` for a typedef, a base
    /// type, or, where there is none of these, a tag.
    pub fn find_c_name(&self, name: &str) -> Option<TypeId> {
        let mut words = name.split_whitespace();
        let space = match words.next() {
            Some("struct") => NameSpace::Struct,
            Some("union") => NameSpace::Union,
            Some("enum") => NameSpace::Enum,
            _ => {
                let spaces = [
                    NameSpace::Typedef,
                    NameSpace::Base,
                    NameSpace::Struct,
                    NameSpace::Union,
                    NameSpace::Enum,
                ];
                return spaces.into_iter().find_map(|space| self.find(space, name.trim()));
            }
        };
        match (words.next(), words.next()) {
            (Some(tag), None) => self.find(space, tag),
            _ => None,
        }
    }
}

/// The name space a type lives in; `None` for kinds that are not looked up by name.
pub fn name_space(ty: &Type) -> Option<NameSpace> {
    Some(match ty {
        Type::Struct(_) => NameSpace::Struct,
        Type::Union(_) => NameSpace::Union,
        Type::Enum(_) | Type::Enum64(_) => NameSpace::Enum,
        Type::Typedef { .. } => NameSpace::Typedef,
        Type::Int(_) | Type::Float { .. } => NameSpace::Base,
        Type::Func(_) => NameSpace::Func,
        Type::Var { .. } => NameSpace::Var,
        Type::Datasec { .. } => NameSpace::Datasec,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Function, Linkage};
    use crate::test_fixture::Fixture;

    #[test]
    fn tags_typedefs_and_base_types() {
        let mut f = Fixture::new();
        let int = f.int("unsigned int", 4);
        let record = f.record("foo", 4, &[]);
        f.record("foo", 8, &[]);
        let union = f.union("bar", 4, &[]);
        let typedef = f.typedef("foo", record);
        let index = NameIndex::new(&f.btf);
        assert_eq!(index.find_c_name("struct foo"), Some(record));
        assert_eq!(index.find_c_name("foo"), Some(typedef));
        assert_eq!(index.find_c_name(" union  bar "), Some(union));
        assert_eq!(index.find_c_name("bar"), Some(union));
        assert_eq!(index.find_c_name("unsigned int"), Some(int));
        assert_eq!(index.find_c_name("struct bar"), None);
        assert_eq!(index.find_c_name("struct"), None);
        // The keyword belongs to the name: a typedef is not found by it.
        assert_eq!(index.find_c_name("union foo"), None);
        assert_eq!(index.find_c_name("struct foo bar"), None);
    }

    /// `int hits`, the function `hits` and the section `.bss` have names of their own spaces.
    #[test]
    fn variables_functions_and_sections() {
        let mut f = Fixture::new();
        let int = f.int("int", 4);
        let proto = f.proto(int, &[]);
        let linkage = Linkage::Global;
        let function = f.add(Type::Func(Function { name: "hits".into(), proto, linkage }));
        let variable = f.add(Type::Var { name: "hits".into(), ty: int, linkage });
        let section = f.add(Type::Datasec { name: ".bss".into(), size: 4, entries: Vec::new() });
        let index = NameIndex::new(&f.btf);
        assert_eq!(index.find(NameSpace::Func, "hits"), Some(function));
        assert_eq!(index.find(NameSpace::Var, "hits"), Some(variable));
        assert_eq!(index.find(NameSpace::Datasec, ".bss"), Some(section));
        assert_eq!(index.find(NameSpace::Datasec, "hits"), None);
        // C names types alone.
        assert_eq!(index.find_c_name("hits"), None);
    }

    #[test]
    fn enums_of_both_widths() {
        let mut f = Fixture::new();
        let narrow = f.enumeration("narrow", 4, &[("A", 0)]);
        let narrow = f.add(Type::Enum(narrow));
        let wide = f.enumeration("wide", 8, &[("B", 0)]);
        let wide = f.add(Type::Enum64(wide));
        let index = NameIndex::new(&f.btf);
        assert_eq!(index.find_c_name("enum narrow"), Some(narrow));
        assert_eq!(index.find_c_name("enum wide"), Some(wide));
        assert_eq!(index.find_c_name("wide"), Some(wide));
    }
}
