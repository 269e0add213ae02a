//! How the work on a large program grows with its size.
//!
//!     score_growth [--only KIND,..] [--all] SIZE SIZE..
//!
//! For each kind of large program and each pair of sizes that follow each other, the stages whose work grew faster
//! than the size (times its logarithm, and half as much again), or with `--all` every stage.
//! Exit code 1 where there are any.

#![allow(clippy::print_stdout, reason = "a program for people")]

use std::process::ExitCode;

use bpf_lsp_tests::{
    generate::large::KINDS,
    growth::{Growth, STAGES, measure},
    meter::Meter,
};

fn main() -> ExitCode {
    // The stack of the server's workers.
    let thread = std::thread::Builder::new().stack_size(32 << 20).spawn(run);
    match thread.map(|thread| thread.join()) {
        Ok(Ok(0)) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn run() -> usize {
    let (mut all, mut only, mut sizes) = (false, None, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--all" => all = true,
            "--only" => only = arguments.next(),
            size => sizes.extend(size.parse::<usize>()),
        }
    }
    let meter = Meter::new();
    println!("work in {}, sizes {sizes:?}", meter.unit());
    let is_wanted =
        |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|o| o == name));
    let mut faster = 0;
    for kind in KINDS.iter().filter(|kind| is_wanted(kind.name)) {
        let sizes: Vec<usize> = sizes.iter().copied().filter(|&n| n <= kind.most).collect();
        let mut before: Option<(usize, [u64; STAGES.len()])> = None;
        for n in sizes {
            let work = measure(kind, n, &meter);
            println!("{} {n}: {}", kind.name, work.iter().sum::<u64>());
            if let Some((less, earlier)) = before {
                for (i, stage) in STAGES.iter().enumerate() {
                    let growth = Growth { sizes: (less, n), work: (earlier[i], work[i]) };
                    let too_fast = growth.is_too_fast(&meter);
                    faster += usize::from(too_fast);
                    if too_fast || all {
                        let mark = if too_fast { " TOO FAST" } else { "" };
                        println!("    {stage}: {growth}{mark}");
                    }
                }
            }
            before = Some((n, work));
        }
    }
    println!("{faster} stages grow too fast");
    faster
}
