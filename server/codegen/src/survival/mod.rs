//! What survives the optimiser: which functions are left, which static variables, and in what form.
//!
//! A model of clang's GlobalOpt, GlobalDCE and inlining at `-O2`, as far as they can be decided from
//! source. Everything with external linkage stays. What depends on more than the rules of this
//! module is [`Certainty::Likely`].

pub mod inlining;
pub(crate) mod sra;
pub(crate) mod uses;

use std::sync::Arc;

use cfront::{
    ctypes::{CType, CTypeId},
    sema::{Definition, Initial, Linkage},
    symbol::Symbol,
    unit::FileScope,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    certainty::Certainty,
    emission_order::{EmissionOrder, Entity},
    facts::{Facts, FunctionBody},
    references::{Access, Extent, Flow, Reference, Step, Target},
};
use inlining::Left;
use sra::Part;
use uses::{Kind, VariableUse};

/// What becomes of a variable.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Fate {
    /// Nothing is left of it.
    Gone,
    /// It stays as declared.
    Kept,
    /// It is only read: it becomes a constant, whatever its type says, and may be merged.
    Constant,
    /// A truth value of one byte is left.
    Bool,
    /// Parts of it are left, each a variable of its own: number in the name, place and size in bytes.
    Split(Vec<Part>),
}

/// What survives.
pub struct Liveness {
    fates: FxHashMap<Entity, (Fate, Certainty)>,
    /// Functions that code or data refers to, in any way that can happen at run time.
    pub functions: FxHashSet<Symbol>,
    /// Static functions that are, or may be, left beside their callers.
    pub standing: FxHashMap<Symbol, Left>,
    /// Extern variables, string literals and tables that something refers to.
    pub referenced: FxHashSet<Entity>,
    /// What loads and stores make of the alignment of variables, in bytes.
    pub(crate) alignments: FxHashMap<Entity, u64>,
}

impl Liveness {
    /// What becomes of a variable.
    pub(crate) fn fate(&self, entity: &Entity) -> (Fate, Certainty) {
        self.fates.get(entity).cloned().unwrap_or((Fate::Gone, Certainty::Certain))
    }
}

/// Decides what survives; all static functions only for the `whole` object.
pub fn liveness(facts: &mut Facts<'_>, created: &EmissionOrder, whole: bool) -> Liveness {
    let mut marker = Marker {
        facts,
        functions: FxHashSet::default(),
        variables: FxHashSet::default(),
        referenced: FxHashSet::default(),
        uses: FxHashMap::default(),
        calls: FxHashMap::default(),
        addressed: FxHashSet::default(),
        work: Vec::new(),
    };
    marker.roots(created);
    marker.run();
    let standing = inlining::standing(&mut marker, created, whole);
    let mut fates = FxHashMap::default();
    let mut alignments = FxHashMap::default();
    for entity in &created.order {
        if let Some(fate) = marker.fate(entity) {
            fates.insert(entity.clone(), fate);
        }
        if let Some(align) = marker.alignment(entity) {
            alignments.insert(entity.clone(), align);
        }
    }
    Liveness {
        fates,
        functions: marker.functions,
        standing,
        referenced: marker.referenced,
        alignments,
    }
}

enum Work {
    Function(Symbol),
    Initializer(Entity),
}

pub(super) struct Marker<'b, 'u> {
    pub(super) facts: &'b mut Facts<'u>,
    /// Functions that can run.
    pub(super) functions: FxHashSet<Symbol>,
    /// Variables whose content matters.
    variables: FxHashSet<Entity>,
    referenced: FxHashSet<Entity>,
    uses: FxHashMap<Entity, Vec<VariableUse>>,
    /// Number of calls of a function that are left.
    pub(super) calls: FxHashMap<Symbol, u32>,
    /// Functions whose address is taken.
    pub(super) addressed: FxHashSet<Symbol>,
    work: Vec<Work>,
}

impl Marker<'_, '_> {
    fn unit(&self) -> &FileScope {
        self.facts.file_scope()
    }

    fn roots(&mut self, created: &EmissionOrder) {
        for entity in &created.order {
            match entity {
                Entity::Function(name)
                    if self.unit().function(*name).is_some_and(|f| f.is_eager()) =>
                {
                    self.mark_function(*name);
                }
                Entity::Variable(name) => {
                    let Some(variable) = self.unit().variable(*name) else { continue };
                    let defined = variable.definition != Definition::None;
                    if defined && (variable.linkage == Linkage::External || variable.attrs.used) {
                        self.mark_variable(entity.clone());
                    }
                }
                Entity::Static(function, local) => {
                    let used = self
                        .facts
                        .function(*function)
                        .and_then(|b| b.local(*local).map(|l| l.attrs.used));
                    if used == Some(true) {
                        self.mark_variable(entity.clone());
                    }
                }
                _ => {}
            }
        }
    }

    fn mark_function(&mut self, name: Symbol) {
        if self.functions.insert(name) {
            self.work.push(Work::Function(name));
        }
    }

