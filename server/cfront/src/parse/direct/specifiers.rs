//! Declaration specifiers, `typeof` and type names.

use super::{Reader, declarator::Naming};
use crate::{
    ast::{Attr, DeclSpecs, Expr, ExprKind, Ident, Span, Storage, TypeName, TypeSpec},
    parse::basic::Basic,
    symbol::{Symbol, known},
    token::TokenKind,
    words::Word,
};

impl Reader<'_> {
    /// Specifiers; they count from the token `lead`. There must be a type among them.
    pub(super) fn specs(&mut self, lead: u32, unknown: Unknown) -> Option<DeclSpecs> {
        let mut specs = DeclSpecs::none(Span { start: lead, end: lead });
        let mut basic = Basic::default();
        let mut typed = false;
        let mut noreturn = None;
        while let Some(&token) = self.token() {
            if token.kind == TokenKind::Pragma {
                self.at += 1;
                continue;
            }
            let word = self.room.words.token(&token);
            match word {
                Word::Typedef => self.storage(&mut specs, Storage::Typedef)?,
                Word::Extern => self.storage(&mut specs, Storage::Extern)?,
                Word::Static => self.storage(&mut specs, Storage::Static)?,
                Word::Register => self.storage(&mut specs, Storage::Register)?,
                Word::Auto | Word::Constexpr => {
                    specs.set_modern(word);
                }
                Word::BitInt if !typed && !basic.seen => {
                    specs.ty = TypeSpec::Unknown;
                    typed = true;
                    self.at += 1;
                    if self.word() == Word::LParen {
                        self.skip_group();
                    }
                    continue;
                }
                Word::Inline => specs.inline = true,
                Word::Thread => specs.thread_local = true,
                Word::Noreturn => noreturn = Some(self.at),
                Word::Const => specs.quals.is_const = true,
                Word::Volatile => specs.quals.is_volatile = true,
                Word::Restrict => specs.quals.is_restrict = true,
                Word::Atomic if self.word_after() != Word::LParen => specs.quals.is_atomic = true,
                Word::Extension => {}
                Word::Attribute | Word::Declspec | Word::Alignas => {
                    self.attributes(&mut specs.attrs)?;
                    continue;
                }
                Word::LBracket if self.word_after() == Word::LBracket => {
                    let before = self.at;
                    self.attributes(&mut specs.attrs)?;
                    if self.at == before {
                        break;
                    }
                    continue;
                }
                Word::Basic if !typed => basic.add(token.sym.as_str()),
                Word::Struct | Word::Union | Word::Enum if !typed && !basic.seen => {
                    specs.ty = self.within_specifiers(|reader| reader.tag_type(word))?;
                    typed = true;
                    continue;
                }
                Word::Typeof | Word::TypeofUnqual if !typed && !basic.seen => {
                    specs.ty = self.within_specifiers(Self::typeof_type)?;
                    typed = true;
                    continue;
                }
                Word::Atomic if !typed && !basic.seen => {
                    specs.ty = self.within_specifiers(Self::atomic_type)?;
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
                        if self.is_unknown_macro() {
                            self.skip_unknown();
                            continue;
                        }
                        if !self.names_type(unknown) {
                            break;
                        }
                    }
                    let name = Ident { name: token.sym, token: self.at };
                    // C23's keyword, unless a typedef of old has that name.
                    let keyword =
                        token.sym == known::BOOL && !self.room.scope.is_typedef(token.sym);
                    specs.ty = if keyword { TypeSpec::Bool } else { TypeSpec::Typedef(name) };
                    typed = true;
                }
                // What follows specifiers. All that could go on with them is not plain.
                _ if word.is_specifier() => {
                    if unknown == Unknown::Declares
                        && self.recovery.at_item()
                        && !self.in_specifiers()
                        && typed
                    {
                        // What is being typed stands before a declaration.
                        self.mended();
                        specs.ty = TypeSpec::Implicit;
                        typed = false;
                        continue;
                    }
                    break;
                }
                _ => break,
            }
            self.at += 1;
        }
        if basic.seen {
            specs.ty = basic.type_spec();
        } else if !typed && specs.storage == Storage::Auto {
            // C23; before it, clang refuses the implicit `int`.
            specs.ty = TypeSpec::AutoType;
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
        self.expect(Word::LParen);
        if self.begins_type(self.at) {
            let ty = Box::new(self.type_name()?);
            self.expect(Word::RParen);
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
            None => {
                let expr = self.expression();
                self.or_error(expr)
            }
        };
        self.expect(Word::RParen);
        Some(TypeSpec::TypeofExpr { expr: Box::new(expr), unqual })
    }

    /// `_Atomic(T)`
    fn atomic_type(&mut self) -> Option<TypeSpec> {
        self.at += 1;
        self.expect(Word::LParen);
        let ty = Box::new(self.type_name()?);
        self.expect(Word::RParen);
        Some(TypeSpec::Atomic(ty))
    }

    /// A type name, up to what ends it.
    pub(in crate::parse) fn type_name(&mut self) -> Option<TypeName> {
        let specs = self.specs(self.at, Unknown::Alone)?;
        let declarator = self.declarator(Naming::Abstract, Vec::new())?;
        Some(TypeName { specs, declarator })
    }
}

