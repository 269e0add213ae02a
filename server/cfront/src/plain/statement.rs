//! What may begin where: statements, declarations, designators, arguments.

use super::{
    LiftedKind,
    frame::{Kind, Mode, Paren},
    write::Writer,
};
use crate::{token::TokenKind, words::Word};

impl Writer<'_> {
    pub(super) fn at_start(&mut self, i: usize, word: Word) -> usize {
        match self.top().kind {
            Kind::Block => self.statement(i, word),
            Kind::File => self.file_start(i, word),
            Kind::For => {
                if word == Word::Semi {
                    self.semicolon(i);
                    i + 1
                } else if self.declaration_start(i) {
                    self.specs(i, word)
                } else {
                    self.expr(i, word)
                }
            }
            Kind::Record => match word {
                Word::Semi => {
                    self.semicolon(i);
                    i + 1
                }
                Word::StaticAssert => self.skip_declaration(i),
                _ if self.is_macro_member(i) => {
                    // `__uint(type, X);` of a macro that is not known: some member.
                    let end = self.after_semicolon(i);
                    self.out.repairs.push(i as u32);
                    self.emit(i, "int x");
                    self.emit(end.saturating_sub(1).max(i), ";");
                    end
                }
                _ => self.specs(i, word),
            },
            Kind::Params => match word {
                Word::Ellipsis | Word::Comma => {
                    self.emit_raw(i);
                    i + 1
                }
                _ => self.specs(i, word),
            },
            Kind::Enum => {
                if self.kind(i) == Some(TokenKind::Ident) {
                    if let Some(token) = self.token(i) {
                        self.scopes.declare(token.sym, false);
                    }
                    self.emit(i, "x");
                    self.top().mode = Mode::Expr;
                    self.operand = true;
                    return i + 1;
                }
                self.expr(i, word)
            }
            Kind::Init => self.initializer(i, word),
            Kind::Bracket => match word {
                Word::Star if self.pair_closes(i + 1) => {
                    self.emit(i, "*");
                    i + 1
                }
                word if word.is_storage() || word.is_qualifier() => i + 1,
                _ => self.expr(i, word),
            },
            Kind::Paren => self.paren_start(i, word),
            Kind::Group | Kind::Asm => self.expr(i, word),
        }
    }

    /// Whether a member is spelled as a macro call: `name(...);`.
    fn is_macro_member(&self, i: usize) -> bool {
        self.is_name(i)
            && !self.type_start(i)
            && self.word(i + 1) == Word::LParen
            && self
                .pair(i + 1)
                .is_some_and(|close| matches!(self.word(close + 1), Word::Semi | Word::RBrace))
    }

    fn pair_closes(&self, i: usize) -> bool {
        self.word(i) == Word::RBracket
    }

    fn expr(&mut self, i: usize, word: Word) -> usize {
        self.top().mode = Mode::Expr;
        self.operand = false;
        self.in_expr(i, word)
    }

    fn specs(&mut self, i: usize, word: Word) -> usize {
        self.top().mode = Mode::Specs;
        self.in_specs(i, word)
    }

    /// Takes a declaration out of the text.
    fn skip_declaration(&mut self, i: usize) -> usize {
        let end = self.after_semicolon(i);
        self.lift(i, LiftedKind::Skipped, end);
        end
    }

    /// The index after the next `;` (brackets skipped), which leaves the text with what is before.
    fn after_semicolon(&self, mut i: usize) -> usize {
        while i < self.end() {
            match self.word(i) {
                Word::Semi => return i + 1,
                Word::RBrace => return i,
                Word::LParen | Word::LBrace | Word::LBracket => {
                    i = self.pair(i).unwrap_or(i);
                }
                _ => {}
            }
            i += 1;
        }
        i
    }

    /// Whether a declaration begins at `i`, in a place for a statement.
    fn declaration_start(&self, i: usize) -> bool {
        if self.type_start(i) {
            return true;
        }
        if !self.is_name(i) {
            return false;
        }
        // A name that is no typedef and yet stands like a type: its header is missing.
        let next = self.skip_lifted(i + 1);
        if self.is_name(next) {
            return true;
        }
        let mut k = next;
        while self.word(k) == Word::Star {
            k += 1;
        }
        k > next
            && self.is_name(k)
            && matches!(self.word(k + 1), Word::Semi | Word::Assign | Word::Comma)
    }

    fn file_start(&mut self, i: usize, word: Word) -> usize {
        match word {
            Word::Semi => {
                self.emit(i, ";");
                i + 1
            }
            Word::LBrace => {
                self.emit(i, "{");
                self.push(i, Kind::Block, "}");
                i + 1
            }
            Word::StaticAssert => {
                self.emit(i, "int x=0");
                let frame = self.top();
                frame.mode = Mode::Expr;
                frame.named = true;
                self.operand = true;
                i + 1
            }
            Word::If | Word::While | Word::For | Word::Do | Word::Switch | Word::Return => {
                // A statement outside of a function: a brace too many came before.
                self.emit_raw(i);
                self.top().mode = Mode::Expr;
                i + 1
            }
            _ => self.specs(i, word),
        }
    }

    fn paren_start(&mut self, i: usize, word: Word) -> usize {
        if word == Word::LBrace {
            self.emit(i, "{");
            self.push(i, Kind::Block, "}");
            return i + 1;
        }
        let is_type = self.type_start(i);
        let frame = self.top();
        if word == Word::Default && frame.generic {
            frame.mode = Mode::Expr;
            self.emit(i, "0");
            self.operand = true;
            return i + 1;
        }
        if !is_type || frame.paren == Paren::Control {
            return self.expr(i, word);
        }
        frame.type_name = true;
        if frame.paren == Paren::Call {
            frame.wrapped = true;
            self.emit(i.saturating_sub(1), "sizeof(");
        }
        self.specs(i, word)
    }

    fn initializer(&mut self, i: usize, word: Word) -> usize {
        if self.is_name(i) && self.word(i + 1) == Word::Colon {
            // The old GNU form of a designator.
            self.emit(i, ".x");
            self.emit(i + 1, "=");
            self.top().mode = Mode::Expr;
            self.operand = false;
            return i + 2;
        }
        if word == Word::LBrace {
            self.top().mode = Mode::Expr;
            self.emit(i, "{");
            self.push(i, Kind::Init, "}");
            return i + 1;
        }
        self.expr(i, word)
    }

    fn statement(&mut self, i: usize, word: Word) -> usize {
        match word {
            Word::Semi => self.semicolon(i),
            Word::LBrace => {
                self.emit(i, "{");
                self.push(i, Kind::Block, "}");
            }
            Word::If | Word::While | Word::Switch | Word::For => {
                self.emit(
                    i,
                    match word {
                        Word::If => "if",
                        Word::For => "for",
                        // The grammar wants braces after `switch`.
                        _ => "while",
                    },
                );
                if self.word(i + 1) == Word::LParen {
                    self.emit(i + 1, "(");
                    if word == Word::For {
                        self.push(i + 1, Kind::For, ")");
                    } else {
                        self.push(i + 1, Kind::Paren, ")").paren = Paren::Control;
                    }
                    return i + 2;
                }
            }
            Word::Else => self.emit(i, "else"),
            Word::Do => self.emit(i, "do"),
            Word::Return | Word::Break | Word::Continue => {
                self.emit(
                    i,
                    match word {
                        Word::Return => "return",
                        Word::Break => "break",
                        _ => "continue",
                    },
                );
                self.top().mode = Mode::Expr;
                self.operand = false;
            }
            Word::Goto => {
                self.top().mode = Mode::Expr;
                self.operand = false;
                if self.word(i + 1) == Word::Star {
                    self.emit(i, "0,");
                    return i + 1;
                }
                self.emit(i, "goto");
                if self.is_name(i + 1) {
                    self.emit(i + 1, "x");
                    self.operand = true;
                    return i + 2;
                }
            }
            Word::Case => {
                let range = self.case_is_range(i + 1);
                self.emit(i, if range { "while(0(" } else { "while(" });
                let frame = self.top();
                frame.mode = Mode::Expr;
                frame.case = Some(if range { "))" } else { ")" });
                self.operand = false;
            }
            Word::Default => {
                self.emit(i, "while(0");
                let frame = self.top();
                frame.mode = Mode::Expr;
                frame.case = Some(")");
                self.operand = true;
            }
            Word::StaticAssert => {
                self.emit(i, "0");
                self.top().mode = Mode::Expr;
                self.operand = true;
            }
            Word::LabelDecl => return self.skip_declaration(i),
            Word::Asm => return self.asm(i),
            _ if self.is_name(i) && self.word(i + 1) == Word::Colon => {
                self.emit(i, "x");
                self.emit(i + 1, ":");
                self.after_label(i + 1, false);
                return i + 2;
            }
            _ if self.declaration_start(i) => return self.specs(i, word),
            _ => return self.expr(i, word),
        }
        i + 1
    }

    /// After the colon at `colon`: the grammar wants a statement after every label, and after the
    /// `while` that stands for `case` no declaration.
    pub(super) fn after_label(&mut self, colon: usize, no_declaration: bool) {
        self.operand = false;
        let next = self.skip_lifted(colon + 1);
        if self.word(next) == Word::RBrace || (no_declaration && self.declaration_start(next)) {
            self.emit(colon, ";");
        }
    }

    fn case_is_range(&self, mut i: usize) -> bool {
        let mut ternaries = 0u32;
        while i < self.end() {
            match self.word(i) {
                Word::Ellipsis => return true,
                Word::Question => ternaries += 1,
                Word::Colon if ternaries > 0 => ternaries -= 1,
                Word::Colon | Word::Semi | Word::RBrace => return false,
                Word::LParen | Word::LBrace | Word::LBracket => {
                    i = self.pair(i).unwrap_or(i);
                }
                _ => {}
            }
            i += 1;
        }
        false
    }

    /// An asm statement: `0((operand),(operand))`.
    fn asm(&mut self, i: usize) -> usize {
        self.top().mode = Mode::Expr;
        self.emit(i, "0");
        let mut open = i + 1;
        while matches!(self.word(open), Word::Volatile | Word::Goto | Word::Inline) {
            open += 1;
        }
        self.operand = true;
        if self.word(open) != Word::LParen {
            return i + 1;
        }
        self.emit(open, "(");
        self.push(open, Kind::Asm, ")");
        open + 1
    }
}