    fn mark_variable(&mut self, entity: Entity) {
        if self.variables.insert(entity.clone()) {
            self.work.push(Work::Initializer(entity));
        }
    }

    fn run(&mut self) {
        while let Some(work) = self.work.pop() {
            match work {
                Work::Function(name) => {
                    let Some(body) = self.facts.function(name) else { continue };
                    for reference in &body.references {
                        self.reference(Some(&body), reference);
                    }
                }
                Work::Initializer(Entity::Variable(name)) => {
                    let Some(variable) = self.unit().variable(name) else { continue };
                    let Some(init) = self.facts.initializer(&variable) else { continue };
                    for reference in &init.references {
                        self.reference(None, reference);
                    }
                }
                Work::Initializer(_) => {}
            }
        }
    }

    fn reference(&mut self, within: Option<&Arc<FunctionBody>>, reference: &Reference) {
        if reference.dead {
            return;
        }
        match &reference.target {
            Target::Function(name) => {
                match reference.access {
                    Access::Mention => return,
                    Access::Call => *self.calls.entry(*name).or_default() += 1,
                    _ => {
                        if !self.only_called(within, reference) {
                            self.addressed.insert(*name);
                        }
                    }
                }
                self.mark_function(*name);
            }
            Target::Variable(name) => self.variable(within, Entity::Variable(*name), reference),
            Target::Static(local) => {
                if let Some(function) = uses::function_of(within) {
                    self.variable(within, Entity::Static(function, *local), reference);
                }
            }
            Target::Str(bytes, width) => {
                let folded = reference.access == Access::Read
                    && reference.path.iter().all(|s| matches!(s, Step::Index(Some(_))))
                    && !reference.path.is_empty()
                    && reference.extent == Extent::default();
                if reference.access != Access::Mention
                    && !folded
                    && !self.ignored(within, reference)
                {
                    self.referenced.insert(Entity::Str(bytes.clone(), *width));
                }
            }
            Target::FunctionName(_, function) => {
                if reference.access != Access::Mention && !self.ignored(within, reference) {
                    self.referenced.insert(Entity::of_function_name(*function));
                }
            }
            Target::Constant(index) => {
                if let Some(function) = uses::function_of(within) {
                    self.referenced.insert(Entity::Constant(function, *index));
                }
            }
            Target::Local(_) => {}
        }
    }

    /// Whether a string is passed to an inlined function that does nothing with it (a format checker).
    fn ignored(&mut self, within: Option<&Arc<FunctionBody>>, reference: &Reference) -> bool {
        if reference.access != Access::Address || !matches!(reference.flow, Flow::Argument(..)) {
            return false;
        }
        let mut found = Vec::new();
        uses::of_reference(self.facts, within, reference, &mut found);
        found.is_empty()
    }

    /// Whether a function that is passed on is only called where it goes (into an inlined function).
    fn only_called(&mut self, within: Option<&Arc<FunctionBody>>, reference: &Reference) -> bool {
        if !matches!(reference.flow, Flow::Argument(..) | Flow::Local(_)) {
            return false;
        }
        let mut found = Vec::new();
        uses::of_reference(self.facts, within, reference, &mut found);
        !found.is_empty() && found.iter().all(|u| matches!(u.kind, Kind::Read))
    }

    fn variable(
        &mut self,
        within: Option<&Arc<FunctionBody>>,
        entity: Entity,
        reference: &Reference,
    ) {
        if matches!(reference.access, Access::Create) {
            return;
        }
        let mut found = Vec::new();
        uses::of_reference(self.facts, within, reference, &mut found);
        let volatile = self.type_of(&entity).is_some_and(|ty| self.unit().is_volatile(ty));
        if volatile || found.iter().any(|u| !matches!(u.kind, Kind::Write(_))) {
            self.mark_variable(entity.clone());
        }
        if volatile {
            let extent = Extent::default();
            found.push(VariableUse { path: Vec::new(), extent, kind: Kind::Escape });
        }
        if volatile || reference.access != Access::Mention {
            self.referenced.insert(entity.clone());
        }
        self.uses.entry(entity).or_default().extend(found);
    }

    fn type_of(&mut self, entity: &Entity) -> Option<CTypeId> {
        match entity {
            Entity::Variable(name) => Some(self.unit().variable(*name)?.ty),
            Entity::Static(function, local) => {
                Some(self.facts.function(*function)?.local(*local)?.ty)
            }
            _ => None,
        }
    }

    fn initial(&mut self, entity: &Entity) -> Initial {
        match entity {
            Entity::Variable(name) => match self.unit().variable(*name) {
                Some(variable) => self.unit().initial(&variable),
                None => Initial::Unknown,
            },
            Entity::Static(function, local) => {
                let body = self.facts.function(*function);
                let local = body.as_ref().and_then(|body| body.local(*local));
                local.map_or(Initial::Unknown, |local| local.initial.clone())
            }
            _ => Initial::Unknown,
        }
    }

