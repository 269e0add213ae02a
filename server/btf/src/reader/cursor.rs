//! Reading 32-bit words of either byte order from a slice.

use super::ByteOrder;

/// A position in a slice of bytes. Reads give `None` at the end and never panic.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    order: ByteOrder,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], order: ByteOrder) -> Self {
        Cursor { rest: bytes, order }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Bytes not yet read.
    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let (word, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        Some(match self.order {
            ByteOrder::Little => u32::from_le_bytes(*word),
            ByteOrder::Big => u32::from_be_bytes(*word),
        })
    }
}
