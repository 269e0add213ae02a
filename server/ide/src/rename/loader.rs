//! The loader's side of a rename.

use std::{ops::Range, sync::Arc};

use bpf::{diagnostic::Edit, object::Object};
use cfront::{
    ast::{ExprKind, visit},
    ctypes::CType,
    token::TokenKind,
    unit::TokenPlace,
};
use loader::references::{Reference, references, references_by_token};
use rustc_hash::FxHashSet;

use super::{OrReason, Rename, file_edits, program::spelled_tokens, unread, words};
use crate::{
    answer::FileEdits,
    crossing::{Crossing, Known},
    host::Cancellable,
    pipeline::FileAnalysis,
    places::file_range,
};

impl Rename<'_> {
    /// The places of the name in a loader; `program` is the program with the new name.
    pub(super) fn loader_edits(
        &self,
        known: &Known,
        program: &FileAnalysis,
    ) -> Cancellable<OrReason<FileEdits>> {
        let (path, file) = known;
        let edits = match self.spelled_references(file) {
            Ok(edits) => file_edits(path, edits),
            Err(reason) => return Ok(Err(reason)),
        };
        if let Err(reason) = self.rest_is_known(file) {
            return Ok(Err(reason));
        }
        if edits.edits.is_empty() {
            return Ok(Ok(edits));
        }
        let text = self.applied(&file.text, &edits.edits);
        let Some(renamed) = self.analysis.file_with_text(path, &text)? else {
            return Ok(Err(super::unread(path)));
        };
        Ok(self.same_references(file, &renamed, program).map(|()| edits))
    }

    fn spelled_references(&self, file: &FileAnalysis) -> OrReason<Vec<Edit<Range<u32>>>> {
        let mut edits = Vec::new();
        for reference in file.references_to(self.crossing) {
            let spelled = file.spelled(reference);
            let at = || self.at(file, reference.range);
            if !reference.traced {
                return Err(format!(
                    "a string at {} may name it, in an object that cannot be traced",
                    at()
                ));
            }
            if spelled.file != file.main {
                return Err(format!("a header uses `{}` ({})", self.old, self.at(file, spelled)));
            }
            if !file.spells(spelled, &reference.name) {
                return Err(format!("a macro produces the name `{}` at {}", reference.name, at()));
            }
            // Links of light skeletons have names with an ending.
            let Some(ending) = reference.name.strip_prefix(self.old) else {
                return Err(format!("`{}` at {} has another name", reference.name, at()));
            };
            let text = format!("{}{ending}", self.new);
            edits.push(Edit::replace(spelled.start..spelled.end, text));
        }
        Ok(edits)
    }

    /// Whether it is known that the other places where the text has the word mean something else.
    fn rest_is_known(&self, file: &FileAnalysis) -> OrReason<()> {
        let old = self.old;
        let meant = spelled_tokens(file, old);
        let members = Members::find(file, old, self.crossing);
        let strings: Vec<u32> = file
            .references_to(self.crossing)
            .filter(|r| r.in_string)
            .map(|r| r.range.start)
            .collect();
        let by_btf = words::has_prefix(&file.text, "btf__");
        let names_structs = self.names_structs(file);
        let names = self.names();
        for written in self.written(&file.text, &names) {
            let line = || {
                super::line_of(
                    &self.analysis.place(in_main(file, &written.range)).path,
                    &file.text,
                    written.range.start,
                )
            };
            if let Some(text) = &written.string {
                let named = names.is_text(text) && self.found_by_text() || by_btf && text == old;
                if named && !strings.contains(&written.range.start) {
                    return Err(format!("the string \"{text}\" at {} may name it", line()));
                }
                continue;
            }
            let Some(tokens) = meant.get(&written.range.start) else {
                // Alone it is a name of the loader's own.
                if !written.member {
                    continue;
                }
                return Err(format!(
                    "`{old}` also appears in code that is not compiled (conditional or unused macro), at {}",
                    line()
                ));
            };
            let ours = tokens.iter().filter(|token| members.ours.contains(token)).count();
            if ours != 0 && ours != tokens.len() {
                return Err(format!("a macro gives `{old}` at {} two meanings", line()));
            }
            let unknown = |token: &TokenPlace| match members.all.contains(token) {
                true => !members.elsewhere.contains(token),
                false => written.member && (names_structs || unread::may_be_use(file, *token)),
            };
            if ours == 0 && tokens.iter().any(unknown) {
                return Err(format!("cannot tell what `{old}` at {} belongs to", line()));
            }
        }
        Ok(())
    }

    /// Whether the loader names the struct of a section: initialisers and `offsetof` may then have our
    /// member in a place that is not looked at.
    fn names_structs(&self, file: &FileAnalysis) -> bool {
        file.skeletons.iter().any(|skeleton| {
            let prefix = format!("{}__", skeleton.name.as_str());
            file.unit.main_items().iter().any(|item| {
                file.unit.tokens(*item).windows(2).any(|pair| {
                    matches!(pair, [tag, name] if tag.is("struct")
                        && name.kind == TokenKind::Ident
                        && name.sym.as_str().starts_with(&prefix))
                })
            })
        })
    }

    /// Whether the loader with the new text refers to what it referred to.
    fn same_references(
        &self,
        old: &FileAnalysis,
        new: &FileAnalysis,
        program: &FileAnalysis,
    ) -> OrReason<()> {
        let Some(source) = program.source() else {
            return Err("the program no longer exists".to_owned());
        };
        let mut skeletons = new.skeletons.clone();
        for (index, skeleton) in skeletons.iter_mut().enumerate() {
            let sources = old.sources_of(index);
            if !sources.iter().any(|(path, _)| **path == *program.path) {
                continue;
            }
            if sources.len() > 1 {
                return Err(format!(
                    "the skeleton `{}` is made of several linked programs",
                    skeleton.name
                ));
            }
            // The skeleton may have a name of its own.
            let name = skeleton.object.as_ref().map_or(&source.object.name, |known| &known.name);
            let object = Object { name: name.clone(), ..source.object.clone() };
            skeleton.object = Some(Arc::new(object));
        }
        let after = references(&new.unit, &skeletons);
        let before = old.references();
        let same = |a: &Reference, b: &Reference| {
            let ours = old.references_to(self.crossing).any(|r| std::ptr::eq(r, a));
            let name = match a.name.strip_prefix(self.old).filter(|_| ours) {
                Some(ending) => format!("{}{ending}", self.new),
                None => a.name.to_string(),
            };
            b.name == name && a.holder == b.holder && a.kind == b.kind && a.in_string == b.in_string
        };
        let all = before.len() == after.len() && before.iter().zip(&after).all(|(a, b)| same(a, b));
        match all {
            true => Ok(()),
            false => Err(format!(
                "with the name `{}` the loader ({}) would refer to something else",
                self.new,
                old_path(self, old)
            )),
        }
    }
}

