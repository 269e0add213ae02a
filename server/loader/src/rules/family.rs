//! The form of this side's families: a check of the whole file, or one of every event of the flow
//! analysis, or both.

use bpf::{diagnostic::Diagnostic, rule};

use super::{input::Input, judge::Judge, verdicts::Verdicts};
use crate::{flow::observe::Event, references::Reference};

/// A family of this side's rules.
pub(super) type Family = rule::Family<Check>;

/// How a family finds what breaks its rules.
#[derive(Clone, Copy, Default)]
pub(super) struct Check {
    /// Looks at declarations, names and expressions.
    pub(super) file: Option<fn(File<'_>, &mut Vec<Diagnostic>)>,
    /// Judges what happens at a place on one way to it.
    pub(super) flow: Option<fn(Judge<'_>, &Event<'_>, &mut Verdicts)>,
}

/// A loader, and what it names of its skeletons.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) input: Input<'a>,
    pub(super) references: &'a [Reference],
}

impl Check {
    /// A check of the whole file.
    pub(super) const fn file(check: fn(File<'_>, &mut Vec<Diagnostic>)) -> Check {
        Check { file: Some(check), flow: None }
    }

    /// A check of every event.
    pub(super) const fn flow(check: fn(Judge<'_>, &Event<'_>, &mut Verdicts)) -> Check {
        Check { file: None, flow: Some(check) }
    }
}
