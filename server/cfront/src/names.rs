//! The names an item declares, and whether it can wait, from its tokens alone.
//!
//! One pass without allocation over each item: a cold open asks this of all of vmlinux.h.

use crate::{
    symbol::Symbol,
    token::{Token, TokenKind},
    words::{Word, Words},
};

/// C's name spaces as far as file scope has them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NameSpace {
    /// A typedef name.
    Typedef,
    /// A variable or function.
    Ordinary,
    /// `struct`, `union` or `enum` tag: its definition, or a forward declaration `struct s;`.
    Tag,
    /// An enumerator.
    Enumerator,
}

/// A declared name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Declared {
    /// The name.
    pub name: Symbol,
    /// Its name space.
    pub space: NameSpace,
    /// The token that spells it, counted from the item's start.
    pub token: u32,
    /// For tags, whether the members or enumerators stand here.
    pub defines: bool,
}

/// The names that the tokens of one item declare at file scope, nested tags and enumerators
/// included, in order.
pub fn declared_names(tokens: &[Token]) -> Vec<Declared> {
    let mut names = Vec::new();
    for_each_declared(tokens, |declared| names.push(declared));
    names
}

/// Calls `found` for each name the item declares; returns whether the item can wait until one of
/// them is asked for (see [`is_lazy`]).
pub fn for_each_declared(tokens: &[Token], found: impl FnMut(Declared)) -> bool {
    let mut scan = Scan { tokens, words: Words::get(), found, facts: Facts::default() };
    scan.item();
    scan.facts.lazy()
}

/// Whether nothing of the item is needed until one of its names is used: types, prototypes, extern
/// declarations, `static inline` functions and `static` constants (libbpf declares helpers so).
/// Definitions that end up in the object are not lazy, nor is what asks for a section.
pub fn is_lazy(tokens: &[Token]) -> bool {
    for_each_declared(tokens, |_| ())
}

#[derive(Default)]
struct Facts {
    typedef: bool,
    external: bool,
    is_static: bool,
    inline: bool,
    constant: bool,
    placed: bool,
    body: bool,
    initialised: bool,
    /// Declarators that are no functions.
    objects: bool,
}

impl Facts {
    fn lazy(&self) -> bool {
        if self.placed {
            return false;
        }
        if self.body {
            return self.is_static && self.inline;
        }
        if self.initialised {
            return self.is_static && self.constant;
        }
        self.typedef || self.external || !self.objects
    }
}

struct Scan<'a, F> {
    tokens: &'a [Token],
    words: &'static Words,
    found: F,
    facts: Facts,
}

/// The declarator at hand.
#[derive(Default)]
struct Current {
    name: Option<usize>,
    /// The name is settled: a suffix or initialiser has begun.
    settled: bool,
    /// A parameter list follows the name directly.
    function: bool,
    initialiser: bool,
}

