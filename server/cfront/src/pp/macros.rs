//! Macro definitions and the table of those in force.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use rustc_hash::{FxHashMap, FxHasher};

use crate::{
    source::FileRange,
    symbol::{Symbol, known as k},
    token::{Token, TokenKind},
};

use super::body::Body;

/// A set of symbols.
#[derive(Clone, Default, Debug)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    #[inline]
    pub(crate) fn insert(&mut self, sym: Symbol) {
        let (word, bit) = (sym.index() >> 6, 1u64 << (sym.index() & 63));
        match self.0.get_mut(word) {
            Some(w) => *w |= bit,
            None => self.grow(word, bit),
        }
    }

    #[cold]
    fn grow(&mut self, word: usize, bit: u64) {
        self.0.resize(word + 1 + word / 8, 0);
        if let Some(w) = self.0.get_mut(word) {
            *w |= bit;
        }
    }

    #[inline]
    pub(crate) fn contains(&self, sym: Symbol) -> bool {
        self.0.get(sym.index() >> 6).is_some_and(|w| w >> (sym.index() & 63) & 1 != 0)
    }

    /// Adds all of another set.
    pub(crate) fn union(&mut self, other: &SymbolSet) {
        match other {
            SymbolSet::Dense(other) => {
                if self.0.len() < other.0.len() {
                    self.0.resize(other.0.len(), 0);
                }
                for (a, b) in self.0.iter_mut().zip(&other.0) {
                    *a |= b;
                }
            }
            SymbolSet::Sparse(symbols) => symbols.iter().for_each(|&s| self.insert(s)),
        }
    }
}

/// A set of symbols that does not change any more, in the smaller of two forms.
#[derive(Clone, Debug)]
pub(crate) enum SymbolSet {
    Dense(Bits),
    /// Sorted.
    Sparse(Box<[Symbol]>),
}

impl SymbolSet {
    pub(crate) fn new(mut bits: Bits) -> SymbolSet {
        let count: usize = bits.0.iter().map(|w| w.count_ones() as usize).sum();
        let used = bits.0.iter().rposition(|&w| w != 0).map_or(0, |i| i + 1);
        if count * 4 >= used * 8 {
            bits.0.truncate(used);
            bits.0.shrink_to_fit();
            return SymbolSet::Dense(bits);
        }
        let mut symbols = Vec::with_capacity(count);
        for (i, &word) in bits.0.iter().enumerate() {
            let mut word = word;
            while word != 0 {
                symbols.push(Symbol::from_index(i * 64 + word.trailing_zeros() as usize));
                word &= word - 1;
            }
        }
        SymbolSet::Sparse(symbols.into())
    }

    pub(crate) fn contains(&self, sym: Symbol) -> bool {
        match self {
            SymbolSet::Dense(bits) => bits.contains(sym),
            SymbolSet::Sparse(symbols) => symbols.binary_search(&sym).is_ok(),
        }
    }
}

/// What a token of a replacement list does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// Stands for itself.
    Plain,
    /// Is the parameter with that number.
    Param(u16),
    /// `#` before the parameter with that number (the parameter's own token is left out).
    Stringize(u16),
    /// `##`
    Paste,
    /// `__VA_OPT__(`, and that many tokens after it are its content; parentheses are left out.
    VaOpt(u16),
    /// `#__VA_OPT__(`, in the same way.
    StringizeVaOpt(u16),
}

/// A token of a replacement list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BodyToken {
    /// The token; its place is in the file of the definition.
    pub token: Token,
    /// What it does.
    pub role: Role,
}

/// Macros whose value is made where they are used.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Builtin {
    Line,
    File,
    FileName,
    BaseFile,
    IncludeLevel,
    Counter,
    HasInclude,
    HasIncludeNext,
    HasAttribute,
    HasCAttribute,
    HasDeclspec,
    HasBuiltin,
    HasFeature,
    HasExtension,
    HasWarning,
    IsIdentifier,
    IsTarget,
    HasEmbed,
    HasConstexprBuiltin,
    BuildingModule,
}

/// A macro definition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MacroDef {
    /// Name.
    pub name: Symbol,
    /// Parameters of a function-like macro; a variadic one's last is `__VA_ARGS__` or its name.
    pub params: Option<Box<[Symbol]>>,
    /// Whether the last parameter takes the rest.
    pub variadic: bool,
    body: Body,
    /// The name in the definition; `None` for macros made by the compiler.
    pub place: Option<FileRange>,
    /// Made where it is used.
    pub builtin: Option<Builtin>,
    pub(crate) hash: u64,
}

impl MacroDef {
    pub(crate) fn new(
        name: Symbol,
        params: Option<Vec<Symbol>>,
        variadic: bool,
        body: Body,
        place: Option<FileRange>,
    ) -> MacroDef {
        let mut h = FxHasher::default();
        (name, &params, variadic, place, &body).hash(&mut h);
        MacroDef {
            name,
            params: params.map(Into::into),
            variadic,
            body,
            place,
            builtin: None,
            hash: h.finish(),
        }
    }

    pub(crate) fn builtin(name: &str, builtin: Builtin) -> MacroDef {
        let mut def = MacroDef::new(Symbol::intern(name), None, false, Body::Read([].into()), None);
        def.builtin = Some(builtin);
        def
    }

    /// Replacement list. Must not be asked for while the thread holds an interner.
    pub fn body(&self) -> &[BodyToken] {
        self.body.tokens()
    }

