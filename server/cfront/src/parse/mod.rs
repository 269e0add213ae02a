//! From the tokens of one item to its syntax, the [`ast`]: straight from the tokens (`direct`), or
//! else by way of plain text and stock tree-sitter-c.
//!
//! The tree only carries structure; what a piece of text stands for is read from its token (see
//! [`crate::plain`]). Trees are dropped at once: an item is parsed again when its tokens change.
//!
//! [`ast`]: crate::ast

mod attribute;
mod declarator;
mod direct;
mod expression;
mod field;
mod record;
mod specifiers;
mod statement;
mod unit;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering},
};

use tree_sitter::{Node, Parser, Tree};

use field::{Child, Field};
pub use unit::{UnitItem, parse_unit, parse_unit_with};

use crate::{
    ast::{
        Attr, Block, Declaration, Expr, ExprKind, FunctionDef, Ident, Item, Span, Stmt, StmtKind,
        TypeName,
    },
    literal,
    plain::{Fragment, Plain, TypedefScope},
    pragma::PragmaState,
    split::body_start,
    token::{Token, TokenKind},
    words::{Word, Words},
};

/// Nesting of the syntax beyond which an expression or statement is not read: recursion over an
/// [`ast`](crate::ast) is bounded by it. clang refuses more by default (`-fbracket-depth`).
pub const MAX_DEPTH: u32 = 256;

/// Attribute arguments are parsed on their own; attributes in types in attributes nest this deep.
const MAX_FRAGMENTS: u32 = 4;

/// A parsed item.
#[derive(Clone, PartialEq, Debug)]
pub struct ParsedItem {
    /// The syntax.
    pub item: Item,
    /// Places where the text could not be read, or something had to be added.
    pub syntax_errors: Vec<Span>,
    /// Where the syntax nests too deep, so that something of it is not here.
    pub too_deep: TooDeep,
    /// Whether it was read from plain text and its tree, and not straight from the tokens (but for
    /// single statements, perhaps).
    pub by_tree: bool,
}

/// Where syntax was left out because it nests deeper than [`MAX_DEPTH`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TooDeep {
    /// In what the item declares.
    pub declared: bool,
    /// In the body of a function.
    pub body: bool,
}

/// When the tree has the word. For scores that compare the two ways; everything else leaves it as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByTree {
    /// Where the text is not plainly C.
    WhereTorn,
    /// Nowhere: the direct reader recovers by itself.
    Never,
}

/// The process-wide [`ByTree`].
#[derive(Debug)]
pub struct TreeSwitch(AtomicBool);

/// The switch that scores turn.
pub static TREE: TreeSwitch = TreeSwitch(AtomicBool::new(false));

impl TreeSwitch {
    /// Sets it for what is read from now on.
    pub fn set(&self, way: ByTree) {
        self.0.store(way == ByTree::Never, Ordering::Relaxed);
    }

