//! The pass over the bytes: where items end and what they declare, as far as they are plain.

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    lexer,
    names::{NameSpace, for_each_declared},
    source::FileId,
    split,
    symbol::hash as word_hash,
    words::Word,
};

use super::{
    NameEntry,
    bytes::{CLASS, Class, class_at, number_end, spaces_end, word_end},
    item::{ItemState, Pending, Place},
    lex, short,
    words::{Special, Specials},
};

/// What the pass found.
pub(super) struct Found {
    /// One past the last byte of each item.
    pub(super) ends: Vec<u32>,
    pub(super) names: Vec<NameEntry>,
}

/// Longer texts are read in two halves at once.
const LONG: usize = 1 << 20;

/// Reads items from `start` on, up to the first one that is not plain.
pub(super) fn scan(text: &str, start: usize, specials: &Specials) -> Found {
    let rest = text.len().saturating_sub(start);
    let middle = if rest < LONG { None } else { boundary(text, start + rest / 2) };
    let needed = AtomicBool::new(true);
    let part = |range| scan_part(text, range, specials, None);
    let Some(middle) = middle else { return part(start..text.len()) };
    let (mut first, second) = std::thread::scope(|threads| {
        let range = middle..text.len();
        let second = threads.spawn(|| scan_part(text, range, specials, Some(&needed)));
        let first = part(start..middle);
        // The second half is right if an item begins there. If one before it is not plain, the index
        // ends, and there will be another behind that item.
        let meets = first.ends.last() == Some(&(middle as u32));
        needed.store(meets, Ordering::Relaxed);
        (first, second.join().ok().filter(|_| meets))
    });
    match second {
        Some(second) => first.append(second),
        None => {
            let end = first.ends.last().map_or(start, |&end| end as usize);
            if end > middle {
                first.append(part(end..text.len()));
            }
        }
    }
    first
}

/// A place behind `from` where an item may begin.
fn boundary(text: &str, from: usize) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    Some(from + memchr::memmem::find(rest, b";\n\n")? + 1)
}

impl Found {
    fn append(&mut self, other: Found) {
        let items = self.ends.len() as u32;
        self.ends.extend(other.ends);
        self.names.extend(
            other.names.into_iter().map(|name| NameEntry { item: name.item + items, ..name }),
        );
    }
}

/// Reads the items that begin in a range, as long as they are needed.
fn scan_part(
    text: &str,
    range: Range<usize>,
    specials: &Specials,
    needed: Option<&AtomicBool>,
) -> Found {
    let Range { start, end } = range;
    let rest = end.saturating_sub(start);
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        pos: start,
        specials,
        found: Found { ends: Vec::with_capacity(rest / 128), names: Vec::with_capacity(rest / 64) },
        item_start: start,
        item: ItemState::default(),
    };
    while scan.pos < end && needed.is_none_or(|needed| needed.load(Ordering::Relaxed)) {
        if !scan.item() {
            // What was found of the item that is not plain.
            scan.found.names.truncate(scan.item.names);
            break;
        }
    }
    scan.found
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    specials: &'a Specials,
    found: Found,
    item_start: usize,
    item: ItemState,
}

