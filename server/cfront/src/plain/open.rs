//! Declarations, and what opens a bracket.

use super::{
    LiftedKind,
    frame::{Kind, Mode, Paren},
    write::Writer,
};
use crate::{token::TokenKind, words::Word};

impl Writer<'_> {
    pub(super) fn in_specs(&mut self, i: usize, word: Word) -> usize {
        let type_seen = self.top().type_seen;
        match word {
            Word::Atomic if self.word(i + 1) == Word::LParen && !type_seen => {
                return self.open_typeof(i);
            }
            word if word.is_storage() || word.is_qualifier() => {
                let frame = self.top();
                frame.any_spec = true;
                frame.typedef |= word == Word::Typedef;
                return i + 1;
            }
            Word::Struct | Word::Union | Word::Enum => return self.open_tag(i, word),
            Word::Typeof | Word::TypeofUnqual => return self.open_typeof(i),
            Word::BitInt => {
                self.type_word(i);
                return self.pair(i + 1).map_or(i + 1, |close| close + 1);
            }
            word if word.is_type() => {
                self.type_word(i);
                return i + 1;
            }
            Word::Other if !type_seen && self.is_unknown_macro(i) => {
                return self.skip_unknown(i);
            }
            Word::Other if !type_seen && self.is_name(i) && self.names_type(i) => {
                self.type_word(i);
                return i + 1;
            }
            _ => {}
        }
        if !type_seen {
            // Implicit int: `static x;`, `main() {}`.
            self.emit(i, "int");
        }
        let frame = self.top();
        frame.type_seen = true;
        frame.mode = Mode::Declarator;
        frame.named = false;
        self.in_declarator(i, word)
    }

    /// Whether the name at `i`, where a type is due, is one: a typedef name, or an unknown name
    /// that stands where only a type can.
    fn names_type(&mut self, i: usize) -> bool {
        if self.token(i).is_some_and(|token| self.scopes.is_typedef(token.sym)) {
            return true;
        }
        let next = self.skip_lifted(i + 1);
        match self.top().kind {
            Kind::Params | Kind::Paren | Kind::Record => true,
            _ => {
                let word = self.word(next);
                self.is_name(next)
                    || word == Word::Star
                    || word.is_specifier()
                    || (word == Word::LParen && self.word(next + 1) == Word::Star)
            }
        }
    }

    /// Whether the name at `i`, where specifiers stand, is a macro that is not known: it is no
    /// type, and the type comes after it (and after its arguments).
    fn is_unknown_macro(&self, i: usize) -> bool {
        if !self.is_name(i) || self.type_start(i) {
            return false;
        }
        let mut next = i + 1;
        if self.word(next) == Word::LParen {
            match self.pair(next) {
                Some(close) => next = close + 1,
                None => return false,
            }
        }
        let called = next > i + 1;
        let next = self.skip_lifted(next);
        match self.word(next) {
            Word::Other if self.type_start(next) || called => {
                let after = self.skip_lifted(next + 1);
                self.is_name(next) && (self.is_name(after) || self.word(after) == Word::Star)
            }
            word => word.is_type() || word.is_storage(),
        }
    }

    /// Of several names where one declarator is due the others are macros that are not known.
    /// Whether the one at `i` is the declarator's.
    fn is_declared_name(&self, i: usize) -> bool {
        let mut last = i;
        for _ in 0..8 {
            let next = self.skip_lifted(last + 1);
            if !self.is_name(next) {
                break;
            }
            last = next;
        }
        if last == i {
            return true;
        }
        let open = last + 1;
        if self.word(open) == Word::LParen {
            let inner = open + 1;
            let parameters = self.word(inner) == Word::RParen
                || self.type_start(inner)
                || (self.is_name(inner)
                    && (self.is_name(inner + 1) || self.word(inner + 1) == Word::Star));
            if parameters {
                return false;
            }
        }
        // By convention the names of attribute macros begin with underscores.
        !self.token(i).is_some_and(|token| token.sym.as_str().starts_with("__"))
    }

    /// Takes a macro that is not known, with its arguments, out of the text.
    pub(super) fn skip_unknown(&mut self, i: usize) -> usize {
        let mut end = i + 1;
        if self.word(end) == Word::LParen {
            end = self.pair(end).map_or(end, |close| close + 1);
        }
        self.out.repairs.push(i as u32);
        self.lift(i, LiftedKind::Skipped, end);
        end
    }

    /// A word that is (part of) the type: the first one is written, as `int`.
    fn type_word(&mut self, i: usize) {
        let frame = self.top();
        frame.any_spec = true;
        if !std::mem::replace(&mut frame.type_seen, true) {
            self.emit(i, "int");
        }
    }

    fn open_typeof(&mut self, i: usize) -> usize {
        self.top().type_seen = true;
        self.top().any_spec = true;
        let open = i + 1;
        if self.word(open) != Word::LParen {
            self.emit(i, "int");
            return i + 1;
        }
        let is_type = self.type_start(open + 1);
        self.emit(i, "struct x{int x:");
        self.emit(open, if is_type { "sizeof(" } else { "(" });
        self.push(open, Kind::Paren, ");}").paren = Paren::Operator;
        open + 1
    }

    fn open_tag(&mut self, i: usize, word: Word) -> usize {
        self.top().type_seen = true;
        self.top().any_spec = true;
        let is_enum = word == Word::Enum;
        self.emit(i, if is_enum { "enum" } else { "struct" });
        let mut next = self.lift_all(i + 1);
        let tagged = self.kind(next) == Some(TokenKind::Ident);
        if tagged {
            self.emit(next, "x");
            next = self.lift_all(next + 1);
        }
        if is_enum && self.word(next) == Word::Colon && self.type_start(next + 1) {
            // A fixed underlying type is read from the tokens.
            next += 1;
            while self.type_start(next) && self.word(next) != Word::LBrace {
                next = self.skip_lifted(next) + 1;
            }
        }
        if self.word(next) == Word::LBrace {
            self.emit(next, "{");
            self.push(next, if is_enum { Kind::Enum } else { Kind::Record }, "}");
            return next + 1;
        }
        next
    }

    pub(super) fn in_declarator(&mut self, i: usize, word: Word) -> usize {
        let frame = self.top();
        let (kind, named) = (frame.kind, frame.named);
        match word {
            Word::Star | Word::Caret => self.emit(i, "*"),
            // `int __unknown f(void)`, `int x UNKNOWN("a") = 1;`
            Word::Other if self.is_name(i) && (named || !self.is_declared_name(i)) => {
                return self.skip_unknown(i);
            }
            Word::Other if self.kind(i) == Some(TokenKind::Ident) => {
                self.declare(i);
                self.emit(i, "x");
            }
            Word::LParen if !named && self.groups_declarator(i) => {
                let typedef = self.top().typedef;
                // `(x)(int)` of a parameter could be a function without name for the grammar; with a
                // `*` that no token spells it cannot.
                let names = self.is_name(self.skip_lifted(i + 1));
                self.emit(i, if names { "(*" } else { "(" });
                let group = self.push(i, Kind::Group, ")");
                group.mode = Mode::Declarator;
                group.type_seen = true;
                group.typedef = typedef;
            }
            Word::LParen => {
                self.top().named = true;
                self.emit(i, "(");
                self.push(i, Kind::Params, ")");
            }
            Word::LBracket => {
                self.top().named = true;
                self.open_bracket(i);
            }
            Word::Colon if kind == Kind::Record => {
                if !named {
                    self.emit(i, "x");
                }
                let frame = self.top();
                frame.mode = Mode::Expr;
                frame.in_decl = true;
                self.operand = false;
                self.emit(i, ":");
            }
            Word::Colon if kind == Kind::Paren => {
                // `T:` of _Generic.
                let frame = self.top();
                let wrapped = std::mem::replace(&mut frame.wrapped, false);
                frame.mode = Mode::Expr;
                self.operand = false;
                self.emit(i, if wrapped { ") ," } else { ":" });
            }
            Word::Assign => {
                let frame = self.top();
                frame.mode = Mode::Expr;
                frame.in_decl = true;
                self.operand = false;
                self.emit(i, "=");
            }
            Word::Comma => self.comma(i),
            Word::Semi => self.semicolon(i),
            Word::LBrace => {
                self.emit(i, "{");
                self.push(i, Kind::Block, "}");
            }
            word if word.is_storage() || word.is_qualifier() => {}
            _ => self.emit_raw(i),
        }
        i + 1
    }

    /// Whether `(` at `i` groups a declarator (and does not begin parameters).
    fn groups_declarator(&self, i: usize) -> bool {
        let next = self.skip_lifted(i + 1);
        match self.word(next) {
            Word::Star | Word::Caret | Word::LParen | Word::LBracket => true,
            _ => self.is_name(next) && !self.type_start(next),
        }
    }

    fn declare(&mut self, i: usize) {
        let Some(name) = self.token(i).map(|token| token.sym) else { return };
        let frame = self.top();
        frame.named = true;
        let typedef = frame.typedef;
        if self.declares_in_scope() {
            self.scopes.declare(name, typedef);
        }
    }

    /// Writes `(`, and decides what the parentheses are.
    pub(super) fn open_paren(&mut self, i: usize, operand: bool) -> usize {
        let generic = i > 0 && self.word(i - 1) == Word::Generic;
        let offsetof = i > 0 && self.is_offsetof(i - 1);
        let unknown_type = !operand && self.unknown_cast(i);
        self.emit(i, "(");
        let frame = self.push(i, Kind::Paren, ")");
        frame.generic = generic;
        frame.offsetof = offsetof;
        if operand {
            frame.paren = Paren::Call;
        } else if unknown_type {
            frame.mode = Mode::Specs;
            frame.type_name = true;
        }
        i + 1
    }

    /// A cast to a type that is not known: `(name)operand`, `(name *)`.
    fn unknown_cast(&self, i: usize) -> bool {
        let Some(close) = self.pair(i) else { return false };
        if !self.is_name(i + 1) || self.type_start(i + 1) {
            return false;
        }
        if close == i + 2 {
            return self.is_name(close + 1)
                || matches!(
                    self.kind(close + 1),
                    Some(TokenKind::Number | TokenKind::Str | TokenKind::Char)
                );
        }
        (i + 2..close).all(|k| self.word(k) == Word::Star)
    }

    pub(super) fn open_bracket(&mut self, i: usize) {
        let (open, close) = match self.in_brackets(i) {
            Word::Ellipsis => ("[0(", ")]"),
            Word::Comma => ("[(", ")]"),
            _ => ("[", "]"),
        };
        self.emit(i, open);
        self.push(i, Kind::Bracket, close);
    }

    /// Whether `...` or `,` stands directly in the brackets that open at `i`.
    fn in_brackets(&self, i: usize) -> Word {
        let Some(close) = self.pair(i) else { return Word::Other };
        let mut k = i + 1;
        let mut found = Word::Other;
        while k < close {
            match self.word(k) {
                Word::Ellipsis => return Word::Ellipsis,
                Word::Comma => found = Word::Comma,
                Word::LParen | Word::LBrace | Word::LBracket => {
                    k = self.pair(k).unwrap_or(k);
                }
                _ => {}
            }
            k += 1;
        }
        found
    }

    pub(super) fn open_brace_in_expr(&mut self, i: usize, operand: bool) {
        let frame = self.top();
        if frame.kind == Kind::Block && operand && !frame.in_decl {
            // `for_each_something(x) {` of a macro that is not known: a block follows a call.
            frame.restart();
            self.out.repairs.push(i as u32);
            self.emit(i.saturating_sub(1), ";");
            self.emit(i, "{");
            self.push(i, Kind::Block, "}");
            return;
        }
        self.emit(i, "{");
        self.push(i, Kind::Init, "}");
    }

    pub(super) fn sizeof(&mut self, i: usize) -> usize {
        let open = i + 1;
        if self.word(open) == Word::LParen && self.type_start(open + 1) {
            let after = self.pair(open).map(|close| self.word(close + 1));
            if after.is_some_and(|word| word != Word::LBrace) {
                // Parentheses around it keep `sizeof(T) * n` from being a cast of `*n`.
                self.emit(i, "(sizeof");
                self.emit(open, "(");
                self.push(open, Kind::Paren, "))").paren = Paren::Operator;
                return open + 1;
            }
        }
        self.emit(i, "sizeof");
        i + 1
    }
}
