//! Damage to files that hang together.

use std::ops::Range;

use btf::ByteOrder;

use super::Random;

/// Damages a few words, or none: numbers off by one, of another magnitude, or out of another place.
pub fn damage(random: &mut Random, bytes: &mut [u8], parts: &[Range<usize>], order: ByteOrder) {
    for _ in 0..random.below(6).saturating_sub(2) {
        let part = parts.get(random.below(parts.len())).cloned().unwrap_or_default();
        let width = random.pick(&[4_usize, 8, 2, 1]);
        let places = part.len() / width;
        if places == 0 {
            continue;
        }
        let at = part.start + random.below(places) * width;
        let Some(field) = bytes.get_mut(at..at + width) else { continue };
        let old = field.iter().enumerate().fold(0_u64, |old, (i, byte)| {
            let place = if order == ByteOrder::Little { i } else { width - 1 - i };
            old | u64::from(*byte) << (8 * place)
        });
        let new = match random.below(8) {
            0 => old.wrapping_add(1),
            1 => old.wrapping_sub(1),
            2 => 0,
            3 => u64::MAX,
            4 => 1 << random.below(64),
            5 => old.wrapping_mul(2),
            6 => random.below(256) as u64,
            _ => random.bits(),
        };
        field.copy_from_slice(&word(order, new, width));
    }
}

/// The last `width` bytes of a number.
pub(super) fn word(order: ByteOrder, value: u64, width: usize) -> Vec<u8> {
    match order {
        ByteOrder::Little => value.to_le_bytes()[..width].to_vec(),
        ByteOrder::Big => value.to_be_bytes()[8 - width..].to_vec(),
    }
}
