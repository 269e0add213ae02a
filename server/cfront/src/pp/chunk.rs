//! Chunks: the expanded tokens of a translation unit in pieces that can be shared.

use std::{
    ops::{Deref, Range},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use crate::{
    header_index::HeaderIndex,
    items::chunk::ItemIndex,
    source::{FileId, Loc, Trail},
    symbol::known as k,
    token::{Token, TokenKind},
};

/// A run of expanded tokens that begins and ends between two top-level items.
#[derive(Debug)]
pub struct Chunk {
    /// Number of its trail table. Two chunks of a session that share it differ in places only.
    pub id: u32,
    /// The file that its first token comes from.
    pub first_file: FileId,
    /// Whether it has something of the main file's own text.
    pub(crate) is_main: bool,
    body: Body,
    /// What was made of it, by the pragmas in force before it: for every unit that has the chunk.
    pub(crate) items: Mutex<Vec<Arc<ItemIndex>>>,
}

#[derive(Debug)]
enum Body {
    Tokens {
        /// As they were made, at the places of that time.
        made: Arc<Expanded>,
        /// What became of the places since.
        moves: Vec<Move>,
        /// The tokens at their places of now, when somebody has asked for them.
        moved: OnceLock<Arc<Vec<Token>>>,
    },
    /// Header text that is its own expansion; all its tokens are made when somebody wants them.
    Text { index: HeaderIndex, tokens: OnceLock<Arc<Vec<Token>>> },
}

#[derive(Debug)]
struct Expanded {
    tokens: Arc<Vec<Token>>,
    trails: Box<[Trail]>,
}

/// An edit of the main file, as those behind it see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    /// The file.
    pub(crate) file: FileId,
    /// Places from this byte on ...
    pub(crate) from: u32,
    /// ... lie so many bytes further on.
    pub(crate) by: i64,
}

impl Move {
    /// Where a byte of the file lies now.
    pub(crate) fn offset(&self, offset: u32) -> u32 {
        if offset >= self.from { (i64::from(offset) + self.by) as u32 } else { offset }
    }

    /// Where a place lies now.
    pub(crate) fn loc(&self, loc: Loc) -> Loc {
        if loc.file == self.file.0 {
            return Loc { file: loc.file, offset: self.offset(loc.offset) };
        }
        loc
    }
}

/// After so many moves the tokens are made anew, at their places.
const MAX_MOVES: usize = 16;

/// Tokens of a chunk, read like a slice.
#[derive(Clone, Debug)]
pub struct TokenSlice {
    tokens: Arc<Vec<Token>>,
    range: Range<usize>,
}

impl Deref for TokenSlice {
    type Target = [Token];

    fn deref(&self) -> &[Token] {
        self.tokens.get(self.range.clone()).unwrap_or(&[])
    }
}

impl Chunk {
    pub(crate) fn new(
        id: u32,
        first_file: FileId,
        is_main: bool,
        mut tokens: Vec<Token>,
        trails: Vec<Trail>,
    ) -> Chunk {
        tokens.shrink_to_fit();
        let made = Expanded { tokens: Arc::new(tokens), trails: trails.into() };
        let body = Body::Tokens { made: Arc::new(made), moves: Vec::new(), moved: OnceLock::new() };
        Chunk { id, first_file, is_main, body, items: Mutex::default() }
    }

    /// The same tokens at other places. The number stays: chunks of one number have equal texts.
    pub(crate) fn moved(self: &Arc<Self>, by: Move) -> Arc<Chunk> {
        let Body::Tokens { made, moves, .. } = &self.body else { return self.clone() };
        let (made, moves) = if moves.len() < MAX_MOVES {
            let mut moves = moves.clone();
            match moves.last_mut() {
                // Typed on: what lay behind the last edit lies behind this one. In between are only
                // bytes that the last one took out.
                Some(last) if i64::from(by.from) == i64::from(last.from) + last.by => {
                    last.by += by.by;
                }
                _ => moves.push(by),
            }
            (made.clone(), moves)
        } else {
            let trails = (0..made.trails.len()).filter_map(|at| self.trail_at(at)).collect();
            (Arc::new(Expanded { tokens: self.all().clone(), trails }), vec![by])
        };
        let items = self.items.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Arc::new(Chunk {
            id: self.id,
            first_file: self.first_file,
            is_main: self.is_main,
            body: Body::Tokens { made, moves, moved: OnceLock::new() },
            items: Mutex::new(items),
        })
    }

