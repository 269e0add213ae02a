//! The translation unit: what a file means after preprocessing.
//!
//! A [`Unit`] is immutable, cheap to clone and safe to share between threads. Items of headers are
//! known by the names they declare and parsed when such a name is asked for; an edit takes over all
//! that it did not touch from the previous unit (see `memo`).

mod file_scope;

use std::{
    ops::Deref,
    sync::{Arc, atomic::Ordering},
};

pub use self::file_scope::FileScope;
pub use crate::items::ParsedItem;
use crate::{
    items::Items,
    pp::{Chunk, Preprocessed},
    sema::{Function, ItemScope, Variable},
    source::{FileId, FileRange},
    token::Token,
};

/// A top-level item by its place in the unit's order; ids compare as places in the unit do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ItemId(pub u32);

/// Something that happens at top level when the compiler reads the unit from start to end.
#[derive(Clone, Debug)]
pub enum Event {
    /// A function definition that clang generates at once ([`Function::is_eager`]).
    Function(Arc<Function>),
    /// A declaration of a function (no body), declaration index in [`Function::decls`].
    FunctionDeclaration(Arc<Function>, usize),
    /// A declaration of a variable, index in [`Variable::decls`].
    Variable(Arc<Variable>, usize),
    /// A static function definition (generated when something refers to it).
    DeferredFunction(Arc<Function>),
}

/// Where a byte of a file went in the unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TokenPlace {
    /// The item.
    pub item: ItemId,
    /// Token index in the item.
    pub token: u32,
}

/// How much work a unit has cost since it was built (shared by units that share results).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Work {
    /// Items parsed.
    pub items_parsed: usize,
    /// Parsed items taken over from the previous unit.
    pub items_reused: usize,
    /// Records laid out.
    pub types_laid_out: usize,
    /// Whether the types and names of the previous unit were taken over as they were.
    pub environment_reused: bool,
    /// Results that others made of items ([`Unit::derive`]) since the environment was built.
    pub derived: usize,
}

/// A translation unit.
#[derive(Clone, Debug)]
pub struct Unit {
    inner: Arc<Inside>,
}

#[derive(Debug)]
struct Inside {
    pp: Arc<Preprocessed>,
    items: Arc<Items>,
    /// Types and names of file scope; shared by units that differ in function bodies only.
    file_scope: Arc<FileScope>,
    file_scope_reused: bool,
}

/// What all units say alike that differ in function bodies only.
impl Deref for Unit {
    type Target = FileScope;

    fn deref(&self) -> &FileScope {
        &self.inner.file_scope
    }
}

impl Unit {
    /// Builds the unit of a preprocessed file. From `previous`, the unit before the last edit, all
    /// that did not change is taken over: items with equal tokens keep their syntax, and when only
    /// function bodies changed, all types, names and layouts stay. The result is the same without.
    pub fn build(pp: Arc<Preprocessed>, previous: Option<&Unit>, big_endian: bool) -> Unit {
        let mut items = Items::new(&pp.chunks, previous.map(|p| &*p.inner.items));
        if let Some(previous) = previous
            && previous.file_scope().fits(&pp, big_endian)
            && items.same_interface(&previous.inner.items)
        {
            items.share_parses(&previous.inner.items);
            let items = Arc::new(items);
            let file_scope = previous.inner.file_scope.clone();
            file_scope.share(&items);
            let inside = Inside { pp, items, file_scope, file_scope_reused: true };
            return Unit { inner: Arc::new(inside) };
        }
        let items = Arc::new(items);
        let file_scope = Arc::new(FileScope::new(items.clone(), &pp, big_endian));
        Unit { inner: Arc::new(Inside { pp, items, file_scope, file_scope_reused: false }) }
    }

    /// What the unit says apart from the bodies of its functions.
    pub fn file_scope(&self) -> &FileScope {
        &self.inner.file_scope
    }

    /// The items that may not be what they were in an earlier unit, all with function bodies; `None` when
    /// file scope may be another: types, names, or what items there are.
    pub fn changed_since(&self, earlier: &Unit) -> Option<Vec<ItemId>> {
        let same = Arc::ptr_eq(&self.inner.file_scope, &earlier.inner.file_scope);
        same.then(|| self.inner.items.changed_since(&earlier.inner.items).map(ItemId).collect())
    }

    /// The preprocessed tokens the unit was built from.
    pub fn preprocessed(&self) -> &Arc<Preprocessed> {
        &self.inner.pp
    }

    // ---- items and places ----

    /// Number of top-level items; [`ItemId`]s are below it.
    pub fn item_count(&self) -> u32 {
        self.inner.items.len()
    }

    /// The item, parsed when it was not yet.
    pub fn item(&self, id: ItemId) -> Option<Arc<ParsedItem>> {
        self.inner.items.parsed(id.0)
    }

    /// The expanded tokens of an item.
    pub fn tokens(&self, id: ItemId) -> &[Token] {
        self.inner.items.tokens(id.0).unwrap_or(&[])
    }

    /// One of them: where only places are looked at, the others need not be moved along with edits.
    pub fn token(&self, id: ItemId, token: u32) -> Option<Token> {
        self.inner.items.token(id.0, token)
    }

    /// What the user wrote for a token of an item.
    pub fn token_place(&self, id: ItemId, token: u32) -> Option<FileRange> {
        let token = self.inner.items.token(id.0, token)?;
        self.inner.pp.written(token.loc)
    }

