//! The items of one chunk of expanded tokens: where each is, and the names that they declare.

use std::{
    hash::{Hash, Hasher},
    ops::Range,
    sync::{Arc, Mutex, OnceLock},
};

use rustc_hash::FxHasher;

use super::ParsedItem;
use crate::{
    names::{NameSpace, for_each_declared},
    pp::Chunk,
    pragma::{PragmaStack, PragmaState},
    session::lock,
    source::FileId,
    split::{body_start, split_from},
    symbol::Symbol,
    token::Token,
};

/// One item of a chunk.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) tokens: SlotTokens,
    pub(super) pragma: PragmaState,
    hash: OnceLock<u64>,
    /// Kept parses, by what the typedef names around it were.
    pub(super) parsed: Mutex<Vec<Arc<ParsedItem>>>,
}

/// Where the tokens of an item are.
#[derive(Debug)]
pub(super) enum SlotTokens {
    /// In the chunk.
    Range(Range<usize>),
    /// Made for the item.
    Own(Box<[Token]>),
}

impl Slot {
    pub(super) fn new(tokens: SlotTokens, pragma: PragmaState) -> Slot {
        Slot { tokens, pragma, hash: OnceLock::new(), parsed: Mutex::default() }
    }
}

/// The items of one chunk, by place: what they declare is known, the rest when it is asked for.
#[derive(Debug)]
pub(crate) struct ItemIndex {
    pub(super) pragmas_before: PragmaStack,
    pub(super) pragmas_after: PragmaStack,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// Of expanded tokens.
    Tokens {
        slots: Vec<(Slot, Facts)>,
        /// (name, item, name space), sorted.
        names: Vec<(Symbol, u32, u8)>,
        /// Hash of all tokens but those of function bodies.
        interface: u64,
    },
    /// Of header text whose index the chunk has.
    Text { slots: Box<[OnceLock<Box<Slot>>]>, text_hash: OnceLock<u64> },
}

/// What is known of an item without its syntax.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// The file that its first token comes from.
    pub(super) file: FileId,
    /// Nothing of it is needed until a name is asked for.
    pub(super) lazy: bool,
    /// It declares variables or functions.
    pub(super) ordinary: bool,
}

/// The items of one chunk and the names they declare.
#[derive(Clone, Debug)]
pub(crate) struct ItemChunk {
    pub(crate) chunk: Arc<Chunk>,
    pub(super) index: Arc<ItemIndex>,
}

pub(super) const TYPEDEF: u8 = 0;
pub(super) const ORDINARY: u8 = 1;
pub(super) const ENUMERATOR: u8 = 2;
pub(super) const TAG: u8 = 3;
pub(super) const TAG_DEFINED: u8 = 4;

pub(super) fn space_code(space: NameSpace, defines: bool) -> u8 {
    match space {
        NameSpace::Typedef => TYPEDEF,
        NameSpace::Ordinary => ORDINARY,
        NameSpace::Enumerator => ENUMERATOR,
        NameSpace::Tag if defines => TAG_DEFINED,
        NameSpace::Tag => TAG,
    }
}

/// Indices of one chunk that are kept, by the pragmas before it.
pub(super) const MAX_KEPT: usize = 4;

impl ItemChunk {
    /// The items of a chunk, found once for all units that have the chunk behind the same pragmas.
    pub(crate) fn new(chunk: Arc<Chunk>, pragmas: PragmaStack) -> ItemChunk {
        let mut kept = lock(&chunk.items);
        let index = match kept.iter().find(|index| index.pragmas_before == pragmas) {
            Some(index) => Arc::clone(index),
            None => {
                let index = Arc::new(ItemIndex::new(&chunk, pragmas));
                if kept.len() >= MAX_KEPT {
                    kept.remove(0);
                }
                kept.push(Arc::clone(&index));
                index
            }
        };
        drop(kept);
        ItemChunk { chunk, index }
    }

    pub(super) fn len(&self) -> usize {
        match &self.index.content {
            Content::Tokens { slots, .. } => slots.len(),
            Content::Text { slots, .. } => slots.len(),
        }
    }

    pub(super) fn slot(&self, index: usize) -> Option<&Slot> {
        match &self.index.content {
            Content::Tokens { slots, .. } => slots.get(index).map(|(slot, _)| slot),
            Content::Text { slots, .. } => Some(slots.get(index)?.get_or_init(|| {
                let tokens = self.chunk.index().map(|text| text.tokens(index));
                let tokens = SlotTokens::Own(tokens.unwrap_or_default().into());
                Box::new(Slot::new(tokens, self.index.pragmas_before.state().clone()))
            })),
        }
    }

    /// The file that an item begins in.
    pub(super) fn file(&self, index: usize) -> Option<FileId> {
        match &self.index.content {
            Content::Tokens { slots, .. } => slots.get(index).map(|(_, facts)| facts.file),
            Content::Text { slots, .. } => {
                slots.get(index).and(self.chunk.index()).map(|text| text.file)
            }
        }
    }

