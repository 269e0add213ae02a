//! Declarations, declarators and initialisers.

use tree_sitter::Node;

use super::{
    Lower, MAX_DEPTH,
    field::{Child, Field},
};
use crate::{
    ast::{
        ArraySize, DeclSpecs, Declaration, Declarator, Derived, Designator, Expr, ExprKind,
        InitDeclarator, InitItem, Initializer, Param, Quals, Span, Storage, TypeSpec,
    },
    words::Word,
};

impl Lower<'_> {
    pub(super) fn declaration(&mut self, node: Node<'_>) -> Declaration {
        let start = self.plain.lead(node.start_byte());
        let end = self.plain.end_token(node.end_byte());
        let mut cursor = node.walk();
        let type_node = node.field(Field::Type);
        let rest: Vec<Node<'_>> = node
            .children(&mut cursor)
            .skip_while(|child| Some(*child) != type_node)
            .skip(1)
            .collect();
        let first = rest.first().map_or(end, |child| self.first(*child));
        let specs = self.specs(start, first, type_node);
        let mut declarators = Vec::new();
        let mut region = first;
        for (index, &child) in rest.iter().enumerate() {
            if !child.is_named() || child.is_error() {
                continue;
            }
            if self.plain.is_unnamed(child.start_byte()) {
                continue;
            }
            let stop = rest
                .iter()
                .skip(index + 1)
                .find(|next| matches!(next.kind(), "," | ";"))
                .map_or(end, |next| self.first(*next));
            declarators.push(self.init_declarator(child, &specs, region, stop));
            region = stop + 1;
        }
        Declaration { specs, declarators, span: Span { start, end }, has_error: node.has_error() }
    }

    /// One declarator with its initialiser; attributes in `region..stop` are its own.
    fn init_declarator(
        &mut self,
        node: Node<'_>,
        specs: &DeclSpecs,
        region: u32,
        stop: u32,
    ) -> InitDeclarator {
        let (inner, value) = match node.kind() {
            "init_declarator" => (node.field(Field::Declarator), node.field(Field::Value)),
            _ => (Some(node), None),
        };
        let mut declarator = self.declarator(inner, region);
        let before_init = value.map_or(stop, |value| self.plain.lead(value.start_byte()));
        self.finish_declarator(&mut declarator, region, before_init);
        if specs.storage == Storage::Typedef {
            self.push_pragma_attrs(&mut declarator.attrs, |subjects| subjects.typedef);
        } else if matches!(declarator.derived.first(), Some(Derived::Function { .. })) {
            self.push_pragma_attrs(&mut declarator.attrs, |subjects| subjects.function);
        } else {
            self.push_pragma_attrs(&mut declarator.attrs, |subjects| subjects.variable);
        }
        let init = value.map(|value| self.initializer(value));
        InitDeclarator { declarator, init }
    }

    /// Takes the attributes and the asm label that stand in `from..to` for the declarator.
    pub(super) fn finish_declarator(&mut self, declarator: &mut Declarator, from: u32, to: u32) {
        declarator.attrs.extend(self.take_attrs(from, to));
        declarator.asm_label = self.take_asm_label(from, to);
        declarator.span.end = declarator.span.end.max(declarator.span.start);
    }

    /// A declarator, turned inside out. `at` is its place when there is no node.
    pub(super) fn declarator(&mut self, node: Option<Node<'_>>, at: u32) -> Declarator {
        let mut declarator = Declarator {
            name: None,
            derived: Vec::new(),
            attrs: Vec::new(),
            asm_label: None,
            span: node.map_or(Span { start: at, end: at }, |node| self.span(node)),
        };
        let mut next = node;
        while let Some(node) = next {
            if declarator.derived.len() > MAX_DEPTH as usize {
                let _: Option<()> = self.too_deep();
                break;
            }
            next = node.field(Field::Declarator);
            match node.kind() {
                // The writer's own `*`.
                "pointer_declarator" if self.word(self.first(node)) == Word::LParen => {}
                "pointer_declarator" | "abstract_pointer_declarator" => {
                    let (quals, attrs) = self.pointer_words(self.first(node) + 1);
                    declarator.derived.push(Derived::Pointer { quals, attrs });
                }
                "array_declarator" | "abstract_array_declarator" => {
                    let derived = self.array(node);
                    declarator.derived.push(derived);
                }
                "function_declarator" | "abstract_function_declarator" => {
                    let derived = self.function_suffix(node);
                    declarator.derived.push(derived);
                }
                "parenthesized_declarator" | "abstract_parenthesized_declarator" => {
                    next = node.named_child(0);
                }
                "identifier" | "field_identifier" | "type_identifier" => {
                    declarator.name = self.ident(self.first(node));
                }
                _ => {}
            }
        }
        declarator.derived.reverse();
        declarator
    }

    /// Qualifiers and attributes after a `*`.
    fn pointer_words(&mut self, from: u32) -> (Quals, Vec<crate::ast::Attr>) {
        let mut quals = Quals::default();
        let mut i = from;
        loop {
            if let Some(end) = self.lifted_end(i) {
                i = end;
                continue;
            }
            match self.word(i) {
                Word::Const => quals.is_const = true,
                Word::Volatile => quals.is_volatile = true,
                Word::Restrict => quals.is_restrict = true,
                Word::Atomic => quals.is_atomic = true,
                Word::Extension => {}
                _ => break,
            }
            i += 1;
        }
        (quals, self.take_attrs(from, i))
    }

    fn array(&mut self, node: Node<'_>) -> Derived {
        let size_node = node.field(Field::Size);
        let mut quals = Quals::default();
        // The `[` directly before the size: the last one among the node's own children.
        let mut cursor = node.walk();
        let open = node.children(&mut cursor).find(|child| child.kind() == "[");
        if let Some(open) = open {
            let mut i = self.first(open) + 1;
            loop {
                match self.word(i) {
                    Word::Const => quals.is_const = true,
                    Word::Volatile => quals.is_volatile = true,
                    Word::Restrict => quals.is_restrict = true,
                    Word::Static => {}
                    _ => break,
                }
                i += 1;
            }
        }
        let size = match size_node {
            None => ArraySize::Incomplete,
            Some(size) if size.kind() == "*" => ArraySize::Star,
            Some(size) => ArraySize::Expr(Box::new(self.expr(size))),
        };
        Derived::Array { size, quals }
    }

    fn function_suffix(&mut self, node: Node<'_>) -> Derived {
        let Some(list) = node.field(Field::Parameters) else {
            return Derived::Function { params: Vec::new(), variadic: false, prototyped: false };
        };
        let read = self.deeper(|lower| lower.parameters(list));
        let (params, variadic) = read.unwrap_or((Vec::new(), true));
        let mut prototyped = variadic || !params.is_empty();
        let mut params = params;
        if self.is_kr_list(list) {
            prototyped = false;
            params = params.into_iter().map(kr_name).collect();
        }
        let is_void = match params.as_slice() {
            [only] => {
                only.specs.ty == TypeSpec::Void
                    && only.declarator.name.is_none()
                    && only.declarator.derived.is_empty()
            }
            _ => false,
        };
        if is_void && !variadic {
            params.clear();
        }
        Derived::Function { params, variadic, prototyped }
    }

    /// Whether the parameter declarations of a K&R definition follow the list.
    fn is_kr_list(&self, list: Node<'_>) -> bool {
        let Some((from, _)) = self.plain.kr_params else { return false };
        let mut i = self.plain.end_token(list.end_byte());
        while let Some(end) = self.lifted_end(i) {
            i = end;
        }
        i == from
    }

    fn parameters(&mut self, list: Node<'_>) -> (Vec<Param>, bool) {
        let mut cursor = list.walk();
        let nodes: Vec<Node<'_>> = list.named_children(&mut cursor).collect();
        let mut params = Vec::new();
        let mut variadic = false;
        for node in nodes {
            match node.kind() {
                "variadic_parameter" => variadic = true,
                "parameter_declaration" => {
                    let start = self.plain.lead(node.start_byte());
                    let end = self.plain.next_emitted(node.end_byte());
                    let declarator_node = node.field(Field::Declarator);
                    let first = declarator_node.map_or(end, |node| self.first(node));
                    let specs = self.specs(start, first, node.field(Field::Type));
                    let mut declarator = self.declarator(declarator_node, first);
                    self.finish_declarator(&mut declarator, first, end);
                    params.push(Param { specs, declarator });
                }
                _ => {}
            }
        }
        (params, variadic)
    }

    pub(super) fn initializer(&mut self, node: Node<'_>) -> Initializer {
        if node.kind() != "initializer_list" {
            return Initializer::Expr(self.expr(node));
        }
        let span = self.span(node);
        match self.deeper(|lower| lower.init_items(node)) {
            Some(items) => Initializer::List(items, span),
            None => Initializer::Expr(Expr { kind: ExprKind::Error, span }),
        }
    }

    fn init_items(&mut self, list: Node<'_>) -> Vec<InitItem> {
        let mut cursor = list.walk();
        let nodes: Vec<Node<'_>> = list.named_children(&mut cursor).collect();
        let mut items = Vec::with_capacity(nodes.len());
        for node in nodes {
            if node.kind() != "initializer_pair" {
                let value = self.initializer(node);
                items.push(InitItem { designators: Vec::new(), value });
                continue;
            }
            let mut cursor = node.walk();
            let parts: Vec<Node<'_>> =
                node.children_by_field_name("designator", &mut cursor).collect();
            let designators = parts.into_iter().filter_map(|part| self.designator(part)).collect();
            let value = match node.field(Field::Value) {
                Some(value) => self.initializer(value),
                None => Initializer::Expr(Expr { kind: ExprKind::Error, span: self.span(node) }),
            };
            items.push(InitItem { designators, value });
        }
        items
    }

    fn designator(&mut self, node: Node<'_>) -> Option<Designator> {
        let inner = node.named_child(0)?;
        match node.kind() {
            "field_designator" => {
                // The text of the name may be a piece `.x` of its own token.
                let token = self.plain.end_token(node.end_byte()).saturating_sub(1);
                Some(Designator::Field(self.ident(token)?))
            }
            _ => Some(match self.range_bounds(inner) {
                Some((from, to)) => Designator::Range(self.expr(from), self.expr(to)),
                None => Designator::Index(self.expr(inner)),
            }),
        }
    }

    /// The bounds of `a ... b`, which the writer spells `0(a, b)` at a `[` or `case`.
    pub(super) fn range_bounds<'t>(&self, node: Node<'t>) -> Option<(Node<'t>, Node<'t>)> {
        if node.kind() != "call_expression"
            || !matches!(self.word(self.first(node)), Word::LBracket | Word::Case)
        {
            return None;
        }
        let arguments = self.call_arguments(node);
        Some((*arguments.first()?, *arguments.get(1)?))
    }
}

/// A name of a K&R identifier list: its type stands in the declarations that follow.
fn kr_name(mut param: Param) -> Param {
    if let TypeSpec::Typedef(name) = param.specs.ty {
        param.specs.ty = TypeSpec::Implicit;
        param.declarator.name = Some(name);
    }
    param
}
