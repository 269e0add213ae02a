//! Hovers that come from tables of facts: section names, map definitions, helpers, kernel functions.

use bpf::facts::{helpers, kfuncs, map_types, sections};
use cfront::{
    ctypes::{CType, CTypeId},
    sema::{Decl, Global},
    token::TokenKind,
    unit::ItemId,
};

use crate::{
    docs,
    markdown::{Block, Markdown, Plain},
    pipeline::FileAnalysis,
    target::Word,
};

/// The macros that map definitions are written with.
const MAP_MACROS: [&str; 4] = ["__uint", "__type", "__array", "__ulong"];

impl FileAnalysis {
    /// Markdown about a word of BPF C that stands for nothing in the object.
    pub(super) fn facts_about(&self, word: &Word) -> Option<Markdown> {
        let name = word.symbol.as_str();
        if word.kind == TokenKind::Str {
            return self.in_section_attribute(word).then(|| of_section(name.trim_matches('"')))?;
        }
        if let Some(row) = map_types::by_name(name) {
            let mut text = docs::map_types::needs(row);
            if !row.since.is_empty() {
                text.add("\n\nSince Linux {}.", &[&Plain(row.since)]);
            }
            return Some(text);
        }
        self.map_member(word).or_else(|| self.function(word))
    }

    /// Markdown about a symbol of the kernel's that the program declares.
    pub(super) fn kernel_symbol(&self, word: &Word, weak: bool) -> Option<Markdown> {
        if let Some(text) = self.function(word) {
            return Some(text);
        }
        let ty = match self.unit.ordinary(word.symbol)? {
            Global::Variable(variable) => variable.ty,
            Global::Function(function) => function.ty,
            _ => return None,
        };
        let declaration = self.unit.spell(ty, Some(word.symbol.as_str())) + ";";
        let mut text = Markdown::of(
            "{}\n\nA symbol of the kernel, resolved by libbpf at load.",
            &[&Block(declaration)],
        );
        if weak {
            text.add(" It may be missing (`__weak`): its address is 0 then.", &[]);
        }
        Some(text)
    }

    fn map_member(&self, word: &Word) -> Option<Markdown> {
        let tokens = self.unit.tokens(word.place.item);
        let loc = tokens.get(word.place.token as usize)?.loc;
        let made_by = self.preprocessed.expansion_stack(loc);
        let is_member = made_by
            .iter()
            .any(|step| step.from_argument && MAP_MACROS.contains(&step.macro_name.as_str()));
        let name = word.symbol.as_str();
        // The macros declare the member behind a pointer or an enum; a type may be called like one.
        let before = (word.place.token as usize).checked_sub(1).and_then(|at| tokens.get(at));
        let declares = before.is_some_and(|before| before.is("*") || before.is("}"));
        if !is_member || !declares {
            return None;
        }
        docs::map_types::member(name, self.map_type_around(word))
    }

    /// The type of the map in whose definition a word stands: the one map of the item.
    fn map_type_around(&self, word: &Word) -> Option<&'static map_types::MapType> {
        let object = &self.source()?.object;
        let item = self.item_range(word.place.item)?;
        let mut maps = object.maps.iter().filter(|map| {
            map.place.is_some_and(|place| {
                place.file == item.file.0 && item.start <= place.start && place.end <= item.end
            })
        });
        let map = maps.next().filter(|_| maps.next().is_none())?;
        map_types::by_number(map.def.map_type?)
    }

    /// Markdown about a helper or a kernel function that the program names.
    pub(super) fn function(&self, word: &Word) -> Option<Markdown> {
        let name = word.symbol.as_str();
        let helper = helpers::find(name);
        if helper.is_none() && kfuncs::find(name).is_empty() {
            return None;
        }
        if !self.names_global(word) {
            return None;
        }
        match self.unit.ordinary(word.symbol)? {
            // Helpers are pointers to functions; a variable or map of the user's may be called like one.
            Global::Variable(variable) if self.points_to_function(variable.ty) => {
                let mut text = docs::functions::helper(helper?, None);
                if let Some(comment) = variable.decls.first().and_then(|d| self.comment_of(d, name))
                {
                    text.add("\n\n---\n\n{}", &[&comment]);
                }
                Some(text)
            }
            Global::Function(function) if function.definition.is_none() => {
                if kfuncs::find(name).is_empty() {
                    return None;
                }
                let prototype = self.unit.spell(function.ty, Some(name)) + ";";
                let text = docs::functions::kfunc(name);
                Some(Markdown::of("{}\n\n{}", &[&Block(prototype), &text]))
            }
            _ => None,
        }
    }

    fn points_to_function(&self, ty: CTypeId) -> bool {
        let CType::Pointer(to) = self.unit.canonical(ty) else { return false };
        matches!(self.unit.canonical(to), CType::Function(_))
    }

    /// The comment above a declaration of a header, as Markdown.
    fn comment_of(&self, decl: &Decl, name: &str) -> Option<Markdown> {
        let first = self.unit.token_place(ItemId(decl.place.item), 0)?;
        let text = self.preprocessed.text(first.file)?;
        docs::functions::comment_before(text.get(..first.start as usize)?, name)
    }
}

fn of_section(name: &str) -> Option<Markdown> {
    let row = sections::find(name)?;
    let program = docs::sections::program(row);
    let mut text = Markdown::of("**{}**: program section\n\n{}", &[&Plain(name), &program]);
    if name.starts_with('?') {
        text.add("\n\nNot loaded unless user space asks for it (`?`).", &[]);
    }
    Some(text)
}
