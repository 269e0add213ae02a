//! The compilers of a session.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rustc_hash::FxHashMap;

use super::workers::lock;

/// How long the end of a session waits for compilers to be ended.
const GRACE: Duration = Duration::from_millis(500);

/// Compilers that run or wait for their turn.
#[derive(Default)]
pub(super) struct Builds {
    /// By program: what ends its build.
    pub(super) running: Mutex<FxHashMap<PathBuf, Arc<AtomicBool>>>,
    /// Held by the one that runs.
    pub(super) turn: Mutex<()>,
}

impl Builds {
    /// Ends the build of a program.
    pub(super) fn cancel(&self, program: &Path) {
        if let Some(cancelled) = lock(&self.running).get(program) {
            cancelled.store(true, Ordering::SeqCst);
        }
    }

    /// Ends all of them.
    pub(super) fn cancel_all(&self) {
        for cancelled in lock(&self.running).values() {
            cancelled.store(true, Ordering::SeqCst);
        }
    }

    /// Ends all of them, and waits for that.
    pub(super) fn stop(&self) {
        self.cancel_all();
        let mut waited = Duration::ZERO;
        while !lock(&self.running).is_empty() && waited < GRACE {
            let step = Duration::from_millis(5);
            thread::sleep(step);
            waited += step;
        }
    }
}
