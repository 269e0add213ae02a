//! The LSP server and the command line of `bpf-lsp`, as a library for its binary and its tests.

pub mod cli;
pub mod lsp;
mod project;
