//! Worker threads: two for each open document, and one for documents that are not open.
//!
//! Work for one file never waits for another's. One thread of a document answers what somebody waits for
//! at the keyboard (hover, completion), the other what may come a little later: questions that need the
//! whole file judged, and after them the check (analysis and diagnostics) of the newest text. Each runs
//! its jobs in the order they came; checks of older texts that did not begin are dropped. What both need
//! is computed by whoever comes first. A job that panics is told to whoever asked, and the thread lives.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

use rustc_hash::FxHashMap;

/// Work; what it returns goes where the closure sends it.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// After this time a job is written to the log, as what a user would call a hang.
const SLOW: Duration = Duration::from_secs(1);
/// Deep (bounded) recursion in the front end needs more than the default stack.
const STACK_BYTES: usize = 32 << 20;

/// All workers of a session.
pub(super) struct Workers {
    queues: Mutex<FxHashMap<PathBuf, Lanes>>,
    /// For documents that are not open.
    shared: Arc<Queue>,
    /// For work that nobody waits for.
    background: Arc<Queue>,
    watchdog: Arc<Watchdog>,
}

/// How soon an answer is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lane {
    /// Somebody looks at the cursor.
    Quick,
    /// With the findings.
    Patient,
}

/// The threads of a document.
#[derive(Clone)]
struct Lanes {
    quick: Arc<Queue>,
    patient: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    wake: Condvar,
}

#[derive(Default)]
struct QueueState {
    questions: VecDeque<(&'static str, Job)>,
    check: Option<Job>,
    closed: bool,
}

impl Workers {
    /// Starts the shared worker and the watchdog.
    pub(super) fn new() -> Workers {
        let watchdog = Arc::new(Watchdog::default());
        let shared = start_worker("other files", &watchdog);
        let background = start_worker("background", &watchdog);
        let watch = watchdog.clone();
        spawn("watchdog", move || watch.run());
        Workers { queues: Mutex::default(), shared, background, watchdog }
    }

    /// Starts the workers of a document.
    pub(super) fn open(&self, path: &Path) {
        let mut queues = lock(&self.queues);
        if !queues.contains_key(path) {
            let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into());
            let start = || start_worker(&name, &self.watchdog);
            queues.insert(path.to_owned(), Lanes { quick: start(), patient: start() });
        }
    }

    /// Lets the workers of a document finish what was asked, then ends them.
    pub(super) fn close(&self, path: &Path) {
        let lanes = lock(&self.queues).remove(path);
        for queue in lanes.into_iter().flat_map(|lanes| [lanes.quick, lanes.patient]) {
            let mut state = lock(&queue.state);
            state.check = None;
            state.closed = true;
            queue.wake.notify_one();
        }
    }

    /// Queues a question about a document.
    pub(super) fn ask(&self, path: &Path, lane: Lane, what: &'static str, job: Job) {
        let lanes = lock(&self.queues).get(path).cloned();
        let queue = match (lanes, lane) {
            (None, _) => self.shared.clone(),
            (Some(lanes), Lane::Quick) => lanes.quick,
            (Some(lanes), Lane::Patient) => lanes.patient,
        };
        lock(&queue.state).questions.push_back((what, job));
        queue.wake.notify_one();
    }

    /// Queues work that nobody waits for.
    pub(super) fn background(&self, what: &'static str, job: Job) {
        lock(&self.background.state).questions.push_back((what, job));
        self.background.wake.notify_one();
    }

    /// Replaces the check that waits, if any, of an open document.
    pub(super) fn check(&self, path: &Path, job: Job) {
        let queue = lock(&self.queues).get(path).map(|lanes| lanes.patient.clone());
        if let Some(queue) = queue {
            lock(&queue.state).check = Some(job);
            queue.wake.notify_one();
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let queues = std::mem::take(&mut *lock(&self.queues));
        let of_documents = queues.values().flat_map(|lanes| [&lanes.quick, &lanes.patient]);
        for queue in of_documents.chain([&self.shared, &self.background]) {
            lock(&queue.state).closed = true;
            queue.wake.notify_one();
        }
        lock(&self.watchdog.state).closed = true;
        self.watchdog.wake.notify_one();
    }
}

fn start_worker(name: &str, watchdog: &Arc<Watchdog>) -> Arc<Queue> {
    let queue = Arc::new(Queue::default());
    let (mine, watchdog, label) = (queue.clone(), watchdog.clone(), name.to_owned());
    spawn(name, move || {
        while let Some((what, job)) = mine.next() {
            let ticket = watchdog.begin(what, &label);
            // The state a panic may leave half written is per file and behind locks that
            // recover from poison.
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("{what} of {label} failed; the server goes on");
            }
            watchdog.end(ticket);
        }
    });
    queue
}

/// Starts a thread with a large stack.
pub(super) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) {
    // Names beyond 15 bytes are cut by the system anyway; NUL would make the builder panic.
    let name: String = name.chars().filter(|c| *c != '\0').take(15).collect();
    let started = thread::Builder::new().name(name).stack_size(STACK_BYTES).spawn(body);
    if let Err(error) = started {
        tracing::error!("cannot start a thread: {error}");
    }
}

