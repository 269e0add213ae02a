//! Walks over the type specifiers of an item, those nested in records and parameters included.

use super::{DeclSpecs, Declarator, Derived, FieldDecl, Item, TypeSpec};

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
