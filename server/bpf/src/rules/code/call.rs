//! A call, as a body has it.

use std::sync::Arc;

use cfront::{
    ast::Expr,
    sema::{Function, Variable},
    symbol::Symbol,
};

use crate::facts::helpers::{self, Helper};

/// A call that can run as far as the compiler's front end sees.
#[derive(Clone)]
pub(in super::super) struct Call {
    /// What is called.
    pub(in super::super) callee: Callee,
    /// Token of the callee's name.
    pub(in super::super) token: u32,
    /// The arguments.
    pub(in super::super) args: Vec<Expr>,
}

/// What a call names.
#[derive(Clone)]
pub(in super::super) enum Callee {
    /// A function of the unit.
    Function(Arc<Function>),
    /// A pointer to a function with file scope, as the kernel's helpers are declared.
    Pointer(Arc<Variable>),
}

impl Call {
    /// The helper that it calls.
    pub(in super::super) fn helper(&self) -> Option<&'static Helper> {
        match &self.callee {
            Callee::Pointer(variable) => helpers::find(variable.name.as_str()),
            Callee::Function(_) => None,
        }
    }

    /// The name of what is called.
    pub(in super::super) fn name(&self) -> Symbol {
        match &self.callee {
            Callee::Pointer(variable) => variable.name,
            Callee::Function(function) => function.name,
        }
    }
}
