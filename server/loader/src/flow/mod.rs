//! What a loader does to its skeletons, followed along its control flow.
//!
//! [`cfg`] cuts a function body into blocks, [`state`] is what is known at a point, [`interpret`] runs
//! blocks over states, [`expressions`], [`lvalues`] and [`conditions`] evaluate expressions, [`image`]
//! knows the variables of sections, [`calls`] what calls do, [`globals`] what other code can change,
//! and [`observe`] hands what happens to the rules.
//!
//! A state is one way to have come here: a call that can fail leaves two of them, so that
//! `if (err) goto out` needs no special case. A rule speaks when the mistake happens in every way.

pub mod calls;
pub mod cfg;
mod conditions;
pub mod expressions;
pub mod globals;
pub(crate) mod image;
pub mod interpret;
pub(crate) mod library;
mod lvalues;
pub mod observe;
pub mod state;
