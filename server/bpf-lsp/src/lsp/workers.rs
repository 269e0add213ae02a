//! Worker threads: a bounded number of them, started as they are needed.
//!
//! Each open document has two lines of jobs ([`schedule`]). In one is what somebody waits for at the
//! keyboard (hover, completion), in the other what may come a little later: questions that need the whole
//! file judged, and after them the check (analysis and diagnostics) of the newest text. A line runs its
//! jobs one at a time, in the order they came; checks of older texts that did not begin are dropped. What
//! both lines need is computed by whoever comes first.
//!
//! The two kinds of lines have threads of their own: however many checks run or are stuck, a question at
//! the keyboard waits for none of them. A job that runs for long is counted out, and another thread takes
//! its place. A job that panics is told to whoever asked, and its thread lives. Where the system grants a
//! crew no thread, another crew does its work; where it grants none at all, whoever asks does.

mod schedule;
#[cfg(test)]
mod tests;

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use schedule::{Crew, Late, Running, Schedule};

/// Work; what it returns goes where the closure sends it.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// Starts a thread of that name, as [`start_thread`].
type Start = Box<dyn Fn(&str, Job) -> io::Result<()> + Send + Sync>;

/// After this time a job is written to the log, as what a user would call a hang, and a thread more is
/// granted to its crew.
const SLOW: Duration = Duration::from_secs(1);
/// Deep (bounded) recursion in the front end needs more than the default stack.
const STACK_BYTES: usize = 32 << 20;
/// Threads of a crew at most, however many jobs are stuck.
const MOST: usize = 32;

/// How soon an answer is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lane {
    /// Somebody looks at the cursor.
    Quick,
    /// With the findings.
    Patient,
}

/// All workers of a session.
pub(super) struct Workers(Arc<Pool>);

struct Pool {
    state: Mutex<State>,
    /// What idle threads wait for, by crew.
    work: [Condvar; 3],
    /// What the watchdog waits for while nothing runs.
    begun: Condvar,
    start: Start,
    /// Threads of a crew while no job is slow.
    base: usize,
}

#[derive(Default)]
struct State {
    schedule: Schedule,
    threads: [Threads; 3],
    watched: bool,
    /// The watchdog waits to be woken.
    dozing: bool,
    /// Somebody who asked does the work, for want of threads.
    helping: bool,
    /// It was told that threads cannot be started.
    told: bool,
    closed: bool,
}

/// The threads of a crew.
#[derive(Clone, Copy, Default)]
struct Threads {
    count: usize,
    /// Those that wait for work, or were just started.
    idle: usize,
    /// Those whose job was called late.
    slow: usize,
}

impl Workers {
    /// Workers of a new session. A thread of each crew is started now, while there is memory for it; the
    /// others when they are needed.
    pub(super) fn new() -> Workers {
        // A check works alone, and more of them than cores are no quicker.
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Workers::with(cores.clamp(4, 8), Box::new(start_thread))
    }

    fn with(base: usize, start: Start) -> Workers {
        let state = Mutex::default();
        let pool = Pool { state, work: Default::default(), begun: Condvar::new(), start, base };
        let workers = Workers(Arc::new(pool));
        let mut state = lock(&workers.0.state);
        for crew in [Crew::Quick, Crew::Patient] {
            workers.0.grow(&mut state, crew);
        }
        drop(state);
        workers
    }

    /// Takes in a document.
    pub(super) fn open(&self, path: &Path) {
        lock(&self.0.state).schedule.open(path);
    }

    /// Forgets a document; what was asked about it is still answered.
    pub(super) fn close(&self, path: &Path) {
        lock(&self.0.state).schedule.close(path);
    }

    /// Queues a question about a document.
    pub(super) fn ask(&self, path: &Path, lane: Lane, what: &'static str, job: Job) {
        let mut state = lock(&self.0.state);
        let crew = state.schedule.ask(path, lane, what, job);
        self.0.call(state, crew);
    }

    /// Queues work that nobody waits for.
    pub(super) fn background(&self, what: &'static str, job: Job) {
        let mut state = lock(&self.0.state);
        let crew = state.schedule.background(what, job);
        self.0.call(state, crew);
    }

    /// Replaces the check that waits, if any, of an open document.
    pub(super) fn check(&self, path: &Path, job: Job) {
        let mut state = lock(&self.0.state);
        let crew = state.schedule.check(path, job);
        self.0.call(state, crew);
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        lock(&self.0.state).closed = true;
        self.0.work.iter().for_each(Condvar::notify_all);
        self.0.begun.notify_all();
    }
}

