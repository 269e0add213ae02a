//! What a loader does to its skeletons, followed along its control flow.
//!
//! [`cfg`] cuts a function body into blocks, [`state`] is what is known at a point ([`shared`] keeps
//! copies of it cheap), [`interpret`] runs blocks over states, [`expressions`], [`lvalues`] and
//! [`conditions`] evaluate expressions, [`sizes`] says how large buffers are, [`flags`] what lookups are
//! asked for, [`image`] knows the variables of sections, [`moves`] what libbpf's setters do to them,
//! [`calls`] what calls do, [`globals`] what other code can change, and [`observe`] hands what happens
//! to the rules.
//!
//! A state is one way to have come here: a call that can fail leaves two of them, so that
//! `if (err) goto out` needs no special case. A rule reports a mistake that happens on every way.

pub mod calls;
pub mod cfg;
mod conditions;
pub mod expressions;
pub(crate) mod flags;
pub mod globals;
pub(crate) mod image;
pub mod interpret;
pub(crate) mod library;
mod lvalues;
mod moves;
pub mod observe;
mod shared;
pub(crate) mod sizes;
pub mod state;