    /// [`Unit::token_place`] of a token that was at `before` in an earlier unit with the same file scope: text
    /// that no edit has touched is not read again for the token's end.
    pub fn token_place_since(
        &self,
        earlier: &Unit,
        id: ItemId,
        token: u32,
        before: FileRange,
    ) -> Option<FileRange> {
        if !self.inner.items.same_text(&earlier.inner.items, id.0) {
            return self.token_place(id, token);
        }
        let token = self.inner.items.token(id.0, token)?;
        let (file, start) = self.inner.pp.written_start(token.loc)?;
        Some(FileRange { file, start, end: start + (before.end - before.start) })
    }

    /// The tokens whose text stands at that byte of a file (an argument used twice gives two, a
    /// macro's name all tokens that came out of it).
    pub fn tokens_at(&self, file: FileId, offset: u32) -> Vec<TokenPlace> {
        let mut found = Vec::new();
        let mut chunks = self.inner.items.chunks().peekable();
        while let Some((chunk, items)) = chunks.next() {
            if let Some(index) = chunk.index() {
                if index.file == file
                    && let Some(item) = index.item_at(offset as usize)
                {
                    let item = ItemId(items.start + item as u32);
                    self.item_tokens_at(item, file, offset, &mut found);
                }
                continue;
            }
            // A chunk begins or ends in the file, or it has nothing of it.
            let first = self.chunk_place(chunk, file, 0);
            let last = self.chunk_place(chunk, file, chunk.len().saturating_sub(1));
            let next = chunks.peek().and_then(|(next, _)| match next.index() {
                Some(_) => None,
                None => self.chunk_place(next, file, 0),
            });
            let before = first.is_some_and(|first| offset < first);
            let behind =
                next.is_some_and(|next| last.is_some_and(|last| last < next) && next <= offset);
            if first.is_none() && last.is_none() || before || behind {
                continue;
            }
            for item in items.filter(|&item| self.item_touches(item, file, offset)) {
                self.item_tokens_at(ItemId(item), file, offset, &mut found);
            }
        }
        found
    }

    /// Where a token of a chunk lies in a file: itself, or the name of the macro that made it.
    fn chunk_place(&self, chunk: &Chunk, file: FileId, token: usize) -> Option<u32> {
        let place = self.inner.pp.expansion_start(chunk.token(token)?.loc);
        place.filter(|(f, _)| *f == file).map(|(_, start)| start)
    }

    /// Whether an item's text may hold that byte: it lies between the places of its first and last
    /// token where these are in the file.
    fn item_touches(&self, item: u32, file: FileId, offset: u32) -> bool {
        let items = &self.inner.items;
        let Some(count) = items.token_count(item) else { return false };
        let place = |item: u32, token: u32| {
            let place = self.inner.pp.expansion_start(items.token(item, token)?.loc);
            place.filter(|(f, _)| *f == file).map(|(_, start)| start)
        };
        let last = count.saturating_sub(1);
        match (place(item, 0), place(item, last)) {
            (Some(first), Some(start)) => {
                let end = place(item + 1, 0).unwrap_or(u32::MAX);
                // The last token may be a macro's name with arguments behind it, and the macro may
                // make the next item, too.
                let end_of_last = || self.inner.pp.expansion(items.token(item, last)?.loc);
                let ends_later = || end_of_last().is_some_and(|last| offset < last.end);
                first <= offset && (offset < end || end <= start && ends_later())
            }
            (None, None) => false,
            _ => true,
        }
    }

    /// The tokens of an item whose text stands at that byte.
    fn item_tokens_at(&self, item: ItemId, file: FileId, offset: u32, found: &mut Vec<TokenPlace>) {
        let tokens = self.tokens(item);
        let written = |token: &Token| {
            let place = self.inner.pp.written_start(token.loc);
            place.filter(|(f, start)| *f == file && *start <= offset).map(|(_, start)| start)
        };
        // Tokens of a text do not overlap: only the last one that begins before the byte can hold it.
        let Some(start) = tokens.iter().filter_map(written).max() else { return };
        let mut here = tokens.iter().zip(0..).filter(|(token, _)| written(token) == Some(start));
        let range = here.clone().next().and_then(|(token, _)| self.inner.pp.written(token.loc));
        if range.is_some_and(|range| offset < range.end) {
            found.extend(here.by_ref().map(|(_, token)| TokenPlace { item, token }));
        }
    }

    // ---- inside items ----

    /// What `make` makes of an item, kept for all units that have this item and the same file scope.
    /// `make` may read the item's syntax and tokens, and what file scope says (types, names,
    /// initialisers); not the bodies of other functions, nor any place in a file.
    pub fn derive<T: Send + Sync + 'static>(
        &self,
        id: ItemId,
        make: impl FnOnce(&Arc<ParsedItem>) -> T,
    ) -> Option<Arc<T>> {
        let parsed = self.inner.items.parsed(id.0)?;
        let items = self.inner.items.own();
        Some(self.file_scope().derived.get((parsed.serial, id.0), items, || make(&parsed)))
    }

    /// The scopes inside an item: what its identifiers refer to, locals, types of its expressions.
    /// For functions this is the body's scope; for declarations, that of initialisers.
    pub fn scope(&self, id: ItemId) -> Option<Arc<ItemScope>> {
        let parsed = self.inner.items.parsed(id.0)?;
        self.sema().scope_of(id.0, &parsed)
    }

    /// Whether a limit (of nesting, of steps) cut short what was asked about file scope so far: something
    /// may be missing.
    pub fn is_torn(&self) -> bool {
        self.sema().torn
    }

    /// How much work has been done for this unit (types: also for those it shares them with).
    pub fn work(&self) -> Work {
        let items = &self.inner.items.work;
        Work {
            items_parsed: items.parsed.load(Ordering::Relaxed),
            items_reused: items.reused.load(Ordering::Relaxed),
            types_laid_out: self.sema().laid_out,
            environment_reused: self.inner.file_scope_reused,
            derived: self.file_scope().derived.made(),
        }
    }
}
