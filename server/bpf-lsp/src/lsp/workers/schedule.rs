//! Which job is next: a plain data structure, without threads.
//!
//! A line is a row of jobs that run one at a time, in the order they came. Each open document has two,
//! and lines of one crew take turns. A line with a question goes before all that only have a check.

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use rustc_hash::FxHashMap;

use super::{Job, Lane};

/// Who does a job: crews have threads of their own, so that none waits for another's jobs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Crew {
    /// [`Lane::Quick`], and all questions about documents that are not open.
    Quick,
    /// [`Lane::Patient`]
    Patient,
    /// What nobody waits for.
    Background,
}

impl Crew {
    /// All of them, the most urgent first.
    pub(super) const ALL: [Crew; 3] = [Crew::Quick, Crew::Patient, Crew::Background];
}

/// What a running job is known by.
pub(super) struct Running {
    line: u64,
    pub(super) what: &'static str,
    pub(super) file: Arc<str>,
}

/// A job that takes long.
pub(super) struct Late {
    /// Whose thread runs it.
    pub(super) by: Crew,
    pub(super) what: &'static str,
    pub(super) file: Arc<str>,
    pub(super) for_so_long: Duration,
}

struct Line {
    crew: Crew,
    file: Arc<str>,
    questions: VecDeque<(&'static str, Job)>,
    check: Option<Job>,
    /// Where the line waits for its turn.
    place: Option<Place>,
    running: Option<Begun>,
    closed: bool,
}

/// A job that runs.
struct Begun {
    what: &'static str,
    by: Crew,
    since: Instant,
    late: bool,
}

/// In the order of turns: whether there is only a check, and when the line came to wait.
type Place = (bool, u64);

/// Number of the line for documents that are not open, and of the one for work that nobody waits for.
const OTHERS: u64 = 0;
const BACKGROUND: u64 = 1;

/// All jobs that wait, and what is known of those that run.
pub(super) struct Schedule {
    lines: FxHashMap<u64, Line>,
    /// The lines of open documents, by [`Lane`].
    documents: FxHashMap<PathBuf, [u64; 2]>,
    /// The lines that have a job and run none, by crew.
    waiting: [BTreeMap<Place, u64>; 3],
    /// Numbers for lines and places.
    next: u64,
    /// Jobs that were begun, and of these the ones that run.
    begun: u64,
    running: usize,
}

impl Default for Schedule {
    fn default() -> Schedule {
        let others = (OTHERS, Line::new(Crew::Quick, "other files"));
        let background = (BACKGROUND, Line::new(Crew::Background, "background"));
        Schedule {
            lines: FxHashMap::from_iter([others, background]),
            documents: FxHashMap::default(),
            waiting: Default::default(),
            next: BACKGROUND + 1,
            begun: 0,
            running: 0,
        }
    }
}

impl Line {
    fn new(crew: Crew, file: &str) -> Line {
        let (questions, file) = (VecDeque::new(), file.into());
        Line { crew, file, questions, check: None, place: None, running: None, closed: false }
    }
}

impl Begun {
    fn told(&self, file: Arc<str>) -> Late {
        Late { by: self.by, what: self.what, file, for_so_long: self.since.elapsed() }
    }
}

impl Schedule {
    /// Gives a document its lines.
    pub(super) fn open(&mut self, path: &Path) {
        if !self.documents.contains_key(path) {
            let name = path.file_name().map_or_else(Default::default, |n| n.to_string_lossy());
            let lines = [Crew::Quick, Crew::Patient].map(|crew| {
                let number = self.number();
                self.lines.insert(number, Line::new(crew, &name));
                number
            });
            self.documents.insert(path.to_owned(), lines);
        }
    }

    /// Forgets a document; what was asked about it is still answered.
    pub(super) fn close(&mut self, path: &Path) {
        for number in self.documents.remove(path).into_iter().flatten() {
            if let Some(line) = self.lines.get_mut(&number) {
                line.check = None;
                line.closed = true;
            }
            self.settle(number);
        }
    }

