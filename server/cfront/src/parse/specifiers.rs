//! Declaration specifiers, read from the tokens; records, enums and typeof from the tree.

use tree_sitter::Node;

use super::{
    Lower,
    field::{Child, Field},
};
use crate::{
    ast::{
        Attr, DeclSpecs, Expr, ExprKind, Ident, IntRank, IntSpec, Span, Storage, TypeName, TypeSpec,
    },
    symbol::Symbol,
    token::TokenKind,
    words::Word,
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

impl Lower<'_> {
    /// Specifiers among the tokens `from..to`; `type_node` is the tree's idea of the type.
    pub(super) fn specs(&mut self, from: u32, to: u32, type_node: Option<Node<'_>>) -> DeclSpecs {
        let mut specs = DeclSpecs::none(Span { start: from, end: to });
        let mut basic = Basic::default();
        let mut noreturn = None;
        let mut i = from;
        while i < to {
            if let Some(end) = self.lifted_end(i) {
                i = end;
                continue;
            }
            let Some(token) = self.token(i) else { break };
            match self.words.token(token) {
                Word::Typedef => specs.storage = Storage::Typedef,
                Word::Extern => specs.storage = Storage::Extern,
                Word::Static => specs.storage = Storage::Static,
                // `constexpr auto`: the type alone is left to the initialiser.
                Word::Auto if specs.storage == Storage::Constexpr => specs.ty = TypeSpec::AutoType,
                Word::Auto => specs.storage = Storage::Auto,
                Word::Constexpr => {
                    specs.quals.is_const = true;
                    if specs.storage == Storage::Auto {
                        specs.ty = TypeSpec::AutoType;
                    }
                    if specs.storage != Storage::Static {
                        specs.storage = Storage::Constexpr;
                    }
                }
                Word::Register => specs.storage = Storage::Register,
                Word::Inline => specs.inline = true,
                Word::Thread => specs.thread_local = true,
                Word::Noreturn => noreturn = Some(i),
                Word::Const => specs.quals.is_const = true,
                Word::Volatile => specs.quals.is_volatile = true,
                Word::Restrict => specs.quals.is_restrict = true,
                Word::Atomic if self.word(i + 1) != Word::LParen => {
                    specs.quals.is_atomic = true;
                }
                Word::Basic => basic.add(token.sym.as_str()),
                Word::AutoType => specs.ty = TypeSpec::AutoType,
                Word::VaList => specs.ty = TypeSpec::VaList,
                Word::PredefinedTypedef => {
                    specs.ty = TypeSpec::Typedef(Ident { name: token.sym, token: i });
                }
                Word::BitInt => {
                    specs.ty = TypeSpec::Unknown;
                    break;
                }
                word @ (Word::Struct | Word::Union | Word::Enum) => {
                    let (ty, end) = self.tag_type(i, word, type_node);
                    specs.ty = ty;
                    i = end.max(i + 1);
                    continue;
                }
                word @ (Word::Typeof | Word::TypeofUnqual | Word::Atomic) => {
                    let Some(node) = type_node else {
                        specs.ty = TypeSpec::Unknown;
                        break;
                    };
                    specs.ty = self.typeof_type(word, node);
                    i = self.plain.end_token(node.end_byte()).max(i + 1);
                    continue;
                }
                Word::Other if token.kind == TokenKind::Ident => {
                    if basic.seen || specs.ty != TypeSpec::Implicit {
                        break;
                    }
                    let is_bool = token.sym.as_str() == "bool" && !self.scope.is_typedef(token.sym);
                    specs.ty = match self.ident(i) {
                        Some(_) if is_bool => TypeSpec::Bool,
                        Some(ident) => TypeSpec::Typedef(ident),
                        None => TypeSpec::Unknown,
                    };
                }
                _ => {}
            }
            i += 1;
        }
        if basic.seen {
            specs.ty = basic.type_spec();
        }
        if specs.storage == Storage::Auto && specs.ty == TypeSpec::Implicit {
            // C23; before it, clang refuses the implicit `int`.
            specs.ty = TypeSpec::AutoType;
        }
        specs.attrs = self.take_attrs(from, to);
        if let Some(at) = noreturn {
            let span = Span { start: at, end: at + 1 };
            specs.attrs.push(Attr { name: Symbol::intern("noreturn"), args: Vec::new(), span });
        }
        specs
    }

    fn typeof_type(&mut self, word: Word, node: Node<'_>) -> TypeSpec {
        let unqual = word == Word::TypeofUnqual;
        let read = self.deeper(|lower| {
            // `struct x{int x:operand;}`
            let field = node.field(Field::Body)?.named_child(0)?;
            let mut cursor = field.walk();
            let clause =
                field.named_children(&mut cursor).find(|n| n.kind() == "bitfield_clause")?;
            let operand = clause.named_child(0)?;
            if operand.kind() == "sizeof_expression" {
                let ty = operand.field(Field::Type)?;
                let end = lower.plain.end_token(operand.end_byte()).saturating_sub(1);
                let ty = Box::new(lower.type_name(ty, end));
                return Some(match word {
                    Word::Atomic => TypeSpec::Atomic(ty),
                    _ => TypeSpec::TypeofType { ty, unqual },
                });
            }
            let expr = match operand.named_child(0)? {
                inner if inner.kind() == "compound_statement" => {
                    let span = lower.span(operand);
                    Expr { kind: ExprKind::StmtExpr(lower.block(inner)), span }
                }
                inner => lower.expr(inner),
            };
            Some(TypeSpec::TypeofExpr { expr: Box::new(expr), unqual })
        });
        read.flatten().unwrap_or(TypeSpec::Unknown)
    }

    /// A type name; `end` is the token after it.
    pub(super) fn type_name(&mut self, node: Node<'_>, end: u32) -> TypeName {
        let start = self.plain.lead(node.start_byte());
        let declarator_node = node.field(Field::Declarator);
        let declarator_start = declarator_node.map_or(end, |node| self.first(node));
        let specs = self.specs(start, declarator_start, node.field(Field::Type));
        let mut declarator = self.declarator(declarator_node, declarator_start);
        self.finish_declarator(&mut declarator, declarator_start, end);
        TypeName { specs, declarator }
    }
}
