//! What a place of the source refers to in the object model.

use bpf::object::{Map, MapKind, Object, Program, Section, Variable};
use cfront::{
    ast::Item, sema::Linkage, source::FileRange, symbol::Symbol, token::TokenKind, unit::TokenPlace,
};

use rustc_hash::FxHashMap;

use crate::{
    pipeline::{FileAnalysis, Role},
    places::file_range,
};

/// A thing of the object model.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    /// A variable of a data section.
    Variable {
        /// Its section.
        section: &'a Section,
        /// The variable.
        variable: &'a Variable,
    },
    /// A map from `.maps`, or a struct_ops map.
    Map(&'a Map),
    /// A program.
    Program(&'a Program),
    /// A data section, named in an attribute.
    Section(&'a Section),
}

/// An identifier or string token at a place of the source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// Where it went.
    pub(crate) place: TokenPlace,
    /// Its text.
    pub(crate) symbol: Symbol,
    /// What it is.
    pub(crate) kind: TokenKind,
    /// What the user wrote.
    pub(crate) range: FileRange,
}

impl FileAnalysis {
    /// The words that the user's text at `offset` became: one, or one for each use of a macro argument.
    pub(crate) fn words_at(&self, offset: u32) -> Vec<Word> {
        let mut words = Vec::new();
        for place in self.unit.tokens_at(self.main, offset) {
            let Some(token) = self.unit.tokens(place.item).get(place.token as usize) else {
                continue;
            };
            if let Some(range) = self.unit.token_place(place.item, place.token)
                && matches!(token.kind, TokenKind::Ident | TokenKind::Str)
            {
                words.push(Word { place, symbol: token.sym, kind: token.kind, range });
            }
        }
        words
    }

    /// What an identifier at file scope, or a section name, at `offset` stands for in the object.
    pub(crate) fn target_at(&self, offset: u32) -> Option<Target<'_>> {
        self.words_at(offset).into_iter().find_map(|word| self.target(&word))
    }

    /// What a word stands for.
    pub(crate) fn target(&self, word: &Word) -> Option<Target<'_>> {
        if self.is_in_no_object(word) {
            return None;
        }
        let object = &self.source()?.object;
        if word.kind == TokenKind::Str {
            if !self.in_section_attribute(word) {
                return None;
            }
            let name = word.symbol.as_str().trim_matches('"');
            return object.sections.iter().find(|s| s.name == name).map(Target::Section);
        }
        // The declarators' own names first: they are no uses, and static locals have names of two parts.
        by_place(object, word.range)
            .or_else(|| self.names_global(word).then(|| by_name(object, word.symbol.as_str()))?)
    }

    /// Whether a word names something that no object has as a map, program or variable: what is known
    /// of it does not need the object.
    fn is_in_no_object(&self, word: &Word) -> bool {
        if word.kind != TokenKind::Ident || self.role != Role::Bpf {
            return false;
        }
        let defines = self.unit.item(word.place.item).is_some_and(|item| match &item.syntax {
            Item::Function(f) => f.declarator.name.is_some_and(|n| n.token == word.place.token),
            _ => false,
        });
        // The name of a definition at file scope; only global functions are programs.
        defines
            && self.is_only(word)
            && self.unit.function(word.symbol).is_some_and(|f| f.linkage == Linkage::Internal)
    }

    /// Whether the user's text became this word and no other: no macro made more of it.
    pub(crate) fn is_only(&self, word: &Word) -> bool {
        let token = self.unit.token(word.place.item, word.place.token);
        token.is_some_and(|token| token.loc.as_file().is_some())
    }

    /// Whether a string is the argument of `section("...")`, in whatever macro it was written.
    pub(crate) fn in_section_attribute(&self, word: &Word) -> bool {
        let tokens = self.unit.tokens(word.place.item).get(..word.place.token as usize);
        matches!(tokens, Some([.., name, open])
            if open.is("(") && (name.is("section") || name.is("__section__")))
    }

    /// Whether a word is an identifier expression or declarator that means something at file scope: a
    /// member or local of that name does not.
    pub(crate) fn names_global(&self, word: &Word) -> bool {
        let uses = || self.uses_in_item(word.symbol, word.place.item);
        uses().iter().any(|used| used.token == word.place)
    }
}

/// What is declared at that place.
pub(crate) fn by_place(object: &Object, range: FileRange) -> Option<Target<'_>> {
    let here = |place: Option<bpf::object::Place>| place.map(file_range) == Some(range);
    let map = object.maps.iter().find(|map| here(map.place)).map(Target::Map);
    let program = || object.programs.iter().find(|p| here(p.place)).map(Target::Program);
    let variable = || {
        object.sections.iter().find_map(|section| {
            let variable = section.variables.iter().find(|v| here(v.place))?;
            Some(Target::Variable { section, variable })
        })
    };
    map.or_else(program).or_else(variable)
}

/// [`by_name`] for many names of one object.
pub(crate) struct Names<'a>(FxHashMap<&'a str, Target<'a>>);

impl<'a> Names<'a> {
    /// The names of an object.
    pub(crate) fn new(object: &'a Object) -> Names<'a> {
        let mut names: FxHashMap<&str, Target<'_>> = FxHashMap::default();
        for map in object.maps.iter().filter(|map| !matches!(map.kind, MapKind::Internal(_))) {
            names.entry(&map.name).or_insert(Target::Map(map));
        }
        for program in &object.programs {
            names.entry(&program.name).or_insert(Target::Program(program));
        }
        for section in &object.sections {
            for variable in &section.variables {
                names.entry(&variable.name).or_insert(Target::Variable { section, variable });
            }
        }
        Names(names)
    }

    /// The map, program or variable of that name.
    pub(crate) fn get(&self, name: &str) -> Option<Target<'a>> {
        self.0.get(name).copied()
    }
}

/// The map, program or variable of that name, maps first: a map is also a variable of `.maps`.
pub(crate) fn by_name<'a>(object: &'a Object, name: &str) -> Option<Target<'a>> {
    let user = |map: &&Map| !matches!(map.kind, MapKind::Internal(_)) && map.name == name;
    let map = object.maps.iter().find(user).map(Target::Map);
    let program = || object.programs.iter().find(|p| p.name == name).map(Target::Program);
    let variable = || {
        object.sections.iter().find_map(|section| {
            let variable = section.variables.iter().find(|v| v.name == name)?;
            Some(Target::Variable { section, variable })
        })
    };
    map.or_else(program).or_else(variable)
}
