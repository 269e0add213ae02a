//! Operands: constants, names, parentheses, and what stands behind them.

use super::Reader;
use crate::{
    ast::{Designator, Expr, ExprKind, Ident, PostfixOp, Span, TypeName},
    literal,
    symbol::known,
    token::TokenKind,
    words::Word,
};

/// What stands in the parentheses of a call.
#[derive(Default)]
struct Arguments {
    exprs: Vec<Expr>,
    types: Vec<TypeName>,
    /// Whether the first argument is a type.
    type_first: bool,
}

impl Reader<'_> {
    pub(super) fn operand(&mut self) -> Option<Expr> {
        let outer = self.begin_left();
        let base = self.primary()?;
        let expr = self.postfix(base)?;
        self.end_left(outer);
        Some(expr)
    }

    fn primary(&mut self) -> Option<Expr> {
        let start = self.at;
        let Some(&token) = self.token() else {
            self.missing();
            return None;
        };
        let kind = match token.kind {
            TokenKind::Ident => match self.room.words.of(token.sym) {
                Word::Other => ExprKind::Ident(self.name()?),
                Word::Generic => self.deeper(Self::generic)?,
                _ => {
                    self.missing();
                    return None;
                }
            },
            TokenKind::Number => {
                self.at += 1;
                literal::number(token.sym)
            }
            TokenKind::Char => {
                self.at += 1;
                let (value, kind) = literal::character(token.sym.as_str());
                ExprKind::Char(value, kind)
            }
            TokenKind::Str => {
                self.strings()?;
                let end = self.at;
                while self.is_name(self.at) && !self.begins_line(self.at) {
                    // `"text" UNKNOWN "text"`
                    self.mended();
                    self.at += 1;
                    self.strings();
                }
                let at = std::mem::replace(&mut self.at, end);
                let (bytes, width) = self.room.string(start, self.at);
                self.at = at;
                // The first of adjacent literals is the place of all.
                let span = Span { start, end: start + 1 };
                return Some(Expr { kind: ExprKind::Str { bytes, width }, span });
            }
            TokenKind::Punct if token.sym == known::L_PAREN => {
                let kind = self.deeper(Self::parenthesized);
                if kind.is_none() {
                    self.take(Word::RParen);
                }
                kind.unwrap_or(ExprKind::Error)
            }
            _ => {
                self.missing();
                return None;
            }
        };
        Some(Expr { kind, span: Span { start, end: self.at } })
    }

    /// `(e)` or `({ ... })`
    fn parenthesized(&mut self) -> Option<ExprKind> {
        self.at += 1;
        let kind = match self.word() {
            Word::LBrace => ExprKind::StmtExpr(self.block()?),
            _ => {
                let inner = self.expression();
                ExprKind::Paren(Box::new(self.or_error(inner)))
            }
        };
        self.close_paren();
        Some(kind)
    }

    /// `{ ... }` after the type of a compound literal, and what stands behind it.
    pub(super) fn compound_literal(&mut self, start: u32, ty: Box<TypeName>) -> Option<Expr> {
        let outer = self.begin_left();
        let init = Box::new(self.initializer_list()?);
        let span = Span { start, end: self.at };
        let base = Expr { kind: ExprKind::CompoundLiteral { ty, init }, span };
        let expr = self.postfix(base)?;
        self.end_left(outer);
        Some(expr)
    }

    fn postfix(&mut self, mut base: Expr) -> Option<Expr> {
        loop {
            let start = base.span.start;
            let word = self.word();
            if !word.continues_operand() {
                return Some(base);
            }
            // A line that begins with a parenthesis, behind one without its `;`.
            self.sink()?;
            let kind = match word {
                Word::LParen => self.deeper(|reader| reader.call(base))?,
                Word::LBracket => {
                    self.at += 1;
                    let index = self.deeper(Self::expression);
                    let index = Box::new(self.or_error(index));
                    self.expect(Word::RBracket);
                    ExprKind::Index { base: Box::new(base), index }
                }
                Word::IncDec => {
                    let increments = self.token()?.sym == known::PLUS_PLUS;
                    self.at += 1;
                    let op = if increments { PostfixOp::Inc } else { PostfixOp::Dec };
                    ExprKind::Postfix(op, Box::new(base))
                }
                _ => {
                    self.at += 1;
                    let Some(field) = self.name() else {
                        self.missing();
                        return Some(base);
                    };
                    ExprKind::Member { base: Box::new(base), arrow: word == Word::Arrow, field }
                }
            };
            base = Expr { kind, span: Span { start, end: self.at } };
        }
    }

    fn call(&mut self, callee: Expr) -> Option<ExprKind> {
        let ExprKind::Ident(name) = callee.kind else {
            let Arguments { exprs: args, .. } = self.arguments()?;
            return Some(ExprKind::Call { callee: Box::new(callee), args });
        };
        if name.name == known::BUILTIN_OFFSETOF {
            return self.offsetof();
        }
        let arguments = self.arguments()?;
        if arguments.types.is_empty() && name.name != known::BUILTIN_CHOOSE_EXPR {
            return Some(ExprKind::Call { callee: Box::new(callee), args: arguments.exprs });
        }
        let (exprs, types) = (arguments.exprs.clone(), arguments.types.clone());
        let special = special_call(name, callee.span, arguments);
        let name = name.name;
        Some(special.unwrap_or(ExprKind::BuiltinWithTypes { name, types, args: exprs }))
    }

    fn arguments(&mut self) -> Option<Arguments> {
        self.at += 1;
        let mut arguments = Arguments::default();
        if self.take(Word::RParen) {
            return Some(arguments);
        }
        loop {
            let before = self.at;
            if self.begins_type(self.at) {
                arguments.type_first |= arguments.exprs.is_empty();
                arguments.types.extend(self.type_name());
            } else if matches!(self.word(), Word::RParen | Word::Comma) {
                self.missing();
            } else if self.ends_list() {
                break;
            } else {
                let argument = self.assignment();
                arguments.exprs.push(self.or_error(argument));
            }
            if self.take(Word::RParen) {
                return Some(arguments);
            }
            if self.take(Word::Comma) {
                continue;
            }
            if self.ends_list() {
                break;
            }
            self.missing();
            if self.at == before {
                self.skip_group();
            } else if self.begins_line(self.at) {
                break;
            }
        }
        self.close_paren();
        Some(arguments)
    }

    /// Whether what stands here ends a list that is not closed.
    pub(super) fn ends_list(&self) -> bool {
        let word = self.word();
        self.token().is_none()
            || word.is_statement()
            || matches!(
                word,
                Word::Semi | Word::LBrace | Word::RBrace | Word::RParen | Word::RBracket
            )
    }

    /// `)`, which may be missing before `;`.
    pub(super) fn close_paren(&mut self) {
        if self.take(Word::RParen) {
            return;
        }
        match self.word() {
            Word::Semi | Word::RBrace => self.mended(),
            _ => self.missing(),
        }
    }

    /// `(T, a.b[1])` of `__builtin_offsetof`
    fn offsetof(&mut self) -> Option<ExprKind> {
        if !self.begins_type(self.at + 1) {
            let Arguments { exprs: args, types, .. } = self.arguments()?;
            return Some(ExprKind::BuiltinWithTypes { name: known::BUILTIN_OFFSETOF, types, args });
        }
        self.at += 1;
        let ty = Box::new(self.type_name()?);
        self.expect(Word::Comma);
        let mut path = Vec::new();
        match self.name() {
            Some(name) => path.push(Designator::Field(name)),
            None => self.missing(),
        }
        loop {
            let step = match self.word() {
                Word::Dot => {
                    self.at += 1;
                    let Some(name) = self.name() else {
                        self.missing();
                        break;
                    };
                    Designator::Field(name)
                }
                Word::LBracket => {
                    self.at += 1;
                    let index = self.constant();
                    let index = self.or_error(index);
                    self.expect(Word::RBracket);
                    Designator::Index(index)
                }
                _ => break,
            };
            path.push(step);
        }
        self.expect(Word::RParen);
        (path.len() <= MAX_PATH).then_some(ExprKind::Offsetof { ty, path })
    }

    /// `_Generic(control, T: a, default: b)`
    fn generic(&mut self) -> Option<ExprKind> {
        self.at += 1;
        self.expect(Word::LParen);
        if self.begins_type(self.at) {
            self.missing();
            return None;
        }
        let control = self.assignment();
        let control = Box::new(self.or_error(control));
        let mut arms = Vec::new();
        while self.take(Word::Comma) {
            let ty = if self.take(Word::Default) {
                None
            } else if self.is_name(self.at)
                || (self.begins_type(self.at) && self.past_lifted(self.at) == self.at)
            {
                Some(self.type_name()?)
            } else {
                self.missing();
                break;
            };
            self.expect(Word::Colon);
            let value = self.assignment();
            arms.push((ty, self.or_error(value)));
        }
        self.expect(Word::RParen);
        Some(ExprKind::Generic { control, arms })
    }
}