impl Queue {
    /// The next job; waits for one. `None` when closed and empty.
    fn next(&self) -> Option<(&'static str, Job)> {
        let mut state = lock(&self.state);
        loop {
            if let Some(question) = state.questions.pop_front() {
                return Some(question);
            }
            if let Some(check) = state.check.take() {
                return Some(("check", check));
            }
            if state.closed {
                return None;
            }
            state = self.wake.wait(state).unwrap_or_else(|e| e.into_inner());
        }
    }
}

/// Writes jobs that take long to the log, while they still run.
///
/// It looks every [`SLOW`], as long as jobs come, and is woken by the first after a pause only: a thread
/// woken for each job would take a core from whoever does the job.
#[derive(Default)]
struct Watchdog {
    state: Mutex<WatchState>,
    wake: Condvar,
}

#[derive(Default)]
struct WatchState {
    running: FxHashMap<u64, Running>,
    next: u64,
    /// Nothing has run for some time: it waits to be woken.
    asleep: bool,
    closed: bool,
}

struct Running {
    what: &'static str,
    file: String,
    since: Instant,
    told: bool,
}

impl Watchdog {
    fn begin(&self, what: &'static str, file: &str) -> u64 {
        let mut state = lock(&self.state);
        let ticket = state.next;
        state.next += 1;
        let running = Running { what, file: file.to_owned(), since: Instant::now(), told: false };
        state.running.insert(ticket, running);
        if std::mem::take(&mut state.asleep) {
            self.wake.notify_one();
        }
        ticket
    }

    fn end(&self, ticket: u64) {
        let finished = lock(&self.state).running.remove(&ticket);
        if let Some(job) = finished
            && job.told
        {
            tracing::warn!("{} of {} ended after {:?}", job.what, job.file, job.since.elapsed());
        }
    }

    fn run(&self) {
        let mut state = lock(&self.state);
        let mut begun = state.next;
        while !state.closed {
            if state.running.is_empty() && state.next == begun {
                state.asleep = true;
                state = self.wake.wait(state).unwrap_or_else(|e| e.into_inner());
                continue;
            }
            begun = state.next;
            state =
                self.wake.wait_timeout(state, SLOW).map_or_else(|e| e.into_inner().0, |(s, _)| s);
            for job in state.running.values_mut() {
                if !job.told && job.since.elapsed() >= SLOW {
                    job.told = true;
                    tracing::warn!("{} of {} runs for over {SLOW:?}", job.what, job.file);
                }
            }
        }
    }
}

/// Locks, whatever a panic elsewhere left behind.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_stuck_file_does_not_hold_up_another() {
        let workers = Workers::new();
        let (a, b) = (Path::new("/a"), Path::new("/b"));
        workers.open(a);
        workers.open(b);
        let (release, stuck) = mpsc::channel::<()>();
        let (answer, answers) = mpsc::channel();
        workers.ask(a, Lane::Quick, "stuck", Box::new(move || stuck.recv().unwrap_or(())));
        workers.ask(b, Lane::Quick, "quick", Box::new(move || answer.send(1).unwrap()));
        assert_eq!(answers.recv(), Ok(1));
        drop(release);
    }

    #[test]
    fn a_question_at_the_cursor_does_not_wait_for_the_check() {
        let workers = Workers::new();
        let a = Path::new("/a");
        workers.open(a);
        let (release, stuck) = mpsc::channel::<()>();
        let (answer, answers) = mpsc::channel();
        workers.check(a, Box::new(move || stuck.recv().unwrap_or(())));
        workers.ask(a, Lane::Quick, "quick", Box::new(move || answer.send(1).unwrap()));
        assert_eq!(answers.recv(), Ok(1));
        drop(release);
    }

    #[test]
    fn a_panic_leaves_the_thread_alive() {
        let workers = Workers::new();
        let a = Path::new("/a");
        workers.open(a);
        workers.ask(a, Lane::Quick, "panic", Box::new(|| panic!("expected in this test")));
        let (answer, answers) = mpsc::channel();
        workers.ask(a, Lane::Quick, "after", Box::new(move || answer.send(1).unwrap()));
        assert_eq!(answers.recv(), Ok(1));
    }

    #[test]
    fn only_the_newest_waiting_check_runs() {
        let workers = Workers::new();
        let a = Path::new("/a");
        workers.open(a);
        let (release, stuck) = mpsc::channel::<()>();
        let (answer, answers) = mpsc::channel();
        workers.ask(a, Lane::Patient, "stuck", Box::new(move || stuck.recv().unwrap_or(())));
        for n in 0..10 {
            let answer = answer.clone();
            workers.check(a, Box::new(move || answer.send(n).unwrap()));
        }
        drop((release, answer));
        assert_eq!(answers.iter().collect::<Vec<_>>(), [9]);
    }
}
