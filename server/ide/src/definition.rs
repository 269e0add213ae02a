//! Definition: of names at file scope, and from a loader's skeleton members to the BPF source.

use std::path::Path;

use bpf::object::{Map, MapKind, Object, Place as ObjectPlace};
use cfront::{
    ast::Ident,
    ctypes::DeclPlace,
    sema::{Global, Resolution},
    token::TokenKind,
    unit::ItemId,
};
use loader::skeletons::HeaderKind;

use crate::{
    answer::Place,
    host::{Analysis, Cancellable},
    pipeline::{FileAnalysis, Role},
    places::file_range,
    target::{Target, Word, by_place},
};

impl Analysis {
    /// Where the thing at a byte of a file is defined.
    pub fn definition(&self, path: &Path, offset: u32) -> Cancellable<Vec<Place>> {
        let Some(file) = self.file(path)? else { return Ok(Vec::new()) };
        let mut found: Vec<Place> = Vec::new();
        for word in file.words_at(offset) {
            let range = if file.role == Role::Loader {
                file.loader_target(&word).and_then(|(_, target)| place(target)).map(file_range)
            } else {
                file.definition(&word)
            };
            if let Some(range) = range {
                let place = self.place(range);
                if !found.contains(&place) {
                    found.push(place);
                }
            }
        }
        if found.is_empty() {
            found.extend(file.macro_definition(offset).map(|range| self.place(range)));
        }
        Ok(found)
    }
}

/// Where a thing of the object model is declared.
pub(crate) fn place(target: Target<'_>) -> Option<ObjectPlace> {
    match target {
        Target::Variable { variable, .. } => variable.place,
        Target::Map(map) => map.place,
        Target::Program(program) => program.place,
        Target::Section(section) => section.variables.iter().find_map(|v| v.place),
    }
}

impl FileAnalysis {
    fn definition(&self, word: &Word) -> Option<cfront::source::FileRange> {
        if word.kind != TokenKind::Ident {
            return self.target(word).and_then(place).map(file_range);
        }
        let unit = &self.unit;
        let at = |place: DeclPlace| unit.token_place(ItemId(place.item), place.token);
        let scope = unit.scope(word.place.item)?;
        let ident = Ident { name: word.symbol, token: word.place.token };
        match scope.resolve(unit, ident) {
            Resolution::Variable(variable) => {
                at(variable.defining_decl().or_else(|| variable.decls.first())?.place)
            }
            Resolution::Function(function) => {
                let first = || function.decls.first().map(|d| d.place);
                at(function.definition_place().or_else(first)?)
            }
            Resolution::Typedef(id) => at(unit.typedef(id)?.place?),
            Resolution::Enumerator(value) => at(value.place?),
            Resolution::Local(_) => None,
            Resolution::Unknown => match unit.ordinary(word.symbol) {
                Some(Global::Variable(variable)) => at(variable.defining_decl()?.place),
                _ => None,
            },
        }
    }

    fn macro_definition(&self, offset: u32) -> Option<cfront::source::FileRange> {
        let used = self.preprocessed.macro_uses.iter().find(|used| {
            used.range.file == self.main && (used.range.start..used.range.end).contains(&offset)
        })?;
        used.definition.place
    }

    /// What a word of a loader stands for in the BPF program behind a skeleton, with that skeleton's
    /// index: a member of `maps`, `progs`, `links` or of a data section, or a name in a string by which
    /// libbpf looks it up.
    pub(crate) fn loader_target(&self, word: &Word) -> Option<(usize, Target<'_>)> {
        if word.kind == TokenKind::Str {
            let reference = self.references().iter().find(|r| {
                r.in_string && r.at.item == word.place.item && r.token == word.place.token
            })?;
            let object = self.skeletons.get(reference.skeleton)?.object.as_deref()?;
            let found = match reference.place {
                Some(place) => by_place(object, file_range(place))?,
                // Maps of data sections have no declaration.
                None => Target::Map(
                    object
                        .maps
                        .iter()
                        .find(|map| map.name == reference.name || map.section == reference.name)?,
                ),
            };
            return Some((reference.skeleton, found));
        }
        let path = self.member_path(word)?;
        let skeleton = self.skeletons.get(path.skeleton)?;
        let names: Vec<&str> = path.members.iter().map(|m| m.as_str()).collect();
        let object = skeleton.object.as_deref()?;
        let found = in_skeleton(object, &names).or_else(|| {
            // The links of a light skeleton are file descriptors.
            let ["links", name, rest @ ..] = names.as_slice() else { return None };
            let name = name.strip_suffix("_fd").filter(|_| skeleton.kind == HeaderKind::Light)?;
            in_skeleton(object, &[&["links", name], rest].concat())
        })?;
        Some((path.skeleton, found))
    }
}

/// The thing of an object that the members `holder` and `name` of its skeleton stand for.
fn in_skeleton<'a>(object: &'a Object, members: &[&str]) -> Option<Target<'a>> {
    let (holder, rest) = members.split_first()?;
    let name = rest.first();
    match (*holder, name) {
        ("maps", Some(name)) => {
            object.maps.iter().find(|map| map.ident().as_deref() == Some(*name)).map(Target::Map)
        }
        ("progs", Some(name)) => {
            object.programs.iter().find(|p| p.name == *name).map(Target::Program)
        }
        ("links" | "struct_ops", Some(name)) => {
            let program = object.programs.iter().find(|p| p.name == *name).map(Target::Program);
            let ops = |map: &&Map| map.kind == MapKind::StructOps && map.name == *name;
            program.or_else(|| object.maps.iter().find(ops).map(Target::Map))
        }
        (holder, name) => {
            let section = object.sections.iter().find(|section| {
                section.kind.is_internal_map()
                    && bpf::section::datasec_ident(&section.name).as_deref() == Some(holder)
            })?;
            match name {
                None => Some(Target::Section(section)),
                Some(name) => {
                    let variable = section.variables.iter().find(|v| v.name == *name)?;
                    Some(Target::Variable { section, variable })
                }
            }
        }
    }
}
