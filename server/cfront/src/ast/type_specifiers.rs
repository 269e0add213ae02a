//! Walks over the type specifiers of an item, those nested in records and parameters included.

use std::sync::Arc;

use super::{DeclSpecs, Declarator, Derived, EnumSpec, FieldDecl, Item, TypeSpec};
use crate::symbol::Symbol;

/// The enum among specifiers (nested ones included) that has an enumerator of that name.
pub(crate) fn enum_with(specs: &DeclSpecs, name: Symbol) -> Option<Arc<EnumSpec>> {
    let mut found = None;
    in_specs(specs, 0, &mut |spec| {
        if found.is_none()
            && let TypeSpec::Enum(e) = spec
            && e.values.iter().flatten().any(|v| v.name.name == name)
        {
            found = Some(Arc::new((**e).clone()));
        }
    });
    found
}

/// Calls `found` for every type specifier at file scope of an item, nested ones included.
pub(crate) fn of_item(item: &Item, found: &mut dyn FnMut(&TypeSpec)) {
    match item {
        Item::Function(f) => {
            in_specs(&f.specs, 0, found);
            in_declarator(&f.declarator, 0, found);
        }
        Item::Declaration(d) => {
            in_specs(&d.specs, 0, found);
            for declarator in &d.declarators {
                in_declarator(&declarator.declarator, 0, found);
            }
        }
        _ => {}
    }
}

fn in_specs(specs: &DeclSpecs, depth: u32, found: &mut dyn FnMut(&TypeSpec)) {
    if depth > 200 {
        return;
    }
    found(&specs.ty);
    match &specs.ty {
        TypeSpec::Record(record) => {
            for field in record.fields.iter().flatten() {
                if let FieldDecl::Fields { specs, declarators, .. } = field {
                    in_specs(specs, depth + 1, found);
                    for d in declarators {
                        in_declarator(&d.declarator, depth + 1, found);
                    }
                }
            }
        }
        TypeSpec::TypeofType { ty, .. } | TypeSpec::Atomic(ty) => {
            in_specs(&ty.specs, depth + 1, found);
        }
        _ => {}
    }
}

fn in_declarator(declarator: &Declarator, depth: u32, found: &mut dyn FnMut(&TypeSpec)) {
    if depth > 200 {
        return;
    }
    for derived in &declarator.derived {
        if let Derived::Function { params, .. } = derived {
            for param in params {
                in_specs(&param.specs, depth + 1, found);
                in_declarator(&param.declarator, depth + 1, found);
            }
        }
    }
}