/// Which names that are no typedef are taken for types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// Those before something that is declared.
    Declares,
    /// All: nothing but a type may stand there.
    Alone,
}

impl Reader<'_> {
    fn storage(&mut self, specs: &mut DeclSpecs, storage: Storage) -> Option<()> {
        specs.storage = storage;
        Some(())
    }

    /// Whether the name at hand, which is no typedef, stands where only a type can: its header is
    /// missing.
    fn names_type(&self, unknown: Unknown) -> bool {
        let next = self.past_lifted(self.at + 1);
        let word = self.word_at(next);
        unknown == Unknown::Alone
            || self.is_name(next)
            || word == Word::Star
            || word.is_specifier()
            || (word == Word::LParen && self.word_at(next + 1) == Word::Star)
    }

    /// Whether the name at hand, among specifiers, is a macro that is not known: the type comes
    /// after it and its arguments.
    fn is_unknown_macro(&mut self) -> bool {
        let mut next = self.at + 1;
        let called = self.word_at(next) == Word::LParen;
        if called {
            match self.pair(next) {
                Some(close) => next = close + 1,
                None => return false,
            }
        }
        let next = self.past_lifted(next);
        match self.word_at(next) {
            Word::Other if self.begins_type(next) || called => {
                let after = self.past_lifted(next + 1);
                self.is_name(next) && (self.is_name(after) || self.word_at(after) == Word::Star)
            }
            word => word.is_type() || word.is_storage(),
        }
    }

    /// Passes a macro that is not known, with its arguments.
    pub(super) fn skip_unknown(&mut self) {
        self.note(self.at);
        self.at += 1;
        if self.word() == Word::LParen && self.pair(self.at).is_some() {
            self.skip_group();
        }
    }

    /// Whether a declaration begins here with the name of a type that is not known.
    pub(super) fn declares_unknown(&self) -> bool {
        if !self.is_name(self.at) {
            return false;
        }
        let next = self.past_lifted(self.at + 1);
        if self.is_name(next) {
            // `foo` on a line of its own is what is being typed.
            return !self.begins_line(next);
        }
        self.may_declare()
    }
}

impl DeclSpecs {
    /// `auto` and `constexpr`, which may be the type too.
    fn set_modern(&mut self, word: Word) {
        if word == Word::Auto && self.storage == Storage::Constexpr {
            // `constexpr auto`: the type alone is left to the initialiser.
            self.ty = TypeSpec::AutoType;
        } else if word == Word::Auto {
            self.storage = Storage::Auto;
        } else {
            self.quals.is_const = true;
            if self.storage == Storage::Auto {
                self.ty = TypeSpec::AutoType;
            }
            if self.storage != Storage::Static {
                self.storage = Storage::Constexpr;
            }
        }
    }
}
