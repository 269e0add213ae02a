//! `#if` expressions (C11 6.10.1): 64-bit arithmetic, signed and unsigned.

use crate::{
    symbol::known as k,
    token::{Token, TokenKind},
};

/// A value: its bits, and whether it is `uintmax_t`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Value {
    bits: u64,
    unsigned: bool,
}

/// Nesting of parentheses and operators that is followed.
const MAX_DEPTH: u32 = 200;

struct Parser<'t> {
    tokens: &'t [Token],
    pos: usize,
    depth: u32,
    /// C23 makes `true` a keyword.
    has_true: bool,
}

/// Whether the expression (macros expanded, `defined` replaced) is not 0; `Err` says what is wrong
/// with it and at which token.
pub(crate) fn evaluate(tokens: &[Token], has_true: bool) -> Result<bool, (String, usize)> {
    value(tokens, has_true).map(|bits| bits != 0)
}

/// The expression's value, 64 bits.
pub(crate) fn value(tokens: &[Token], has_true: bool) -> Result<u64, (String, usize)> {
    let mut parser = Parser { tokens, pos: 0, depth: 0, has_true };
    if tokens.is_empty() {
        return Err(("expected a value in the expression".into(), 0));
    }
    let value = parser.conditional(true);
    match value {
        Ok(_) if parser.pos < tokens.len() => {
            Err(("expected the end of the expression".into(), parser.pos))
        }
        Ok(value) => Ok(value.bits),
        Err(message) => Err((message, parser.pos)),
    }
}

type Result_ = Result<Value, String>;

fn truth(b: bool) -> Value {
    Value { bits: u64::from(b), unsigned: false }
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.pos)
    }

    fn eat(&mut self, sym: crate::symbol::Symbol) -> bool {
        let found = self.peek().is_some_and(|t| t.is_sym(sym));
        self.pos += usize::from(found);
        found
    }

    fn nest(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            Err("the expression is nested too deeply".into())
        } else {
            Ok(())
        }
    }

    fn conditional(&mut self, live: bool) -> Result_ {
        self.nest()?;
        let cond = self.binary(0, live)?;
        let value = if self.eat(k::QUESTION) {
            let yes = cond.bits != 0;
            let then = self.comma(live && yes)?;
            if !self.eat(k::COLON) {
                return Err("expected ':'".into());
            }
            let otherwise = self.conditional(live && !yes)?;
            let unsigned = then.unsigned || otherwise.unsigned;
            Value { bits: if yes { then.bits } else { otherwise.bits }, unsigned }
        } else {
            cond
        };
        self.depth -= 1;
        Ok(value)
    }

    fn comma(&mut self, live: bool) -> Result_ {
        let mut value = self.conditional(live)?;
        while self.eat(k::COMMA) {
            value = self.conditional(live)?;
        }
        Ok(value)
    }

    fn binary(&mut self, least: u8, live: bool) -> Result_ {
        let mut left = self.unary(live)?;
        while let Some(op) = self.peek().filter(|t| t.kind == TokenKind::Punct).map(|t| t.sym) {
            let level = match op {
                k::PIPE_PIPE => 1,
                k::AMP_AMP => 2,
                k::PIPE => 3,
                k::CARET => 4,
                k::AMP => 5,
                k::EQ_EQ | k::NE => 6,
                k::LT | k::GT | k::LE | k::GE => 7,
                k::SHL | k::SHR => 8,
                k::PLUS | k::MINUS => 9,
                k::STAR | k::SLASH | k::PERCENT => 10,
                _ => break,
            };
            if level <= least {
                break;
            }
            self.pos += 1;
            let needed = match op {
                k::PIPE_PIPE => left.bits == 0,
                k::AMP_AMP => left.bits != 0,
                _ => true,
            };
            self.nest()?;
            let right = self.binary(level, live && needed)?;
            self.depth -= 1;
            left = apply(op, left, right, live && needed)?;
        }
        Ok(left)
    }

    fn unary(&mut self, live: bool) -> Result_ {
        let Some(token) = self.peek().copied() else {
            return Err("expected a value in the expression".into());
        };
        self.pos += 1;
        match token.kind {
            TokenKind::Number => number(token.sym.as_str()),
            TokenKind::Char => character(token.sym.as_str()),
            TokenKind::Ident => {
                let value = self.has_true && token.sym == k::TRUE;
                if self.peek().is_some_and(|t| t.is_sym(k::L_PAREN)) {
                    return Err(format!("function-like macro '{}' is not defined", token.sym));
                }
                Ok(truth(value))
            }
            TokenKind::Punct => {
                let op = token.sym;
                if op == k::L_PAREN {
                    let value = self.comma(live)?;
                    return if self.eat(k::R_PAREN) {
                        Ok(value)
                    } else {
                        Err("expected ')'".into())
                    };
                }
                self.nest()?;
                let value = match op {
                    k::PLUS => self.unary(live)?,
                    k::MINUS => {
                        let v = self.unary(live)?;
                        Value { bits: v.bits.wrapping_neg(), ..v }
                    }
                    k::TILDE => {
                        let v = self.unary(live)?;
                        Value { bits: !v.bits, ..v }
                    }
                    k::NOT => truth(self.unary(live)?.bits == 0),
                    _ => return Err("expected a value in the expression".into()),
                };
                self.depth -= 1;
                Ok(value)
            }
            _ => Err("this is not part of an integer expression".into()),
        }
    }
}

