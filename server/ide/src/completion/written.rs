//! Where the cursor stands in BPF C as written, by the queries that editors get too.

use std::{cell::RefCell, ops::Range, sync::OnceLock};

use cfront::lexer;
use tree_sitter::{Language, Node, Parser, Query, QueryCursor, StreamingIterator as _, Tree};

use super::repair::{Cursor, MARKER, Within};

/// Contexts.
#[derive(Debug)]
pub(super) enum Context {
    /// The name in `SEC("...")`.
    Section,
    /// The value of the variable in section `license`.
    License,
    /// An argument of a map member's macro.
    MapMember(MapMember),
    /// Where a member of a map definition may begin; the members that are there.
    MapBody(Vec<Member>),
    /// Where a definition at file scope may begin.
    FileScope,
    /// An expression in a function.
    Program {
        /// Its section, when it has one.
        section: Option<String>,
    },
}

/// The cursor in `__uint(name, value)` and the like.
#[derive(Debug)]
pub(super) struct MapMember {
    /// `__uint`, `__type` ...
    pub(super) macro_name: String,
    /// The member's name; `None` when it is the cursor that stands there.
    pub(super) name: Option<String>,
    /// The other members of the definition.
    pub(super) others: Vec<Member>,
}

/// A member of a map definition.
#[derive(Debug)]
pub(super) struct Member {
    /// `max_entries`
    pub(super) name: String,
    /// First token of its value.
    pub(super) value: String,
}

/// The tree of a text with a marker.
pub(super) struct Written<'a> {
    cursor: &'a Cursor,
    tree: Tree,
}

struct Queries {
    sections: Query,
    maps: Query,
    programs: Query,
}

/// Our queries; compiled once. `None` when the grammar does not take them, which a test rules out.
fn queries() -> Option<&'static Queries> {
    static QUERIES: OnceLock<Option<Queries>> = OnceLock::new();
    QUERIES
        .get_or_init(|| {
            let language: Language = tree_sitter_c::LANGUAGE.into();
            let compile = |text| Query::new(&language, text).ok();
            Some(Queries {
                sections: compile(include_str!(
                    "../../../../grammar-queries/queries/c/sections.scm"
                ))?,
                maps: compile(include_str!("../../../../grammar-queries/queries/c/maps.scm"))?,
                programs: compile(include_str!(
                    "../../../../grammar-queries/queries/c/programs.scm"
                ))?,
            })
        })
        .as_ref()
}

