//! The C front end: bytes to tokens, macros, plain C, syntax, declarations and types.
//!
//! The way of the data: [`token`]s of a file -> expanded tokens (`pp`) -> top-level items (`split`)
//! -> [`ast`] (`parse`; what is no plain GNU C by way of `plain` text and tree-sitter-c) -> types and
//! declarations (`sema`, [`unit`]). Every token keeps its trail back to what the user wrote.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod ast;
pub mod ctypes;
mod derived;
pub mod fixture;
pub mod flags;
mod header_index;
mod int_kind;
mod items;
pub mod lexer;
pub mod literal;
pub mod names;
pub mod parse;
pub mod pp;
pub mod pragma;
mod predefined;
pub mod sema;
pub mod session;
pub mod source;
pub mod split;
pub mod symbol;
pub mod test_dump;
#[cfg(test)]
mod test_lexer;
pub mod token;
pub mod unit;
#[cfg(test)]
mod unit_tests;
pub mod words;
