//! What editors ask, answered over a snapshot: plain types, no LSP types, no I/O.
