//! Top-level items of an expanded token stream, found by brackets alone.
//!
//! No tree is made: vmlinux.h has 700,000 tokens, and few of its items are ever asked for.
//! While a file is half typed its brackets do not match; then a line that begins in the first
//! column with what only begins a declaration ends the broken item.

use std::ops::Range;

use crate::{
    pragma::{PragmaStack, PragmaState},
    token::{Token, TokenKind},
    words::{Word, Words},
};

/// A top-level item: a range of the token stream, and what pragmas say there.
#[derive(Clone, PartialEq, Debug)]
pub struct ItemRange {
    /// First token.
    pub start: usize,
    /// One past the last token (`;` or `}` included).
    pub end: usize,
    /// Pragmas in force at the start.
    pub pragma: PragmaState,
}

impl ItemRange {
    /// The tokens as a range.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// Cuts a token stream into its top-level items. Pragma tokens between items belong to none; every
/// other token belongs to exactly one item.
pub fn split(tokens: &[Token]) -> Vec<ItemRange> {
    split_from(tokens, PragmaStack::default()).0
}

/// The same for a stream that continues another: takes the pragmas in force before it, and gives
/// those in force behind it.
pub(crate) fn split_from(tokens: &[Token], pragmas: PragmaStack) -> (Vec<ItemRange>, PragmaStack) {
    let mut splitter =
        Splitter { tokens, words: Words::get(), pragmas, items: Vec::new(), unclosed: 0 };
    let mut at = 0;
    while at < tokens.len() {
        at = splitter.item(at);
    }
    (splitter.items, splitter.pragmas)
}

struct Splitter<'a> {
    tokens: &'a [Token],
    words: &'static Words,
    pragmas: PragmaStack,
    items: Vec<ItemRange>,
    /// Items whose brackets never closed.
    unclosed: u32,
}

/// Looking for a bracket that is not there costs a walk to the end of the stream; after so many
/// of them every item is read with recovery at once.
const MAX_UNCLOSED: u32 = 16;

/// What the tokens of an item so far say about its outermost level.
#[derive(Default)]
struct Outer {
    /// `struct`, `union` or `enum` was seen, and what follows may be its body.
    tag: bool,
    /// `=` was seen: braces are initialisers, and the end is a `;`.
    initialiser: bool,
    /// A parenthesis group (not of an attribute) has closed.
    parameters: Option<(usize, usize)>,
    /// The declarator is complete enough that a new declaration may not follow without `;`.
    declared: bool,
    /// A type, or a name that may be one, was seen.
    typed: bool,
    /// A name stands behind the type.
    named: bool,
}

