//! Writes a large program in the manner of the corpus to standard output.
//!
//!     large_program LINES SEED

#![allow(clippy::print_stdout, reason = "a program for people")]

use bpf_lsp_tests::generate::program::{HEADERS, program};

fn main() {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let mut number = |otherwise| numbers.next().and_then(Result::ok).unwrap_or(otherwise);
    let (lines, seed) = (number(10_000), number(1));
    print!("{}", program(HEADERS, lines as usize, seed));
}