    /// A chunk of header text that was indexed only.
    pub(crate) fn of_text(id: u32, index: HeaderIndex) -> Chunk {
        let first_file = index.file;
        let body = Body::Text { index, tokens: OnceLock::new() };
        Chunk { id, first_file, is_main: false, body, items: Mutex::default() }
    }

    /// The index, when the chunk is header text that was not lexed.
    pub(crate) fn index(&self) -> Option<&HeaderIndex> {
        match &self.body {
            Body::Tokens { .. } => None,
            Body::Text { index, .. } => Some(index),
        }
    }

    fn all(&self) -> &Arc<Vec<Token>> {
        match &self.body {
            Body::Tokens { made, moves, .. } if moves.is_empty() => &made.tokens,
            Body::Tokens { made, moved, .. } => moved.get_or_init(|| {
                let token = |token: &Token| Token { loc: self.place(token.loc), ..*token };
                Arc::new(made.tokens.iter().map(token).collect())
            }),
            Body::Text { index, tokens } => tokens.get_or_init(|| Arc::new(index.all_tokens())),
        }
    }

    /// Where a place of one of the tokens or trails as they were made lies now.
    fn place(&self, loc: Loc) -> Loc {
        match &self.body {
            Body::Tokens { moves, .. } => moves.iter().fold(loc, |loc, by| by.loc(loc)),
            Body::Text { .. } => loc,
        }
    }

    /// One token.
    pub(crate) fn token(&self, at: usize) -> Option<Token> {
        match &self.body {
            Body::Tokens { made, .. } => {
                let token = made.tokens.get(at)?;
                Some(Token { loc: self.place(token.loc), ..*token })
            }
            Body::Text { .. } => self.all().get(at).copied(),
        }
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        match &self.body {
            Body::Tokens { made, .. } => made.tokens.len(),
            Body::Text { .. } => self.all().len(),
        }
    }

    /// Number of tokens, guessed where the text was not lexed.
    pub(crate) fn size(&self) -> usize {
        match &self.body {
            Body::Tokens { made, .. } => made.tokens.len(),
            Body::Text { index, .. } => index.range.len() / 4,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.size() == 0
    }

    /// All tokens.
    pub fn tokens(&self) -> TokenSlice {
        self.tokens_in(0..self.len())
    }

    /// The tokens with these numbers; none when the range is not in the chunk.
    pub fn tokens_in(&self, range: Range<usize>) -> TokenSlice {
        TokenSlice { tokens: Arc::clone(self.all()), range }
    }

    /// The same, borrowed.
    pub fn slice(&self, range: Range<usize>) -> &[Token] {
        self.all().get(range).unwrap_or(&[])
    }

    /// The trail that a place in this chunk's table stands for.
    pub fn trail(&self, loc: Loc) -> Option<Trail> {
        let own = loc.file == Loc::TRAIL | self.id;
        own.then(|| self.trail_at(loc.offset as usize)).flatten()
    }

    pub(crate) fn trail_at(&self, at: usize) -> Option<Trail> {
        let Body::Tokens { made, .. } = &self.body else { return None };
        let trail = *made.trails.get(at)?;
        let (spelling, expansion) = (self.place(trail.spelling), self.place(trail.expansion));
        Some(Trail { spelling, expansion, ..trail })
    }

    /// The file of a token's text, or of the outermost macro's name that it came out of.
    pub fn root_file(&self, loc: Loc) -> FileId {
        let trails = match &self.body {
            Body::Tokens { made, .. } => &*made.trails,
            Body::Text { .. } => &[],
        };
        root(loc, trails).unwrap_or(self.first_file)
    }

    /// Number of trails.
    pub fn trail_count(&self) -> usize {
        match &self.body {
            Body::Tokens { made, .. } => made.trails.len(),
            Body::Text { .. } => 0,
        }
    }
}

/// The file that a place leads to by the names of macros, outwards.
pub(crate) fn root(mut loc: Loc, trails: &[Trail]) -> Option<FileId> {
    loop {
        if let Some((file, _)) = loc.as_file() {
            return Some(file);
        }
        // Trails only point to earlier trails, so this ends.
        loc = trails.get(loc.offset as usize)?.expansion;
    }
}

/// Finds out whether a run of tokens ends between two top-level items. Unsure counts as no: a
/// chunk is then only larger than it need be.
#[derive(Clone, PartialEq, Default, Debug)]
pub(crate) struct ItemScan {
    pos: usize,
    depth: i64,
    /// A `struct`, `union` or `enum` was seen whose body may follow: 1 after the keyword, 2 after
    /// the tag, 3 after the colon of an enum.
    tag: u8,
    /// After `=`: braces hold an initialiser.
    initializer: bool,
    /// What the brace at depth 0 that is open holds.
    function_body: bool,
    /// Nothing of an item has been seen since the last end of one.
    between: bool,
    started: bool,
    /// The last item ended with a function's body.
    behind_body: bool,
}

impl ItemScan {
    /// The same after so many tokens.
    pub(crate) fn at(&self, tokens: usize) -> ItemScan {
        ItemScan { pos: tokens, ..self.clone() }
    }

