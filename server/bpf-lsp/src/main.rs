//! The `bpf-lsp` binary: language server over stdio, and command line tool.

use std::process::ExitCode;

fn main() -> ExitCode {
    match bpf_lsp::lsp::serve_stdio() {
        Ok(code) => {
            // Threads of the session may still work on questions nobody waits for.
            std::process::exit(code.into())
        }
        Err(error) => {
            eprintln!("bpf-lsp: cannot start: {error}");
            ExitCode::from(2)
        }
    }
}
