//! What clang's code generation and LLVM's optimiser do to a unit at `-O2 -g`, and nothing else.
//!
//! Each room answers one question: what bodies and initialisers read and write ([`references`]), in which
//! order globals are emitted ([`emission_order`]), what of them survives the optimiser ([`survival`]), where
//! that is placed ([`placement`]), and what all this was made of ([`facts`], through which alone they read
//! the unit).

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod certainty;
pub mod emission_order;
pub mod facts;
pub mod laws;
pub mod placement;
pub mod references;
pub mod survival;
