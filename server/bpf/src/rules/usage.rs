//! How the rest of the workspace uses an object.

use std::{cell::OnceCell, ops::Deref, sync::Arc};

use cfront::source::FileRange;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::toolchain::Toolchain;

/// [`Usage`], found when a rule first asks: it takes a look at every user-space file near the
/// program, and of most programs no rule has anything to say that it could change. So rules ask last.
pub struct UsageWhenAsked<'a> {
    find: Box<dyn Fn() -> Arc<Usage> + 'a>,
    found: OnceCell<Arc<Usage>>,
}

impl<'a> UsageWhenAsked<'a> {
    /// A usage that `find` finds.
    pub fn new(find: impl Fn() -> Arc<Usage> + 'a) -> UsageWhenAsked<'a> {
        UsageWhenAsked { find: Box::new(find), found: OnceCell::new() }
    }

    /// The usage, if some rule has asked.
    pub fn asked(&self) -> Option<&Arc<Usage>> {
        self.found.get()
    }
}

impl Deref for UsageWhenAsked<'_> {
    type Target = Usage;

    fn deref(&self) -> &Usage {
        self.found.get_or_init(|| (self.find)())
    }
}

impl From<Usage> for UsageWhenAsked<'_> {
    fn from(usage: Usage) -> Self {
        let usage = Arc::new(usage);
        UsageWhenAsked::new(move || usage.clone())
    }
}

/// How the workspace's user-space code uses an object, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// libbpf is known to load the object: its skeleton is included, or an open call names it.
    pub libbpf_loads: bool,
    /// Something registers section handlers or sets program types.
    pub sets_program_types: bool,
    /// Something chooses which programs are loaded.
    pub chooses_programs: bool,
    /// The loader opens objects with `relaxed_maps`.
    pub relaxed_maps: bool,
    /// Something sets members of struct_ops maps (`skel->struct_ops.map->member = prog`).
    pub sets_struct_ops: bool,
    /// Maps whose attributes some code sets before load; `*` for any (exemption E1 of the map rules).
    pub maps_set_by_code: FxHashSet<SmolStr>,
    /// The versions of the tools and of the target kernel, as far as they are known.
    pub toolchain: Toolchain,
    /// The object is made from this file alone (no static linking).
    pub stands_alone: bool,
    /// Variables of `.rodata` that the loader writes (`skel->rodata->x = 1`), each with one place of it.
    pub rodata_written: FxHashMap<SmolStr, FileRange>,
    /// Names of members that loaders of the object access, of whatever struct: variables among them may
    /// not change their place.
    pub members_named: FxHashSet<SmolStr>,
}

impl Usage {
    /// Whether code sets attributes of that map, so that rules about them stay silent.
    pub fn sets_map(&self, name: &str) -> bool {
        self.maps_set_by_code.contains(name) || self.maps_set_by_code.contains("*")
    }

    /// Whether a loader may access a variable of that name.
    pub fn names_member(&self, name: &str) -> bool {
        self.members_named.contains(name)
    }
}
