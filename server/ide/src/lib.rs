//! What editors ask, answered over a snapshot: plain types, no LSP types, no I/O.

pub mod answer;
mod code_lens;
mod completion;
mod definition;
mod document_symbol;
pub mod environment;
mod findings;
pub mod host;
mod hover;
mod inlay_hints;
pub mod lines;
mod macro_docs;
mod member_path;
mod pipeline;
mod places;
mod reference;
mod skeleton;
mod status;
mod suppress;
mod usage;

pub use environment::Environment;
pub use host::{Analysis, AnalysisHost, Cancellable, Cancelled, Change, Document, Options};
pub use pipeline::{FileAnalysis, Role};
