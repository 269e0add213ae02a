//! Random macros and uses of them.