    /// Whether it is used with parentheses.
    pub fn is_function(&self) -> bool {
        self.params.is_some()
            || self.builtin.is_some_and(|b| {
                !matches!(
                    b,
                    Builtin::Line
                        | Builtin::File
                        | Builtin::FileName
                        | Builtin::BaseFile
                        | Builtin::IncludeLevel
                        | Builtin::Counter
                )
            })
    }

    /// Same parameters and replacement list, as C11 6.10.3p2 has it for redefinitions.
    pub(crate) fn same_meaning(&self, other: &MacroDef) -> bool {
        self.params == other.params
            && self.variadic == other.variadic
            && self.builtin == other.builtin
            && self.body().len() == other.body().len()
            && self.body().iter().zip(other.body()).enumerate().all(|(i, (a, b))| {
                let space = |t: &Token| t.flags & Token::SPACE_BEFORE;
                a.role == b.role
                    && a.token.sym == b.token.sym
                    && a.token.kind == b.token.kind
                    && (i == 0 || space(&a.token) == space(&b.token))
            })
    }

    /// The definition in C: `NAME(a, ...) body`.
    pub fn text(&self) -> String {
        let mut out = self.name.as_str().to_owned();
        if let Some(params) = &self.params {
            out.push('(');
            for (i, param) in params.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                if self.variadic && i + 1 == params.len() {
                    if *param != k::VA_ARGS {
                        out.push_str(param.as_str());
                    }
                    out.push_str("...");
                } else {
                    out.push_str(param.as_str());
                }
            }
            out.push(')');
        }
        let body = self.body_text();
        if !body.is_empty() {
            out.push(' ');
            out.push_str(&body);
        }
        out
    }

    /// The replacement list in C.
    pub fn body_text(&self) -> String {
        let mut out = String::new();
        let mut closing: Vec<usize> = Vec::new();
        for (i, t) in self.body().iter().enumerate() {
            while closing.last() == Some(&i) {
                closing.pop();
                out.push(')');
            }
            if i > 0 && t.token.flags & Token::SPACE_BEFORE != 0 {
                out.push(' ');
            }
            match t.role {
                Role::Stringize(n) => {
                    out.push('#');
                    let param = self.params.as_ref().and_then(|p| p.get(n as usize));
                    out.push_str(param.map_or("", |p| p.as_str()));
                }
                Role::VaOpt(n) | Role::StringizeVaOpt(n) => {
                    if matches!(t.role, Role::StringizeVaOpt(_)) {
                        out.push('#');
                    }
                    out.push_str("__VA_OPT__(");
                    closing.push(i + 1 + n as usize);
                }
                _ => out.push_str(t.token.sym.as_str()),
            }
        }
        closing.iter().for_each(|_| out.push(')'));
        out
    }

    /// The integer that the macro's replacement list consists of, parentheses and sign aside.
    pub fn is_plain_number(&self) -> bool {
        matches!(self.body(), [one] if one.token.kind == TokenKind::Number) && self.params.is_none()
    }
}

#[derive(Clone, Default, Debug)]
struct Layer {
    macros: FxHashMap<Symbol, Arc<MacroDef>>,
    bits: Bits,
}

/// The macros in force at a place: a shared layer that never changes, and changes on top of it.
#[derive(Clone, Default, Debug)]
pub struct MacroTable {
    base: Arc<Layer>,
    own: FxHashMap<Symbol, Option<Arc<MacroDef>>>,
    own_bits: Bits,
    /// Sum of the hashes of all definitions in force: equal tables have equal sums.
    hash: u64,
}

fn mix(hash: u64) -> u64 {
    let h = (hash ^ hash >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (h ^ h >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The hash of a table in which one definition takes the place of another.
pub(crate) fn exchanged(hash: u64, old: Option<&MacroDef>, new: Option<&MacroDef>) -> u64 {
    let hash = old.map_or(hash, |old| hash.wrapping_sub(mix(old.hash)));
    new.map_or(hash, |new| hash.wrapping_add(mix(new.hash)))
}

impl MacroTable {
    /// The macro of that name.
    pub fn lookup(&self, name: Symbol) -> Option<&MacroDef> {
        self.find(name).map(|def| &**def)
    }

    #[inline]
    pub(crate) fn find(&self, name: Symbol) -> Option<&Arc<MacroDef>> {
        if self.own_bits.contains(name)
            && let Some(def) = self.own.get(&name)
        {
            return def.as_ref();
        }
        if self.base.bits.contains(name) { self.base.macros.get(&name) } else { None }
    }

    /// Sets (or with `None` removes) a macro; the one before.
    pub(crate) fn set(
        &mut self,
        name: Symbol,
        def: Option<Arc<MacroDef>>,
    ) -> Option<Arc<MacroDef>> {
        let old = self.find(name).cloned();
        self.hash = exchanged(self.hash, old.as_deref(), def.as_deref());
        self.own_bits.insert(name);
        self.own.insert(name, def);
        old
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// Makes the changes part of the shared layer, so that a clone costs nothing.
    pub(crate) fn freeze(&mut self) {
        if self.own.is_empty() {
            return;
        }
        let layer = Arc::make_mut(&mut self.base);
        for (name, def) in self.own.drain() {
            match def {
                Some(def) => {
                    layer.bits.insert(name);
                    layer.macros.insert(name, def);
                }
                None => {
                    layer.macros.remove(&name);
                }
            }
        }
        self.own_bits = Bits::default();
    }

    /// All macros in force, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<MacroDef>> {
        let base = self
            .base
            .macros
            .iter()
            .filter(|(name, _)| !self.own.contains_key(name))
            .map(|(_, d)| d);
        base.chain(self.own.values().flatten())
    }
}
