//! Random C programs and messages, the same for the same seed: what is compared with clang, and what the
//! server must bear.

pub mod declarations;
pub mod expressions;
pub mod large;
pub mod macros;
pub mod messages;
mod random;

pub use random::Random;
