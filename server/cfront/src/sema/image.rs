//! The bytes of an object while initialisers write them.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::RelocationTarget;
use crate::ctypes::RecordId;

/// Objects larger than this are not written out.
pub(super) const MAX_BYTES: u64 = 16 << 20;
/// Elements of ranges after which a hostile initialiser (ranges in ranges) is given up.
const MAX_STEPS: u32 = 4 << 20;

/// An object while it is written.
#[derive(Debug, Default)]
pub(super) struct Image {
    /// Grows with the last byte that is not zero.
    pub(super) bytes: Vec<u8>,
    /// What is pointed to, by offset.
    pub(super) relocations: BTreeMap<u64, RelocationTarget>,
    pub(super) unknown: bool,
    /// A union was initialised by a member that leaves some of its bytes undefined.
    pub(super) undefined: bool,
    /// End of the last element that an initialiser reached, in bytes.
    pub(super) end: u64,
    /// One past the last byte that a relocation fills.
    pub(super) relocated: u64,
    /// The member of each union, by its place, that was initialised last.
    pub(super) active: FxHashMap<(u64, RecordId), u32>,
    pub(super) steps: u32,
    /// It was given up.
    pub(super) gave_up: bool,
    pub(super) big_endian: bool,
    /// Only lengths matter: no values are computed.
    pub(super) lengths_only: bool,
}

impl Image {
    pub(super) fn write(&mut self, offset: u64, data: &[u8]) {
        if self.lengths_only {
            return;
        }
        let end = offset.saturating_add(data.len() as u64);
        if end > MAX_BYTES {
            self.unknown |= data.iter().any(|&b| b != 0);
            return;
        }
        // What was written there before is overridden (C 6.7.9p19).
        self.drop_relocations(offset, end);
        let end = end as usize;
        if self.bytes.len() < end {
            if data.iter().all(|&b| b == 0) && self.bytes.len() <= offset as usize {
                return;
            }
            self.bytes.resize(end, 0);
        }
        if let Some(slot) = self.bytes.get_mut(offset as usize..end) {
            slot.copy_from_slice(data);
        }
    }

    fn drop_relocations(&mut self, offset: u64, end: u64) {
        if offset < self.relocated && offset < end {
            let within = self.relocations.range(offset..end).map(|(&at, _)| at);
            for at in within.collect::<Vec<u64>>() {
                self.relocations.remove(&at);
            }
        }
    }

    pub(super) fn relocate(&mut self, offset: u64, size: u64, target: RelocationTarget) {
        self.relocations.insert(offset, target);
        self.relocated = self.relocated.max(offset.saturating_add(size));
    }

    /// Forgets what was written to an object: braces, a string or another member of its union
    /// initialise it as a whole once more.
    pub(super) fn clear(&mut self, offset: u64, size: u64) {
        let end = offset.saturating_add(size);
        self.drop_relocations(offset, end);
        let end = end.min(self.bytes.len() as u64) as usize;
        if let Some(slot) = self.bytes.get_mut(offset as usize..end) {
            slot.fill(0);
        }
    }

    /// Notes which member of a union, by its token, is initialised; where another one was before, its
    /// bytes go.
    pub(super) fn activate(&mut self, id: RecordId, token: u32, (offset, size): (u64, u64)) {
        let before = self.active.insert((offset, id), token);
        if before.is_some_and(|before| before != token) {
            self.clear(offset, size);
        }
    }

    pub(super) fn write_bits(&mut self, offset_bits: u64, width: u32, value: i128) {
        for i in 0..u64::from(width) {
            // In little-endian order bit 0 of the value comes first, in big-endian order last.
            let bit = if self.big_endian { u64::from(width) - 1 - i } else { i };
            let set = value >> bit & 1 == 1;
            let at = offset_bits + i;
            let (byte, shift) = ((at / 8) as usize, at % 8);
            let mask = if self.big_endian { 0x80u8 >> shift } else { 1u8 << shift };
            if byte as u64 >= MAX_BYTES {
                self.unknown |= set;
                continue;
            }
            if self.bytes.len() <= byte {
                if !set {
                    continue;
                }
                self.bytes.resize(byte + 1, 0);
            }
            if let Some(b) = self.bytes.get_mut(byte) {
                *b = if set { *b | mask } else { *b & !mask };
            }
        }
    }

    pub(super) fn tick(&mut self) -> bool {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            self.unknown = true;
            self.gave_up = true;
        }
        self.steps <= MAX_STEPS
    }
}

/// Where a value goes: byte offset, or bit offset and width of a bit-field.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) offset: u64,
    pub(super) bits: Option<(u64, u32)>,
}