impl Word {
    /// Whether the word goes on with the operand before it.
    pub(super) fn continues_operand(self) -> bool {
        matches!(self, Word::LBracket | Word::LParen | Word::Dot | Word::Arrow | Word::IncDec)
    }
}

/// A call of a builtin that takes types, or is more than a call.
fn special_call(name: Ident, span: Span, arguments: Arguments) -> Option<ExprKind> {
    let Arguments { mut exprs, mut types, type_first } = arguments;
    Some(match (name.name, exprs.len(), types.len()) {
        (known::BUILTIN_TYPES_COMPATIBLE_P, 0, 2) => {
            let (second, first) = (types.pop()?, types.pop()?);
            ExprKind::TypesCompatible(Box::new(first), Box::new(second))
        }
        (known::BUILTIN_VA_ARG, 1, 1) if !type_first => {
            ExprKind::VaArg { ap: Box::new(exprs.pop()?), ty: Box::new(types.pop()?) }
        }
        (known::BUILTIN_CHOOSE_EXPR, 3, 0) => {
            let (otherwise, then, cond) = (exprs.pop()?, exprs.pop()?, exprs.pop()?);
            ExprKind::ChooseExpr {
                cond: Box::new(cond),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            }
        }
        (known::BUILTIN_CHOOSE_EXPR, ..) => return None,
        (known::BUILTIN_VA_ARG, _, 1..) => return None,
        (_, _, 0) => {
            let callee = Expr { kind: ExprKind::Ident(name), span };
            ExprKind::Call { callee: Box::new(callee), args: exprs }
        }
        _ => ExprKind::BuiltinWithTypes { name: name.name, types, args: exprs },
    })
}

/// Steps of a member path; more are left out.
const MAX_PATH: usize = 64;