fn old_path(rename: &Rename<'_>, file: &FileAnalysis) -> String {
    let path = rename.analysis.place(in_main(file, &(0..0))).path;
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn in_main(file: &FileAnalysis, range: &Range<u32>) -> cfront::source::FileRange {
    cfront::source::FileRange { file: file.main, start: range.start, end: range.end }
}

/// The members of a loader that have a name.
#[derive(Default)]
struct Members {
    /// All of them.
    all: FxHashSet<TokenPlace>,
    /// Those that are the thing.
    ours: FxHashSet<TokenPlace>,
    /// Those of other skeletons, and of structs that are known.
    elsewhere: FxHashSet<TokenPlace>,
}

impl Members {
    fn find(file: &FileAnalysis, name: &str, crossing: &Crossing) -> Members {
        let mut members = Members::default();
        for reference in references_by_token(&file.unit, &file.skeletons) {
            let token = TokenPlace { item: reference.at.item, token: reference.token };
            match reference.place.map(file_range) == Some(crossing.place) {
                true => members.ours.insert(token),
                false => members.elsewhere.insert(token),
            };
        }
        for &item in file.unit.main_items() {
            if !file.unit.tokens(item).iter().any(|token| token.sym.as_str() == name) {
                continue;
            }
            let (Some(parsed), Some(scope)) = (file.unit.item(item), file.unit.scope(item)) else {
                continue;
            };
            visit::expressions(&parsed.syntax, &mut |expr| {
                let ExprKind::Member { base, field, .. } = &expr.kind else { return };
                if field.name.as_str() != name {
                    return;
                }
                let token = TokenPlace { item, token: field.token };
                members.all.insert(token);
                let ty =
                    file.unit.expr_type(&scope, base).map(|ty| match file.unit.canonical(ty) {
                        CType::Pointer(to) => file.unit.canonical(to),
                        other => other,
                    });
                if let Some(CType::Record(id)) = ty
                    && file.unit.record(id).is_some_and(|record| record.defined)
                {
                    members.elsewhere.insert(token);
                }
            });
        }
        members
    }
}
