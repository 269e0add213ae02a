//! Counts the work that a piece of this program does.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
};

use object::{Object, ObjectSection};
use rustix::time::{ClockId, clock_gettime};

/// How work is counted.
pub enum Meter {
    /// In basic blocks that ran: a build with `-C profile-generate` counts each in a section of its memory.
    Blocks {
        /// This process's memory.
        memory: File,
        /// Where the counters lie in it.
        start: u64,
        /// Their size in bytes.
        bytes: usize,
    },
    /// In nanoseconds of this thread on a processor.
    Time,
}

impl Meter {
    /// The best that this build can do.
    pub fn new() -> Meter {
        Meter::blocks().unwrap_or(Meter::Time)
    }

    /// What is counted, in words.
    pub fn unit(&self) -> &'static str {
        match self {
            Meter::Blocks { .. } => "basic blocks",
            Meter::Time => "ns of CPU time",
        }
    }

    /// Whether the same work has the same count, whenever and wherever it runs.
    pub fn is_exact(&self) -> bool {
        matches!(self, Meter::Blocks { .. })
    }

    /// The work of a step.
    pub fn count(&self, step: &mut dyn FnMut()) -> u64 {
        let before = self.now();
        step();
        self.now() - before
    }

    fn blocks() -> Option<Meter> {
        let program = fs::read("/proc/self/exe").ok()?;
        let file = object::File::parse(&*program).ok()?;
        let section = file.section_by_name("__llvm_prf_cnts")?;
        // The first mapping of the program is of its start.
        let maps = fs::read_to_string("/proc/self/maps").ok()?;
        let base = match file.kind() {
            object::ObjectKind::Dynamic => u64::from_str_radix(maps.split('-').next()?, 16).ok()?,
            _ => 0,
        };
        let memory = File::open("/proc/self/mem").ok()?;
        Some(Meter::Blocks {
            memory,
            start: base + section.address(),
            bytes: section.size() as usize,
        })
    }

    fn now(&self) -> u64 {
        match self {
            Meter::Blocks { memory, start, bytes } => {
                let mut counters = vec![0; *bytes];
                memory.read_exact_at(&mut counters, *start).expect("its own memory can be read");
                let counters = counters.as_chunks().0.iter();
                counters.fold(0, |sum, counter| sum.wrapping_add(u64::from_ne_bytes(*counter)))
            }
            Meter::Time => {
                let now = clock_gettime(ClockId::ThreadCPUTime);
                now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
            }
        }
    }
}

impl Default for Meter {
    fn default() -> Self {
        Meter::new()
    }
}