thread_local! {
    static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

impl<'a> Written<'a> {
    /// Parses the text as written.
    pub(super) fn parse(cursor: &'a Cursor) -> Option<Written<'a>> {
        let tree = PARSER.with_borrow_mut(|parser| {
            if parser.is_none() {
                let mut new = Parser::new();
                new.set_language(&tree_sitter_c::LANGUAGE.into()).ok()?;
                *parser = Some(new);
            }
            parser.as_mut()?.parse(&cursor.text, None)
        })?;
        Some(Written { cursor, tree })
    }

    /// What the marker stands in; `None` where we know nothing.
    pub(super) fn context(&self) -> Option<Context> {
        let queries = queries()?;
        if let Some(context) = self.section(&queries.sections) {
            return Some(context);
        }
        if self.cursor.within != Within::Word {
            return None;
        }
        self.map(&queries.maps)
            .or_else(|| self.program(&queries.programs))
            .or_else(|| self.at_file_scope().then_some(Context::FileScope))
    }

    /// Whether the marker begins something at the top of the file, or of a conditional there.
    fn at_file_scope(&self) -> bool {
        let Some(mut node) = self.node() else { return false };
        let start = node.start_byte();
        let mut above = self.ancestors(node);
        while let Some(parent) = above.pop() {
            match parent.kind() {
                "translation_unit" => return node.start_byte() == start,
                "preproc_if" | "preproc_ifdef" | "preproc_else" | "preproc_elif" => {
                    // The name of the directive itself is another matter.
                    let condition = ["condition", "name"].iter().any(|field| {
                        parent.child_by_field_name(field).is_some_and(|c| c.id() == node.id())
                    });
                    if condition || node.start_byte() != start {
                        return false;
                    }
                    // From here on the conditional begins before the marker.
                    while let Some(parent) = above.pop() {
                        match parent.kind() {
                            "translation_unit" => return true,
                            kind if kind.starts_with("preproc_") => {}
                            _ => return false,
                        }
                    }
                    return false;
                }
                kind if kind.starts_with("preproc_") => return false,
                _ => node = parent,
            }
        }
        false
    }

    /// What a node stands in, from the root inwards: to ask each node for its parent walks from the root
    /// each time.
    fn ancestors(&self, node: Node<'_>) -> Vec<Node<'_>> {
        let mut cursor = self.tree.walk();
        let mut above = Vec::new();
        while cursor.node().id() != node.id() {
            above.push(cursor.node());
            if cursor.goto_first_child_for_byte(node.start_byte()).is_none() {
                return Vec::new();
            }
        }
        above
    }

    fn section(&self, query: &Query) -> Option<Context> {
        self.matches(query, self.marker(), |captures| {
            captures.iter().filter(|(_, node)| self.at_marker(*node)).find_map(|(name, _)| {
                match *name {
                    "section.name" => Some(Context::Section),
                    "section.value" => {
                        let section = text_of(captures, "section.name", &self.cursor.text);
                        (section == Some("license")).then_some(Context::License)
                    }
                    _ => None,
                }
            })
        })
    }

    fn map(&self, query: &Query) -> Option<Context> {
        let member = self.matches(query, self.marker(), |captures| {
            let member = capture(captures, "map.member")?;
            let macro_node = capture(captures, "map.member.macro")?;
            self.at_marker(member).then_some((member, macro_node))
        });
        if let Some((member, macro_node)) = member {
            if self.at_marker(macro_node) {
                return None;
            }
            let name = self.first_argument(macro_node, member);
            let others = member.parent().map(|body| self.members(query, body)).unwrap_or_default();
            return Some(Context::MapMember(MapMember {
                macro_name: self.text(macro_node).to_owned(),
                name: name.filter(|name| !name.contains(MARKER)),
                others,
            }));
        }
        let body = self.matches(query, self.marker(), |captures| {
            capture(captures, "map.body").filter(|body| self.at_marker(*body))
        })?;
        let parent = self.node()?.parent()?;
        let starts = matches!(parent.kind(), "field_declaration" | "field_declaration_list")
            || parent.kind() == "ERROR";
        starts.then(|| Context::MapBody(self.members(query, body)))
    }

    /// The members of a map definition but that of the marker.
    fn members(&self, query: &Query, body: Node<'_>) -> Vec<Member> {
        let mut members = Vec::new();
        self.matches::<()>(query, body.byte_range(), |captures| {
            let member = capture(captures, "map.member")?;
            let macro_node = capture(captures, "map.member.macro")?;
            let inside = member.parent().is_some_and(|parent| parent.id() == body.id());
            if inside && !self.at_marker(member) {
                let words = self.words(macro_node.end_byte()..member.end_byte());
                if let [open, name, _, value, ..] = words.as_slice()
                    && open == "("
                {
                    members.push(Member { name: name.clone(), value: value.clone() });
                }
            }
            None
        });
        members
    }

    fn first_argument(&self, macro_node: Node<'_>, member: Node<'_>) -> Option<String> {
        let words = self.words(macro_node.end_byte()..member.end_byte());
        words.into_iter().nth(1)
    }

    /// The first tokens in a range.
    fn words(&self, range: Range<usize>) -> Vec<String> {
        let mut words = Vec::new();
        let mut pos = range.start;
        while pos < range.end && words.len() < 4 {
            let raw = lexer::lex(&self.cursor.text, pos);
            if raw.kind.is_none() || raw.start >= range.end {
                break;
            }
            pos = raw.end.max(pos + 1);
            words.push(raw.text(&self.cursor.text).into_owned());
        }
        words
    }

    fn program(&self, query: &Query) -> Option<Context> {
        let node = self.node()?;
        if !stands_for_value(node) {
            return None;
        }
        let program = self.matches(query, self.marker(), |captures| {
            let program = capture(captures, "program")?;
            let body = program.child_by_field_name("body")?;
            self.at_marker(body).then_some(program)
        })?;
        let section = self.matches(query, program.byte_range(), |captures| {
            let section = capture(captures, "program.section")?;
            let name = capture(captures, "program.name")?;
            let range = program.byte_range();
            range.contains(&name.start_byte()).then(|| self.text(section).to_owned())
        });
        Some(Context::Program { section })
    }

    /// The first answer about the matches that touch a range.
    fn matches<'s, T>(
        &'s self,
        query: &Query,
        range: Range<usize>,
        mut answer: impl FnMut(&[(&str, Node<'s>)]) -> Option<T>,
    ) -> Option<T> {
        let mut cursor = QueryCursor::new();
        cursor.set_byte_range(range);
        let text = self.cursor.text.as_bytes();
        let mut matches = cursor.matches(query, self.tree.root_node(), text);
        while let Some(found) = matches.next() {
            let names = query.capture_names();
            let captures: Vec<(&str, Node<'s>)> = found
                .captures()
                .iter()
                .filter_map(|c| Some((*names.get(c.index as usize)?, c.node)))
                .collect();
            if let Some(answer) = answer(&captures) {
                return Some(answer);
            }
        }
        None
    }

    fn marker(&self) -> Range<usize> {
        self.cursor.marker..self.cursor.marker + MARKER.len()
    }

    fn at_marker(&self, node: Node<'_>) -> bool {
        let marker = self.marker();
        node.start_byte() <= marker.start && marker.end <= node.end_byte()
    }

    fn node(&self) -> Option<Node<'_>> {
        let marker = self.marker();
        self.tree.root_node().descendant_for_byte_range(marker.start, marker.end)
    }

    fn text(&self, node: Node<'_>) -> &str {
        self.cursor.text.get(node.byte_range()).unwrap_or("")
    }
}

fn capture<'t>(captures: &[(&str, Node<'t>)], name: &str) -> Option<Node<'t>> {
    captures.iter().find(|(n, _)| *n == name).map(|(_, node)| *node)
}

fn text_of<'t>(captures: &[(&str, Node<'_>)], name: &str, text: &'t str) -> Option<&'t str> {
    text.get(capture(captures, name)?.byte_range())
}

/// Whether an expression stands at a name: it is neither declared there, nor a label or a type.
fn stands_for_value(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else { return false };
    let declares = parent.child_by_field_name("declarator").is_some_and(|d| d.id() == node.id());
    node.kind() == "identifier"
        && !declares
        && parent.kind() != "parenthesized_declarator"
        && !parent.kind().starts_with("preproc")
        && parent.kind() != "labeled_statement"
        || node.kind() == "type_identifier" && parent.kind() == "ERROR"
}
