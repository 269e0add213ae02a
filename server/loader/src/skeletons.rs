//! The skeletons that a loader uses: which BPF source stands behind each generated header.

use std::sync::Arc;

use bpf::{object::Object, section::identifier};
use cfront::{
    ast::Expr,
    ctypes::{CType, CTypeId},
    sema::ItemScope,
    symbol::Symbol,
    token::TokenKind,
    unit::Unit,
};
use rustc_hash::FxHashSet;

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
    /// The translation units that the object is made from, where they were found.
    pub sources: Vec<Unit>,
    /// Whether the header exists.
    pub generated: bool,
    /// Whether the build signs it (`bpftool gen skeleton -L -S`).
    pub signed: bool,
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

/// A generated header that the loader includes, whether or not it exists.
#[derive(Clone, PartialEq, Debug)]
pub struct Included {
    /// Which kind of header.
    pub kind: HeaderKind,
    /// File name without the suffix (`hits` of `dir/hits.skel.h`, `hits.bpf` of `hits.bpf.skel.h`).
    pub base: String,
    /// Name of the struct and prefix of the functions, as the loader uses them.
    pub name: Symbol,
    /// The path as written in the directive.
    pub path: Arc<str>,
    /// Range of the file name in the directive, quotes included.
    pub range: cfront::source::FileRange,
    /// The header, when it exists.
    pub resolved: Option<cfront::source::FileId>,
}

impl Included {
    /// Takes the name that a build rule gives, when the loader does not use another one.
    pub fn rename(&mut self, unit: &Unit, given: &str) {
        let given = Symbol::intern(&identifier(given));
        self.name = name_in_loader(&names_of_main_file(unit), self.kind, &self.base, Some(given));
    }

    /// The skeleton of this header, made from that object.
    pub fn skeleton(&self, object: Option<Arc<Object>>) -> Skeleton {
        Skeleton {
            name: self.name,
            kind: self.kind,
            object,
            include: Some(self.range),
            sources: Vec::new(),
            generated: self.resolved.is_some(),
            signed: false,
        }
    }
}

/// The generated headers that a loader includes itself, or through headers of its own.
pub fn included(unit: &Unit) -> Vec<Included> {
    let pp = unit.preprocessed();
    let mut found: Vec<Included> = Vec::new();
    let mut mentioned = None;
    for include in &pp.includes {
        let Some((kind, base)) = HeaderKind::of_include(&include.path) else { continue };
        let mentioned = mentioned.get_or_insert_with(|| names_of_main_file(unit));
        let name = name_in_loader(mentioned, kind, base, None);
        if found.iter().any(|f| f.name == name && f.kind == kind) {
            continue;
        }
        found.push(Included {
            kind,
            base: base.to_owned(),
            name,
            path: include.path.clone(),
            range: include.range,
            resolved: include.resolved,
        });
    }
    found
}

/// The name of a skeleton: what its build rule gave, by the names that the loader mentions. Build
/// rules name the object (`hits`), or let bpftool take the file's name (`hits_bpf` of `hits.bpf.o`).
fn name_in_loader(
    mentioned: &FxHashSet<Symbol>,
    kind: HeaderKind,
    base: &str,
    given: Option<Symbol>,
) -> Symbol {
    let stem = base.strip_suffix(".bpf").unwrap_or(base);
    let plain = Symbol::intern(&identifier(stem));
    let light = Symbol::intern(&format!("{plain}_lskel"));
    // A file may include both kinds of one program.
    let names = [
        if kind == HeaderKind::Light { light } else { plain },
        plain,
        Symbol::intern(&format!("{plain}_bpf")),
        Symbol::intern(&identifier(base)),
        Symbol::intern(&format!("{plain}_kern")),
    ];
    let used = |name: &Symbol| {
        let functions = ["open", "open_and_load", "open_opts", "load", "destroy", "attach"];
        mentioned.contains(name)
            || functions
                .iter()
                .any(|f| mentioned.contains(&Symbol::intern(&format!("{name}__{f}"))))
    };
    // A function of the skeleton is better evidence than a name that may be anything.
    let opens = |name: &Symbol| {
        let functions = ["open", "open_and_load", "open_opts", "destroy"];
        functions.iter().any(|f| mentioned.contains(&Symbol::intern(&format!("{name}__{f}"))))
    };
    let names: Vec<Symbol> = given.into_iter().chain(names).collect();
    let found = names.iter().copied().find(opens).or(names.iter().copied().find(used));
    found.or(given).unwrap_or(plain)
}

fn names_of_main_file(unit: &Unit) -> FxHashSet<Symbol> {
    unit.main_items()
        .iter()
        .flat_map(|item| unit.tokens(*item).iter())
        .filter(|token| token.kind == TokenKind::Ident)
        .map(|token| token.sym)
        .collect()
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

/// The skeleton and section that a type `struct NAME__SECTION`, or a pointer to it, belongs to.
pub fn section_struct(unit: &Unit, skeletons: &[Skeleton], ty: CTypeId) -> Option<(usize, Symbol)> {
    let ty = match unit.canonical(ty) {
        CType::Pointer(to) => unit.canonical(to),
        other => other,
    };
    let CType::Record(record) = ty else { return None };
    let tag = unit.record(record)?.tag?;
    skeletons.iter().enumerate().find_map(|(index, skeleton)| {
        let section = tag.as_str().strip_prefix(skeleton.name.as_str())?.strip_prefix("__")?;
        Some((index, Symbol::intern(section)))
    })
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
