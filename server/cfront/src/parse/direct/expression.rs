//! Expressions by precedence, down to prefix operators and casts.

use super::Reader;
use crate::{
    ast::{BinaryOp, Expr, ExprKind, Span, UnaryOp},
    symbol::{Symbol, known},
    token::TokenKind,
    words::Word,
};

impl Reader<'_> {
    /// An expression, commas included.
    pub(super) fn expression(&mut self) -> Option<Expr> {
        let outer = self.begin_left();
        let mut expr = self.assignment()?;
        if self.word() == Word::Comma {
            self.sink()?;
            self.at += 1;
            let right = self.deeper(Self::expression);
            let right = self.or_error(right);
            let span = Span { start: expr.span.start, end: right.span.end };
            expr = Expr { kind: ExprKind::Comma(Box::new(expr), Box::new(right)), span };
        }
        self.end_left(outer);
        Some(expr)
    }

    /// An expression without comma and assignment on its outermost level.
    pub(super) fn constant(&mut self) -> Option<Expr> {
        let expr = self.assignment()?;
        Some(expr)
    }

    /// An expression without comma on its outermost level.
    pub(in crate::parse) fn assignment(&mut self) -> Option<Expr> {
        let outer = self.begin_left();
        let left = self.binary(0)?;
        let expr = match self.word() {
            Word::Assign | Word::CompoundAssign => {
                self.sink()?;
                let op = compound_op(self.token()?.sym);
                self.at += 1;
                let right = self.deeper(Self::assignment);
                let right = self.or_error(right);
                let span = Span { start: left.span.start, end: right.span.end };
                Expr { kind: ExprKind::Assign(op, Box::new(left), Box::new(right)), span }
            }
            Word::Question => {
                self.sink()?;
                self.deeper(|reader| reader.conditional(left))?
            }
            _ => left,
        };
        self.end_left(outer);
        Some(expr)
    }

    /// `? a : b`, `?: b`
    fn conditional(&mut self, cond: Expr) -> Option<Expr> {
        self.at += 1;
        let then = match self.word() {
            Word::Colon => None,
            _ => {
                let then = self.expression();
                Some(Box::new(self.or_error(then)))
            }
        };
        self.expect(Word::Colon);
        // An assignment is no third operand.
        let otherwise = self.constant();
        let otherwise = Box::new(self.or_error(otherwise));
        let span = Span { start: cond.span.start, end: otherwise.span.end };
        Some(Expr { kind: ExprKind::Conditional { cond: Box::new(cond), then, otherwise }, span })
    }

    /// Operators that bind at least as tightly as `least`.
    fn binary(&mut self, least: u8) -> Option<Expr> {
        let outer = self.begin_left();
        let mut left = self.unary()?;
        while let Some((op, strength)) = self.binary_operator()
            && strength >= least
        {
            self.sink()?;
            self.at += 1;
            let right = self.deeper(|reader| reader.binary(strength + 1));
            let right = self.or_error(right);
            let span = Span { start: left.span.start, end: right.span.end };
            left = Expr { kind: ExprKind::Binary(op, Box::new(left), Box::new(right)), span };
        }
        self.end_left(outer);
        Some(left)
    }

    fn binary_operator(&self) -> Option<(BinaryOp, u8)> {
        let token = self.token().filter(|token| token.kind == TokenKind::Punct)?;
        Some(match token.sym {
            known::PIPE_PIPE => (BinaryOp::LogOr, 0),
            known::AMP_AMP => (BinaryOp::LogAnd, 1),
            known::PIPE => (BinaryOp::BitOr, 2),
            known::CARET => (BinaryOp::BitXor, 3),
            known::AMP => (BinaryOp::BitAnd, 4),
            known::EQ_EQ => (BinaryOp::Eq, 5),
            known::NE => (BinaryOp::Ne, 5),
            known::LT => (BinaryOp::Lt, 6),
            known::GT => (BinaryOp::Gt, 6),
            known::LE => (BinaryOp::Le, 6),
            known::GE => (BinaryOp::Ge, 6),
            known::SHL => (BinaryOp::Shl, 7),
            known::SHR => (BinaryOp::Shr, 7),
            known::PLUS => (BinaryOp::Add, 8),
            known::MINUS => (BinaryOp::Sub, 8),
            known::STAR => (BinaryOp::Mul, 9),
            known::SLASH => (BinaryOp::Div, 9),
            known::PERCENT => (BinaryOp::Rem, 9),
            _ => return None,
        })
    }

    /// An operand with what stands before it.
    pub(super) fn unary(&mut self) -> Option<Expr> {
        // It leaves no trace.
        while self.word() == Word::Extension {
            self.at += 1;
        }
        let Some(token) = self.token() else {
            self.missing();
            return None;
        };
        if token.kind != TokenKind::Punct {
            return match self.word() {
                Word::RealImag => self.real_imag(),
                Word::Sizeof | Word::Alignof => self.deeper(Self::sizeof),
                _ => self.operand(),
            };
        }
        let op = match token.sym {
            known::L_PAREN if self.begins_type(self.at + 1) => {
                return self.deeper(Self::cast);
            }
            known::L_PAREN if self.unknown_cast(self.at) => return self.deeper(Self::cast),
            known::L_PAREN => return self.operand(),
            known::STAR => UnaryOp::Deref,
            known::AMP => UnaryOp::AddrOf,
            known::NOT => UnaryOp::Not,
            known::MINUS => UnaryOp::Minus,
            known::TILDE => UnaryOp::BitNot,
            known::PLUS => UnaryOp::Plus,
            known::PLUS_PLUS => UnaryOp::PreInc,
            known::MINUS_MINUS => UnaryOp::PreDec,
            known::AMP_AMP => return self.label_address(),
            _ => {
                self.missing();
                return None;
            }
        };
        self.prefixed(op)
    }

    fn prefixed(&mut self, op: UnaryOp) -> Option<Expr> {
        let start = self.at;
        self.at += 1;
        let inner = self.deeper(Self::unary);
        let inner = self.or_error(inner);
        let span = Span { start, end: inner.span.end };
        Some(Expr { kind: ExprKind::Unary(op, Box::new(inner)), span })
    }

    /// `__real__ e`
    fn real_imag(&mut self) -> Option<Expr> {
        self.prefixed(UnaryOp::Extension)
    }

    /// A cast to a type that is not known: `(name)operand`, `(name *)`.
    pub(super) fn unknown_cast(&mut self, open: u32) -> bool {
        if !self.is_name(open + 1) || self.begins_type(open + 1) {
            return false;
        }
        let Some(close) = self.pair(open) else { return false };
        if close == open + 2 {
            let operand = self.is_name(close + 1)
                || [TokenKind::Number, TokenKind::Str, TokenKind::Char]
                    .into_iter()
                    .any(|kind| self.is_kind(close + 1, kind));
            return operand && !self.begins_line(close + 1);
        }
        (open + 2..close).all(|at| self.word_at(at) == Word::Star)
    }

    /// `&&label`
    fn label_address(&mut self) -> Option<Expr> {
        let start = self.at;
        self.at += 1;
        let Some(name) = self.name() else {
            self.missing();
            return None;
        };
        let kind = ExprKind::LabelAddress(name);
        Some(Expr { kind, span: Span { start, end: self.at } })
    }

    /// `(T)operand` or `(T){ ... }`
    fn cast(&mut self) -> Option<Expr> {
        let start = self.at;
        self.at += 1;
        let ty = Box::new(self.type_name()?);
        self.expect(Word::RParen);
        if self.word() == Word::LBrace {
            return self.compound_literal(start, ty);
        }
        let expr = self.unary();
        let expr = Box::new(self.or_error(expr));
        let span = Span { start, end: expr.span.end };
        Some(Expr { kind: ExprKind::Cast { ty, expr }, span })
    }

    /// `sizeof e`, `sizeof(T)`, and the like with `_Alignof`.
    fn sizeof(&mut self) -> Option<Expr> {
        let start = self.at;
        let alignof = self.word() == Word::Alignof;
        self.at += 1;
        let open = self.at;
        let unknown = self.word() == Word::LParen
            && self.word_at(open + 2) == Word::Star
            && self.unknown_cast(open);
        let types = self.word() == Word::LParen && self.begins_type(open + 1);
        let value = if types || unknown {
            self.at += 1;
            let ty = Box::new(self.type_name()?);
            self.expect(Word::RParen);
            match self.word() {
                Word::LBrace => self.compound_literal(open, ty)?,
                _ => {
                    let span = Span { start, end: self.at };
                    let kind = match alignof {
                        true => ExprKind::AlignofType(ty),
                        false => ExprKind::SizeofType(ty),
                    };
                    return Some(Expr { kind, span });
                }
            }
        } else {
            let value = self.unary();
            self.or_error(value)
        };
        let span = Span { start, end: value.span.end };
        let kind = match alignof {
            true => ExprKind::AlignofExpr(Box::new(value)),
            false => ExprKind::SizeofExpr(Box::new(value)),
        };
        Some(Expr { kind, span })
    }
}

/// The operator of `op=`; `None` for `=`.
fn compound_op(sym: Symbol) -> Option<BinaryOp> {
    Some(match sym {
        known::PLUS_EQ => BinaryOp::Add,
        known::MINUS_EQ => BinaryOp::Sub,
        known::STAR_EQ => BinaryOp::Mul,
        known::SLASH_EQ => BinaryOp::Div,
        known::PERCENT_EQ => BinaryOp::Rem,
        known::SHL_EQ => BinaryOp::Shl,
        known::SHR_EQ => BinaryOp::Shr,
        known::AMP_EQ => BinaryOp::BitAnd,
        known::PIPE_EQ => BinaryOp::BitOr,
        known::CARET_EQ => BinaryOp::BitXor,
        _ => return None,
    })
}