    fn never(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Parses the tokens of one item. `pragma` is what pragmas say there, `scope` knows the typedef
/// names declared before it. Never fails: what cannot be read is [`Item::Error`], or marked in it.
pub fn parse_item(tokens: &[Token], pragma: &PragmaState, scope: &dyn TypedefScope) -> ParsedItem {
    let words = Words::get();
    if let Some(item) = trivial_item(tokens, words) {
        let too_deep = TooDeep::default();
        return ParsedItem { item, syntax_errors: Vec::new(), too_deep, by_tree: false };
    }
    if let Some((item, syntax_errors)) = direct::item(tokens, words, scope, pragma) {
        return ParsedItem { item, syntax_errors, too_deep: TooDeep::default(), by_tree: false };
    }
    let parsed = parse_by_tree(tokens, pragma, scope);
    match body_start(tokens) {
        Some(start) => declared_by_header(tokens, start, parsed, pragma, scope),
        None => parsed,
    }
}

/// An item with a body that begins with token `start`, as what stands before the body declares it. What an
/// item declares must not hang on what is being typed in its body: after an edit there, the names of the
/// unit before are taken over; and the tree of a torn body may lose the function, or find one.
fn declared_by_header(
    tokens: &[Token],
    start: usize,
    parsed: ParsedItem,
    pragma: &PragmaState,
    scope: &dyn TypedefScope,
) -> ParsedItem {
    let mut header = tokens.get(..=start).unwrap_or(tokens).to_vec();
    header.extend(tokens.last());
    let header = match direct::item(&header, Words::get(), scope, pragma) {
        Some((item, syntax_errors)) => {
            ParsedItem { item, syntax_errors, too_deep: TooDeep::default(), by_tree: false }
        }
        None => parse_by_tree(&header, pragma, scope),
    };
    let (whole, start) = (Span { start: 0, end: tokens.len() as u32 }, start as u32);
    let mut syntax_errors = header.syntax_errors;
    syntax_errors.retain(|error| error.start < start);
    syntax_errors.extend(parsed.syntax_errors.into_iter().filter(|error| error.end > start));
    let item = match header.item {
        Item::Function(function) => {
            let body = Span { start, ..whole };
            Item::Function(Box::new(with_body(*function, parsed.item, body)))
        }
        _ => Item::Error(whole),
    };
    if syntax_errors.is_empty() && matches!(item, Item::Error(_)) {
        syntax_errors.push(whole);
    }
    let too_deep = TooDeep {
        declared: header.too_deep.declared,
        body: parsed.too_deep.declared || parsed.too_deep.body,
    };
    ParsedItem { item, syntax_errors, too_deep, by_tree: true }
}

/// A function read by its header, with the body that the tree of the whole item shows.
fn with_body(header: FunctionDef, by_tree: Item, body: Span) -> FunctionDef {
    let span = Span { start: header.span.start, end: body.end };
    match by_tree {
        Item::Function(read) if read.body.span == body => {
            FunctionDef { body: read.body, has_error: read.has_error, span, ..header }
        }
        _ => {
            let stmts = vec![Stmt { kind: StmtKind::Error, span: body }];
            FunctionDef { body: Block { stmts, span: body }, has_error: true, span, ..header }
        }
    }
}

/// As [`parse_item`], always by way of plain text and its tree; to compare with.
pub fn parse_by_tree(
    tokens: &[Token],
    pragma: &PragmaState,
    scope: &dyn TypedefScope,
) -> ParsedItem {
    let plain = Plain::new(tokens, 0, tokens.len(), Fragment::Item, scope);
    let whole = Span { start: 0, end: tokens.len() as u32 };
    let Some(tree) = parse_text(&plain.text) else {
        return ParsedItem {
            item: Item::Error(whole),
            syntax_errors: vec![whole],
            too_deep: TooDeep::default(),
            by_tree: true,
        };
    };
    let mut lower = Lower::new(tokens, Words::get(), scope, pragma, plain, 0);
    let item = lower.item(tree.root_node()).unwrap_or(Item::Error(whole));
    let mut syntax_errors = lower.errors(&tree);
    if matches!(item, Item::Error(_)) && syntax_errors.is_empty() {
        syntax_errors.push(whole);
    }
    let too_deep = TooDeep { declared: lower.cut.get(), body: lower.cut_in_body };
    ParsedItem { item, syntax_errors, too_deep, by_tree: true }
}

/// Items that need no tree.
fn trivial_item(tokens: &[Token], words: &Words) -> Option<Item> {
    let mut rest = tokens.iter().filter(|token| token.kind != TokenKind::Pragma);
    let Some(first) = rest.next() else { return Some(Item::Empty) };
    match words.token(first) {
        Word::Semi if rest.next().is_none() => Some(Item::Empty),
        Word::Asm => Some(Item::Asm),
        _ => None,
    }
}

fn parse_text(text: &str) -> Option<Tree> {
    thread_local! {
        static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
    }
    PARSER.with(|slot| {
        let mut slot = slot.try_borrow_mut().ok()?;
        if slot.is_none() {
            let mut parser = Parser::new();
            parser.set_language(&tree_sitter_c::LANGUAGE.into()).ok()?;
            *slot = Some(parser);
        }
        slot.as_mut()?.parse(text, None)
    })
}

/// Statements read on their own.
struct Statements {
    stmts: Vec<Stmt>,
    /// As [`ParsedItem::syntax_errors`].
    errors: Vec<Span>,
    /// Whether their tree had an error.
    has_error: bool,
}

/// Turns trees of one item into syntax.
struct Lower<'a> {
    tokens: &'a [Token],
    words: &'static Words,
    scope: &'a dyn TypedefScope,
    pragma: &'a PragmaState,
    plain: Plain,
    /// For each lifted group, whether something has it already.
    taken: Vec<bool>,
    depth: u32,
    fragments: u32,
    /// Whether something was left out because it nests too deep, here or in a fragment.
    cut: Rc<Cell<bool>>,
    /// The same of the function's body.
    cut_in_body: bool,
}

impl<'a> Lower<'a> {
    fn new(
        tokens: &'a [Token],
        words: &'static Words,
        scope: &'a dyn TypedefScope,
        pragma: &'a PragmaState,
        plain: Plain,
        fragments: u32,
    ) -> Lower<'a> {
        let taken = vec![false; plain.lifted.len()];
        let cut = Rc::default();
        Lower {
            tokens,
            words,
            scope,
            pragma,
            plain,
            taken,
            depth: 0,
            fragments,
            cut,
            cut_in_body: false,
        }
    }

