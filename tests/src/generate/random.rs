//! Numbers without a pattern, the same for the same seed; or the bytes of a fuzzer as numbers.

/// A sequence of numbers (SplitMix64, or bytes that are given).
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
    /// What is left of the given bytes.
    tape: Option<std::collections::VecDeque<u8>>,
}

impl Random {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Random {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
        Random { state, tape: None }
    }

    /// The sequence that some bytes are; zeros follow them.
    pub fn from_bytes(bytes: &[u8]) -> Random {
        Random { state: 0, tape: Some(bytes.iter().copied().collect()) }
    }

    /// Whether the given bytes are used up; never for the sequence of a seed.
    pub fn is_over(&self) -> bool {
        self.tape.as_ref().is_some_and(|tape| tape.is_empty())
    }

    fn taken(&mut self, bytes: u32) -> Option<u64> {
        let tape = self.tape.as_mut()?;
        Some((0..bytes).fold(0, |value, _| value << 8 | u64::from(tape.pop_front().unwrap_or(0))))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        if let Some(taken) = self.taken(8) {
            return taken;
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        // A choice among few is one byte, so that a byte changed is a choice changed.
        if let Some(taken) = self.taken(if end <= 256 { 1 } else { 4 }) {
            return (taken % end.max(1) as u64) as usize;
        }
        (self.bits() % end.max(1) as u64) as usize
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: usize, to: usize) -> usize {
        from + self.below(to - from + 1)
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of some values.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }
}
