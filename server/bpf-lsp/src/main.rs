//! The `bpf-lsp` binary: language server over stdio, and command line tool.

fn main() {}
