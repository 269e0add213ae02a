//! What editors ask, answered over a snapshot: plain types, no LSP types, no I/O.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod answer;
pub mod built;
mod code_lens;
mod completion;
mod crossing;
mod declaration;
mod definition;
mod docs;
mod document_highlight;
mod document_symbol;
pub mod environment;
mod findings;
pub mod host;
mod hover;
mod inlay_hints;
pub mod lines;
mod macro_docs;
mod markdown;
mod member_path;
mod model;
mod pipeline;
mod places;
pub mod project_file;
mod references;
mod rename;
pub mod rules;
mod skeleton;
mod status;
mod suppress;
mod target;
mod usage;
mod uses;

pub use environment::Environment;
pub use host::{Analysis, AnalysisHost, Cancellable, Cancelled, Change, Document, Options};
pub use pipeline::{FileAnalysis, Role, Survey};
pub use rename::{Language, NoRename};

#[cfg(test)]
mod test_world;
