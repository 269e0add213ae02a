//! Random C programs, the same for the same seed: what the comparisons with clang are made on.

pub mod declarations;
pub mod expressions;
pub mod macros;
mod random;

pub use random::Random;
