//! Explicit padding: unnamed bit-fields that bring the next member to its offset.

use std::fmt::Write;

use super::CDumper;

/// A hole between two members.
pub(super) struct Hole {
    /// Where the last member ended, in bits.
    pub(super) from: u64,
    /// Where the next one begins, in bits.
    pub(super) to: u64,
    /// Alignment of the next one in bytes.
    pub(super) next_align: u64,
    /// Whether there are bit-fields on both sides.
    pub(super) in_bit_fields: bool,
}

impl CDumper<'_> {
    /// Writes the members that fill the hole, as `btf_dump_emit_bit_padding` chooses them: few,
    /// and none where the compiler pads by itself.
    pub(super) fn fill(&mut self, hole: &Hole, indent: usize) {
        let Hole { from, to, next_align, in_bit_fields } = *hole;
        if from >= to {
            return;
        }
        let units: [(&str, u64); 4] = [
            ("long", u64::from(self.btf.pointer_size.max(1)) * 8),
            ("int", 32),
            ("short", 16),
            ("char", 8),
        ];
        // The largest unit that has a boundary in the hole; `char` when none has.
        let mut unit = units[3];
        for candidate in units {
            unit = candidate;
            if round_up(from, candidate.1) <= to {
                break;
            }
        }
        let mut at = from;
        let boundary = round_up(from, unit.1);
        if boundary > from && boundary <= to {
            // `long: 0` moves on to the boundary. It is left out where the compiler goes there
            // anyway: for the next member's sake, or because what follows does not fit before it.
            let compiler_goes_there = if boundary == to {
                round_up(from, next_align.saturating_mul(8)) == boundary
            } else {
                to - boundary > boundary - from
            };
            if in_bit_fields {
                self.pad(indent, unit.0, boundary - from);
            } else if !compiler_goes_there {
                self.pad(indent, unit.0, 0);
            }
            at = boundary;
        }
        while at < to && !self.out.is_full() {
            let bits = (to - at).min(unit.1);
            // What is left at the end takes the smallest unit that holds it.
            let name = if bits == unit.1 {
                unit.0
            } else {
                units.iter().rev().find(|u| u.1 >= bits).map_or(unit.0, |u| u.0)
            };
            self.pad(indent, name, bits);
            at += bits;
        }
    }

    fn pad(&mut self, indent: usize, unit: &str, bits: u64) {
        self.out.line(indent);
        // Writing to the output cannot fail.
        let _ = write!(self.out, "{unit}: {bits};");
    }
}

fn round_up(value: u64, to: u64) -> u64 {
    value.checked_next_multiple_of(to).unwrap_or(value)
}