fn apply(op: crate::symbol::Symbol, a: Value, b: Value, live: bool) -> Result_ {
    let unsigned = a.unsigned || b.unsigned;
    let (x, y) = (a.bits as i64, b.bits as i64);
    let of = |bits| Ok(Value { bits, unsigned });
    match op {
        k::PIPE_PIPE => Ok(truth(a.bits != 0 || b.bits != 0)),
        k::AMP_AMP => Ok(truth(a.bits != 0 && b.bits != 0)),
        k::PIPE => of(a.bits | b.bits),
        k::CARET => of(a.bits ^ b.bits),
        k::AMP => of(a.bits & b.bits),
        k::EQ_EQ => Ok(truth(a.bits == b.bits)),
        k::NE => Ok(truth(a.bits != b.bits)),
        k::LT => Ok(truth(if unsigned { a.bits < b.bits } else { x < y })),
        k::GT => Ok(truth(if unsigned { a.bits > b.bits } else { x > y })),
        k::LE => Ok(truth(if unsigned { a.bits <= b.bits } else { x <= y })),
        k::GE => Ok(truth(if unsigned { a.bits >= b.bits } else { x >= y })),
        // As clang counts: past the width nothing is left on the left, and one bit on the right, where
        // the count is cut to 32 bits before.
        k::SHL => {
            let bits = if b.bits > 63 { 0 } else { a.bits << b.bits };
            Ok(Value { bits, unsigned: a.unsigned })
        }
        k::SHR => {
            let count = (b.bits as u32).min(63);
            let bits = if a.unsigned { a.bits >> count } else { (x >> count) as u64 };
            Ok(Value { bits, unsigned: a.unsigned })
        }
        k::PLUS => of(a.bits.wrapping_add(b.bits)),
        k::MINUS => of(a.bits.wrapping_sub(b.bits)),
        k::STAR => of(a.bits.wrapping_mul(b.bits)),
        k::SLASH | k::PERCENT if b.bits == 0 => {
            if live {
                Err("division by zero".into())
            } else {
                of(0)
            }
        }
        k::SLASH => of(if unsigned { a.bits / b.bits } else { x.wrapping_div(y) as u64 }),
        k::PERCENT => of(if unsigned { a.bits % b.bits } else { x.wrapping_rem(y) as u64 }),
        _ => Err("expected an operator".into()),
    }
}

fn number(text: &str) -> Result_ {
    let lower = text.to_ascii_lowercase();
    let digits_end =
        |s: &str, radix| s.find(|c: char| !c.is_digit(radix) && c != '\'').unwrap_or(s.len());
    let (radix, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if lower.starts_with('0') {
        (8, lower.as_str())
    } else {
        (10, lower.as_str())
    };
    let (digits, suffix) = digits.split_at(digits_end(digits, radix));
    let suffix_ok =
        matches!(suffix, "" | "u" | "l" | "ul" | "lu" | "ll" | "ull" | "llu" | "z" | "uz" | "zu");
    if digits.is_empty() || !suffix_ok {
        return Err(format!("'{text}' is not an integer"));
    }
    let mut bits = 0u64;
    let mut large = false;
    for digit in digits.chars().filter_map(|c| c.to_digit(radix)) {
        let (value, overflow) = bits.overflowing_mul(u64::from(radix));
        let (value, carry) = value.overflowing_add(u64::from(digit));
        large |= overflow || carry;
        bits = value;
    }
    if large {
        return Err(format!("'{text}' is too large"));
    }
    Ok(Value { bits, unsigned: suffix.contains('u') || bits > i64::MAX as u64 })
}

/// The value of a character constant as clang has it: several characters make an int from their
/// bytes, one plain character is a (signed) char.
fn character(text: &str) -> Result_ {
    let (prefix, rest) = text.split_at(text.find('\'').unwrap_or(0));
    let inner = rest.strip_prefix('\'').and_then(|r| r.strip_suffix('\'')).unwrap_or("");
    if inner.is_empty() {
        return Err("empty character constant".into());
    }
    let mut values: Vec<u32> = Vec::new();
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            if prefix.is_empty() {
                let mut buffer = [0; 4];
                values.extend(c.encode_utf8(&mut buffer).bytes().map(u32::from));
            } else {
                values.push(c as u32);
            }
            continue;
        }
        let c = chars.next().unwrap_or('\\');
        let mut digits = |first: Option<char>, radix: u32, most: usize| {
            let mut value = first.and_then(|c| c.to_digit(radix)).unwrap_or(0);
            let mut count = usize::from(first.is_some());
            while let Some(d) =
                chars.peek().and_then(|c| c.to_digit(radix)).filter(|_| count < most)
            {
                value = value.wrapping_mul(radix).wrapping_add(d);
                count += 1;
                chars.next();
            }
            value
        };
        values.push(match c {
            'n' => 10,
            't' => 9,
            'r' => 13,
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'v' => 11,
            'e' | 'E' => 27,
            'x' => digits(None, 16, 8),
            'u' => digits(None, 16, 4),
            'U' => digits(None, 16, 8),
            '0'..='7' => digits(Some(c), 8, 3),
            other => other as u32,
        });
    }
    if !prefix.is_empty() {
        let last = values.last().copied().unwrap_or(0);
        let bits = if prefix == "L" { i64::from(last as i32) as u64 } else { u64::from(last) };
        return Ok(Value { bits, unsigned: false });
    }
    let bits = match values.as_slice() {
        [one] => i64::from(*one as u8 as i8) as u64,
        many => i64::from(many.iter().fold(0u32, |w, &b| w << 8 | b & 0xff) as i32) as u64,
    };
    Ok(Value { bits, unsigned: false })
}

#[cfg(test)]
mod tests;
