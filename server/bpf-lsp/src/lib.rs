//! The LSP server and the command line of `bpf-lsp`, as a library for its binary and its tests.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod cli;
pub mod lsp;
mod project;

use std::sync::Arc;

/// The project as it is found on disk, without settings and options.
pub fn environment() -> Arc<dyn ide::Environment> {
    project::Project::default().environment()
}
