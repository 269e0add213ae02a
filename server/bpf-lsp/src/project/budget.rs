//! What reading a project's files may cost. They are small languages that can ask for any amount of work in
//! a few lines: variables of variables, loops in loops, files that name each other.
//!
//! Work is counted, not timed: a unit is about a byte that is looked at or copied, so that the same file
//! gives the same answer everywhere. Where a budget ends, the rest is unknown.

use std::cell::Cell;

/// Work that may still be done.
#[derive(Debug)]
pub(super) struct Budget {
    whole: u64,
    left: Cell<u64>,
}

/// What asking the disk about a path costs, beside copying a byte.
pub(super) const ASK_DISK: usize = 1 << 10;

impl Budget {
    /// A budget of so many units.
    pub(super) fn new(units: u64) -> Budget {
        Budget { whole: units, left: Cell::new(units) }
    }

    /// Takes units for a step, and one for taking them. False when there are not as many: from then on
    /// there are none.
    pub(super) fn take(&self, units: usize) -> bool {
        let left = self.left.get().checked_sub(units as u64 + 1);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Whether it was not enough.
    pub(super) fn is_used_up(&self) -> bool {
        self.left.get() == 0
    }

    /// Units taken so far.
    pub(super) fn spent(&self) -> u64 {
        self.whole - self.left.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_up_stays_so() {
        let budget = Budget::new(10);
        assert!(budget.take(7));
        assert_eq!((budget.spent(), budget.is_used_up()), (8, false));
        assert!(!budget.take(5));
        assert!(!budget.take(0) && budget.is_used_up());
    }
}