impl Pool {
    /// Sees to it that somebody does what waits for a crew.
    fn call<'a>(self: &'a Arc<Self>, mut state: MutexGuard<'a, State>, crew: Crew) {
        let threads = &state.threads[crew as usize];
        if state.schedule.waiting(crew) > threads.idle && threads.count < self.limit(threads) {
            self.grow(&mut state, crew);
        }
        let some = |threads: &Threads| threads.count > 0;
        let (own, any) = (some(&state.threads[crew as usize]), state.threads.iter().any(some));
        if any {
            // A thread that is woken has to find the lock free.
            drop(state);
            for (number, work) in self.work.iter().enumerate() {
                if !own || number == crew as usize {
                    work.notify_one();
                }
            }
        } else if !state.helping && !state.closed {
            state.helping = true;
            grow_own_stack();
            while let Some((job, running)) = state.take(Crew::Quick) {
                state = self.run(state, job, &running);
            }
            state.helping = false;
        }
    }

    /// How many threads a crew may have.
    fn limit(&self, threads: &Threads) -> usize {
        (self.base + threads.slow).min(MOST)
    }

    /// Starts a thread of a crew, and the watchdog with the first.
    fn grow(self: &Arc<Self>, state: &mut State, crew: Crew) {
        let pool = self.clone();
        let name = match crew {
            Crew::Quick => "quick",
            Crew::Patient => "patient",
            Crew::Background => "background",
        };
        if let Err(error) = (self.start)(name, Box::new(move || pool.work(crew))) {
            if !std::mem::replace(&mut state.told, true) {
                tracing::error!("cannot start a thread, so answers take longer: {error}");
            }
            return;
        }
        state.told = false;
        let threads = &mut state.threads[crew as usize];
        threads.count += 1;
        threads.idle += 1;
        if !state.watched {
            let pool = self.clone();
            state.watched = (self.start)("watchdog", Box::new(move || pool.watch())).is_ok();
        }
    }

    /// What a thread does.
    fn work(&self, crew: Crew) {
        let mut state = lock(&self.state);
        loop {
            let threads = &state.threads[crew as usize];
            let one_too_many = threads.count > self.limit(threads);
            let next = if one_too_many { None } else { state.take(crew) };
            let leaves = one_too_many || state.closed;
            let threads = &mut state.threads[crew as usize];
            match next {
                Some((job, running)) => {
                    threads.idle -= 1;
                    state = self.run(state, job, &running);
                    state.threads[crew as usize].idle += 1;
                }
                None if leaves => {
                    threads.count -= 1;
                    threads.idle -= 1;
                    // It may have been woken for work that it leaves to another.
                    self.work[crew as usize].notify_one();
                    return;
                }
                None => {
                    let woken = self.work[crew as usize].wait(state);
                    state = woken.unwrap_or_else(|e| e.into_inner());
                }
            }
        }
    }

    /// Runs a job that was taken.
    fn run<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        job: Job,
        running: &Running,
    ) -> MutexGuard<'a, State> {
        // It is woken by the first job after a pause only: a thread woken for each job would take a core
        // from whoever does the job.
        if std::mem::take(&mut state.dozing) {
            self.begun.notify_one();
        }
        drop(state);
        // The state a panic may leave half written is per file and behind locks that recover from poison.
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("{} of {} failed; the server goes on", running.what, running.file);
        }
        let mut state = lock(&self.state);
        let Some(Late { by, what, file, for_so_long }) = state.schedule.ended(running) else {
            return state;
        };
        state.threads[by as usize].slow -= 1;
        drop(state);
        tracing::warn!("{what} of {file} ended after {for_so_long:?}");
        lock(&self.state)
    }

    /// Writes jobs that take long to the log, while they still run, and grants their crews a thread in
    /// their place. Looks every [`SLOW`], as long as jobs come.
    fn watch(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        let mut begun = state.schedule.begun();
        while !state.closed {
            if !state.schedule.is_running() && state.schedule.begun() == begun {
                state.dozing = true;
                state = self.begun.wait(state).unwrap_or_else(|e| e.into_inner());
                continue;
            }
            begun = state.schedule.begun();
            let looked = self.begun.wait_timeout(state, SLOW);
            state = looked.map_or_else(|e| e.into_inner().0, |(state, _)| state);
            let late = state.schedule.late(SLOW);
            for job in &late {
                state.threads[job.by as usize].slow += 1;
            }
            drop(state);
            for Late { by, what, file, .. } in late {
                tracing::warn!("{what} of {file} runs for over {SLOW:?}");
                self.call(lock(&self.state), by);
            }
            state = lock(&self.state);
        }
    }
}

impl State {
    /// The next job for a thread of a crew: one of its own, or of a crew that has no thread.
    fn take(&mut self, mine: Crew) -> Option<(Job, Running)> {
        let State { schedule, threads, .. } = self;
        let mut crews = Crew::ALL.into_iter();
        crews.find_map(|crew| match crew == mine || threads[crew as usize].count == 0 {
            true => schedule.take(crew, mine),
            false => None,
        })
    }
}

/// Starts a thread, and tells the log when that fails.
pub(super) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) {
    if let Err(error) = start_thread(name, Box::new(body)) {
        tracing::error!("cannot start a thread: {error}");
    }
}

/// Starts a thread with a large stack.
fn start_thread(name: &str, body: Job) -> io::Result<()> {
    let builder = thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES);
    builder.spawn(body).map(drop)
}

/// Lets the stack of the process's first thread, which the system extends as it is used, become as large
/// as a worker's.
fn grow_own_stack() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let wanted = Some(STACK_BYTES as u64);
        let Rlimit { current, maximum } = getrlimit(Resource::Stack);
        if current.is_some() && current < wanted {
            // Where it is refused, all but the deepest texts still fit.
            let _ = setrlimit(Resource::Stack, Rlimit { current: wanted, maximum });
        }
    }
}

/// Locks, whatever a panic elsewhere left behind.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}