    /// What is loaded and stored aligns a variable, unless it is weak. Loads from a constant are folded.
    fn alignment(&mut self, entity: &Entity) -> Option<u64> {
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
        let accesses = uses.iter().filter(|u| !constant || u.kind != Kind::Read);
        accesses.filter_map(|access| sra::alignment(unit, ty, access)).max()
    }

    fn fate(&mut self, entity: &Entity) -> Option<(Fate, Certainty)> {
        let kept = Some((Fate::Kept, Certainty::Certain));
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
                if !self.functions.contains(function) {
                    return Some((Fate::Gone, Certainty::Certain));
                }
            }
            _ => return None,
        }
        Some(self.fate_of_static(entity))
    }

    fn fate_of_static(&mut self, entity: &Entity) -> (Fate, Certainty) {
        let uses = self.uses.get(entity).cloned().unwrap_or_default();
        let certain = |fate| (fate, Certainty::Certain);
        if uses.is_empty() {
            return certain(Fate::Gone);
        }
        if uses.iter().any(|u| matches!(u.kind, Kind::Escape | Kind::Volatile | Kind::Compared)) {
            return certain(Fate::Kept);
        }
        if uses.iter().any(|u| u.kind == Kind::Passed) {
            return (Fate::Kept, Certainty::Likely);
        }
        let reads = uses.iter().any(|u| matches!(u.kind, Kind::Read | Kind::ReadWrite));
        let writes = uses.iter().any(|u| matches!(u.kind, Kind::Write(_) | Kind::ReadWrite));
        if !reads {
            return certain(Fate::Gone);
        }
        let Some(ty) = self.type_of(entity) else { return (Fate::Kept, Certainty::Likely) };
        let initial = self.initial(entity);
        let aggregate = matches!(self.unit().canonical(ty), CType::Record(_) | CType::Array { .. });
        if !aggregate {
            return match scalar(&uses, &initial, self.unit().size_of(ty).unwrap_or(0), writes) {
                Scalar::Gone => certain(Fate::Gone),
                Scalar::Bool if self.is_integer(ty) => certain(Fate::Bool),
                _ => certain(Fate::Kept),
            };
        }
        let constant = uses.iter().all(|u| sra::is_constant_path(&u.path));
        if !writes {
            let folded = constant && !sra::copies(self.facts.file_scope(), ty, &uses);
            if folded || initial == Initial::Zero {
                return certain(Fate::Gone);
            }
            return (Fate::Constant, Certainty::Likely);
        }
        if constant && let Some(split) = sra::split(self.facts.file_scope(), ty, &uses) {
            return (self.surviving_parts(split, &uses, &initial), Certainty::Likely);
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

enum Scalar {
    Gone,
    Bool,
    Kept,
}

/// A scalar whose address does not escape and that is read.
fn scalar(uses: &[VariableUse], initial: &Initial, size: u64, writes: bool) -> Scalar {
    if !writes {
        return Scalar::Gone;
    }
    let start = start_value(initial, size);
    let mut stored = None;
    for use_ in uses {
        match use_.kind {
            Kind::Write(Some(value)) => {
                let value = wrap(value, size);
                if Some(value) == start {
                    continue;
                }
                if stored.is_some_and(|s| s != value) {
                    return Scalar::Kept;
                }
                stored = Some(value);
            }
            Kind::Write(None) | Kind::ReadWrite => return Scalar::Kept,
            Kind::Read | Kind::Passed | Kind::Compared | Kind::Volatile | Kind::Escape => {}
        }
    }
    match (stored, start) {
        (_, None) => Scalar::Kept,
        // Only ever its initial value.
        (None, Some(_)) => Scalar::Gone,
        (Some(_), Some(_)) => Scalar::Bool,
    }
}

fn wrap(value: i128, size: u64) -> u128 {
    match size {
        1..=15 => value as u128 & ((1u128 << (8 * size)) - 1),
        _ => value as u128,
    }
}

/// The value that a scalar starts with (little endian).
fn start_value(initial: &Initial, size: u64) -> Option<u128> {
    match initial {
        Initial::Zero => Some(0),
        Initial::Bytes { bytes, relocations } if relocations.is_empty() => {
            let mut value = 0u128;
            for (i, byte) in bytes.iter().take(size.min(16) as usize).enumerate() {
                value |= u128::from(*byte) << (8 * i);
            }
            Some(value)
        }
        _ => None,
    }
}

fn part_initial(initial: &Initial, part: &Part) -> Initial {
    match initial {
        Initial::Bytes { bytes, relocations } => {
            let end = part.offset.saturating_add(part.size);
            if relocations.iter().any(|r| (part.offset..end).contains(&r.offset)) {
                return Initial::Unknown;
            }
            match bytes.get(part.offset as usize..end as usize) {
                Some(bytes) => Initial::Bytes { bytes: bytes.to_vec(), relocations: Vec::new() },
                None => Initial::Zero,
            }
        }
        other => other.clone(),
    }
}
