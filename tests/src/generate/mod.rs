//! Random C programs, objects and messages, the same for the same seed: what is compared with clang, and
//! what the server must bear.

pub mod damage;
pub mod declarations;
mod elf;
pub mod expressions;
pub mod large;
pub mod macros;
pub mod messages;
pub mod objects;
pub mod program;
mod random;
pub mod types;

pub use random::Random;
