//! The skeletons that a loader uses: which BPF source stands behind each generated header.

use std::sync::Arc;

use bpf::object::Object;
use cfront::{
    ast::Expr,
    ctypes::{CType, CTypeId},
    sema::ItemScope,
    symbol::Symbol,
    unit::Unit,
};

/// What bpftool generated (or would generate).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HeaderKind {
    /// `NAME.skel.h`
    Skeleton,
    /// `NAME.lskel.h`
    Light,
    /// `NAME.subskel.h`
    Subskeleton,
}

/// A skeleton that the loader includes.
#[derive(Clone, Debug)]
pub struct Skeleton {
    /// Name of the struct and prefix of the functions (`hits` of `hits__open`).
    pub name: Symbol,
    /// Which kind of header.
    pub kind: HeaderKind,
    /// The object model of the BPF source (or object) behind it, when it was found.
    pub object: Option<Arc<Object>>,
    /// Range of the `#include` directive's file name in the loader.
    pub include: Option<cfront::source::FileRange>,
}

impl HeaderKind {
    /// Reads kind and base name of an included file: `dir/hits.skel.h` is a skeleton `hits`.
    pub fn of_include(path: &str) -> Option<(HeaderKind, &str)> {
        let file = path.rsplit('/').next()?;
        for (suffix, kind) in [
            (".subskel.h", HeaderKind::Subskeleton),
            (".lskel.h", HeaderKind::Light),
            (".light.skel.h", HeaderKind::Light),
            (".skel.h", HeaderKind::Skeleton),
        ] {
            if let Some(name) = file.strip_suffix(suffix) {
                return (!name.is_empty()).then_some((kind, name));
            }
        }
        None
    }
}

/// The skeleton whose struct a pointer type points to.
pub fn pointed_skeleton(unit: &Unit, skeletons: &[Skeleton], ty: CTypeId) -> Option<usize> {
    let CType::Pointer(to) = unit.canonical(ty) else { return None };
    skeleton_struct(unit, skeletons, to)
}

/// The skeleton whose struct a type is.
pub fn skeleton_struct(unit: &Unit, skeletons: &[Skeleton], ty: CTypeId) -> Option<usize> {
    let CType::Record(record) = unit.canonical(ty) else { return None };
    let tag = unit.record(record)?.tag?;
    skeletons.iter().position(|skeleton| skeleton.name == tag)
}

/// The skeleton that an expression points to, by its type.
pub fn skeleton_of_expr(
    unit: &Unit,
    scope: &Arc<ItemScope>,
    skeletons: &[Skeleton],
    expr: &Expr,
) -> Option<usize> {
    pointed_skeleton(unit, skeletons, unit.expr_type(scope, expr)?)
}
