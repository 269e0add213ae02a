//! What survives the optimiser: which functions are left, which static variables, and in what form.
//!
//! A model of LLVM's GlobalOpt, GlobalDCE and inlining at `-O2`, as far as they can be decided from
//! source. Everything with external linkage stays. A decision that would come out otherwise if a heuristic
//! of LLVM's did is [`Certainty::Likely`], by the law that it hangs on.

mod fates;
pub(crate) mod hypotheses;
pub mod inlining;
mod marking;
mod scalars;
pub(crate) mod sra;
pub(crate) mod uses;

use cfront::symbol::Symbol;
use rustc_hash::FxHashMap;

use crate::{
    certainty::Certainty,
    emission_order::{EmissionOrder, Entity},
    facts::Facts,
};
use hypotheses::Weighed;
use inlining::Left;
use marking::Marker;
use sra::Part;

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
    fates: FxHashMap<Entity, Weighed<Fate>>,
    /// Functions that code or data refers to, in any way that can happen at run time.
    functions: FxHashMap<Symbol, Certainty>,
    /// Static functions that are, or may be, left beside their callers.
    pub standing: FxHashMap<Symbol, Left>,
    /// Extern variables, string literals and private constants that something refers to.
    referenced: FxHashMap<Entity, Certainty>,
    /// What loads and stores make of the alignment of variables, in bytes.
    alignments: FxHashMap<Entity, Weighed<u64>>,
}

impl Liveness {
    /// What becomes of a variable; `None` for one that is not defined here, or not created.
    pub(crate) fn fate(&self, entity: &Entity) -> Option<&Weighed<Fate>> {
        self.fates.get(entity)
    }

    /// The alignment in bytes that loads and stores ask for.
    pub(crate) fn alignment(&self, entity: &Entity) -> Option<&Weighed<u64>> {
        self.alignments.get(entity)
    }

    /// Whether code that can run, or data, refers to a function, and how certain that is.
    pub fn reaches(&self, function: Symbol) -> Option<Certainty> {
        self.functions.get(&function).copied()
    }

    /// Whether something refers to an extern variable or a private constant, and how certain that is.
    pub fn refers_to(&self, entity: &Entity) -> Option<Certainty> {
        self.referenced.get(entity).copied()
    }
}

/// Decides what survives; all static functions only for the `whole` object.
pub fn liveness(facts: &mut Facts<'_>, created: &EmissionOrder, whole: bool) -> Liveness {
    let mut marker = Marker::run(facts, created);
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
    let Marker { functions, referenced, .. } = marker;
    Liveness { fates, functions, standing, referenced, alignments }
}