impl Scan<'_> {
    #[inline]
    fn byte(&self, pos: usize) -> u8 {
        self.bytes.get(pos).copied().unwrap_or(0)
    }

    #[inline]
    fn class(&self, pos: usize) -> Class {
        class_at(self.bytes, pos)
    }

    /// Reads an item; `false` when it is not plain, or the text ends.
    fn item(&mut self) -> bool {
        self.item_start = self.pos;
        self.item = ItemState { names: self.found.names.len(), ..ItemState::default() };
        loop {
            if self.item.among_members() {
                self.members();
            }
            match self.class(self.pos) {
                Class::Space => self.pos += 1,
                Class::Word => {
                    if !self.word() {
                        return false;
                    }
                }
                Class::Digit => {
                    self.settle();
                    self.pos = number_end(self.bytes, self.pos);
                }
                Class::Operator => {
                    self.settle();
                    self.pos += 1;
                }
                Class::Slash => match self.byte(self.pos + 1) {
                    b'/' => self.pos = lexer::line_comment_end(self.bytes, self.pos),
                    b'*' => match lexer::block_comment_end(self.bytes, self.pos) {
                        Some(end) => self.pos = end,
                        None => return false,
                    },
                    _ => {
                        self.settle();
                        self.pos += 1;
                    }
                },
                Class::Less if !matches!(self.byte(self.pos + 1), b':' | b'%') => {
                    self.settle();
                    self.pos += 1;
                }
                Class::Semicolon if self.item.depth == 0 => {
                    self.settle();
                    self.pos += 1;
                    return self.end_item();
                }
                Class::Odd | Class::Less => return false,
                class => {
                    if !self.punctuator(class) {
                        return false;
                    }
                }
            }
        }
    }

    /// A token stands here that is no tag and no body: what waits for one waits no more.
    #[inline]
    fn settle(&mut self) {
        let item = &mut self.item;
        if item.pending != Pending::Nothing {
            if item.depth == 0 && item.tag.is_some() {
                item.forward = item.tag;
            }
            item.pending = Pending::Nothing;
            item.tag = None;
        }
        item.begun = true;
        item.after_parameters = false;
        item.after_open = false;
    }

    /// Reads on in a body as long as nothing there can declare a name or open or close anything: that is
    /// most of a vmlinux.h, and costs half of what it would token by token.
    fn members(&mut self) {
        let bytes = self.bytes;
        let mut pos = self.pos;
        loop {
            match class_at(bytes, pos) {
                Class::Space
                | Class::Operator
                | Class::Star
                | Class::Semicolon
                | Class::Comma
                | Class::Colon
                | Class::Equals => pos += 1,
                Class::Digit => pos = number_end(bytes, pos),
                Class::Word => match self.member_word(pos) {
                    Some(end) => pos = end,
                    None => break,
                },
                _ => break,
            }
        }
        self.pos = pos;
    }

    /// The end of a word in a body that needs no closer look, and of the tag behind it.
    #[inline]
    fn member_word(&self, start: usize) -> Option<usize> {
        let (end, special) = self.word_at(start);
        match special {
            None
            | Some(Special::Keyword(
                Word::Basic | Word::PredefinedTypedef | Word::Const | Word::Volatile,
            )) => Some(end),
            Some(Special::Keyword(Word::Struct | Word::Union | Word::Enum)) => {
                // A tag that is only named.
                let tag = spaces_end(self.bytes, end);
                if class_at(self.bytes, tag) != Class::Word {
                    return None;
                }
                let (end, special) = self.word_at(tag);
                let behind = class_at(self.bytes, spaces_end(self.bytes, end));
                let named = matches!(behind, Class::Word | Class::Star | Class::Semicolon);
                (named && special.is_none()).then_some(end)
            }
            Some(_) => None,
        }
    }

    /// The end of the word that begins at a place, and what it is to the scan.
    #[inline]
    fn word_at(&self, start: usize) -> (usize, Option<Special>) {
        let end = word_end(self.bytes, start);
        let word = self.bytes.get(start..end).unwrap_or(&[]);
        (end, self.specials.find(word))
    }

    fn word(&mut self) -> bool {
        let start = self.pos;
        let (end, special) = self.word_at(start);
        self.pos = end;
        // In the first column a word mostly begins a declaration: a `;` may be missing before it.
        let outermost = self.item.depth == 0;
        if outermost && self.item.begun {
            let before = start.checked_sub(1).map_or(b'\n', |before| self.byte(before));
            if matches!(before, b'\n' | b'\r') {
                return false;
            }
        }
        match special {
            None => {
                // Parameters of a definition in the old style.
                if self.item.after_parameters {
                    return false;
                }
                self.name(start..end);
                true
            }
            Some(Special::Keyword(word)) => self.keyword(word),
            Some(Special::Macro) => false,
        }
    }

    fn name(&mut self, word: Range<usize>) {
        let place = Place { start: word.start as u32, end: word.end as u32 };
        let item = &mut self.item;
        item.begun = true;
        if item.pending == Pending::Tag {
            item.tag = Some(place);
            item.pending = Pending::Body;
            return;
        }
        // A name in parentheses, or a parameter.
        item.by_tokens |= item.after_open;
        self.settle();
        if std::mem::take(&mut self.item.groups) {
            self.item.name = Some(place);
        } else if self.item.depth == 0 {
            if !self.item.settled {
                self.item.name = Some(place);
            }
        } else if self.item.expects && self.item.top() == b'e' {
            self.item.expects = false;
            self.declare(place, NameSpace::Enumerator, true);
        }
    }

    fn keyword(&mut self, word: Word) -> bool {
        if self.item.after_parameters && word != Word::Attribute {
            return false;
        }
        self.settle();
        let in_enum = self.item.top() == b'e';
        let item = &mut self.item;
        match word {
            Word::Struct | Word::Union | Word::Enum => {
                item.by_tokens |= item.groups;
                item.pending = Pending::Tag;
                item.pending_enum = word == Word::Enum;
                item.by_tokens |= in_enum;
            }
            Word::Typedef => item.typedef |= item.depth == 0,
            Word::Static => item.is_static |= item.depth == 0,
            // In parentheses before the name it makes the declarator constant.
            Word::Const => {
                item.constant |= !item.initialised && (item.depth == 0 || item.groups);
                item.by_tokens |= in_enum;
            }
            Word::Attribute
            | Word::Declspec
            | Word::Alignas
            | Word::Asm
            | Word::Typeof
            | Word::TypeofUnqual
            | Word::Atomic
            | Word::Extension
            | Word::StaticAssert => item.by_tokens = true,
            _ => item.by_tokens |= in_enum,
        }
        true
    }

    fn punctuator(&mut self, class: Class) -> bool {
        let b = self.byte(self.pos);
        self.pos += 1;
        let outermost = self.item.depth == 0;
        if class == Class::OpenBrace {
            return self.open_brace(outermost);
        }
        let waited = self.item.pending != Pending::Nothing;
        self.item.underlying = class == Class::Colon && waited && self.item.pending_enum;
        self.settle();
        let top = self.item.top();
        let item = &mut self.item;
        match class {
            Class::CloseBrace => {
                item.depth = item.depth.saturating_sub(1);
                return matches!(top, b'{' | b'e');
            }
            Class::Open => {
                if outermost {
                    self.suffix(b);
                }
                return self.push(b);
            }
            Class::Close => {
                item.depth = item.depth.saturating_sub(1);
                item.after_parameters = item.depth == 0 && b == b')' && !item.initialised;
                item.by_tokens |= item.depth == 0 && item.groups;
                return top == if b == b')' { b'(' } else { b'[' };
            }
            Class::Comma => {
                item.by_tokens |= outermost;
                item.expects |= top == b'e';
            }
            // The type of an enum, or the width of an unnamed bit-field.
            Class::Colon => item.by_tokens |= outermost || waited,
            // An initialiser; only static constants can wait when they have one.
            Class::Equals if outermost => {
                item.initialised = true;
                item.settled = true;
                return item.is_static && !item.typedef;
            }
            _ => {}
        }
        true
    }

    /// A bracket opens at the outermost level.
    fn suffix(&mut self, bracket: u8) {
        let item = &mut self.item;
        if !item.typedef && !item.is_static {
            item.by_tokens = true;
        } else if !std::mem::replace(&mut item.settled, true) && bracket == b'(' {
            let rest = self.bytes.get(self.pos..).unwrap_or(&[]);
            let next = rest.iter().find(|b| CLASS[**b as usize] != Class::Space);
            item.groups = next == Some(&b'*');
            item.by_tokens |= !item.groups && item.name.is_none() || next == Some(&b'(');
            item.after_open = !item.groups;
        }
    }

    fn open_brace(&mut self, outermost: bool) -> bool {
        let item = &mut self.item;
        item.begun = true;
        item.after_parameters = false;
        item.after_open = false;
        // Tags in parameters are no business of the file's.
        item.by_tokens |= item.stack.first() == Some(&b'(') && !outermost;
        if item.pending == Pending::Nothing {
            if std::mem::take(&mut item.underlying) {
                return self.push(b'e');
            }
            // At the outermost level that is a function's body.
            return !outermost && self.push(b'{');
        }
        let is_enum = item.pending_enum;
        item.pending = Pending::Nothing;
        item.forward = None;
        item.expects = is_enum;
        if let Some(tag) = item.tag.take() {
            self.declare(tag, NameSpace::Tag, true);
        }
        self.push(if is_enum { b'e' } else { b'{' })
    }

    fn push(&mut self, bracket: u8) -> bool {
        let item = &mut self.item;
        let Some(slot) = item.stack.get_mut(item.depth) else { return false };
        *slot = bracket;
        item.depth += 1;
        true
    }

    fn declare(&mut self, place: Place, space: NameSpace, defines: bool) {
        let item = self.found.ends.len() as u32;
        let text = self.bytes.get(place.start as usize..place.end as usize).unwrap_or(&[]);
        let (offset, hash) = (place.start, short(word_hash(text)));
        self.found.names.push(NameEntry { hash, offset, item, space, defines });
    }

    /// The item ends before `pos`; whether it is plain.
    fn end_item(&mut self) -> bool {
        let item = &self.item;
        let named = item.name.is_some();
        let constant = named && item.is_static && item.constant && item.initialised;
        // Other variables can wait when they are `extern`.
        let variable = (named || item.initialised) && !item.typedef && !constant;
        match (item.name, item.forward) {
            _ if item.by_tokens || variable => {
                if !self.names_by_tokens() {
                    return false;
                }
            }
            (Some(name), _) if item.typedef => self.declare(name, NameSpace::Typedef, false),
            (Some(name), _) => self.declare(name, NameSpace::Ordinary, false),
            (None, Some(tag)) => self.declare(tag, NameSpace::Tag, false),
            (None, None) => {}
        }
        self.found.ends.push(self.pos as u32);
        true
    }

    /// Finds the names of the item in its tokens; whether the item can wait until one of them is
    /// asked for.
    fn names_by_tokens(&mut self) -> bool {
        self.found.names.truncate(self.item.names);
        let tokens = lex(self.text, FileId(0), self.item_start..self.pos);
        if split::split(&tokens).len() != 1 {
            return false;
        }
        let item = self.found.ends.len() as u32;
        let names = &mut self.found.names;
        for_each_declared(&tokens, |declared| {
            let at = tokens.get(declared.token as usize).map_or(0, |token| token.loc.offset);
            let hash = short(word_hash(declared.name.as_str().as_bytes()));
            let (space, defines) = (declared.space, declared.defines);
            names.push(NameEntry { hash, offset: at, item, space, defines });
        })
    }
}