    /// Adds a question about a document.
    pub(super) fn ask(&mut self, path: &Path, lane: Lane, what: &'static str, job: Job) -> Crew {
        let line = self.documents.get(path).map_or(OTHERS, |lines| lines[lane as usize]);
        self.add(line, what, job)
    }

    /// Adds work that nobody waits for.
    pub(super) fn background(&mut self, what: &'static str, job: Job) -> Crew {
        self.add(BACKGROUND, what, job)
    }

    fn add(&mut self, number: u64, what: &'static str, job: Job) -> Crew {
        let Some(line) = self.lines.get_mut(&number) else { return Crew::Quick };
        line.questions.push_back((what, job));
        let crew = line.crew;
        self.settle(number);
        crew
    }

    /// Replaces the check of a document that waits. The document is open, or there is nothing to do.
    pub(super) fn check(&mut self, path: &Path, job: Job) -> Crew {
        if let Some([_, number]) = self.documents.get(path).copied()
            && let Some(line) = self.lines.get_mut(&number)
        {
            line.check = Some(job);
            self.settle(number);
        }
        Crew::Patient
    }

    /// Puts a line where it belongs after a change: to those that wait, or away.
    fn settle(&mut self, number: u64) {
        let turn = self.number();
        let Some(line) = self.lines.get_mut(&number) else { return };
        let urgency = match (&line.questions, &line.check) {
            _ if line.running.is_some() => None,
            (questions, _) if !questions.is_empty() => Some(false),
            (_, check) => check.is_some().then_some(true),
        };
        if line.place.map(|(only_a_check, _)| only_a_check) != urgency {
            let waiting = &mut self.waiting[line.crew as usize];
            if let Some(place) = line.place.take() {
                waiting.remove(&place);
            }
            if let Some(only_a_check) = urgency {
                line.place = Some((only_a_check, turn));
                waiting.insert((only_a_check, turn), number);
            }
        }
        if line.closed && line.place.is_none() && line.running.is_none() {
            self.lines.remove(&number);
        }
    }

    /// How many lines of a crew wait for their turn.
    pub(super) fn waiting(&self, crew: Crew) -> usize {
        self.waiting[crew as usize].len()
    }

    /// The next job of a crew, for a thread of the crew `by`; its line runs no other before
    /// [`Schedule::ended`].
    pub(super) fn take(&mut self, crew: Crew, by: Crew) -> Option<(Job, Running)> {
        let (_, number) = self.waiting[crew as usize].pop_first()?;
        let line = self.lines.get_mut(&number)?;
        line.place = None;
        let check = || Some(("check", line.check.take()?));
        let (what, job) = line.questions.pop_front().or_else(check)?;
        line.running = Some(Begun { what, by, since: Instant::now(), late: false });
        self.begun += 1;
        self.running += 1;
        Some((job, Running { line: number, what, file: line.file.clone() }))
    }

    /// Takes note that a job has ended; tells of one that was called late.
    pub(super) fn ended(&mut self, job: &Running) -> Option<Late> {
        let begun = self.lines.get_mut(&job.line)?.running.take()?;
        self.running -= 1;
        self.settle(job.line);
        begun.late.then(|| begun.told(job.file.clone()))
    }

    /// The jobs that have run for that long and were not called late before.
    pub(super) fn late(&mut self, long: Duration) -> Vec<Late> {
        let mut found = Vec::new();
        for line in self.lines.values_mut() {
            if let Some(begun) = &mut line.running
                && !begun.late
                && begun.since.elapsed() >= long
            {
                begun.late = true;
                found.push(begun.told(line.file.clone()));
            }
        }
        found
    }

    /// Whether a job runs.
    pub(super) fn is_running(&self) -> bool {
        self.running > 0
    }

    /// How many jobs were begun so far.
    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    /// How many lines there are.
    #[cfg(test)]
    pub(super) fn lines(&self) -> usize {
        self.lines.len()
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }
}
