//! What the code that can run refers to.
//!
//! What is surely reached comes first: whatever only doubtful code refers to is then known to be doubtful.

use std::{collections::hash_map, sync::Arc};

use cfront::{
    ctypes::CTypeId,
    sema::{Definition, Initial, Linkage},
    symbol::Symbol,
    unit::FileScope,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    hypotheses::{Weighed, weigh},
    uses::{self, Kind, VariableUse},
};
use crate::{
    certainty::Certainty,
    emission_order::{EmissionOrder, Entity},
    facts::{Facts, FunctionBody},
    laws,
    references::{Access, Extent, Flow, Reference, Step, Target},
};

enum Work {
    Function(Symbol),
    Initializer(Entity),
}

pub(super) struct Marker<'b, 'u> {
    pub(super) facts: &'b mut Facts<'u>,
    /// Functions that can run, and how certain it is that they do.
    pub(super) functions: FxHashMap<Symbol, Certainty>,
    /// Variables whose content matters.
    variables: FxHashSet<Entity>,
    pub(super) referenced: FxHashMap<Entity, Certainty>,
    pub(super) uses: FxHashMap<Entity, Vec<VariableUse>>,
    /// Of each variable the functions that read it, and whether they write it before.
    readers: FxHashMap<Entity, FxHashMap<Symbol, Reader>>,
    /// Functions whose address is taken.
    pub(super) addressed: FxHashSet<Symbol>,
    work: Vec<Work>,
    /// References of code that may never run.
    doubtful: Vec<(Arc<FunctionBody>, usize)>,
    /// How certain it is that the code runs that is being looked at.
    reached: Certainty,
}

/// What a function does with a variable.
#[derive(Default)]
struct Reader {
    reads: bool,
    writes_first: bool,
}

impl Reader {
    fn note(&mut self, kind: Kind) {
        match kind {
            Kind::Write(_) => self.writes_first |= !self.reads,
            Kind::Ignored => {}
            _ => self.reads = true,
        }
    }
}

impl<'b, 'u> Marker<'b, 'u> {
    /// Marks all that is reached from what is external or `used`.
    pub(super) fn run(facts: &'b mut Facts<'u>, created: &EmissionOrder) -> Marker<'b, 'u> {
        let mut marker = Marker {
            facts,
            functions: FxHashMap::default(),
            variables: FxHashSet::default(),
            referenced: FxHashMap::default(),
            uses: FxHashMap::default(),
            readers: FxHashMap::default(),
            addressed: FxHashSet::default(),
            work: Vec::new(),
            doubtful: Vec::new(),
            reached: Certainty::Certain,
        };
        marker.roots(created);
        marker.follow();
        while let Some((body, index)) = marker.doubtful.pop() {
            let Some(reference) = body.references.get(index) else { continue };
            marker.reached = reference.reached;
            marker.reference(Some(&body), reference);
            marker.follow();
        }
        marker
    }
}

impl Marker<'_, '_> {
    pub(super) fn unit(&self) -> &FileScope {
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
        if let hash_map::Entry::Vacant(new) = self.functions.entry(name) {
            new.insert(self.reached);
            self.work.push(Work::Function(name));
        }
    }

    fn mark_variable(&mut self, entity: Entity) {
        if self.variables.insert(entity.clone()) {
            self.work.push(Work::Initializer(entity));
        }
    }

    fn refer_to(&mut self, entity: Entity, certainty: Certainty) {
        let certainty = certainty.max(self.reached);
        let known = self.referenced.entry(entity).or_insert(certainty);
        *known = (*known).min(certainty);
    }

