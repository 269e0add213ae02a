//! The top-level items of a unit: an index of the names they declare first, their syntax on demand.
//!
//! An [`ItemChunk`] belongs to a chunk of expanded tokens and is shared by all units that see that
//! chunk. The syntax of an item depends on its tokens, the pragmas in force and on which of its
//! identifiers are typedef names; a kept parse is used again where all of these are the same.

mod carry;
pub(crate) mod chunk;
mod index;
mod tag;

use std::{
    cell::RefCell,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use rustc_hash::FxHashMap;

pub(crate) use tag::{SpecPlace, TagSpec};

use self::{
    carry::{SameChunks, take_over},
    chunk::{
        Content, ENUMERATOR, ItemChunk, ORDINARY, Slot, SlotTokens, TAG, TAG_DEFINED, TYPEDEF,
    },
    index::{LazyNames, NameIndex},
};
use crate::{
    ast::{EnumSpec, Item, Span, TypeSpec, type_specifiers},
    names::NameSpace,
    parse::{TooDeep, parse_item},
    pp::Chunk,
    pragma::PragmaStack,
    session::lock,
    source::FileId,
    split::body_start,
    symbol::Symbol,
    token::Token,
};

/// A parsed item.
#[derive(Debug)]
pub struct ParsedItem {
    /// Unique in the process: two parses never share it.
    pub serial: u64,
    /// Its syntax.
    pub syntax: Item,
    /// Tokens that could not be read, or before which something is missing.
    pub errors: Vec<Span>,
    /// Where it nests too deep to be read.
    pub too_deep: TooDeep,
    /// Names that the parser asked about, and whether they were typedef names.
    typedefs: Vec<(Symbol, bool)>,
    names: OnceLock<ItemNames>,
}

/// Where the syntax of an item declares its names.
#[derive(Debug, Default)]
struct ItemNames {
    /// The declarators of a declaration by name, in order.
    declarators: FxHashMap<Symbol, Vec<usize>>,
    /// The enum that has an enumerator; of several the first.
    enumerators: FxHashMap<Symbol, Arc<EnumSpec>>,
}

impl ParsedItem {
    fn names(&self) -> &ItemNames {
        self.names.get_or_init(|| {
            let mut names = ItemNames::default();
            if let Item::Declaration(declaration) = &self.syntax {
                for (i, declarator) in declaration.declarators.iter().enumerate() {
                    if let Some(name) = declarator.declarator.name {
                        names.declarators.entry(name.name).or_default().push(i);
                    }
                }
            }
            type_specifiers::of_item(&self.syntax, &mut |spec| {
                let TypeSpec::Enum(spec) = spec else { return };
                let mut shared = None;
                for value in spec.values.iter().flatten() {
                    let shared = shared.get_or_insert_with(|| Arc::new((**spec).clone()));
                    names.enumerators.entry(value.name.name).or_insert_with(|| shared.clone());
                }
            });
            names
        })
    }

    /// The declarators of that name in a declaration, in order.
    pub(crate) fn declarators(&self, name: Symbol) -> &[usize] {
        self.names().declarators.get(&name).map_or(&[], Vec::as_slice)
    }

    /// The enum among the item's type specifiers that has an enumerator of that name.
    pub(crate) fn enum_with(&self, name: Symbol) -> Option<&Arc<EnumSpec>> {
        self.names().enumerators.get(&name)
    }
}

/// Work counted by a unit and those that share its items.
#[derive(Debug, Default)]
pub(crate) struct ItemWork {
    pub(crate) parsed: AtomicUsize,
    pub(crate) reused: AtomicUsize,
}

/// All items of a unit.
#[derive(Debug)]
pub(crate) struct Items {
    chunks: Vec<ItemChunk>,
    /// Number of the first item of each chunk, and the total.
    starts: Vec<u32>,
    /// Number of items in chunks of the main file's own text.
    own: usize,
    /// The parse this unit uses, by chunk and item.
    parses: Vec<OnceLock<Parses>>,
    /// Names that were asked for, and whether they are typedef names; shared by units with the same
    /// file-scope names.
    typedefs: Arc<Mutex<FxHashMap<Symbol, bool>>>,
    /// The chunks that declare a name; shared likewise.
    names: LazyNames,
    pub(crate) work: ItemWork,
}

/// The parses that a unit uses of one chunk.
type Parses = Arc<[OnceLock<Arc<ParsedItem>>]>;

impl Items {
    /// Indexes the chunks of a unit; what an earlier unit knows is taken over.
    pub(crate) fn new(chunks: &[Arc<Chunk>], previous: Option<&Items>) -> Items {
        let old = previous.map_or(&[][..], |previous| previous.chunks.as_slice());
        let known = SameChunks::new(old, chunks);
        let mut taken = vec![false; old.len()];
        let mut pragmas = PragmaStack::default();
        let mut out: Vec<ItemChunk> = Vec::with_capacity(chunks.len());
        let mut fresh = Vec::new();
        for (at, chunk) in chunks.iter().enumerate() {
            let kept = known.of(at, chunk).and_then(|i| {
                // Chunks of one number have the same items, wherever they stand.
                let index = &old.get(i)?.index;
                let kept = || ItemChunk { chunk: chunk.clone(), index: index.clone() };
                (index.pragmas_before == pragmas).then(|| (i, kept()))
            });
            let chunk = match kept {
                Some((i, kept)) => {
                    if let Some(taken) = taken.get_mut(i) {
                        *taken = true;
                    }
                    kept
                }
                None => {
                    fresh.push(out.len());
                    ItemChunk::new(chunk.clone(), pragmas)
                }
            };
            pragmas = chunk.index.pragmas_after.clone();
            out.push(chunk);
        }
        if let Some(previous) = previous
            && !fresh.is_empty()
        {
            take_over(previous, &taken, fresh.iter().filter_map(|&i| out.get(i)));
        }
        let mut starts = Vec::with_capacity(out.len() + 1);
        let (mut total, mut own) = (0u32, 0);
        for chunk in &out {
            starts.push(total);
            total += chunk.len() as u32;
            own += if chunk.chunk.is_main { chunk.len() } else { 0 };
        }
        starts.push(total);
        let mut parses = Vec::new();
        parses.resize_with(out.len(), OnceLock::new);
        Items {
            chunks: out,
            starts,
            own,
            parses,
            typedefs: Arc::default(),
            names: Arc::default(),
            work: ItemWork::default(),
        }
    }

    /// Takes over the choice of parses for chunks that an earlier unit with the same file-scope
    /// names has: all typedef names are the same there.
    pub(crate) fn share_parses(&mut self, previous: &Items) {
        self.typedefs = previous.typedefs.clone();
        self.names = previous.names.clone();
        let both = self.chunks.iter().zip(&previous.chunks);
        for ((new, old), (here, there)) in both.zip(self.parses.iter_mut().zip(&previous.parses)) {
            if Arc::ptr_eq(&new.index, &old.index) {
                here.clone_from(there);
            }
        }
    }

    /// Whether both units have the same items up to function bodies.
    pub(crate) fn same_interface(&self, other: &Items) -> bool {
        self.chunks.len() == other.chunks.len()
            && self.chunks.iter().zip(&other.chunks).all(|(a, b)| {
                Arc::ptr_eq(&a.index, &b.index)
                    || (a.len() == b.len()
                        && a.interface() == b.interface()
                        && a.index.pragmas_before == b.index.pragmas_before)
            })
    }

    /// The items of chunks that are not those of an earlier unit with the same interface.
    pub(crate) fn changed_since(&self, earlier: &Items) -> impl Iterator<Item = u32> {
        let both = self.chunks.iter().zip(&earlier.chunks).zip(self.starts.windows(2));
        let changed = both.filter(|((new, old), _)| !Arc::ptr_eq(&new.index, &old.index));
        changed.flat_map(|(_, bounds)| match bounds {
            [start, end] => *start..*end,
            _ => 0..0,
        })
    }

    /// Whether an item stands in text that is an earlier unit's with the same interface, moved at most.
    pub(crate) fn same_text(&self, earlier: &Items, item: u32) -> bool {
        let chunk = self.locate(item).map(|(chunk, _)| chunk);
        let id = |items: &Items| Some(items.chunks.get(chunk?)?.chunk.id);
        id(self).is_some_and(|this| id(earlier) == Some(this))
    }

    pub(crate) fn len(&self) -> u32 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Number of items in chunks of the main file's own text.
    pub(crate) fn own(&self) -> usize {
        self.own
    }

    fn locate(&self, item: u32) -> Option<(usize, usize)> {
        let chunk = self.starts.partition_point(|&s| s <= item).checked_sub(1)?;
        let index = (item - self.starts.get(chunk)?) as usize;
        (index < self.chunks.get(chunk)?.len()).then_some((chunk, index))
    }

    fn slot(&self, item: u32) -> Option<(&ItemChunk, &Slot)> {
        let (chunk, index) = self.locate(item)?;
        let chunk = self.chunks.get(chunk)?;
        Some((chunk, chunk.slot(index)?))
    }

    /// The tokens of an item.
    pub(crate) fn tokens(&self, item: u32) -> Option<&[Token]> {
        let (chunk, slot) = self.slot(item)?;
        Some(chunk.tokens_of(slot))
    }

    /// Whether an item ends in a function's body, which its interface is without.
    pub(crate) fn has_body(&self, item: u32) -> bool {
        self.tokens(item).is_some_and(|tokens| body_start(tokens).is_some())
    }

    /// Number of tokens of an item.
    pub(crate) fn token_count(&self, item: u32) -> Option<u32> {
        let (_, slot) = self.slot(item)?;
        let count = match &slot.tokens {
            SlotTokens::Range(range) => range.len(),
            SlotTokens::Own(tokens) => tokens.len(),
        };
        Some(count as u32)
    }

    /// One token of an item.
    pub(crate) fn token(&self, item: u32, token: u32) -> Option<Token> {
        let (chunk, slot) = self.slot(item)?;
        match &slot.tokens {
            SlotTokens::Range(range) => {
                let at = range.start.checked_add(token as usize)?;
                (at < range.end).then(|| chunk.chunk.token(at))?
            }
            SlotTokens::Own(tokens) => tokens.get(token as usize).copied(),
        }
    }

    /// The chunks with the numbers of their items.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = (&Arc<Chunk>, std::ops::Range<u32>)> {
        self.chunks.iter().zip(self.starts.windows(2)).filter_map(|(chunk, bounds)| match bounds {
            [start, end] => Some((&chunk.chunk, *start..*end)),
            _ => None,
        })
    }

    /// The syntax of an item.
    pub(crate) fn parsed(&self, item: u32) -> Option<Arc<ParsedItem>> {
        let (chunk_index, index) = self.locate(item)?;
        let chunk = self.chunks.get(chunk_index)?;
        let all = self.parses.get(chunk_index)?;
        let all = all.get_or_init(|| (0..chunk.len()).map(|_| OnceLock::new()).collect());
        let known = all.get(index)?;
        if let Some(parsed) = known.get() {
            return Some(parsed.clone());
        }
        let slot = chunk.slot(index)?;
        let mut kept = lock(&slot.parsed);
        if let Some(parsed) = known.get() {
            return Some(parsed.clone());
        }
        let fits = |p: &&Arc<ParsedItem>| p.typedefs.iter().all(|&(n, t)| self.is_typedef(n) == t);
        let found = kept.iter().find(fits).cloned();
        let parsed = match found {
            Some(parsed) => {
                self.work.reused.fetch_add(1, Ordering::Relaxed);
                parsed
            }
            None => {
                self.work.parsed.fetch_add(1, Ordering::Relaxed);
                let parsed = Arc::new(self.parse(chunk, slot));
                if kept.len() >= 4 {
                    kept.remove(0);
                }
                kept.push(parsed.clone());
                parsed
            }
        };
        drop(kept);
        let _ = known.set(parsed);
        known.get().cloned()
    }

    fn parse(&self, chunk: &ItemChunk, slot: &Slot) -> ParsedItem {
        static SERIAL: AtomicU64 = AtomicU64::new(1);
        let asked: RefCell<FxHashMap<Symbol, bool>> = RefCell::default();
        let scope = |name: Symbol| {
            let mut asked = asked.borrow_mut();
            *asked.entry(name).or_insert_with(|| self.is_typedef(name))
        };
        let parsed = parse_item(chunk.tokens_of(slot), &slot.pragma, &scope);
        ParsedItem {
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            syntax: parsed.item,
            errors: parsed.syntax_errors,
            too_deep: parsed.too_deep,
            typedefs: asked.into_inner().into_iter().collect(),
            names: OnceLock::new(),
        }
    }

    /// Whether some item declares the name as a typedef.
    pub(crate) fn is_typedef(&self, name: Symbol) -> bool {
        let declares = || {
            self.chunks_with(name)
                .any(|(c, _)| c.declaring(name).any(|(_, space)| space == TYPEDEF))
        };
        *lock(&self.typedefs).entry(name).or_insert_with(declares)
    }

    /// The chunks that may declare a name, in order, with the numbers of their first items.
    fn chunks_with(&self, name: Symbol) -> impl Iterator<Item = (&ItemChunk, u32)> {
        let names = self.names.get_or_init(|| NameIndex::new(&self.chunks));
        names
            .chunks(name)
            .into_iter()
            .filter_map(|at| Some((self.chunks.get(at as usize)?, *self.starts.get(at as usize)?)))
    }

    fn with_space(&self, name: Symbol, wanted: impl Fn(u8) -> bool) -> Vec<u32> {
        let mut found = Vec::new();
        for (chunk, start) in self.chunks_with(name) {
            for (item, space) in chunk.declaring(name) {
                let item = start + item;
                if wanted(space) && found.last() != Some(&item) {
                    found.push(item);
                }
            }
        }
        found
    }

    /// Items that declare a variable, function or typedef of that name, in order.
    pub(crate) fn declaring(&self, name: Symbol) -> Vec<u32> {
        self.with_space(name, |space| space == ORDINARY || space == TYPEDEF)
    }

    /// Whether some item names the tag.
    pub(crate) fn has_tag(&self, name: Symbol) -> bool {
        !self.with_space(name, |space| space >= TAG).is_empty()
    }

    /// Whether an item that defines the tag nests too deep to be read whole.
    pub(crate) fn is_tag_torn(&self, tag: Symbol) -> bool {
        let items = self.with_space(tag, |space| space == TAG_DEFINED).into_iter();
        items.filter_map(|item| self.parsed(item)).any(|parsed| parsed.too_deep.declared)
    }

    /// The definition of a tag.
    pub(crate) fn defining_tag(&self, tag: Symbol) -> Option<(TagSpec, SpecPlace)> {
        for item in self.with_space(tag, |space| space == TAG_DEFINED) {
            let Some(parsed) = self.parsed(item) else { continue };
            let mut found = None;
            type_specifiers::of_item(&parsed.syntax, &mut |spec| {
                let fits = match spec {
                    TypeSpec::Record(r) => {
                        r.fields.is_some() && r.tag.is_some_and(|t| t.name == tag)
                    }
                    TypeSpec::Enum(e) => e.values.is_some() && e.tag.is_some_and(|t| t.name == tag),
                    _ => false,
                };
                if fits && found.is_none() {
                    found = match spec {
                        TypeSpec::Record(r) => Some(TagSpec::Record(Arc::new((**r).clone()))),
                        TypeSpec::Enum(e) => Some(TagSpec::Enum(Arc::new((**e).clone()))),
                        _ => None,
                    };
                }
            });
            if let Some(spec) = found {
                return Some((spec, SpecPlace { item, serial: parsed.serial }));
            }
        }
        None
    }

    /// The enum that has an enumerator of that name.
    pub(crate) fn defining_enumerator(&self, name: Symbol) -> Option<(TagSpec, SpecPlace)> {
        for item in self.with_space(name, |space| space == ENUMERATOR) {
            let Some(parsed) = self.parsed(item) else { continue };
            if let Some(spec) = parsed.enum_with(name) {
                let place = SpecPlace { item, serial: parsed.serial };
                return Some((TagSpec::Enum(spec.clone()), place));
            }
        }
        None
    }

    /// Items that declare variables or functions, and cannot wait or are among the `own` ones.
    pub(crate) fn ordinary_items<'a>(
        &'a self,
        own: impl Fn(u32) -> bool + 'a,
    ) -> impl Iterator<Item = u32> + 'a {
        let all = self.chunks.iter().zip(&self.starts).filter_map(|(chunk, &start)| {
            // All that header text declares can wait.
            let Content::Tokens { slots, .. } = &chunk.index.content else { return None };
            Some(slots.iter().zip(start..))
        });
        all.flatten()
            .filter(move |((_, facts), item)| facts.ordinary && (!facts.lazy || own(*item)))
            .map(|(_, item)| item)
    }

    /// The items that begin in a file, in order.
    pub(crate) fn items_of(&self, file: FileId) -> impl Iterator<Item = u32> + '_ {
        self.chunks.iter().zip(&self.starts).flat_map(move |(chunk, &start)| {
            let other_text = chunk.chunk.index().is_some_and(|text| text.file != file);
            let all = 0..if other_text { 0 } else { chunk.len() };
            all.filter(move |&i| chunk.file(i) == Some(file)).map(move |i| start + i as u32)
        })
    }

    /// Names declared in a name space of file scope.
    pub(crate) fn names(&self) -> impl Iterator<Item = (Symbol, NameSpace)> + '_ {
        self.chunks.iter().flat_map(|chunk| {
            let (names, text) = match &chunk.index.content {
                Content::Tokens { names, .. } => (names.as_slice(), None),
                Content::Text { .. } => (&[][..], chunk.chunk.index()),
            };
            let names = names.iter().map(|&(name, _, space)| {
                let space = match space {
                    TYPEDEF => NameSpace::Typedef,
                    ORDINARY => NameSpace::Ordinary,
                    ENUMERATOR => NameSpace::Enumerator,
                    _ => NameSpace::Tag,
                };
                (name, space)
            });
            names.chain(text.into_iter().flat_map(|text| text.names()))
        })
    }
}
