//! Definitions of tags in the syntax of items.

use std::sync::Arc;

use crate::ast::{EnumSpec, RecordSpec};

/// Where a specifier with a body stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpecPlace {
    pub(crate) item: u32,
    pub(crate) serial: u64,
}

/// A tag's definition in an item's syntax.
#[derive(Clone, Debug)]
pub(crate) enum TagSpec {
    Record(Arc<RecordSpec>),
    Enum(Arc<EnumSpec>),
}
