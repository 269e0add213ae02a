//! Struct, union and enum specifiers.

use tree_sitter::Node;

use super::{
    Lower,
    field::{Child, Field},
};
use crate::{
    ast::{EnumSpec, EnumeratorDecl, FieldDecl, FieldDeclarator, RecordSpec, Span, TypeSpec},
    token::TokenKind,
    words::Word,
};

impl Lower<'_> {
    /// The specifier whose keyword is the token `at`; also the token after it.
    pub(super) fn tag_type(
        &mut self,
        at: u32,
        word: Word,
        node: Option<Node<'_>>,
    ) -> (TypeSpec, u32) {
        let node = node.filter(|node| self.first(*node) == at);
        let body = node.and_then(|node| node.field(Field::Body));
        let mut i = at + 1;
        while let Some(end) = self.lifted_end(i) {
            i = end;
        }
        let tag = match self.ident(i) {
            Some(tag) => {
                i += 1;
                Some(tag)
            }
            None => None,
        };
        let mut end = node.map_or(i, |node| self.plain.end_token(node.end_byte()));
        let mut underlying = None;
        if word == Word::Enum && self.word(i) == Word::Colon {
            let stop = body.map(|body| self.first(body));
            let stop = stop.unwrap_or_else(|| {
                let mut k = i + 1;
                while self.is_kind(k, TokenKind::Ident) {
                    k += 1;
                }
                k
            });
            underlying = self.fragment_type(i + 1, stop).map(Box::new);
            end = end.max(stop);
        }
        // Attributes before the tag are the type's; after it only when the type is defined here.
        let mut attrs = self.take_attrs(at, body.map_or(i, |body| self.first(body)));
        let fields = body.filter(|_| word != Word::Enum).map(|body| {
            self.deeper(|lower| lower.fields(body))
                .unwrap_or_else(|| vec![FieldDecl::Error(Span { start: at, end })])
        });
        let values = body.filter(|_| word == Word::Enum).map(|body| self.enumerators(body));
        if body.is_some() {
            let first = end;
            while let Some(next) = self.lifted_end(end) {
                end = next;
            }
            attrs.extend(self.take_attrs(first, end));
            match word {
                Word::Enum => self.push_pragma_attrs(&mut attrs, |subjects| subjects.enums),
                _ => self.push_pragma_attrs(&mut attrs, |subjects| subjects.record),
            }
        }
        let span = Span { start: at, end };
        let ty = if word == Word::Enum {
            TypeSpec::Enum(Box::new(EnumSpec { tag, underlying, values, attrs, span }))
        } else {
            TypeSpec::Record(Box::new(RecordSpec {
                is_union: word == Word::Union,
                tag,
                fields,
                attrs,
                pragma_pack: self.pragma.pack,
                span,
            }))
        };
        (ty, end)
    }

    fn fields(&mut self, body: Node<'_>) -> Vec<FieldDecl> {
        let mut cursor = body.walk();
        let nodes: Vec<Node<'_>> = body.named_children(&mut cursor).collect();
        nodes
            .into_iter()
            .map(|node| match node.kind() {
                "field_declaration" => self.field(node),
                _ => FieldDecl::Error(self.span(node)),
            })
            .collect()
    }

    fn field(&mut self, node: Node<'_>) -> FieldDecl {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
        if children.iter().any(|child| child.is_error() || child.is_missing()) {
            return FieldDecl::Error(self.span(node));
        }
        let start = self.plain.lead(node.start_byte());
        let end = self.plain.end_token(node.end_byte());
        // The writer's stand-in for a macro that is not known.
        if self.plain.repairs.binary_search(&start).is_ok() && self.word(start + 1) == Word::LParen
        {
            return FieldDecl::Error(Span { start, end });
        }
        let type_node = node.field(Field::Type);
        let mut rest = children
            .iter()
            .copied()
            .skip_while(|child| Some(*child) != type_node)
            .skip(1)
            .peekable();
        let first = rest.peek().map_or(end, |child| self.first(*child));
        let specs = self.specs(start, first, type_node);
        let mut declarators = Vec::new();
        let mut region = first;
        while let Some(child) = rest.next_if(|child| child.kind() != ";") {
            let mut declarator = self.declarator(Some(child), region);
            let mut bits = None;
            while let Some(more) = rest.next_if(|more| !matches!(more.kind(), "," | ";")) {
                if more.kind() == "bitfield_clause" {
                    bits = more.named_child(0).map(|width| self.expr(width));
                }
            }
            let stop = rest.peek().map_or(end, |child| self.first(*child));
            self.finish_declarator(&mut declarator, region, stop);
            declarators.push(FieldDeclarator { declarator, bits });
            region = stop + 1;
            rest.next_if(|child| child.kind() == ",");
        }
        FieldDecl::Fields { specs, declarators, span: Span { start, end } }
    }

    fn enumerators(&mut self, body: Node<'_>) -> Vec<EnumeratorDecl> {
        let mut cursor = body.walk();
        let nodes: Vec<Node<'_>> = body.named_children(&mut cursor).collect();
        let mut values = Vec::with_capacity(nodes.len());
        for node in nodes {
            let Some(name) = self.ident(self.first(node)).filter(|_| node.kind() == "enumerator")
            else {
                continue;
            };
            let value = node.field(Field::Value).map(|value| self.expr(value));
            values.push(EnumeratorDecl { name, value });
        }
        values
    }
}
