//! Where the user wrote something: the one way from the tokens of items to ranges of files.

use btf::shown::is_hostile;
use cfront::{
    ast::{Attr, Item},
    sema::{Decl, Function, Variable},
    source::FileRange,
    token::TokenKind,
    unit::{ItemId, Unit},
};

/// The name of a declaration, as the user wrote it.
pub fn name(unit: &Unit, decl: &Decl) -> Option<FileRange> {
    unit.token_place(ItemId(decl.place.item), decl.place.token)
}

/// The name of the variable's definition.
pub fn variable(unit: &Unit, variable: &Variable) -> Option<FileRange> {
    name(unit, variable.defining_decl().or_else(|| variable.decls.first())?)
}

/// The name of the function's definition.
pub fn function(unit: &Unit, function: &Function) -> Option<FileRange> {
    let place = function.definition_place()?;
    unit.token_place(ItemId(place.item), place.token)
}

/// The text of a place, as the user wrote it.
pub fn text(unit: &Unit, range: FileRange) -> Option<&str> {
    unit.preprocessed().text(range.file)?.get(range.start as usize..range.end as usize)
}

/// A string literal of C with that text, for fixes: what a file says in a name stays inside of it.
pub fn c_string(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_hostile(c) => {
                let mut bytes = [0; 4];
                // Octal escapes end after three digits, whatever follows.
                let bytes = c.encode_utf8(&mut bytes).bytes();
                out.extend(bytes.map(|byte| format!("\\{byte:03o}")));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The text of some tokens of an item, from `first` to the one before `end`; only what the first token came
/// from, where macros have scattered them. Tokens that came out of a macro stand where it is used.
pub fn covered(unit: &Unit, item: ItemId, first: u32, end: u32) -> Option<FileRange> {
    let first = unit.token_place(item, first)?;
    let last = unit.token_place(item, end.checked_sub(1)?)?;
    let same = first.file == last.file && first.start <= last.start;
    Some(if same { FileRange { end: last.end.max(first.end), ..first } } else { first })
}

/// The text from one token of an item to another, both included, when all of it stands in one file
/// and none of the two came out of a macro's body.
pub fn spelled(unit: &Unit, item: ItemId, first: u32, last: u32) -> Option<FileRange> {
    let tokens = unit.tokens(item);
    let spelled = |index: u32| {
        let range = unit.token_place(item, index)?;
        (text(unit, range)? == tokens.get(index as usize)?.sym.as_str()).then_some(range)
    };
    let (first, last) = (spelled(first)?, spelled(last)?);
    (first.file == last.file && first.start <= last.end).then_some(FileRange {
        file: first.file,
        start: first.start,
        end: last.end,
    })
}

/// The first of some declarations with a section attribute, and the section.
pub fn with_section(decls: &[Decl]) -> Option<(&Decl, &'static str)> {
    decls.iter().find_map(|decl| Some((decl, decl.attrs.section?.as_str())))
}

/// The string of the `section` attribute that stands at a declaration.
pub struct SectionString {
    /// What the user wrote for it: the literal, or the macro that holds it.
    pub range: FileRange,
    /// Whether `range` is the literal itself, so that a fix may replace it.
    pub is_literal: bool,
}

/// Finds the section string of a declaration.
pub fn section_string(unit: &Unit, decl: &Decl) -> Option<SectionString> {
    let item = ItemId(decl.place.item);
    let parsed = unit.item(item)?;
    let tokens = unit.tokens(item);
    let attr = section_attribute(&parsed.syntax, decl.declarator)?;
    let index = (attr.span.start..attr.span.end)
        .find(|&i| tokens.get(i as usize).is_some_and(|t| t.kind == TokenKind::Str))?;
    let range = unit.token_place(item, index)?;
    let is_literal = text(unit, range) == Some(tokens.get(index as usize)?.sym.as_str());
    Some(SectionString { range, is_literal })
}

fn section_attribute(item: &Item, declarator: u32) -> Option<&Attr> {
    let (specs, declarator) = match item {
        Item::Function(f) => (&f.specs, Some(&f.declarator)),
        Item::Declaration(d) => {
            (&d.specs, d.declarators.get(declarator as usize).map(|d| &d.declarator))
        }
        _ => return None,
    };
    // The last one written wins, and those of the declarator come after those of the specifiers.
    declarator
        .into_iter()
        .flat_map(|d| d.attrs.iter().rev())
        .chain(specs.attrs.iter().rev())
        .find(|attr| attr.name.as_str() == "section")
}
