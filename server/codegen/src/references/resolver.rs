//! What names and types of an item mean to code generation.

use std::sync::Arc;

use cfront::{
    ast::{Designator, Expr, ExprKind, Ident, InitItem, Initializer, TypeName},
    ctypes::{CType, CTypeId},
    sema::{Initial, ItemScope, LocalId, LocalKind, Resolution},
    symbol::Symbol,
    unit::{FileScope, ParsedItem},
};

/// What kind of value an expression or a type has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    /// Arithmetic or pointer.
    Scalar,
    /// Struct or union.
    Record,
    /// Array.
    Array,
    /// Function.
    Function,
    /// Not known, or `void`.
    Unknown,
}

/// What an identifier means to code generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Named {
    /// A parameter or automatic variable.
    Local(u32),
    /// A static variable of the body.
    Static(u32),
    /// A variable with file scope.
    Variable(Symbol),
    /// A function.
    Function(Symbol),
    /// Anything else: enumerator, builtin, unknown.
    Other,
}

/// Resolves names and types of one item. It sees that item and file scope, and no other body.
pub(super) struct Resolver<'u> {
    pub(super) unit: &'u FileScope,
    pub(super) item: Arc<ParsedItem>,
    pub(super) scope: Arc<ItemScope>,
    /// How deep an expression is being folded.
    pub(super) depth: u32,
}

impl<'u> Resolver<'u> {
    /// For an item and its scope.
    pub(super) fn new(unit: &'u FileScope, item: Arc<ParsedItem>, scope: Arc<ItemScope>) -> Self {
        Resolver { unit, item, scope, depth: 0 }
    }

    /// Kind of a type.
    pub(super) fn class_of(&self, ty: CTypeId) -> Class {
        match self.unit.canonical(ty) {
            CType::Void | CType::Unknown => Class::Unknown,
            CType::Record(_) => Class::Record,
            CType::Array { .. } => Class::Array,
            CType::Function(_) => Class::Function,
            _ => Class::Scalar,
        }
    }

    /// What the identifier (a use or a declarator's name) means.
    pub(super) fn resolve(&self, ident: Ident) -> Named {
        if let Some(local) = self.scope.declared(ident.token) {
            return named_local(local.kind, local.id, local.name);
        }
        match self.scope.resolve(self.unit, ident) {
            Resolution::Local(id) => match self.scope.local(id) {
                Some(local) => named_local(local.kind, id, local.name),
                None => Named::Other,
            },
            Resolution::Variable(variable) => Named::Variable(variable.name),
            Resolution::Function(function) => Named::Function(function.name),
            _ => Named::Other,
        }
    }

    /// Whether the local is a parameter: which one.
    pub(super) fn parameter(&self, local: u32) -> Option<u32> {
        match self.scope.local(LocalId(local))?.kind {
            LocalKind::Param(index) => Some(index),
            _ => None,
        }
    }

    /// The function of the local's `cleanup` attribute.
    pub(super) fn cleanup(&self, local: u32) -> Option<Symbol> {
        self.scope.local(LocalId(local))?.attrs.cleanup
    }

    /// Type of a local.
    pub(super) fn local_type(&self, local: u32) -> Option<CTypeId> {
        self.scope.local(LocalId(local)).map(|l| l.ty)
    }

    /// Whether a call of the function never returns.
    pub(super) fn noreturn(&self, function: Symbol) -> bool {
        self.unit.function(function).is_some_and(|f| f.attrs.noreturn)
    }

    /// Kind of the value of an expression.
    pub(super) fn class(&self, expr: &Expr) -> Class {
        match self.unit.expr_type(&self.scope, expr) {
            Some(ty) => self.class_of(ty),
            None => Class::Unknown,
        }
    }

    /// A type from its name.
    pub(super) fn type_name(&self, name: &TypeName) -> Option<CTypeId> {
        let ty = self.unit.type_name(&self.scope, name);
        (ty != CTypeId::UNKNOWN).then_some(ty)
    }

    /// Whether a type name is a pointer to something volatile.
    pub(super) fn points_to_volatile(&self, name: &TypeName) -> bool {
        match self.unit.canonical(self.unit.type_name(&self.scope, name)) {
            CType::Pointer(to) => self.unit.is_volatile(to),
            _ => false,
        }
    }

    /// Whether the unit has a body of the function.
    pub(super) fn has_body(&self, function: Symbol) -> bool {
        self.unit.function(function).is_some_and(|f| f.definition_place().is_some())
    }

    /// Size in bytes of the scalar that a type name is a pointer to.
    pub(super) fn scalar_behind(&self, name: &TypeName) -> Option<u64> {
        let CType::Pointer(to) = self.unit.canonical(self.unit.type_name(&self.scope, name)) else {
            return None;
        };
        let scalar = matches!(
            self.unit.canonical(to),
            CType::Int(_) | CType::Bool | CType::Enum(_) | CType::Pointer(_)
        );
        scalar.then(|| self.unit.size_of(to))?
    }

