//! What the words of a basic type say together.

use crate::{
    ast::{IntRank, IntSpec, TypeSpec},
    symbol::Symbol,
};

/// Words of a basic type, counted.
#[derive(Default)]
pub(super) struct Basic {
    pub(super) seen: bool,
    void: bool,
    boolean: bool,
    int: bool,
    char: bool,
    short: bool,
    longs: u8,
    signed: Option<bool>,
    int128: bool,
    complex: bool,
    float: Option<&'static str>,
}

impl Basic {
    pub(super) fn add(&mut self, word: &'static str) {
        self.seen = true;
        match word {
            "void" => self.void = true,
            "_Bool" => self.boolean = true,
            "char" => self.char = true,
            "short" => self.short = true,
            "long" => self.longs += 1,
            "signed" | "__signed" | "__signed__" => self.signed = Some(true),
            "unsigned" => self.signed = Some(false),
            "__int128" => self.int128 = true,
            "_Complex" | "__complex" | "__complex__" => self.complex = true,
            "int" => self.int = true,
            float => self.float = Some(float),
        }
    }

    pub(super) fn type_spec(&self) -> TypeSpec {
        if !self.complex {
            return self.real_type();
        }
        // `_Complex` alone, or with `long`, is of doubles.
        let words = self.int || self.char || self.short || self.signed.is_some() || self.int128;
        let part = match (self.float, words) {
            (None, false) if self.longs > 0 => TypeSpec::Float(Symbol::intern("long double")),
            (None, false) => TypeSpec::Float(Symbol::intern("double")),
            _ => self.real_type(),
        };
        TypeSpec::Complex(Box::new(part))
    }

    fn real_type(&self) -> TypeSpec {
        if let Some(float) = self.float {
            let long = self.longs > 0 && float == "double";
            return TypeSpec::Float(Symbol::intern(if long { "long double" } else { float }));
        }
        if self.void {
            return TypeSpec::Void;
        }
        if self.boolean {
            return TypeSpec::Bool;
        }
        let rank = match () {
            () if self.int128 => IntRank::Int128,
            () if self.char => IntRank::Char,
            () if self.short => IntRank::Short,
            () if self.longs >= 2 => IntRank::LongLong,
            () if self.longs == 1 => IntRank::Long,
            () => IntRank::Int,
        };
        TypeSpec::Int(IntSpec { rank, signed: self.signed })
    }
}
