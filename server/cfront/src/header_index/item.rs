//! What the scan knows of the item that it is in.

/// Deeper brackets are not plain.
const MAX_DEPTH: usize = 32;

/// The bytes of a word of the text.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// What a `struct`, `union` or `enum` waits for.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Pending {
    #[default]
    Nothing,
    /// A tag, or the body.
    Tag,
    /// The body.
    Body,
}

/// What the tokens of the item so far say.
#[derive(Default)]
pub(super) struct ItemState {
    /// Open brackets; `e` for the brace of an enum.
    pub(super) stack: [u8; MAX_DEPTH],
    pub(super) depth: usize,
    /// Something of it was read.
    pub(super) begun: bool,
    pub(super) typedef: bool,
    pub(super) is_static: bool,
    /// `const` stands in its specifiers or its outermost declarator.
    pub(super) constant: bool,
    /// An initialiser has begun.
    pub(super) initialised: bool,
    /// The last name at the outermost level.
    pub(super) name: Option<Place>,
    /// The tag of a `struct` without body at the outermost level.
    pub(super) forward: Option<Place>,
    pub(super) pending: Pending,
    pub(super) pending_enum: bool,
    /// An enum's underlying type is being read.
    pub(super) underlying: bool,
    pub(super) tag: Option<Place>,
    /// An enumerator may come.
    pub(super) expects: bool,
    /// `)` at the outermost level was the last token.
    pub(super) after_parameters: bool,
    /// `(` at the outermost level was the last token.
    pub(super) after_open: bool,
    /// The name of a typedef or a static constant is settled: a suffix or an initialiser has begun.
    pub(super) settled: bool,
    /// The parentheses that are open group a declarator whose name has not come.
    pub(super) groups: bool,
    /// Its names are found with its tokens.
    pub(super) by_tokens: bool,
    /// Names found before it.
    pub(super) names: usize,
}

impl ItemState {
    /// The bracket that was opened last; 0 outside of all.
    pub(super) fn top(&self) -> u8 {
        let top = self.depth.checked_sub(1);
        top.and_then(|top| self.stack.get(top)).copied().unwrap_or(0)
    }

    /// Whether the next token stands in a body or in brackets, and nothing is expected of it.
    pub(super) fn among_members(&self) -> bool {
        self.depth > 0
            && self.top() != b'e'
            && self.pending == Pending::Nothing
            && !self.groups
            && !self.underlying
            && !self.after_open
    }
}