    /// The items that something was asked of.
    pub(super) fn used_slots(&self) -> impl Iterator<Item = &Slot> {
        let (all, text) = match &self.index.content {
            Content::Tokens { slots, .. } => (slots.as_slice(), &[][..]),
            Content::Text { slots, .. } => (&[][..], &**slots),
        };
        let text = text.iter().filter_map(|slot| slot.get().map(|slot| &**slot));
        all.iter().map(|(slot, _)| slot).chain(text)
    }

    /// What the items declare: name, item, name space, sorted; `None` for text of a header, which has an
    /// index of its own.
    pub(super) fn names(&self) -> Option<&[(Symbol, u32, u8)]> {
        match &self.index.content {
            Content::Tokens { names, .. } => Some(names),
            Content::Text { .. } => None,
        }
    }

    pub(super) fn declaring(&self, name: Symbol) -> impl Iterator<Item = (u32, u8)> + '_ {
        let (names, text) = match &self.index.content {
            Content::Tokens { names, .. } => (names.as_slice(), None),
            Content::Text { .. } => (&[][..], self.chunk.index()),
        };
        let start = names.partition_point(|&(n, ..)| n < name);
        let rest = names.get(start..).unwrap_or(&[]);
        let rest = rest
            .iter()
            .take_while(move |&&(n, ..)| n == name)
            .map(|&(_, item, space)| (item, space));
        let text = text.into_iter().flat_map(move |text| text.declaring(name));
        rest.chain(text.map(|(item, space, defines)| (item, space_code(space, defines))))
    }

    pub(super) fn tokens_of<'a>(&'a self, slot: &'a Slot) -> &'a [Token] {
        match &slot.tokens {
            SlotTokens::Range(range) => self.chunk.slice(range.clone()),
            SlotTokens::Own(tokens) => tokens,
        }
    }

    pub(super) fn hash_of(&self, slot: &Slot) -> u64 {
        *slot.hash.get_or_init(|| {
            let mut hasher = FxHasher::default();
            for token in self.tokens_of(slot).iter() {
                (token.kind as u8, token.sym).hash(&mut hasher);
            }
            hasher.finish()
        })
    }

    /// Hash of all that other items may see of these.
    pub(super) fn interface(&self) -> u64 {
        match &self.index.content {
            Content::Tokens { interface, .. } => *interface,
            Content::Text { text_hash, .. } => {
                *text_hash.get_or_init(|| self.chunk.index().map_or(0, |text| text.text_hash()))
            }
        }
    }
}

impl ItemIndex {
    pub(super) fn new(chunk: &Chunk, pragmas: PragmaStack) -> ItemIndex {
        if let Some(text) = chunk.index() {
            let slots = std::iter::repeat_with(OnceLock::new).take(text.len()).collect();
            let content = Content::Text { slots, text_hash: OnceLock::new() };
            return ItemIndex { pragmas_after: pragmas.clone(), pragmas_before: pragmas, content };
        }
        let tokens = chunk.tokens();
        let (ranges, pragmas_after) = split_from(&tokens, pragmas.clone());
        let mut names = Vec::new();
        let mut slots = Vec::with_capacity(ranges.len());
        let mut interface = FxHasher::default();
        let mut last = 0;
        for range in ranges {
            let index = slots.len() as u32;
            let mut ordinary = false;
            let item = tokens.get(range.start..range.end).unwrap_or(&[]);
            let lazy = for_each_declared(item, |declared| {
                ordinary |= declared.space == NameSpace::Ordinary;
                names.push((declared.name, index, space_code(declared.space, declared.defines)));
            });
            // Pragmas between items are part of what the items see.
            let between = tokens.get(last..range.start).unwrap_or(&[]);
            between.iter().for_each(|t| t.sym.hash(&mut interface));
            let file = item.first().map_or(chunk.first_file, |first| chunk.root_file(first.loc));
            file.0.hash(&mut interface);
            let body = body_start(item).unwrap_or(item.len());
            for token in item.get(..body).unwrap_or(item) {
                (token.kind as u8, token.sym).hash(&mut interface);
            }
            interface.write_u8(0xff);
            last = range.end;
            let slot = Slot::new(SlotTokens::Range(range.range()), range.pragma);
            slots.push((slot, Facts { file, lazy, ordinary }));
        }
        let rest = tokens.get(last..).unwrap_or(&[]);
        rest.iter().for_each(|t| t.sym.hash(&mut interface));
        names.sort_unstable();
        names.dedup();
        ItemIndex {
            pragmas_before: pragmas,
            pragmas_after,
            content: Content::Tokens { slots, names, interface: interface.finish() },
        }
    }
}

pub(super) fn same_text(a: &[Token], b: &[Token]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.kind == y.kind && x.sym == y.sym)
}