impl Splitter<'_> {
    fn word(&self, i: usize) -> Word {
        self.tokens.get(i).map_or(Word::Other, |token| self.words.token(token))
    }

    fn push(&mut self, start: usize, end: usize, pragma: PragmaState) {
        self.items.push(ItemRange { start, end, pragma });
        // Pragmas inside an item hold from its end.
        for token in self.tokens.get(start..end).unwrap_or(&[]) {
            if token.kind == TokenKind::Pragma {
                self.pragmas.apply(token.sym.as_str());
            }
        }
    }

    /// Reads the item that begins at `start`; returns where the next one begins.
    fn item(&mut self, start: usize) -> usize {
        if let Some(token) = self.tokens.get(start)
            && token.kind == TokenKind::Pragma
        {
            self.pragmas.apply(token.sym.as_str());
            return start + 1;
        }
        let end = match self.end_of_item(start, self.unclosed >= MAX_UNCLOSED) {
            Some(end) => end,
            None => {
                self.unclosed += 1;
                self.end_of_item(start, true).unwrap_or(self.tokens.len())
            }
        };
        let end = end.max(start + 1);
        self.push(start, end, self.pragmas.state().clone());
        end
    }

    /// One past the last token of the item that begins at `start`; `None` when brackets stay open
    /// to the end of the stream. With `recover`, the first line that looks like the start of
    /// another declaration ends the item.
    fn end_of_item(&self, start: usize, recover: bool) -> Option<usize> {
        let mut outer = Outer::default();
        let mut i = start;
        while i < self.tokens.len() {
            let word = self.word(i);
            if i > start && self.begins_line(i) {
                if recover && self.begins_declaration(i, word) {
                    return Some(i);
                }
                if self.cannot_continue(&outer, i, word) {
                    return Some(i);
                }
            }
            match word {
                Word::Semi => {
                    if let Some(body) = outer.parameters.and_then(|p| self.kr_body(p, i)) {
                        outer.tag = false;
                        i = body;
                        continue;
                    }
                    return Some(i + 1);
                }
                Word::Attribute
                | Word::Declspec
                | Word::Alignas
                | Word::Typeof
                | Word::TypeofUnqual
                | Word::Asm
                    if self.word(i + 1) == Word::LParen =>
                {
                    match self.closing(i + 1, recover) {
                        Closing::At(close) => i = close + 1,
                        Closing::Broken(at) => return Some(at),
                        Closing::Never => return None,
                    }
                    continue;
                }
                Word::LParen | Word::LBracket => {
                    // `struct [[attribute]] tag {`
                    outer.tag &= word == Word::LBracket && self.word(i + 1) == Word::LBracket;
                    let close = match self.closing(i, recover) {
                        Closing::At(close) => close,
                        Closing::Broken(at) => return Some(at),
                        Closing::Never => return None,
                    };
                    if word == Word::LParen && i > start {
                        outer.parameters = Some((i, close));
                        outer.declared = true;
                    }
                    i = close + 1;
                    continue;
                }
                Word::LBrace => {
                    let close = match self.closing(i, recover) {
                        Closing::At(close) => close,
                        Closing::Broken(at) => return Some(at),
                        Closing::Never => return None,
                    };
                    if !outer.tag && !outer.initialiser {
                        return Some(close + 1);
                    }
                    outer.tag = false;
                    i = close + 1;
                    continue;
                }
                Word::RBrace | Word::RParen | Word::RBracket => {
                    // A bracket that closes nothing is an item of its own.
                    return Some(if i == start { i + 1 } else { i });
                }
                Word::Struct | Word::Union | Word::Enum => {
                    outer.tag = true;
                    outer.typed = true;
                }
                word if word.is_type() => outer.typed = true,
                Word::Other if self.tokens.get(i).is_some_and(|t| self.words.is_name(t)) => {
                    outer.named |= outer.typed;
                    outer.typed = true;
                }
                Word::Star => outer.tag = false,
                Word::Assign => {
                    outer.tag = false;
                    outer.initialiser = true;
                    outer.declared = true;
                }
                _ => {}
            }
            i += 1;
        }
        // The stream ends without `;`: brackets match, so the rest is one item.
        Some(i)
    }

    /// The bracket that closes the one at `open`. Brackets of another kind that do not match end
    /// with the enclosing braces.
    fn closing(&self, open: usize, recover: bool) -> Closing {
        let mut stack = [Word::Other; 64];
        let mut depth = 0usize;
        let mut i = open;
        while let Some(token) = self.tokens.get(i) {
            let word = self.words.token(token);
            match word {
                Word::LParen | Word::LBracket | Word::LBrace => {
                    if let Some(slot) = stack.get_mut(depth) {
                        *slot = word;
                    }
                    depth += 1;
                }
                Word::RParen | Word::RBracket => {
                    let opener = if word == Word::RParen { Word::LParen } else { Word::LBracket };
                    // Beyond the stack's size all closing brackets are taken to match.
                    if stack.get(depth - 1).is_none_or(|&top| top == opener) {
                        depth -= 1;
                    }
                }
                Word::RBrace => {
                    while depth > 1 && stack.get(depth - 1).is_some_and(|&top| top != Word::LBrace)
                    {
                        depth -= 1;
                    }
                    if stack.get(depth - 1).is_none_or(|&top| top == Word::LBrace) {
                        depth -= 1;
                    } else {
                        return Closing::Broken(i);
                    }
                }
                _ if recover
                    && i > open
                    && self.begins_line(i)
                    && self.begins_declaration(i, word) =>
                {
                    return Closing::Broken(i);
                }
                _ => {}
            }
            if depth == 0 {
                return Closing::At(i);
            }
            i += 1;
        }
        if recover { Closing::Broken(i) } else { Closing::Never }
    }

    /// Whether the token is the first of a line, in the first column.
    fn begins_line(&self, i: usize) -> bool {
        self.tokens.get(i).is_some_and(|token| {
            token.flags & (Token::LINE_START | Token::SPACE_BEFORE) == Token::LINE_START
        })
    }

    /// Whether a line that begins with the token can only begin a declaration.
    fn begins_declaration(&self, i: usize, word: Word) -> bool {
        match word {
            Word::Attribute => true,
            Word::Noreturn | Word::StaticAssert => true,
            word if word.is_storage() || word.is_type() || word == Word::Const => true,
            // `name_t name(`: a type whose name is a typedef.
            Word::Other => {
                let name = |i| self.tokens.get(i).is_some_and(|t| self.words.is_name(t));
                name(i) && (name(i + 1) || (self.word(i + 1) == Word::Star && name(i + 2)))
            }
            _ => false,
        }
    }

    /// Whether the token cannot stand in the first column inside a declaration whose declarator
    /// is complete, or behind a type: a `;` is missing.
    fn cannot_continue(&self, outer: &Outer, i: usize, word: Word) -> bool {
        match word {
            Word::Typedef | Word::Extern | Word::Static => outer.declared || outer.typed,
            Word::StaticAssert => outer.declared,
            Word::Attribute => outer.initialiser,
            word if word.is_type() => {
                outer.initialiser
                    || (outer.named && outer.parameters.is_none())
                    || outer.parameters.is_some_and(|(open, close)| {
                        close + 1 == i && !self.is_name_list(open, close)
                    })
            }
            _ => false,
        }
    }

    /// Whether the parentheses hold names and commas only, and at least one.
    fn is_name_list(&self, open: usize, close: usize) -> bool {
        let is_name = |i| self.tokens.get(i).is_some_and(|token| self.words.is_name(token));
        close > open + 1 && (open + 1..close).all(|i| is_name(i) || self.word(i) == Word::Comma)
    }

    /// The body of a K&R definition: `semi` ends one of the parameter declarations behind the
    /// identifier list at `list`, and after more of them comes `{`.
    fn kr_body(&self, list: (usize, usize), semi: usize) -> Option<usize> {
        let (open, close) = list;
        if close + 1 == semi || !self.is_name_list(open, close) {
            return None;
        }
        let mut i = close + 1;
        // `f(a) __attribute__((x));` is a declaration.
        if !self.begins_declaration(i, self.word(i)) || self.word(i) == Word::Attribute {
            return None;
        }
        let limit = close + 400;
        let mut after_semi = false;
        while i < limit {
            match self.word(i) {
                Word::LBrace => return after_semi.then_some(i),
                Word::Assign | Word::RBrace | Word::RParen => return None,
                Word::Semi => after_semi = true,
                Word::LParen | Word::LBracket => {
                    let Closing::At(close) = self.closing(i, false) else { return None };
                    i = close;
                    after_semi = false;
                }
                _ if after_semi && !self.begins_declaration(i, self.word(i)) => return None,
                _ => after_semi = false,
            }
            i += 1;
        }
        None
    }
}

