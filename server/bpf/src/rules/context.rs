//! What the checks of the BPF side look at.

use std::cell::OnceCell;

use cfront::unit::Unit;

use super::{
    code::{
        Code,
        entries::{self, Entry},
    },
    maps::definition::{self, Definition},
    usage::UsageWhenAsked,
};
use crate::{diagnostic::Diagnostic, object::Object, rule};

/// What the BPF side's checks look at.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The translation unit.
    pub unit: &'a Unit,
    /// The object made from it.
    pub object: &'a Object,
    /// What the rest of the workspace says about the object.
    pub usage: &'a UsageWhenAsked<'a>,
}

/// A family of this side's rules.
pub(super) type Family = rule::Family<Check>;

/// How a family finds what breaks its rules.
#[derive(Clone, Copy)]
pub(super) struct Check {
    /// Whether it looks at any C: what is wrong there may be why nothing looks like BPF.
    pub(super) any_source: bool,
    pub(super) run: fn(Context<'_>, &mut Vec<Diagnostic>),
}

impl Check {
    /// A check of sources of BPF objects.
    pub(super) const fn object(run: fn(Context<'_>, &mut Vec<Diagnostic>)) -> Check {
        Check { any_source: false, run }
    }

    /// A check of any C.
    pub(super) const fn any_source(run: fn(Context<'_>, &mut Vec<Diagnostic>)) -> Check {
        Check { any_source: true, run }
    }
}

/// The input, with what several families make of it.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) unit: &'a Unit,
    pub(super) object: &'a Object,
    /// Asked last: it takes a look at every user-space file near the program.
    pub(super) usage: &'a UsageWhenAsked<'a>,
    shared: &'a Shared<'a>,
}

/// What several families make of a unit and its object, each made when first asked for.
pub(super) struct Shared<'a> {
    code: Code<'a>,
    entries: OnceCell<Vec<Entry>>,
    maps: OnceCell<Vec<Definition>>,
}

impl<'a> Shared<'a> {
    pub(super) fn of(unit: &'a Unit) -> Shared<'a> {
        Shared { code: Code::new(unit), entries: OnceCell::new(), maps: OnceCell::new() }
    }
}

impl<'a> Context<'a> {
    pub(super) fn new(input: Input<'a>, shared: &'a Shared<'a>) -> Context<'a> {
        let Input { unit, object, usage } = input;
        Context { unit, object, usage, shared }
    }

    /// The bodies of functions, and what calls reach.
    pub(super) fn code(&self) -> &'a Code<'a> {
        &self.shared.code
    }

    /// The programs whose section libbpf knows.
    pub(super) fn entries(&self) -> &'a [Entry] {
        self.shared.entries.get_or_init(|| entries::entries(self.unit, self.object))
    }

    /// The definitions of maps and of their inner maps, in written order; none where the object is not
    /// known in whole.
    pub(super) fn maps(&self) -> &'a [Definition] {
        self.shared.maps.get_or_init(|| definition::all(self.unit, self.object))
    }
}
