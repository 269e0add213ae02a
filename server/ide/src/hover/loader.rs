//! Hovers in loaders: members of skeletons, names in strings, generated functions, included headers.

use std::path::Path;

use cfront::token::TokenKind;
use loader::skeletons::{HeaderKind, included};

use super::{describe, hover};
use crate::{
    answer::{Hover, SkeletonKind},
    docs::skeleton_functions,
    host::Analysis,
    markdown::{Code, Markdown},
    pipeline::FileAnalysis,
    target::Word,
};

/// Members that are libbpf's, by the kind of skeleton that has them.
const FIXED: &[(HeaderKind, &str, &str)] = &[
    (HeaderKind::Skeleton, "obj", "`struct bpf_object *`: the object, for libbpf's functions"),
    (
        HeaderKind::Skeleton,
        "skeleton",
        "`struct bpf_object_skeleton *`: used by libbpf's skeleton functions",
    ),
    (
        HeaderKind::Light,
        "ctx",
        "`struct bpf_loader_ctx`: the loader program's context; `log_level`, `log_buf` and `log_size` may be \
         set before load",
    ),
    (
        HeaderKind::Subskeleton,
        "obj",
        "`struct bpf_object *`: the object that the library is part of",
    ),
    (
        HeaderKind::Subskeleton,
        "subskel",
        "`struct bpf_object_subskeleton *`: used by libbpf's subskeleton functions",
    ),
];

/// Members of the descriptors of light skeletons.
const DESCRIPTORS: &[(&str, &str, &str)] = &[
    ("maps", "map_fd", "the map's file descriptor, after load"),
    ("maps", "max_entries", "number of entries; can be changed before load"),
    ("maps", "initial_value", "the map's initial value, for the loader program"),
    ("progs", "prog_fd", "the program's file descriptor, after load"),
];

impl Analysis {
    pub(super) fn loader_hover(
        &self,
        path: &Path,
        file: &FileAnalysis,
        word: &Word,
    ) -> Option<Markdown> {
        if let Some((skeleton, target)) = file.loader_target(word) {
            let (_, source) = file.source_of(skeleton)?;
            let object = file.skeletons.get(skeleton)?.object.as_deref()?;
            let mut text = Markdown::default();
            if let Some(what) = file.descriptor_member(word) {
                let what = Markdown::of(what, &[]);
                text.add("{}: {}\n\n", &[&Code(word.symbol.as_str()), &what]);
            }
            let preview = source.preview(SkeletonKind::Skeleton);
            let described = describe(object, target, preview, source.possible_cpus);
            text.add("{}{}", &[&described, &self.source_note(path, file, skeleton)]);
            return Some(text);
        }
        if word.kind != TokenKind::Ident {
            return None;
        }
        if let Some((skeleton, row)) =
            skeleton_functions::find(&file.skeletons, word.symbol.as_str())
        {
            let text = skeleton_functions::describe(file.skeletons.get(skeleton)?, row);
            let note = self.source_note(path, file, skeleton);
            return Some(Markdown::of("{}{}", &[&text, &note]));
        }
        file.fixed_member(word)
    }

    /// At the include of a skeleton's header: what it is made of.
    pub(super) fn include_hover(
        &self,
        path: &Path,
        file: &FileAnalysis,
        offset: u32,
    ) -> Option<Hover> {
        let skeleton = file.skeleton_included_at(offset)?;
        let include = file.skeletons.get(skeleton)?.include?;
        let (source, _) = file.source_of(skeleton)?;
        let name = source.file_name()?.to_string_lossy();
        let note = self.source_note(path, file, skeleton);
        Some(hover(include, Markdown::of("Skeleton of {}{}", &[&Code(name), &note])))
    }

    /// Which source a skeleton is taken from, and the others that could be meant.
    fn source_note(&self, path: &Path, file: &FileAnalysis, skeleton: usize) -> Markdown {
        let Some((source, _)) = file.source_of(skeleton) else { return Markdown::default() };
        let near = |path: &Path| match path.strip_prefix(self.folder(file)) {
            Ok(inside) => inside.display().to_string(),
            Err(_) => path.display().to_string(),
        };
        let mut text = Markdown::of("\n\nDeclared in {}", &[&Code(near(source))]);
        let headers = included(&file.unit);
        let Some(header) = headers.get(skeleton) else { return text };
        let mut others = self.environment.bpf_sources(path, &header.path);
        let linked: Vec<_> =
            file.sources_of(skeleton).iter().skip(1).map(|(other, _)| Code(near(other))).collect();
        if !linked.is_empty() {
            text.add(", linked with {}", &[&linked]);
        }
        others.retain(|other| {
            let taken = file.sources_of(skeleton).iter().any(|(path, _)| path.as_ref() == other);
            !taken && self.is_file(other)
        });
        others.sort();
        others.dedup();
        if !others.is_empty() {
            let others: Vec<_> =
                others.iter().map(|other| Code(other.display().to_string())).collect();
            text.add(", the nearest; there are also {}", &[&others]);
        }
        text
    }

    fn folder(&self, file: &FileAnalysis) -> std::path::PathBuf {
        let path = self.pipelines.session.path(file.main);
        path.parent().map(Path::to_owned).unwrap_or_default()
    }

    fn is_file(&self, path: &Path) -> bool {
        self.open_document(path).is_some() || self.environment.is_file(path)
    }
}

impl FileAnalysis {
    /// Index of the skeleton whose include directive's file name is at a byte.
    pub(crate) fn skeleton_included_at(&self, offset: u32) -> Option<usize> {
        self.skeletons.iter().position(|skeleton| {
            skeleton.include.is_some_and(|range| {
                range.file == self.main && range.start <= offset && offset < range.end
            })
        })
    }

    fn fixed_member(&self, word: &Word) -> Option<Markdown> {
        let path = self.member_path(word)?;
        let [name] = path.members.as_slice() else { return None };
        let kind = self.skeletons.get(path.skeleton)?.kind;
        let row = FIXED.iter().find(|row| row.0 == kind && row.1 == name.as_str())?;
        Some(Markdown::of(row.2, &[]))
    }

    fn descriptor_member(&self, word: &Word) -> Option<&'static str> {
        let path = self.member_path(word)?;
        let [group, _, name] = path.members.as_slice() else { return None };
        if self.skeletons.get(path.skeleton)?.kind != HeaderKind::Light {
            return None;
        }
        let row = DESCRIPTORS.iter().find(|r| r.0 == group.as_str() && r.1 == name.as_str())?;
        Some(row.2)
    }
}
