//! The `bpf-lsp` binary: language server over stdio, and command line tool.

fn main() -> std::process::ExitCode {
    bpf_lsp::cli::run()
}
