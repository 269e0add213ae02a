//! Members behind `skel->`, `skel->maps.`, `skel->percpu->` ... before any header exists.

use std::{fmt::Write as _, path::Path};

use cfront::token::TokenKind;
use loader::{
    members::{Member, MemberKind, members},
    references::holder_of_member,
};

use super::{
    entry, nested_members,
    repair::{Cursor, MARKER},
};
use crate::{
    answer::{Completion, CompletionKind},
    host::{Analysis, Cancellable},
    markdown::{Block, Code, Markdown, Plain},
    pipeline::{FileAnalysis, Role},
};

impl Analysis {
    pub(super) fn member_completions(
        &self,
        path: &Path,
        cursor: &Cursor,
    ) -> Cancellable<Vec<Completion>> {
        if !cursor.text.contains("skel.h") {
            return Ok(Vec::new());
        }
        let Some(file) = self.file_with_text(path, &cursor.text)? else { return Ok(Vec::new()) };
        Ok(file.members_at_marker(cursor).unwrap_or_default())
    }
}

impl FileAnalysis {
    fn members_at_marker(&self, cursor: &Cursor) -> Option<Vec<Completion>> {
        if self.role != Role::Loader {
            return None;
        }
        let offset = u32::try_from(cursor.marker).ok()?;
        self.words_at(offset).into_iter().find_map(|word| {
            if word.kind != TokenKind::Ident || !word.symbol.as_str().contains(MARKER) {
                return None;
            }
            let place = word.place;
            let Some((skeleton, holder)) =
                holder_of_member(&self.unit, &self.skeletons, place.item, place.token)
            else {
                return nested_members::completions(cursor, self, &self.member_path(&word)?);
            };
            let path: Vec<&str> = holder.as_ref().map(|name| name.as_str()).into_iter().collect();
            let found = members(self.skeletons.get(skeleton)?, &path)?;
            let object = self.skeletons.get(skeleton)?.object.as_deref()?;
            let declared = format!("{}.bpf.c", object.name);
            Some(
                (0..).zip(&found).map(|(rank, m)| completion(cursor, m, rank, &declared)).collect(),
            )
        })
    }
}

fn completion(cursor: &Cursor, member: &Member, rank: u32, declared: &str) -> Completion {
    let kind = match member.kind {
        MemberKind::Variable => CompletionKind::Variable,
        _ => CompletionKind::Member,
    };
    let mut doc = Markdown::of("{}", &[&Block(format!("{};", member.declaration))]);
    let what = match member.kind {
        MemberKind::Group => "",
        MemberKind::Section => "The variables of the section",
        MemberKind::Map => "Map",
        MemberKind::Program => "Program",
        MemberKind::Link => "Link of the program or map, set by attach",
        MemberKind::StructOps => "Values of the struct_ops map, to be set before load",
        MemberKind::Variable => "Variable",
    };
    if !what.is_empty() {
        doc.add("\n\n{}", &[&Plain(what)]);
        if !member.section.is_empty() {
            doc.add(", section {}", &[&Code(&member.section)]);
        }
        if let Some(offset) = member.offset {
            doc.add(", offset {}", &[&offset]);
        }
        doc.add(".", &[]);
        if member.place.is_some() {
            let object = declared.trim_end_matches(".bpf.c");
            doc.add("\n\nDeclared for object {}.", &[&Code(object)]);
        }
    }
    let mut detail = member.declaration.clone();
    if let Some(offset) = member.offset {
        let _ = write!(detail, " // {}+{offset}", member.section);
    }
    Completion {
        detail,
        documentation: doc,
        rank,
        ..entry(member.name.as_str(), kind, &cursor.replace)
    }
}
