//! Statements.

use tree_sitter::Node;

use super::{
    Lower,
    field::{Child, Field},
};
use crate::{
    ast::{Block, Expr, ExprKind, Ident, Stmt, StmtKind},
    words::Word,
};

/// A case, default or plain label without its statement.
type Label = fn(Option<Box<Stmt>>, LabelParts) -> StmtKind;

/// What a label says.
struct LabelParts {
    name: Option<Ident>,
    from: Option<Expr>,
    to: Option<Expr>,
}

impl Lower<'_> {
    pub(super) fn block(&mut self, node: Node<'_>) -> Block {
        let span = self.span(node);
        let stmts = self.deeper(|lower| lower.statements(node));
        let error = || vec![Stmt { kind: StmtKind::Error, span }];
        Block { stmts: stmts.unwrap_or_else(error), span }
    }

    pub(super) fn statements(&mut self, node: Node<'_>) -> Vec<Stmt> {
        let mut cursor = node.walk();
        let nodes: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        let mut stmts = Vec::with_capacity(nodes.len());
        for mut node in nodes {
            // A run of labels (`case 1: case 2: ...`) is a list, not a nest: it may be long.
            while let Some(body) = self.label_body(node).filter(|&b| self.label_body(b).is_some()) {
                let span = self.span(node);
                let kind = self.label(node, None).unwrap_or(StmtKind::Error);
                stmts.push(Stmt { kind, span });
                node = body;
            }
            stmts.push(self.stmt(node));
        }
        stmts
    }

    /// The statement after a label or case, if `node` is one.
    fn label_body<'t>(&self, node: Node<'t>) -> Option<Node<'t>> {
        match node.kind() {
            "labeled_statement" => node.named_child(1),
            "while_statement"
                if matches!(self.word(self.first(node)), Word::Case | Word::Default) =>
            {
                node.field(Field::Body)
            }
            _ => None,
        }
    }

    /// A label or case with the given statement.
    fn label(&mut self, node: Node<'_>, body: Option<Box<Stmt>>) -> Option<StmtKind> {
        let at = self.first(node);
        let none = LabelParts { name: None, from: None, to: None };
        let (make, parts): (Label, LabelParts) = match self.word(at) {
            Word::Default => (|body, _| StmtKind::Default { body }, none),
            Word::Case => {
                let condition = node.field(Field::Condition)?;
                let value = condition.named_child(0)?;
                let (from, to) = match self.range_bounds(value) {
                    Some((from, to)) => (self.expr(from), Some(self.expr(to))),
                    None => (self.expr(value), None),
                };
                let make: Label = |body, parts| match parts.from {
                    Some(from) => StmtKind::Case { from, to: parts.to, body },
                    None => StmtKind::Error,
                };
                (make, LabelParts { from: Some(from), to, ..none })
            }
            _ => {
                let make: Label = |body, parts| match parts.name {
                    Some(name) => StmtKind::Label { name, body },
                    None => StmtKind::Error,
                };
                (make, LabelParts { name: self.ident(at), ..none })
            }
        };
        Some(make(body, parts))
    }

    fn stmt(&mut self, node: Node<'_>) -> Stmt {
        let mut span = self.span(node);
        if matches!(node.kind(), "declaration" | "function_definition") {
            span.start = self.plain.lead(node.start_byte());
        }
        let kind = self.deeper(|lower| lower.stmt_kind(node)).flatten();
        Stmt { kind: kind.unwrap_or(StmtKind::Error), span }
    }

    fn boxed_stmt(&mut self, node: Option<Node<'_>>) -> Option<Box<Stmt>> {
        Some(Box::new(self.stmt(node?)))
    }

    /// The expression in a `condition` field's parentheses.
    fn condition(&mut self, node: Node<'_>) -> Option<Expr> {
        let condition = node.field(Field::Condition)?;
        let inner = condition.named_child(0)?;
        Some(if inner.kind() == "compound_statement" {
            let span = self.span(condition);
            Expr { kind: ExprKind::StmtExpr(self.block(inner)), span }
        } else {
            self.expr(inner)
        })
    }

    fn stmt_kind(&mut self, node: Node<'_>) -> Option<StmtKind> {
        Some(match node.kind() {
            "compound_statement" => StmtKind::Block(self.block(node)),
            "declaration" => StmtKind::Decl(self.declaration(node)),
            "function_definition" => StmtKind::NestedFunction(Box::new(self.function(node)?)),
            "expression_statement" => self.expression_statement(node)?,
            "if_statement" => StmtKind::If {
                cond: self.condition(node)?,
                then: self.boxed_stmt(node.field(Field::Consequence))?,
                otherwise: match node.field(Field::Alternative) {
                    Some(clause) => self.boxed_stmt(clause.named_child(0)),
                    None => None,
                },
            },
            "while_statement" => self.while_like(node)?,
            "labeled_statement" => {
                let body = self.body_after_label(node);
                self.label(node, body)?
            }
            "do_statement" => StmtKind::DoWhile {
                body: self.boxed_stmt(node.field(Field::Body))?,
                cond: self.condition(node)?,
            },
            "for_statement" => self.for_statement(node)?,
            "return_statement" => {
                StmtKind::Return(node.named_child(0).map(|value| self.expr(value)))
            }
            "break_statement" => StmtKind::Break,
            "continue_statement" => StmtKind::Continue,
            "goto_statement" => {
                let label = node.field(Field::Label)?;
                StmtKind::Goto(self.ident(self.first(label))?)
            }
            ";" => StmtKind::Empty,
            _ => return None,
        })
    }

    /// `while`, and what the writer spells like it.
    fn while_like(&mut self, node: Node<'_>) -> Option<StmtKind> {
        match self.word(self.first(node)) {
            Word::Case | Word::Default => {
                let body = self.body_after_label(node);
                self.label(node, body)
            }
            Word::Switch => Some(StmtKind::Switch {
                value: self.condition(node)?,
                body: self.boxed_stmt(node.field(Field::Body))?,
            }),
            _ => Some(StmtKind::While {
                cond: self.condition(node)?,
                body: self.boxed_stmt(node.field(Field::Body))?,
            }),
        }
    }

    /// The statement after a label; none when the writer put an empty one there.
    fn body_after_label(&mut self, node: Node<'_>) -> Option<Box<Stmt>> {
        let body = self.label_body(node)?;
        if self.word(self.first(body)) == Word::Colon {
            return None;
        }
        self.boxed_stmt(Some(body))
    }

    fn expression_statement(&mut self, node: Node<'_>) -> Option<StmtKind> {
        let Some(inner) = node.named_child(0) else { return Some(StmtKind::Empty) };
        Some(match self.word(self.first(node)) {
            Word::Goto => StmtKind::GotoIndirect(self.expr(inner.field(Field::Right)?)),
            Word::StaticAssert => StmtKind::StaticAssert,
            Word::Asm => self.asm(inner)?,
            _ => StmtKind::Expr(self.expr(inner)),
        })
    }

    fn for_statement(&mut self, node: Node<'_>) -> Option<StmtKind> {
        let init = node.field(Field::Initializer).map(|init| {
            if init.kind() == "declaration" {
                return self.stmt(init);
            }
            let expr = self.expr(init);
            Stmt { span: expr.span, kind: StmtKind::Expr(expr) }
        });
        Some(StmtKind::For {
            init: init.map(Box::new),
            cond: node.field(Field::Condition).map(|cond| self.expr(cond)),
            step: node.field(Field::Update).map(|step| self.expr(step)),
            body: self.boxed_stmt(node.field(Field::Body))?,
        })
    }

    /// `0((operand),(operand))`; which operand is an output, and the labels, say the tokens.
    fn asm(&mut self, call: Node<'_>) -> Option<StmtKind> {
        let operands: Vec<Expr> =
            self.call_arguments(call).into_iter().map(|node| self.asm_operand(node)).collect();
        let mut i = self.first(call) + 1;
        while matches!(self.word(i), Word::Volatile | Word::Goto | Word::Inline) {
            i += 1;
        }
        let end = self.plain.end_token(call.end_byte());
        let mut depth = 0u32;
        let mut section = 0u32;
        let mut output_count = 0;
        let mut goto_labels = Vec::new();
        for i in i + 1..end {
            match self.word(i) {
                Word::LParen | Word::LBracket => {
                    if depth == 0 && section == 1 && self.word(i) == Word::LParen {
                        output_count += 1;
                    }
                    depth += 1;
                }
                Word::RParen | Word::RBracket => depth = depth.saturating_sub(1),
                Word::Colon if depth == 0 => section += 1,
                Word::ColonColon if depth == 0 => section += 2,
                _ if depth == 0 && section == 4 => goto_labels.extend(self.ident(i)),
                _ => {}
            }
        }
        let mut outputs = operands;
        let inputs = outputs.split_off(output_count.min(outputs.len()));
        Some(StmtKind::Asm { outputs, inputs, goto_labels })
    }

    fn asm_operand(&mut self, node: Node<'_>) -> Expr {
        let expr = self.expr(node);
        match expr.kind {
            ExprKind::Paren(inner) => *inner,
            kind => Expr { kind, span: expr.span },
        }
    }
}
