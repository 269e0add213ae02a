//! Pragmas that change the meaning of declarations: `pack` and `clang attribute`.

use std::sync::Arc;

use crate::{
    ast::{Attr, AttrArg, Expr, Ident, Span},
    literal,
    symbol::Symbol,
};

/// What pragmas say where an item stands. Cheap to clone.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct PragmaState {
    /// `#pragma pack` in force, bytes.
    pub pack: Option<u32>,
    /// Attributes of `#pragma clang attribute push`, outermost first.
    pub attributes: Arc<[PushedAttr]>,
}

/// An attribute that a pragma applies to declarations.
#[derive(Clone, PartialEq, Debug)]
pub struct PushedAttr {
    /// The attribute; its span is empty.
    pub attr: Attr,
    /// To what.
    pub subjects: Subjects,
}

/// Kinds of declarations named in `apply_to`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Subjects {
    /// `record`
    pub record: bool,
    /// `function`
    pub function: bool,
    /// `variable`
    pub variable: bool,
    /// `enum`
    pub enums: bool,
    /// `type_alias`
    pub typedef: bool,
    /// `field`
    pub field: bool,
}

/// The pragma stacks while items are read in order.
#[derive(Clone, Default, PartialEq, Debug)]
pub(crate) struct PragmaStack {
    state: PragmaState,
    packs: Vec<(Option<String>, Option<u32>)>,
    groups: Vec<Vec<PushedAttr>>,
}

impl PragmaStack {
    /// The state in force.
    pub(crate) fn state(&self) -> &PragmaState {
        &self.state
    }

    /// Takes a pragma; `text` is what follows the word `pragma`. Others are ignored.
    pub(crate) fn apply(&mut self, text: &str) {
        let mut words = Scanner { text };
        match words.word() {
            Some("pack") => self.pack(words),
            Some("clang") if words.word() == Some("attribute") => self.attribute(words),
            _ => {}
        }
    }

    /// `pack()`, `pack(n)`, `pack(push [, label] [, n])`, `pack(pop [, label | n])`.
    fn pack(&mut self, mut words: Scanner<'_>) {
        if !words.punct('(') {
            return;
        }
        let mut args = Vec::new();
        while let Some(word) = words.word() {
            args.push(word);
            if !words.punct(',') {
                break;
            }
        }
        let number = args.last().and_then(|arg| arg.parse::<u32>().ok());
        let label =
            args.get(1).filter(|arg| arg.parse::<u32>().is_err()).map(|&label| label.to_owned());
        // Zero means the default, as `pack()` does.
        let number = number.map(|n| (n != 0).then_some(n));
        match args.first() {
            None => self.state.pack = None,
            Some(&"push") => {
                self.packs.push((label, self.state.pack));
                if let Some(number) = number {
                    self.state.pack = number;
                }
            }
            Some(&"pop") => {
                let at = match &label {
                    Some(label) => {
                        self.packs.iter().rposition(|(name, _)| name.as_ref() == Some(label))
                    }
                    None => self.packs.len().checked_sub(1),
                };
                if let Some(&(_, pack)) = at.and_then(|at| self.packs.get(at)) {
                    self.state.pack = pack;
                    self.packs.truncate(at.unwrap_or(0));
                }
                if let Some(number) = number {
                    self.state.pack = number;
                }
            }
            Some(_) => {
                if let Some(number) = number {
                    self.state.pack = number;
                }
            }
        }
    }

    /// `attribute push (attr, apply_to = subjects)`, `attribute push`, `attribute (attr, ...)`,
    /// `attribute pop`; a namespace in front of push and pop is accepted.
    fn attribute(&mut self, mut words: Scanner<'_>) {
        let mut word = words.word();
        if words.punct('.') {
            word = words.word();
        }
        match word {
            Some("pop") => {
                self.groups.pop();
            }
            Some("push") => {
                let group = pushed(&mut words);
                self.groups.push(group);
            }
            _ => {
                let more = pushed(&mut words);
                if let Some(group) = self.groups.last_mut() {
                    group.extend(more);
                }
            }
        }
        self.state.attributes = self.groups.iter().flatten().cloned().collect();
    }
}

