//! Every question that there is to ask, about types, objects and documents: what hostile input is put
//! to. The answers come back as text, so that two states can be compared.

use std::{fmt::Write, path::Path};

use bpf::{
    elf,
    layout::text::print_object,
    skeleton::{self, SkeletonKind},
};
use btf::{Btf, CDumper, Detail, TypeId, dump_c, first_difference, members, pahole, raw};
use ide::{Analysis, Cancellable, answer};

/// Asks everything about a graph of types, whatever it holds. Each question is bounded; a thousand types
/// are enough of them.
///
/// # Panics
///
/// When a type differs from itself.
pub fn of_types(btf: &Btf) {
    raw::dump(btf);
    let mut unique = CDumper::new(btf);
    let mut plain = CDumper::with_plain_names(btf);
    for (id, _) in btf.iter().take(1000) {
        unique.type_decl(id, "x", 1, false);
        unique.type_decl(id, "", 0, true);
        plain.dump_definition(id);
        dump_c::type_name(btf, id);
        btf.size_of(id);
        btf.align_of(id);
        btf.resolve(id);
        pahole::describe(btf, id);
        pahole::holes(btf, id);
        members::visible_members(btf, id);
        let same = first_difference((btf, id), (btf, id), Detail::Types);
        assert!(same.is_none(), "a type differs from itself");
        first_difference((btf, id), (btf, TypeId(1)), Detail::Layout);
    }
}

/// Asks everything about an object file. Returns whether there is a model of it.
pub fn of_object(bytes: &[u8]) -> bool {
    let _ = elf::sources(bytes);
    if let Ok(btf) = elf::raw_btf(bytes) {
        of_types(&btf);
    }
    let Ok(object) = elf::open(bytes, "hostile") else { return false };
    for kind in [SkeletonKind::Skeleton, SkeletonKind::Subskeleton, SkeletonKind::Light] {
        skeleton::print(&object, kind);
    }
    print_object(&object, "hostile.bpf.o");
    bpf::layout::json::print(&object, "hostile.bpf.o", &[]);
    bpf::compare::differences(&object, &object);
    bpf::link::link(&[&object, &object], "twice");
    true
}

/// Asks everything about an open document, with the cursor at `offset`.
///
/// Fails where the snapshot is told to give up.
pub fn of_document(analysis: &Analysis, path: &Path, offset: u32) -> Cancellable<String> {
    let mut said = of_cursor(analysis, path, offset)?;
    // Writing to a string cannot fail.
    let _ = writeln!(said, "{:#?}", analysis.document_symbols(path)?);
    let _ = writeln!(said, "{:#?}", analysis.code_lenses(path)?);
    let _ = writeln!(said, "{:#?}", analysis.findings_with_headers(path)?);
    let _ = writeln!(said, "{:#?}", analysis.inlay_hints(path, 0..u32::MAX)?);
    for kind in [
        answer::SkeletonKind::Skeleton,
        answer::SkeletonKind::Subskeleton,
        answer::SkeletonKind::LightSkeleton,
    ] {
        let Some(skeleton) = analysis.skeleton(path, kind, Some(offset))? else { continue };
        said.push_str(&skeleton.text);
        let answer::Skeleton { name, line, complete, note, hints, .. } = &skeleton;
        let _ = writeln!(said, "{:#?}", (name, line, complete, note, hints));
        if let Some(line) = skeleton.line {
            let place = analysis.skeleton_definition(path, kind, line)?;
            let _ = writeln!(said, "{place:#?}");
        }
    }
    let _ = writeln!(said, "{:#?}", analysis.status(path)?);
    Ok(said)
}

/// What is asked at a place alone.
fn of_cursor(analysis: &Analysis, path: &Path, offset: u32) -> Cancellable<String> {
    let mut said = format!("{:#?}\n", analysis.hover(path, offset)?);
    let _ = writeln!(said, "{:#?}", analysis.definition(path, offset)?);
    let _ = writeln!(said, "{:#?}", analysis.declaration(path, offset)?);
    let _ = writeln!(said, "{:#?}", analysis.references(path, offset, true)?);
    let _ = writeln!(said, "{:#?}", analysis.document_highlights(path, offset)?);
    let _ = writeln!(said, "{:#?}", analysis.completions(path, offset)?);
    let renamed = analysis.prepare_rename(path, offset)?;
    if renamed.is_ok() {
        let _ = writeln!(said, "{:#?}", analysis.rename(path, offset, "renamed")?);
    }
    let _ = writeln!(said, "{renamed:#?}");
    Ok(said)
}