    /// Looks at the tokens that have come since the last call.
    pub(crate) fn at_boundary(&mut self, tokens: &[Token]) -> bool {
        if !self.started {
            self.started = true;
            self.between = true;
        }
        for token in tokens.get(self.pos..).unwrap_or(&[]) {
            self.token(token);
        }
        self.pos = tokens.len();
        self.between
    }

    /// Whether a text is cut here: behind the body of each function.
    pub(crate) fn cuts_behind(&mut self, tokens: &[Token]) -> bool {
        self.at_boundary(tokens) && self.behind_body
    }

    fn token(&mut self, token: &Token) {
        self.behind_body = false;
        match token.kind {
            TokenKind::Punct => self.punct(token),
            TokenKind::Pragma => {}
            TokenKind::Ident if self.depth == 0 => {
                self.between = false;
                self.tag = match (token.sym, self.tag) {
                    (k::STRUCT | k::UNION | k::ENUM, _) => 1,
                    (
                        k::ATTRIBUTE
                        | k::ATTRIBUTE_SHORT
                        | k::DECLSPEC
                        | k::ALIGNAS
                        | k::ALIGNAS_23,
                        tag,
                    ) => tag,
                    (_, 1) => 2,
                    (_, 3) => 3,
                    _ => 0,
                };
            }
            _ => {
                if self.depth == 0 {
                    self.between = false;
                }
            }
        }
    }

    fn punct(&mut self, token: &Token) {
        match token.sym {
            k::L_PAREN | k::L_BRACKET => {
                self.between = false;
                self.depth += 1;
            }
            k::L_BRACE => {
                if self.depth == 0 {
                    self.function_body = self.tag == 0 && !self.initializer;
                    self.tag = 0;
                }
                self.between = false;
                self.depth += 1;
            }
            k::R_PAREN | k::R_BRACKET => self.depth -= 1,
            k::R_BRACE => {
                self.depth -= 1;
                if self.depth == 0 && self.function_body {
                    self.between = true;
                    self.behind_body = true;
                }
            }
            k::SEMI if self.depth == 0 => {
                self.between = true;
                self.initializer = false;
                self.tag = 0;
            }
            _ if self.depth == 0 => {
                self.between = false;
                match token.sym {
                    k::EQ => self.initializer = true,
                    k::COLON if self.tag != 0 => self.tag = 3,
                    _ => self.tag = 0,
                }
            }
            _ => {}
        }
    }
}
