//! What editors ask, answered over a snapshot: plain types, no LSP types, no I/O.

pub mod answer;
pub mod environment;
mod features;
pub mod host;
pub mod lines;
mod pipeline;

pub use environment::Environment;
pub use host::{Analysis, AnalysisHost, Cancellable, Cancelled, Change, Document, Options};