    /// Which arm of `_Generic` is taken.
    pub(super) fn generic_arm(&self, expr: &Expr) -> Option<usize> {
        let ExprKind::Generic { control, arms } = &expr.kind else { return None };
        let control = self.unit.expr_type(&self.scope, control)?;
        // Lvalue conversion drops qualifiers; arrays and functions decay.
        let wanted = match self.unit.canonical(control) {
            CType::Array { elem, .. } => CType::Pointer(elem),
            other => other,
        };
        let mut default = None;
        for (index, (ty, _)) in arms.iter().enumerate() {
            match ty {
                None => default = Some(index),
                Some(ty) => {
                    let ty = self.unit.type_name(&self.scope, ty);
                    if self.same(&wanted, &self.unit.canonical(ty), 0) {
                        return Some(index);
                    }
                }
            }
        }
        default
    }

    /// Whether the initialiser of a local is a constant.
    pub(super) fn is_constant(&self, local: u32, init: &Initializer) -> bool {
        self.unit.initial_of_automatic(&self.scope, LocalId(local), init) != Initial::Unknown
    }

    /// Size of a type in bytes.
    pub(super) fn size(&self, ty: CTypeId) -> Option<u64> {
        self.unit.size_of(ty)
    }

    /// For every item of an initialiser list of that type: its rank in the order of members or
    /// elements, and its type.
    pub(super) fn positions(
        &mut self,
        ty: CTypeId,
        items: &[InitItem],
    ) -> Option<Vec<(u64, Option<CTypeId>)>> {
        let mut out = Vec::with_capacity(items.len());
        match self.unit.canonical(ty) {
            CType::Record(id) => {
                let record = self.unit.record(id)?;
                let mut next = 0usize;
                for item in items {
                    let (index, ty) = match item.designators.first() {
                        Some(Designator::Field(field)) => {
                            let found = self.unit.member(id, field.name)?;
                            (found.index, Some(found.field.ty))
                        }
                        Some(_) => return None,
                        None => (next, record.fields.get(next).map(|f| f.ty)),
                    };
                    next = index + 1;
                    let ty = if item.designators.len() > 1 {
                        self.designated(ty, item.designators.get(1..)?)
                    } else {
                        ty
                    };
                    out.push((index as u64, ty));
                }
                Some(out)
            }
            CType::Array { elem, .. } => {
                let mut next = 0u64;
                for item in items {
                    let index = match item.designators.first() {
                        Some(Designator::Index(index)) => {
                            u64::try_from(self.int_value(index)?).ok()?
                        }
                        Some(Designator::Range(from, _)) => {
                            u64::try_from(self.int_value(from)?).ok()?
                        }
                        Some(Designator::Field(_)) => return None,
                        None => next,
                    };
                    next = index.checked_add(1)?;
                    let ty = match item.designators.get(1..) {
                        Some(rest) if !rest.is_empty() => self.designated(Some(elem), rest),
                        _ => Some(elem),
                    };
                    out.push((index, ty));
                }
                Some(out)
            }
            _ => None,
        }
    }

    fn designated(&self, ty: Option<CTypeId>, path: &[Designator]) -> Option<CTypeId> {
        let mut ty = ty?;
        for step in path {
            ty = match (step, self.unit.canonical(ty)) {
                (Designator::Field(field), CType::Record(id)) => {
                    self.unit.member(id, field.name)?.field.ty
                }
                (Designator::Index(_) | Designator::Range(..), CType::Array { elem, .. }) => elem,
                _ => return None,
            };
        }
        Some(ty)
    }

    /// Whether two canonical types are the same for `_Generic` (pointees with their qualifiers).
    fn same(&self, a: &CType, b: &CType, depth: u32) -> bool {
        if a == b {
            return true;
        }
        match (a, b) {
            (CType::Pointer(a), CType::Pointer(b)) if depth < 16 => {
                self.unit.is_const(*a) == self.unit.is_const(*b)
                    && self.unit.is_volatile(*a) == self.unit.is_volatile(*b)
                    && self.same(&self.unit.canonical(*a), &self.unit.canonical(*b), depth + 1)
            }
            // An enum is compatible with its integer type.
            (CType::Enum(id), CType::Int(kind)) | (CType::Int(kind), CType::Enum(id)) => {
                self.unit.enumeration(*id).is_some_and(|e| e.underlying == *kind)
            }
            _ => false,
        }
    }
}

fn named_local(kind: LocalKind, id: LocalId, name: Symbol) -> Named {
    match kind {
        LocalKind::Param(_) | LocalKind::Auto => Named::Local(id.0),
        LocalKind::Static => Named::Static(id.0),
        LocalKind::Extern => Named::Variable(name),
        LocalKind::Function => Named::Function(name),
    }
}