enum Closing {
    At(usize),
    /// Not closed: the item ends here.
    Broken(usize),
    Never,
}

/// The token of the `{` that a function's body begins with; `None` for items that end otherwise, a
/// half-typed struct without its `;` among them.
pub(crate) fn body_start(tokens: &[Token]) -> Option<usize> {
    if !tokens.last()?.is("}") {
        return None;
    }
    let start = last_brace(tokens)?;
    // Parameters and attributes end so, and parameters in the old style.
    let before = tokens.get(start.checked_sub(1)?)?;
    (before.is(")") || before.is(";")).then_some(start)
}

/// The token of the `{` that the last `}` closes.
fn last_brace(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate().rev() {
        if token.kind != TokenKind::Punct {
            continue;
        }
        match token.sym.as_str() {
            "}" => depth += 1,
            "{" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::test_lexer::lex;

    fn check(source: &str, expect: Expect) {
        let tokens = lex(source);
        let mut text = String::new();
        for item in split(&tokens) {
            for token in &tokens[item.range()] {
                text.push_str(token.sym.as_str());
                text.push(' ');
            }
            text.push_str(&match item.pragma.pack {
                Some(pack) => format!("pack={pack}\n"),
                None => "\n".to_owned(),
            });
        }
        expect.assert_eq(&text);
    }

    #[test]
    fn items_end_at_semicolons_and_bodies() {
        check(
            "int a; struct s { int x; } b = { 1 }; int f(void) { ; } struct s g(struct s *x) { } ; enum e { A };
typeof(({ 1; })) c; int h(void) __attribute__((x)); static int k(a, b) int a; char *b; { } int z;",
            expect![[r#"
                int a ; 
                struct s { int x ; } b = { 1 } ; 
                int f ( void ) { ; } 
                struct s g ( struct s * x ) { } 
                ; 
                enum e { A } ; 
                typeof ( ( { 1 ; } ) ) c ; 
                int h ( void ) __attribute__ ( ( x ) ) ; 
                static int k ( a , b ) int a ; char * b ; { } 
                int z ; 
            "#]],
        );
    }

    #[test]
    fn half_typed_text_leaves_the_rest_alone() {
        check(
            "int f(int a) {\n\tif (a {\n\tx(;\n}\nint g;\nint h(int\nstatic int k(void)\n{\n}\nu32 l(void)\n{\n\tfor (;;) {\n}\nstruct m {\n\tint a;\n};\nint n = \nint o;\nint p(void)\nint q;\n} int r;",
            expect![[r#"
                int f ( int a ) { if ( a { x ( ; } 
                int g ; 
                int h ( int 
                static int k ( void ) { } 
                u32 l ( void ) { for ( ; ; ) { } struct m { int a ; } ; int n = int o ; int p ( void ) int q ; } 
                int r ; 
            "#]],
        );
    }

    #[test]
    fn pragma_pack_stacks() {
        check(
            "#pragma pack(2)\nint a;\n#pragma pack(push, 1)\nint b;\n#pragma pack(push, lab, 4)\nint c;\n#pragma pack(push)\n#pragma pack()\nint d;\n#pragma pack(pop, lab)\nint e;\n#pragma pack(pop)\nint f;",
            expect![[r#"
                int a ; pack=2
                int b ; pack=1
                int c ; pack=4
                int d ; 
                int e ; pack=1
                int f ; pack=2
            "#]],
        );
    }
}
