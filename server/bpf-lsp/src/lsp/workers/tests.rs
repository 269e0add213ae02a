//! Order, turns, and what is left when threads cannot be started.

use std::sync::{
    atomic::{AtomicUsize, Ordering},
    mpsc,
};

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

/// Workers that are granted that many threads, the watchdog among them, and how many they asked for.
fn granted(most: usize) -> (Workers, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let start = move |name: &str, body: Job| match counter.fetch_add(1, Ordering::SeqCst) < most {
        true => start_thread(name, body),
        false => Err(io::ErrorKind::WouldBlock.into()),
    };
    (Workers::with(4, Box::new(start)), asked)
}

fn document(number: usize) -> std::path::PathBuf {
    format!("/{number}").into()
}

/// Every document is checked, and every question about it answered, in order.
fn all_are_answered(workers: &Workers, documents: usize) {
    let (answer, answers) = mpsc::channel();
    for number in 0..documents {
        let path = document(number);
        workers.open(&path);
        let tell = |what: &'static str| -> Job {
            let answer = answer.clone();
            Box::new(move || answer.send((number, what)).unwrap())
        };
        workers.ask(&path, Lane::Patient, "lenses", tell("first"));
        workers.ask(&path, Lane::Patient, "hints", tell("second"));
        workers.check(&path, tell("check"));
        workers.ask(&path, Lane::Quick, "hover", tell("hover"));
        workers.background("objects", tell("object"));
    }
    drop(answer);
    let answers: Vec<_> = answers.iter().collect();
    assert_eq!(answers.len(), 5 * documents);
    let mut order = vec![Vec::new(); documents];
    for (number, what) in
        answers.into_iter().filter(|(_, what)| !["hover", "object"].contains(what))
    {
        order[number].push(what);
    }
    for of_one in order {
        // A check that comes while nothing else waits may run first, but questions keep their order.
        let questions: Vec<_> = of_one.into_iter().filter(|what| *what != "check").collect();
        assert_eq!(questions, ["first", "second"]);
    }
}

#[test]
fn threads_do_not_grow_with_documents() {
    let (workers, asked) = granted(usize::MAX);
    all_are_answered(&workers, 1000);
    // Four of each of two crews, one in the background, the watchdog.
    assert!(asked.load(Ordering::SeqCst) <= 10, "{asked:?}");
}

#[test]
fn however_few_threads_are_granted_all_are_answered() {
    for most in 0..6 {
        let (workers, _) = granted(most);
        all_are_answered(&workers, 100);
    }
}

#[test]
fn without_a_thread_who_asks_does_the_work_and_jobs_do_not_pile_up_on_the_stack() {
    let (workers, _) = granted(0);
    let workers = Arc::new(workers);
    let (answer, answers) = mpsc::channel();
    /// A check of each document asks for one of the next, as those of headers do.
    fn check(workers: &Arc<Workers>, number: usize, answer: mpsc::Sender<usize>) {
        workers.open(&document(number));
        let (again, depth) = (workers.clone(), number);
        let job = move || {
            if depth < 10_000 {
                check(&again, depth + 1, answer);
            } else {
                answer.send(depth).unwrap();
            }
        };
        workers.check(&document(number), Box::new(job));
    }
    check(&workers, 0, answer);
    assert_eq!(answers.try_recv(), Ok(10_000));
    workers.ask(&document(0), Lane::Quick, "panic", Box::new(|| panic!("expected in this test")));
    let (answer, answers) = mpsc::channel();
    workers.ask(&document(0), Lane::Quick, "after", Box::new(move || answer.send(1).unwrap()));
    assert_eq!(answers.try_recv(), Ok(1));
}

#[test]
fn stuck_checks_of_many_documents_hold_up_neither_questions_nor_for_long_other_checks() {
    let (workers, asked) = granted(usize::MAX);
    let mut held = Vec::new();
    for number in 0..20 {
        let path = document(number);
        workers.open(&path);
        let (hold, held_up) = mpsc::channel::<()>();
        held.push(hold);
        workers.check(&path, Box::new(move || held_up.recv().unwrap_or(())));
    }
    let (answer, answers) = mpsc::channel();
    let quick = answer.clone();
    workers.ask(&document(7), Lane::Quick, "hover", Box::new(move || quick.send("hover").unwrap()));
    assert_eq!(answers.recv(), Ok("hover"));
    // More are stuck than the crew has threads; the watchdog finds them and grants more.
    let last = document(20);
    workers.open(&last);
    workers.check(&last, Box::new(move || answer.send("check").unwrap()));
    assert_eq!(answers.recv(), Ok("check"));
    assert!(asked.load(Ordering::SeqCst) <= 2 * MOST + 2);
    // Once they go on, the crew is as small as before.
    drop(held);
    let threads = || lock(&workers.0.state).threads[Crew::Patient as usize];
    while threads().slow > 0 || threads().count > 4 {
        thread::yield_now();
    }
}

#[test]
fn a_question_goes_before_the_checks_of_other_documents() {
    // One thread: what it does first was chosen.
    let (workers, _) = granted(1);
    let (hold, held_up) = mpsc::channel::<()>();
    workers.ask(&document(0), Lane::Quick, "stuck", Box::new(move || held_up.recv().unwrap_or(())));
    let (answer, answers) = mpsc::channel();
    for number in 0..3 {
        workers.open(&document(number));
        let answer = answer.clone();
        workers.check(&document(number), Box::new(move || answer.send(number).unwrap()));
    }
    // A document whose check waits already, and one that is closed after the question.
    for number in [2, 1] {
        let answer = answer.clone();
        let job = move || answer.send(10 + number).unwrap();
        workers.ask(&document(number), Lane::Patient, "lenses", Box::new(job));
    }
    workers.close(&document(1));
    drop((hold, answer));
    assert_eq!(answers.iter().collect::<Vec<_>>(), [12, 11, 0, 2]);
    assert!(lock(&workers.0.state).schedule.lines() == 2 + 4);
}