impl<F: FnMut(Declared)> Scan<'_, F> {
    #[inline]
    fn word(&self, i: usize) -> Word {
        self.tokens.get(i).map_or(Word::Other, |token| self.words.token(token))
    }

    fn is_name(&self, i: usize) -> bool {
        self.tokens.get(i).is_some_and(|token| self.words.is_name(token))
    }

    fn report(&mut self, token: usize, space: NameSpace, defines: bool) {
        if let Some(found) = self.tokens.get(token) {
            (self.found)(Declared { name: found.sym, space, token: token as u32, defines });
        }
    }

    fn item(&mut self) {
        let mut current = Current::default();
        let mut depth = 0usize;
        let mut forward = None;
        let mut i = 0;
        while let Some(token) = self.tokens.get(i) {
            let word = self.words.token(token);
            match word {
                Word::Other if depth == 0 && !current.settled && token.kind == TokenKind::Ident => {
                    current.name = Some(i);
                }
                Word::Other => {}
                Word::Struct | Word::Union | Word::Enum => {
                    let (next, tag) = self.tag(i, word);
                    if tag.is_some() && depth == 0 {
                        forward = tag;
                    }
                    if self.word(next) == Word::LBrace {
                        forward = None;
                        if word == Word::Enum {
                            i = self.enumerators(next);
                            continue;
                        }
                        // Members are walked for the tags among them; only depth says where.
                        depth += 1;
                        i = next + 1;
                        continue;
                    }
                    i = next;
                    continue;
                }
                Word::Attribute | Word::Declspec | Word::Alignas | Word::Asm
                    if self.word(i + 1) == Word::LParen =>
                {
                    if depth == 0 && word == Word::Asm && i == 0 {
                        return;
                    }
                    i = self.attribute(i + 1, depth == 0);
                    continue;
                }
                Word::Typeof | Word::TypeofUnqual | Word::Atomic
                    if self.word(i + 1) == Word::LParen =>
                {
                    i = self.after_group(i + 1);
                    continue;
                }
                // `[[attribute]]`; an array of arrays needs brackets of its own in between.
                Word::LBracket if depth == 0 && self.word(i + 1) == Word::LBracket => {
                    i = self.attribute(i, true);
                    continue;
                }
                Word::StaticAssert if depth == 0 => return,
                Word::LParen if depth == 0 && !current.initialiser => {
                    i = self.parentheses(i, &mut current);
                    continue;
                }
                Word::LBrace if depth == 0 && !current.initialiser => {
                    self.facts.body = true;
                    self.finish(&mut current, None);
                    return;
                }
                Word::LParen | Word::LBrace | Word::LBracket => {
                    current.settled |= depth == 0;
                    depth += 1;
                }
                Word::RParen | Word::RBrace | Word::RBracket => depth = depth.saturating_sub(1),
                _ if depth > 0 => {}
                Word::Assign => {
                    current.settled = true;
                    current.initialiser = true;
                    self.facts.initialised = true;
                }
                Word::Comma => self.finish(&mut current, None),
                Word::Semi => {
                    // More behind it are the parameters and the body of a K&R definition.
                    self.facts.body |= i + 1 < self.tokens.len();
                    self.finish(&mut current, forward);
                    return;
                }
                Word::Typedef => self.facts.typedef = true,
                Word::Extern => self.facts.external = true,
                Word::Static => self.facts.is_static = true,
                Word::Inline => self.facts.inline = true,
                Word::Const if !current.initialiser => self.facts.constant = true,
                _ => {}
            }
            i += 1;
        }
        self.finish(&mut current, forward);
    }

    /// The end of a declarator; `forward` is the tag of a declaration without one.
    fn finish(&mut self, current: &mut Current, forward: Option<usize>) {
        match (current.name, forward) {
            (Some(name), _) => {
                let typedef = self.facts.typedef;
                self.facts.objects |= !current.function && !typedef;
                let space = if typedef { NameSpace::Typedef } else { NameSpace::Ordinary };
                self.report(name, space, false);
            }
            (None, Some(tag)) => self.report(tag, NameSpace::Tag, false),
            (None, None) => {}
        }
        *current = Current::default();
    }

    /// Behind `struct`, `union` or `enum` at `i`: the index after the tag (and the underlying type
    /// when a body follows), and the tag. A tag with a body is reported.
    fn tag(&mut self, i: usize, word: Word) -> (usize, Option<usize>) {
        let mut next = self.after_attributes(i + 1);
        let tag = self.is_name(next).then_some(next);
        if tag.is_some() {
            next += 1;
        }
        let mut body = self.after_attributes(next);
        if word == Word::Enum && self.word(body) == Word::Colon {
            body += 1;
            while self.tokens.get(body).is_some_and(|token| token.kind == TokenKind::Ident) {
                body += 1;
            }
        }
        if self.word(body) != Word::LBrace {
            return (next, tag);
        }
        if let Some(tag) = tag {
            self.report(tag, NameSpace::Tag, true);
        }
        (body, tag)
    }

    /// Reports the enumerators in the braces at `open`; returns the index after them.
    fn enumerators(&mut self, open: usize) -> usize {
        let mut depth = 1usize;
        let mut i = open + 1;
        let mut expect = true;
        while let Some(token) = self.tokens.get(i) {
            match self.words.token(token) {
                Word::LParen | Word::LBrace | Word::LBracket => depth += 1,
                Word::RParen | Word::RBrace | Word::RBracket => {
                    depth -= 1;
                    if depth == 0 {
                        return i + 1;
                    }
                }
                Word::Comma if depth == 1 => expect = true,
                _ if expect && depth == 1 && token.kind == TokenKind::Ident => {
                    self.report(i, NameSpace::Enumerator, true);
                    expect = false;
                }
                _ => {}
            }
            i += 1;
        }
        i
    }

    fn after_attributes(&self, mut i: usize) -> usize {
        loop {
            let (word, next) = (self.word(i), self.word(i + 1));
            i = match (word, next) {
                (Word::Attribute | Word::Declspec | Word::Alignas, Word::LParen) => {
                    self.after_group(i + 1)
                }
                (Word::LBracket, Word::LBracket) => self.after_group(i),
                _ => return i,
            };
        }
    }

    /// The index after the bracket group that opens at `open`.
    fn after_group(&self, open: usize) -> usize {
        let mut depth = 0usize;
        let mut i = open;
        while let Some(token) = self.tokens.get(i) {
            match self.words.token(token) {
                Word::LParen | Word::LBrace | Word::LBracket => depth += 1,
                Word::RParen | Word::RBrace | Word::RBracket => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return i + 1;
                    }
                }
                _ => {}
            }
            i += 1;
        }
        i
    }

    /// The attribute group at `open`: notes what keeps the item from waiting.
    fn attribute(&mut self, open: usize, outermost: bool) -> usize {
        let end = self.after_group(open);
        if outermost {
            for token in self.tokens.get(open..end).unwrap_or(&[]) {
                if token.kind != TokenKind::Ident {
                    continue;
                }
                match token.sym.as_str() {
                    "section" | "__section__" | "used" | "__used__" | "retain" | "__retain__"
                    | "constructor" | "__constructor__" | "alias" | "__alias__" => {
                        self.facts.placed = true
                    }
                    "always_inline" | "__always_inline__" => self.facts.inline = true,
                    _ => {}
                }
            }
        }
        end
    }

    /// Parentheses in a declarator: they group it, or hold its parameters. Returns the index after.
    fn parentheses(&mut self, open: usize, current: &mut Current) -> usize {
        let close = self.after_group(open);
        if current.settled {
            return close;
        }
        current.settled = true;
        let inner = self.after_attributes(open + 1);
        let groups = match self.word(inner) {
            Word::Star | Word::Caret | Word::LParen => true,
            _ => {
                self.is_name(inner)
                    && self.word(inner + 1) == Word::RParen
                    && (current.name.is_none() || self.word(close) == Word::LParen)
            }
        };
        if !groups {
            current.function = current.name.is_some();
            return close;
        }
        let mut i = inner;
        let mut pointer = false;
        while i < close {
            match self.word(i) {
                Word::Star | Word::Caret => pointer = true,
                Word::Const => self.facts.constant = true,
                Word::Attribute if self.word(i + 1) == Word::LParen => {
                    i = self.attribute(i + 1, true);
                    continue;
                }
                Word::Other if self.is_name(i) => {
                    current.name = Some(i);
                    // `(*f(int))(int)` is a function that returns a pointer to one.
                    let suffix = self.word(i + 1);
                    current.function =
                        suffix == Word::LParen || (!pointer && self.word(close) == Word::LParen);
                    break;
                }
                _ => {}
            }
            i += 1;
        }
        close
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::{split::split, test_lexer::lex};

    fn check(source: &str, expect: Expect) {
        let tokens = lex(source);
        let mut text = String::new();
        for item in split(&tokens) {
            let item = &tokens[item.range()];
            for declared in declared_names(item) {
                let space = format!("{:?}", declared.space);
                let defines = if declared.defines { "+" } else { "" };
                text.push_str(&format!("{space}{defines} {}, ", declared.name));
            }
            text.push_str(if is_lazy(item) { "lazy\n" } else { "eager\n" });
        }
        expect.assert_eq(&text);
    }

    #[test]
    fn typedefs() {
        check(
            "typedef unsigned int u32, *p; typedef int (*fn)(int x); typedef int v[3]; typedef u32 (g)(u32);
             typedef struct s { struct in { int x; } a; enum { A, B = (1, 2), C } e; } s_t; typedef typeof(u32) w __attribute__((aligned(4)));
             typedef _Atomic(u32) a;",
            expect![[r#"
                Typedef u32, Typedef p, lazy
                Typedef fn, lazy
                Typedef v, lazy
                Typedef g, lazy
                Tag+ s, Tag+ in, Enumerator+ A, Enumerator+ B, Enumerator+ C, Typedef s_t, lazy
                Typedef w, lazy
                Typedef a, lazy
            "#]],
        );
    }

    #[test]
    fn tags() {
        check(
            "struct fwd; struct __attribute__((packed)) s { int a; }; enum e : unsigned long { X = 1, Y, } ; union u { int a; } v; struct s *p;",
            expect![[r#"
                Tag fwd, lazy
                Tag+ s, lazy
                Tag+ e, Enumerator+ X, Enumerator+ Y, lazy
                Tag+ u, Ordinary v, eager
                Ordinary p, eager
            "#]],
        );
    }

    #[test]
    fn functions() {
        check(
            "int f(void); static inline struct s *g(int a) { struct l { int x; } q; } static int h(x) int x; { }
             void (*signal(int a, void (*b)(int)))(int); extern int k(void) __attribute__((section(\".ksyms\"))); int m(void) { }
             static __attribute__((always_inline)) int n(void) { } int (o)(int);",
            expect![[r#"
                Ordinary f, lazy
                Ordinary g, lazy
                Ordinary h, eager
                Ordinary signal, lazy
                Ordinary k, eager
                Ordinary m, eager
                Ordinary n, lazy
                Ordinary o, lazy
            "#]],
        );
    }

    #[test]
    fn variables() {
        check(
            "int a, *b = &a, c[] = { 1, 2 }; extern int d, e; static long (* const bpf_x)(void *map, const void *key) = (void *) 1;
             static int f; const volatile int g = 3; static const int h __attribute__((section(\"x\"))) = 1; _Static_assert(1, \"\");",
            expect![[r#"
                Ordinary a, Ordinary b, Ordinary c, eager
                Ordinary d, Ordinary e, lazy
                Ordinary bpf_x, lazy
                Ordinary f, eager
                Ordinary g, eager
                Ordinary h, eager
                lazy
            "#]],
        );
    }
}
