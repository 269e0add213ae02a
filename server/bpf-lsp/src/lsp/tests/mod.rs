//! Each trap of the protocol layer with its cure, in one process over in-memory pipes. The same over
//! real pipes is in `tests/tests/lsp_*.rs`.

mod capabilities;
mod client;
mod completion;
mod features;
mod lifecycle;
mod order;
mod settings;
mod text;
