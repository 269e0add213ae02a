//! Declaration specifiers, `typeof` and type names.

use super::{Reader, declarator::Naming};
use crate::{
    ast::{Attr, DeclSpecs, Expr, ExprKind, Ident, Span, Storage, TypeName, TypeSpec},
    parse::specifiers::Basic,
    symbol::{Symbol, known},
    words::Word,
};

impl Reader<'_> {
    /// Specifiers; they count from the token `lead`. There must be a type among them.
    pub(super) fn specs(&mut self, lead: u32) -> Option<DeclSpecs> {
        let mut specs = DeclSpecs::none(Span { start: lead, end: lead });
        let mut basic = Basic::default();
        let mut typed = false;
        let mut noreturn = None;
        loop {
            let token = *self.token()?;
            let word = self.lower.words.token(&token);
            match word {
                Word::Typedef => specs.set_storage(Storage::Typedef)?,
                Word::Extern => specs.set_storage(Storage::Extern)?,
                Word::Static => specs.set_storage(Storage::Static)?,
                Word::Register => specs.set_storage(Storage::Register)?,
                Word::Inline => specs.inline = true,
                Word::Thread => specs.thread_local = true,
                Word::Noreturn => noreturn = Some(self.at),
                Word::Const => specs.quals.is_const = true,
                Word::Volatile => specs.quals.is_volatile = true,
                Word::Restrict => specs.quals.is_restrict = true,
                Word::Atomic if self.word_after() != Word::LParen => specs.quals.is_atomic = true,
                Word::Extension => {}
                Word::Attribute => {
                    self.attributes(&mut specs.attrs)?;
                    continue;
                }
                Word::Basic if !typed => basic.add(token.sym.as_str()),
                Word::Struct | Word::Union | Word::Enum if !typed && !basic.seen => {
                    specs.ty = self.outright(|reader| reader.tag_type(word))?;
                    typed = true;
                    continue;
                }
                Word::Typeof | Word::TypeofUnqual if !typed && !basic.seen => {
                    specs.ty = self.outright(Self::typeof_type)?;
                    typed = true;
                    continue;
                }
                Word::Atomic if !typed && !basic.seen => {
                    specs.ty = self.outright(Self::atomic_type)?;
                    typed = true;
                    continue;
                }
                Word::AutoType if !typed && !basic.seen => {
                    specs.ty = TypeSpec::AutoType;
                    typed = true;
                }
                Word::VaList if !typed && !basic.seen => {
                    specs.ty = TypeSpec::VaList;
                    typed = true;
                }
                Word::PredefinedTypedef if !typed && !basic.seen => {
                    specs.ty = TypeSpec::Typedef(Ident { name: token.sym, token: self.at });
                    typed = true;
                }
                Word::Other if !typed && !basic.seen && self.is_name(self.at) => {
                    if !self.names.is_typedef(token.sym) {
                        return None;
                    }
                    let name = Ident { name: token.sym, token: self.at };
                    // C23's keyword, unless a typedef of old has that name.
                    let keyword =
                        token.sym == known::BOOL && !self.lower.scope.is_typedef(token.sym);
                    specs.ty = if keyword { TypeSpec::Bool } else { TypeSpec::Typedef(name) };
                    typed = true;
                }
                // What follows specifiers. All that could go on with them is not plain.
                _ if word.is_specifier() => return None,
                _ => break,
            }
            self.at += 1;
        }
        if basic.seen {
            specs.ty = basic.type_spec();
        } else if !typed {
            return None;
        }
        if let Some(at) = noreturn {
            let span = Span { start: at, end: at + 1 };
            specs.attrs.push(Attr { name: Symbol::intern("noreturn"), args: Vec::new(), span });
        }
        specs.span.end = self.at;
        Some(specs)
    }

    fn typeof_type(&mut self) -> Option<TypeSpec> {
        let unqual = self.word() == Word::TypeofUnqual;
        self.at += 1;
        let open = self.at;
        self.expect(Word::LParen)?;
        if self.begins_type(self.at) {
            let ty = Box::new(self.type_name()?);
            self.expect(Word::RParen)?;
            return Some(TypeSpec::TypeofType { ty, unqual });
        }
        let block = match self.word() {
            Word::LBrace => Some(self.block()?),
            _ => None,
        };
        let expr = match block {
            Some(block) => {
                let span = Span { start: open, end: self.at + 1 };
                Expr { kind: ExprKind::StmtExpr(block), span }
            }
            None => self.expression()?,
        };
        self.expect(Word::RParen)?;
        Some(TypeSpec::TypeofExpr { expr: Box::new(expr), unqual })
    }

    /// `_Atomic(T)`
    fn atomic_type(&mut self) -> Option<TypeSpec> {
        self.at += 1;
        self.expect(Word::LParen)?;
        if !self.begins_type(self.at) {
            return None;
        }
        let ty = Box::new(self.type_name()?);
        self.expect(Word::RParen)?;
        Some(TypeSpec::Atomic(ty))
    }

    /// A type name, up to what ends it.
    pub(super) fn type_name(&mut self) -> Option<TypeName> {
        let specs = self.specs(self.at)?;
        if specs.storage != Storage::None {
            return None;
        }
        let declarator = self.declarator(Naming::Abstract, Vec::new())?;
        Some(TypeName { specs, declarator })
    }
}

impl DeclSpecs {
    fn set_storage(&mut self, storage: Storage) -> Option<()> {
        (self.storage == Storage::None).then_some(())?;
        self.storage = storage;
        Some(())
    }
}
