//! What becomes of variables, by all that is done with them.

use cfront::{
    ctypes::{CType, CTypeId},
    sema::{Definition, Initial, Linkage},
};

use super::{
    Fate,
    hypotheses::{Weighed, weigh},
    marking::Marker,
    scalars::{Scalar, part_initial, scalar},
    sra::{self, Part},
    uses::{Kind, VariableUse},
};
use crate::{emission_order::Entity, laws};

impl Marker<'_, '_> {
    /// What is loaded and stored aligns a variable ([`laws::ACCESS_ALIGNMENT`]), unless it is weak. Loads
    /// from a constant are folded.
    pub(super) fn alignment(&mut self, entity: &Entity) -> Option<Weighed<u64>> {
        let uses = self.uses.get(entity)?.clone();
        let ty = self.type_of(entity)?;
        if let Entity::Variable(name) = entity
            && self.unit().variable(*name)?.attrs.weak
        {
            return None;
        }
        let unit = self.unit();
        // Also of a `const volatile` one, where the `volatile` is cast away.
        let constant = unit.is_const(ty);
        Some(weigh(&uses, |uses| {
            let accesses = uses.iter().filter(|u| !constant || u.kind != Kind::Read);
            let aligned = accesses.filter_map(|access| sra::alignment(unit, ty, access)).max();
            Weighed::certain(aligned.unwrap_or(1))
        }))
    }

    pub(super) fn fate(&mut self, entity: &Entity) -> Option<Weighed<Fate>> {
        let kept = Some(Weighed::certain(Fate::Kept));
        match entity {
            Entity::Variable(name) => {
                let variable = self.unit().variable(*name)?;
                if variable.definition == Definition::None {
                    return None;
                }
                if variable.linkage == Linkage::External || variable.attrs.used {
                    return kept;
                }
            }
            Entity::Static(function, local) => {
                let body = self.facts.function(*function)?;
                if body.local(*local)?.attrs.used {
                    return kept;
                }
                if !self.functions.contains_key(function) {
                    return Some(Weighed::certain(Fate::Gone));
                }
            }
            _ => return None,
        }
        let uses = self.uses.get(entity).cloned().unwrap_or_default();
        let ty = self.type_of(entity);
        let initial = self.initial(entity);
        let forwarded = self.is_written_first(entity);
        Some(weigh(&uses, |uses| {
            let fate = self.fate_of_static(ty, &initial, uses);
            let needed = |one: &VariableUse| {
                matches!(one.kind, Kind::Escape | Kind::Volatile | Kind::Compared | Kind::Passed)
            };
            let written = matches!(fate.decision, Fate::Kept | Fate::Bool);
            match forwarded && written && fate.certainty.is_certain() && !uses.iter().any(needed) {
                true => Weighed::likely(&laws::STORE_FORWARDING, fate.decision, Fate::Gone),
                false => fate,
            }
        }))
    }

    /// What becomes of a static variable with these uses ([`laws::DEAD_GLOBALS`]).
    fn fate_of_static(
        &self,
        ty: Option<CTypeId>,
        initial: &Initial,
        uses: &[VariableUse],
    ) -> Weighed<Fate> {
        let certain = Weighed::certain;
        if uses.iter().any(|u| matches!(u.kind, Kind::Escape | Kind::Volatile | Kind::Compared)) {
            return certain(Fate::Kept);
        }
        if uses.iter().any(|u| u.kind == Kind::Passed) {
            return Weighed::likely(&laws::INLINING, Fate::Kept, Fate::Gone);
        }
        let reads = uses.iter().any(|u| matches!(u.kind, Kind::Read | Kind::ReadWrite));
        let writes = uses.iter().any(|u| matches!(u.kind, Kind::Write(_) | Kind::ReadWrite));
        if !reads {
            return certain(Fate::Gone);
        }
        let Some(ty) = ty else {
            return Weighed::likely(&laws::INCOMPLETE_TYPES, Fate::Kept, Fate::Gone);
        };
        let unit = self.unit();
        if !sra::is_aggregate(unit, ty) {
            return match scalar(uses, initial, unit.size_of(ty).unwrap_or(0), writes) {
                Scalar::Gone => certain(Fate::Gone),
                Scalar::Bool if self.is_integer(ty) => certain(Fate::Bool),
                _ => certain(Fate::Kept),
            };
        }
        let constant = uses.iter().all(|u| sra::is_constant_path(&u.path));
        if !writes {
            let folded = constant && !sra::copies(unit, ty, uses);
            if folded || *initial == Initial::Zero {
                return certain(Fate::Gone);
            }
            // Comparisons with what a small table has at an index are made with the index.
            if uses.iter().all(|u| u.compared) {
                return Weighed::likely(&laws::CONSTANT_GLOBALS, Fate::Constant, Fate::Gone);
            }
            return certain(Fate::Constant);
        }
        if constant && let Some(split) = sra::split(unit, ty, uses) {
            let parts = self.surviving_parts(split, uses, initial);
            return Weighed::likely(&laws::SRA, parts, Fate::Kept);
        }
        certain(Fate::Kept)
    }

    fn is_integer(&self, ty: CTypeId) -> bool {
        matches!(self.unit().canonical(ty), CType::Int(_) | CType::Enum(_) | CType::Bool)
    }

    /// Parts that are both read and written stay.
    fn surviving_parts(
        &self,
        split: Vec<(Part, Vec<usize>)>,
        uses: &[VariableUse],
        initial: &Initial,
    ) -> Fate {
        let mut left = Vec::new();
        for (mut part, indices) in split {
            let of_part: Vec<VariableUse> =
                indices.iter().filter_map(|&i| uses.get(i).cloned()).collect();
            let writes = of_part.iter().any(|u| matches!(u.kind, Kind::Write(_) | Kind::ReadWrite));
            let reads = of_part.iter().any(|u| matches!(u.kind, Kind::Read | Kind::ReadWrite));
            if !reads {
                continue;
            }
            let start = part_initial(initial, &part);
            match scalar(&of_part, &start, part.size, writes) {
                Scalar::Gone => continue,
                Scalar::Bool if self.is_integer(part.ty) => part.shrinks = true,
                _ => {}
            }
            left.push(part);
        }
        Fate::Split(left)
    }
}