    fn token(&self, i: u32) -> Option<&'a Token> {
        self.tokens.get(i as usize)
    }

    fn word(&self, i: u32) -> Word {
        self.token(i).map_or(Word::Other, |token| self.words.token(token))
    }

    fn is_kind(&self, i: u32, kind: TokenKind) -> bool {
        self.token(i).is_some_and(|token| token.kind == kind)
    }

    /// The token a node begins with.
    fn first(&self, node: Node<'_>) -> u32 {
        self.plain.token_at(node.start_byte())
    }

    fn span(&self, node: Node<'_>) -> Span {
        let start = self.first(node);
        Span { start, end: self.plain.end_token(node.end_byte()).max(start) }
    }

    fn ident(&self, token: u32) -> Option<Ident> {
        let found = self.token(token).filter(|t| t.kind == TokenKind::Ident)?;
        Some(Ident { name: found.sym, token })
    }

    /// Runs `read` one level deeper; `None` when the syntax is too deep.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return self.too_deep();
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        Some(result)
    }

    /// Notes that something is left out.
    fn too_deep<T>(&self) -> Option<T> {
        self.cut.set(true);
        None
    }

    fn item(&mut self, root: Node<'_>) -> Option<Item> {
        let mut cursor = root.walk();
        let children: Vec<Node<'_>> = root.children(&mut cursor).collect();
        let node = children
            .iter()
            .find(|node| matches!(node.kind(), "function_definition" | "declaration"));
        let &node = node.or_else(|| children.first())?;
        let has_error = root.has_error();
        match node.kind() {
            "function_definition" => {
                let mut function = self.function(node)?;
                function.has_error |= has_error;
                Some(Item::Function(Box::new(function)))
            }
            "declaration" if self.word(self.first(node)) == Word::StaticAssert => {
                let init = node.field(Field::Declarator)?;
                let call = init.field(Field::Value)?;
                let condition = self.call_arguments(call).first().copied();
                let condition = match condition {
                    Some(node) => self.expr(node),
                    None => Expr { kind: ExprKind::Error, span: self.span(node) },
                };
                Some(Item::StaticAssert(Box::new(condition)))
            }
            "declaration" => {
                let mut declaration = self.declaration(node);
                declaration.has_error |= has_error;
                Some(Item::Declaration(declaration))
            }
            ";" => Some(Item::Empty),
            "expression_statement" if node.named_child_count() == 0 => Some(Item::Empty),
            _ => None,
        }
    }

    fn function(&mut self, node: Node<'_>) -> Option<FunctionDef> {
        let declarator_node = node.field(Field::Declarator)?;
        let body_node = node.field(Field::Body)?;
        let start = self.plain.lead(node.start_byte());
        let declarator_start = self.first(declarator_node);
        let specs = self.specs(start, declarator_start, node.field(Field::Type));
        let body_start = self.first(body_node);
        let mut declarator = self.declarator(Some(declarator_node), declarator_start);
        self.finish_declarator(&mut declarator, declarator_start, body_start);
        if specs.storage != crate::ast::Storage::Typedef {
            self.push_pragma_attrs(&mut declarator.attrs, |subjects| subjects.function);
        }
        let kr_params = match self.plain.kr_params {
            Some((from, to)) if from >= declarator_start && to == body_start => {
                self.kr_params(from, to)
            }
            _ => Vec::new(),
        };
        let before = self.cut.replace(false);
        let body = self.block(body_node);
        self.cut_in_body |= self.cut.replace(before);
        let span = Span { start, end: body.span.end };
        let has_error = node.has_error();
        Some(FunctionDef { specs, declarator, kr_params, body, span, has_error })
    }

    fn kr_params(&mut self, from: u32, to: u32) -> Vec<Declaration> {
        let parsed = self.fragment(from, to, Fragment::Item, |lower, root| {
            let mut cursor = root.walk();
            let nodes: Vec<Node<'_>> = root.children(&mut cursor).collect();
            nodes
                .into_iter()
                .filter(|node| node.kind() == "declaration")
                .map(|node| lower.declaration(node))
                .collect()
        });
        parsed.unwrap_or_default()
    }

    /// Parses a token range of the item on its own.
    fn fragment<T>(
        &self,
        from: u32,
        to: u32,
        what: Fragment,
        read: impl FnOnce(&mut Lower<'a>, Node<'_>) -> T,
    ) -> Option<T> {
        if from >= to {
            return None;
        }
        if self.fragments >= MAX_FRAGMENTS {
            return self.too_deep();
        }
        let plain = Plain::new(self.tokens, from as usize, to as usize, what, self.scope);
        let tree = parse_text(&plain.text)?;
        let mut lower =
            Lower::new(self.tokens, self.words, self.scope, self.pragma, plain, self.fragments + 1);
        lower.cut = self.cut.clone();
        Some(read(&mut lower, tree.root_node()))
    }

    fn fragment_expr(&self, from: u32, to: u32) -> Expr {
        let read = self.fragment(from, to, Fragment::Expr, |lower, root| {
            let node = fragment_value(root)?.named_child(0)?;
            Some(lower.expr(node))
        });
        let span = Span { start: from, end: to };
        read.flatten().unwrap_or(Expr { kind: ExprKind::Error, span })
    }

    fn fragment_type(&self, from: u32, to: u32) -> Option<TypeName> {
        self.fragment(from, to, Fragment::Type, |lower, root| {
            let node = fragment_value(root)?.field(Field::Type)?;
            let end = lower.plain.range().1;
            Some(lower.type_name(node, end))
        })?
    }

    /// Statements of a body among the tokens `from..to`, by way of their own tree. They stand `depth`
    /// deep in the item, where `scope` knows the typedef names. None when they do not stay within
    /// the body.
    fn statements_by_tree(
        &self,
        (from, to): (u32, u32),
        scope: &dyn TypedefScope,
        depth: u32,
    ) -> Option<Statements> {
        if self.fragments >= MAX_FRAGMENTS || from >= to {
            return None;
        }
        let (start, end) = (from as usize, to as usize);
        let plain = Plain::new(self.tokens, start, end, Fragment::Statements, scope);
        let tree = parse_text(&plain.text)?;
        let root = tree.root_node();
        let body = root.child(0).filter(|_| root.child_count() == 1)?.field(Field::Body)?;
        let tokens = self.tokens;
        let mut lower =
            Lower::new(tokens, self.words, scope, self.pragma, plain, self.fragments + 1);
        lower.depth = depth;
        lower.cut = self.cut.clone();
        let stmts = lower.deeper(|lower| lower.statements(body))?;
        Some(Statements { stmts, errors: lower.errors(&tree), has_error: root.has_error() })
    }

    /// Adds the attributes that pragmas apply to a kind of declaration.
    fn push_pragma_attrs(
        &self,
        attrs: &mut Vec<Attr>,
        applies: impl Fn(&crate::pragma::Subjects) -> bool,
    ) {
        let pushed = self.pragma.attributes.iter();
        attrs.extend(pushed.filter(|p| applies(&p.subjects)).map(|p| p.attr.clone()));
    }

    /// Places of error nodes, and of what the writer had to add.
    fn errors(&self, tree: &Tree) -> Vec<Span> {
        let mut spans: Vec<Span> =
            self.plain.repairs.iter().map(|&token| Span { start: token, end: token + 1 }).collect();
        let mut cursor = tree.walk();
        let mut descend = tree.root_node().has_error();
        loop {
            let node = cursor.node();
            if node.is_error() || node.is_missing() {
                spans.push(self.span(node));
                descend = false;
            }
            if descend && cursor.goto_first_child() {
                descend = cursor.node().has_error();
                continue;
            }
            loop {
                if cursor.goto_next_sibling() {
                    descend = cursor.node().has_error();
                    break;
                }
                if !cursor.goto_parent() {
                    return spans;
                }
            }
        }
    }
}

/// The value node of `int x=value;`.
fn fragment_value(root: Node<'_>) -> Option<Node<'_>> {
    let declaration = root.child(0)?;
    declaration.field(Field::Declarator)?.field(Field::Value)
}

#[cfg(test)]
mod tests;