    fn follow(&mut self) {
        while let Some(work) = self.work.pop() {
            match work {
                Work::Function(name) => {
                    let Some(body) = self.facts.function(name) else { continue };
                    for (index, reference) in body.references.iter().enumerate() {
                        let later = self.reached.is_certain() && !reference.reached.is_certain();
                        match later && !reference.dead {
                            true => self.doubtful.push((body.clone(), index)),
                            false => self.reference(Some(&body), reference),
                        }
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
                    Access::Call => {}
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
                    && let Some(certainty) = self.needed(within, reference)
                {
                    self.refer_to(Entity::Str(bytes.clone(), *width), certainty);
                }
            }
            Target::FunctionName(_, function) => {
                if reference.access != Access::Mention
                    && let Some(certainty) = self.needed(within, reference)
                {
                    self.refer_to(Entity::of_function_name(*function), certainty);
                }
            }
            Target::Constant(index) => {
                if let Some(function) = uses::function_of(within) {
                    self.refer_to(Entity::Constant(function, *index), Certainty::Certain);
                }
            }
            Target::Local(_) => {}
        }
    }

    /// How certain it is that a text is needed where it goes; `None` where it is not, as with an inlined
    /// function that does nothing with it (a format checker).
    fn needed(
        &mut self,
        within: Option<&Arc<FunctionBody>>,
        reference: &Reference,
    ) -> Option<Certainty> {
        if reference.access == Access::Compare {
            // The comparison goes where the other side is a constant too, if only after inlining.
            return Some(Certainty::Likely(&laws::CONSTANT_READS));
        }
        if reference.access != Access::Address || matches!(reference.flow, Flow::Escapes) {
            return Some(Certainty::Certain);
        }
        let mut found = Vec::new();
        uses::of_reference(self.facts, within, reference, &mut found);
        let is_argument = matches!(reference.flow, Flow::Argument(..));
        let weighed = weigh(&found, |uses| {
            let any = |kinds: &[Kind]| uses.iter().any(|one| kinds.contains(&one.kind));
            if any(&[Kind::Escape, Kind::Volatile]) {
                return Weighed::certain(true);
            }
            if any(&[Kind::Compared]) {
                return Weighed::likely(&laws::CONSTANT_READS, true, false);
            }
            if any(&[Kind::Passed]) {
                return Weighed::likely(&laws::INLINING, true, false);
            }
            match uses.iter().all(|one| one.kind == Kind::Ignored) {
                true if is_argument => Weighed::certain(false),
                true => Weighed::likely(&laws::DEAD_STORES, true, false),
                // Its bytes are read at places that may turn out to be constant.
                false => Weighed::likely(&laws::CONSTANT_READS, true, false),
            }
        });
        weighed.decision.then_some(weighed.certainty)
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
            let (path, extent, kind) = (Vec::new(), Extent::default(), Kind::Escape);
            let (reached, followed) = (Certainty::Certain, Certainty::Certain);
            found.push(VariableUse { path, extent, kind, compared: false, reached, followed });
        }
        if volatile || reference.access != Access::Mention {
            self.refer_to(entity.clone(), Certainty::Certain);
        }
        if let Some(function) = uses::function_of(within) {
            let readers = self.readers.entry(entity.clone()).or_default();
            let reader = readers.entry(function).or_default();
            found.iter().for_each(|one| reader.note(one.kind));
        }
        for one in &mut found {
            one.reached = one.reached.max(self.reached);
        }
        self.uses.entry(entity).or_default().extend(found);
    }

    /// Whether each function that reads a variable writes it before.
    pub(super) fn is_written_first(&self, entity: &Entity) -> bool {
        let mut readers = self.readers.get(entity).into_iter().flat_map(|all| all.values());
        readers.all(|reader| !reader.reads || reader.writes_first)
    }

    pub(super) fn type_of(&mut self, entity: &Entity) -> Option<CTypeId> {
        match entity {
            Entity::Variable(name) => Some(self.unit().variable(*name)?.ty),
            Entity::Static(function, local) => {
                Some(self.facts.function(*function)?.local(*local)?.ty)
            }
            _ => None,
        }
    }

    pub(super) fn initial(&mut self, entity: &Entity) -> Initial {
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
}