/// `( __attribute__((a, b)), apply_to = any(x, y) )`.
fn pushed(words: &mut Scanner<'_>) -> Vec<PushedAttr> {
    let mut attrs: Vec<Attr> = Vec::new();
    if !words.punct('(') {
        return Vec::new();
    }
    let bracketed = match words.word() {
        Some("__attribute__" | "__attribute") => words.punct('(') && words.punct('('),
        Some("__declspec") => words.punct('('),
        _ => words.punct('[') && words.punct('['),
    };
    if !bracketed {
        return Vec::new();
    }
    while let Some(mut name) = words.word() {
        while words.punct(':') {
            if let Some(last) = words.word() {
                name = last;
            }
        }
        let args = if words.punct('(') { arguments(words) } else { Vec::new() };
        let name = name.strip_prefix("__").and_then(|n| n.strip_suffix("__")).unwrap_or(name);
        attrs.push(Attr { name: Symbol::intern(name), args, span: Span::default() });
        if !words.punct(',') {
            break;
        }
    }
    while words.punct(')') || words.punct(']') {}
    words.punct(',');
    let mut subjects = Subjects::default();
    // Sub-rules such as `variable(is_global)` and `unless(...)` narrow a subject; its name decides.
    while let Some(word) = words.next_word() {
        match word {
            "record" => subjects.record = true,
            "function" => subjects.function = true,
            "variable" => subjects.variable = true,
            "enum" => subjects.enums = true,
            "type_alias" => subjects.typedef = true,
            "field" => subjects.field = true,
            _ => {}
        }
    }
    attrs.into_iter().map(|attr| PushedAttr { attr, subjects }).collect()
}

fn arguments(words: &mut Scanner<'_>) -> Vec<AttrArg> {
    let mut args = Vec::new();
    loop {
        if let Some(text) = words.string() {
            args.push(AttrArg::Str(
                String::from_utf8_lossy(&literal::string([text]).0).into_owned(),
            ));
        } else if let Some(word) = words.word() {
            let name = Symbol::intern(word);
            if word.starts_with(|c: char| c.is_ascii_digit()) {
                let kind = literal::number(name);
                args.push(AttrArg::Expr(Box::new(Expr { kind, span: Span::default() })));
            } else {
                args.push(AttrArg::Ident(Ident { name, token: 0 }));
            }
        }
        if !words.punct(',') {
            break;
        }
    }
    words.punct(')');
    args
}

/// Reads words and punctuators off a pragma's text.
struct Scanner<'a> {
    text: &'a str,
}

impl<'a> Scanner<'a> {
    fn word(&mut self) -> Option<&'a str> {
        self.text = self.text.trim_start();
        let end = self
            .text
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
            .unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at_checked(end)?;
        self.text = rest;
        (!word.is_empty()).then_some(word)
    }

    /// The next word, punctuators skipped.
    fn next_word(&mut self) -> Option<&'a str> {
        self.text =
            self.text.trim_start_matches(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
        self.word()
    }

    fn punct(&mut self, c: char) -> bool {
        self.text = self.text.trim_start();
        match self.text.strip_prefix(c) {
            Some(rest) => {
                self.text = rest;
                true
            }
            None => false,
        }
    }

    /// A string literal with its quotes.
    fn string(&mut self) -> Option<&'a str> {
        self.text = self.text.trim_start();
        let body = self.text.strip_prefix('"')?;
        let mut escaped = false;
        let end = body.find(|c: char| {
            let close = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            close
        })?;
        let (literal, rest) = self.text.split_at_checked(end + 2)?;
        self.text = rest;
        Some(literal)
    }
}
