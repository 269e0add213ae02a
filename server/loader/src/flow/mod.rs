//! What a loader does to its skeletons, followed along its control flow.
//!
//! [`cfg`] cuts a function body into blocks, [`state`] is what is known at a point, [`interpret`] runs
//! blocks over states, [`expressions`] evaluates expressions, [`calls`] knows what calls do, and
//! [`observe`] hands what happens to the rules.
//!
//! A state is one way to have come here: a call that can fail leaves two of them, so that
//! `if (err) goto out` needs no special case. A rule speaks when the mistake happens in every way.

pub mod calls;
pub mod cfg;
pub mod expressions;
pub mod interpret;
pub mod observe;
pub mod state;
