//! What the rules learn of: accesses to images and calls, with the state at that point.

use bpf::places;
use cfront::{
    ast::{Expr, Span},
    source::FileRange,
    symbol::Symbol,
    unit::{ItemId, Unit},
};

use super::{
    sizes::Size,
    state::{Site, State, Value},
};

/// A place in the loader's syntax.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct At {
    /// The item (function).
    pub item: ItemId,
    /// First token.
    pub start: u32,
    /// One past the last token.
    pub end: u32,
}

impl At {
    /// The place of a span of an item.
    pub fn new(item: ItemId, span: Span) -> At {
        At { item, start: span.start, end: span.end }
    }

    /// What the user wrote there.
    pub(crate) fn range(self, unit: &Unit) -> Option<FileRange> {
        places::covered(unit, self.item, self.start, self.end)
    }
}

/// How an image is touched.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Access {
    /// Its value is used.
    Read,
    /// It is stored to, here or by a function that is known to write.
    Write,
}

/// Something that happens in a loader.
#[derive(Debug)]
pub enum Event<'a> {
    /// `skel->SECTION->member` (or something in it) is read or written.
    Image {
        /// The object.
        site: Site,
        /// `percpu`, `rodata` ...
        section: Symbol,
        /// Member of the section's struct.
        member: Symbol,
        /// How.
        access: Access,
        /// The call that moved the image since the pointer was read.
        stale: Option<u32>,
        /// The expression.
        at: At,
    },
    /// The descriptor of a map is compared, to see whether it is one.
    FdTest {
        /// The object.
        site: Site,
        /// Member of `maps`.
        map: Symbol,
        /// The comparison.
        at: At,
    },
    /// A member of the skeleton's own struct is used (`skel->obj`, `skel->maps` ...).
    Skeleton {
        /// The object.
        site: Site,
        /// Member.
        member: Symbol,
        /// The expression.
        at: At,
    },
    /// An expression that reads or writes something else than a skeleton's memory, as far as is known.
    Other {
        /// The expression.
        at: At,
    },
    /// A call, before its effects on the state.
    Call {
        /// Name of the function called.
        callee: Symbol,
        /// What is known of the arguments.
        values: &'a [Value],
        /// The room behind those that are pointers to buffers.
        rooms: &'a [Option<Size>],
        /// The arguments.
        args: &'a [Expr],
        /// The call.
        at: At,
        /// Whether its result is thrown away.
        discarded: bool,
    },
}

/// Gets the events of all ways through the program; the same place may come many times.
pub trait Observer {
    /// Called at each event with the state before it.
    fn event(&mut self, event: &Event<'_>, state: &State, calls: &[At]);
}
