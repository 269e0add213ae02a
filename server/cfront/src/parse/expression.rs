//! Expressions.

use tree_sitter::Node;

use super::{
    Lower, MAX_DEPTH,
    field::{Child, Field},
    literal,
};
use crate::{
    ast::{BinaryOp, Designator, Expr, ExprKind, PostfixOp, Span, TypeName, UnaryOp},
    token::TokenKind,
    words::Word,
};

impl Lower<'_> {
    pub(super) fn expr(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(node);
        let kind = self.deeper(|lower| lower.expr_kind(node)).flatten();
        match kind {
            // The writer's own parentheses leave no trace.
            Some(ExprKind::Paren(inner)) if self.is_synthetic_paren(node) => *inner,
            Some(kind) => Expr { kind, span },
            None => Expr { kind: ExprKind::Error, span },
        }
    }

    /// Parentheses the writer put around `sizeof(T)` and around a comma expression in brackets.
    fn is_synthetic_paren(&self, node: Node<'_>) -> bool {
        matches!(self.word(self.first(node)), Word::Sizeof | Word::Alignof | Word::LBracket)
    }

    fn boxed(&mut self, node: Option<Node<'_>>) -> Option<Box<Expr>> {
        Some(Box::new(self.expr(node?)))
    }

    fn expr_kind(&mut self, node: Node<'_>) -> Option<ExprKind> {
        match node.kind() {
            "identifier" | "number_literal" | "string_literal" => self.primary(node),
            "parenthesized_expression" => self.parenthesized(node),
            "call_expression" => self.call(node),
            "field_expression" => {
                let operator = node.field(Field::Operator)?;
                let field = node.field(Field::Member)?;
                Some(ExprKind::Member {
                    base: self.boxed(node.field(Field::Argument))?,
                    arrow: operator.kind() == "->",
                    field: self.ident(self.first(field))?,
                })
            }
            "subscript_expression" => Some(ExprKind::Index {
                base: self.boxed(node.field(Field::Argument))?,
                index: self.boxed(node.field(Field::Index))?,
            }),
            "binary_expression" => self.binary(node),
            "assignment_expression" => {
                let operator = node.field(Field::Operator)?;
                let op = operator.kind().strip_suffix('=').and_then(binary_op);
                Some(ExprKind::Assign(
                    op,
                    self.boxed(node.field(Field::Left))?,
                    self.boxed(node.field(Field::Right))?,
                ))
            }
            "pointer_expression" | "unary_expression" => self.unary(node),
            "update_expression" => self.update(node),
            "conditional_expression" => Some(ExprKind::Conditional {
                cond: self.boxed(node.field(Field::Condition))?,
                then: self.boxed(node.field(Field::Consequence)),
                otherwise: self.boxed(node.field(Field::Alternative))?,
            }),
            "comma_expression" => Some(ExprKind::Comma(
                self.boxed(node.field(Field::Left))?,
                self.boxed(node.field(Field::Right))?,
            )),
            "cast_expression" => Some(ExprKind::Cast {
                ty: Box::new(self.paren_type(node)?),
                expr: self.boxed(node.field(Field::Value))?,
            }),
            "compound_literal_expression" => {
                let ty = Box::new(self.paren_type(node)?);
                let init = self.initializer(node.field(Field::Value)?);
                Some(ExprKind::CompoundLiteral { ty, init: Box::new(init) })
            }
            "sizeof_expression" => self.sizeof(node),
            _ => None,
        }
    }

    fn primary(&mut self, node: Node<'_>) -> Option<ExprKind> {
        let at = self.first(node);
        let token = self.token(at)?;
        Some(match token.kind {
            TokenKind::Ident => ExprKind::Ident(self.ident(at)?),
            TokenKind::Number => literal::number(token.sym),
            TokenKind::Char => {
                let (value, kind) = literal::character(token.sym.as_str());
                ExprKind::Char(value, kind)
            }
            TokenKind::Str => {
                let (bytes, width) = self.string(at, self.tokens.len() as u32);
                ExprKind::Str { bytes, width }
            }
            _ => return None,
        })
    }

    fn parenthesized(&mut self, node: Node<'_>) -> Option<ExprKind> {
        let inner = node.named_child(0)?;
        if inner.kind() == "compound_statement" {
            return Some(ExprKind::StmtExpr(self.block(inner)));
        }
        Some(ExprKind::Paren(self.boxed(Some(inner))?))
    }

    /// The type name in the parentheses that `node` begins with, or of a `sizeof(T)`.
    fn paren_type(&mut self, node: Node<'_>) -> Option<TypeName> {
        let ty = node.field(Field::Type)?;
        let end = self.plain.next_emitted(ty.end_byte());
        Some(self.type_name(ty, end))
    }

    fn sizeof(&mut self, node: Node<'_>) -> Option<ExprKind> {
        let alignof = self.word(self.first(node)) == Word::Alignof;
        if node.field(Field::Type).is_some() {
            let ty = Box::new(self.paren_type(node)?);
            return Some(if alignof {
                ExprKind::AlignofType(ty)
            } else {
                ExprKind::SizeofType(ty)
            });
        }
        let value = self.boxed(node.field(Field::Value))?;
        Some(if alignof { ExprKind::AlignofExpr(value) } else { ExprKind::SizeofExpr(value) })
    }

    /// `a + b + c ...` leans to the left: the chain is walked, not recursed into.
    fn binary(&mut self, node: Node<'_>) -> Option<ExprKind> {
        let mut chain = Vec::new();
        let mut left = node;
        while left.kind() == "binary_expression" {
            if chain.len() as u32 + self.depth > MAX_DEPTH {
                return self.too_deep();
            }
            let operator = left.field(Field::Operator)?;
            chain.push((left, binary_op(operator.kind())?, left.field(Field::Right)?));
            left = left.field(Field::Left)?;
        }
        let depth = self.depth;
        self.depth += chain.len() as u32;
        let mut expr = self.expr(left);
        let last = chain.len().saturating_sub(1);
        let mut result = None;
        for (index, (whole, op, right)) in chain.into_iter().rev().enumerate() {
            self.depth = self.depth.saturating_sub(1).max(depth);
            let right = self.expr(right);
            let kind = ExprKind::Binary(op, Box::new(expr), Box::new(right));
            if index == last {
                result = Some(kind);
                break;
            }
            expr = Expr { kind, span: self.span(whole) };
        }
        self.depth = depth;
        result
    }

    fn unary(&mut self, node: Node<'_>) -> Option<ExprKind> {
        let at = self.first(node);
        let argument = node.field(Field::Argument)?;
        if self.word(at) == Word::AndAnd {
            return Some(ExprKind::LabelAddress(self.ident(self.first(argument))?));
        }
        Some(ExprKind::Unary(self.unary_op(node)?, self.boxed(Some(argument))?))
    }

    fn update(&mut self, node: Node<'_>) -> Option<ExprKind> {
        let operator = node.field(Field::Operator)?;
        let mut argument = node.field(Field::Argument)?;
        let increments = operator.kind() == "++";
        if operator.start_byte() < argument.start_byte() {
            let op = if increments { UnaryOp::PreInc } else { UnaryOp::PreDec };
            return Some(ExprKind::Unary(op, self.boxed(Some(argument))?));
        }
        // The grammar reads `-a++` as `(-a)++`; C binds the postfix operator first.
        let mut prefixes = Vec::new();
        while argument.kind() == "unary_expression" {
            prefixes.push((self.unary_op(argument)?, self.first(argument)));
            argument = argument.field(Field::Argument)?;
        }
        if prefixes.len() as u32 + self.depth > MAX_DEPTH {
            return self.too_deep();
        }
        let op = if increments { PostfixOp::Inc } else { PostfixOp::Dec };
        let depth = self.depth;
        self.depth += prefixes.len() as u32;
        let inner = self.expr(argument);
        self.depth = depth;
        let end = self.span(node).end;
        let mut span = Span { start: inner.span.start, end };
        let mut kind = ExprKind::Postfix(op, Box::new(inner));
        for (op, start) in prefixes.into_iter().rev() {
            kind = ExprKind::Unary(op, Box::new(Expr { kind, span }));
            span = Span { start, end };
        }
        Some(kind)
    }

    fn unary_op(&self, node: Node<'_>) -> Option<UnaryOp> {
        if self.word(self.first(node)) == Word::RealImag {
            return Some(UnaryOp::Extension);
        }
        Some(match node.field(Field::Operator)?.kind() {
            "*" => UnaryOp::Deref,
            "&" => UnaryOp::AddrOf,
            "!" => UnaryOp::Not,
            "~" => UnaryOp::BitNot,
            "-" => UnaryOp::Minus,
            "+" => UnaryOp::Plus,
            _ => return None,
        })
    }

    /// The argument nodes of a call.
    pub(super) fn call_arguments<'t>(&self, call: Node<'t>) -> Vec<Node<'t>> {
        let Some(list) = call.field(Field::Arguments) else { return Vec::new() };
        let mut cursor = list.walk();
        list.named_children(&mut cursor).collect()
    }

    /// Whether an argument is a type name that the writer wrapped in `sizeof(...)`.
    fn is_type_argument(&self, node: Node<'_>) -> bool {
        node.kind() == "sizeof_expression"
            && !matches!(self.word(self.first(node)), Word::Sizeof | Word::Alignof)
    }

    fn call(&mut self, node: Node<'_>) -> Option<ExprKind> {
        let function = node.field(Field::Function)?;
        let arguments = self.call_arguments(node);
        let at = self.first(function);
        if self.word(at) == Word::Generic && function.kind() == "number_literal" {
            return self.generic(&arguments);
        }
        let builtin = self.ident(at).filter(|_| function.kind() == "number_literal");
        let name = builtin.map_or("", |builtin| builtin.name.as_str());
        match (name, arguments.as_slice()) {
            ("__builtin_offsetof", [ty, path]) if self.is_type_argument(*ty) => {
                let ty = Box::new(self.paren_type(*ty)?);
                return Some(ExprKind::Offsetof { ty, path: self.member_path(*path)? });
            }
            ("__builtin_types_compatible_p", [a, b])
                if self.is_type_argument(*a) && self.is_type_argument(*b) =>
            {
                let a = Box::new(self.paren_type(*a)?);
                return Some(ExprKind::TypesCompatible(a, Box::new(self.paren_type(*b)?)));
            }
            ("__builtin_va_arg", [ap, ty]) if self.is_type_argument(*ty) => {
                return Some(ExprKind::VaArg {
                    ap: self.boxed(Some(*ap))?,
                    ty: Box::new(self.paren_type(*ty)?),
                });
            }
            ("__builtin_choose_expr", [cond, then, otherwise]) => {
                return Some(ExprKind::ChooseExpr {
                    cond: self.boxed(Some(*cond))?,
                    then: self.boxed(Some(*then))?,
                    otherwise: self.boxed(Some(*otherwise))?,
                });
            }
            _ => {}
        }
        if let Some(builtin) = builtin
            && arguments.iter().any(|argument| self.is_type_argument(*argument))
        {
            let mut types = Vec::new();
            let mut args = Vec::new();
            for argument in arguments {
                if self.is_type_argument(argument) {
                    types.extend(self.paren_type(argument));
                } else {
                    args.push(self.expr(argument));
                }
            }
            return Some(ExprKind::BuiltinWithTypes { name: builtin.name, types, args });
        }
        let callee = self.boxed(Some(function))?;
        let args = arguments.into_iter().map(|argument| self.expr(argument)).collect();
        Some(ExprKind::Call { callee, args })
    }

    /// `0(control, sizeof(T), a, 0, b)`, the second `0` for `default`.
    fn generic(&mut self, arguments: &[Node<'_>]) -> Option<ExprKind> {
        let (control, arms) = arguments.split_first()?;
        let control = self.boxed(Some(*control))?;
        let mut read = Vec::new();
        for arm in arms.chunks(2) {
            let [ty, value] = arm else { return None };
            let ty = if self.is_type_argument(*ty) {
                Some(self.paren_type(*ty)?)
            } else if self.word(self.first(*ty)) == Word::Default {
                None
            } else {
                return None;
            };
            read.push((ty, self.expr(*value)));
        }
        Some(ExprKind::Generic { control, arms: read })
    }

    /// The member path of offsetof: `0.a.b[1]`.
    fn member_path(&mut self, node: Node<'_>) -> Option<Vec<Designator>> {
        let mut path = Vec::new();
        let mut next = node;
        while path.len() < MAX_DEPTH as usize {
            match next.kind() {
                "field_expression" => {
                    let field = next.field(Field::Member)?;
                    path.push(Designator::Field(self.ident(self.first(field))?));
                }
                "subscript_expression" => {
                    let index = next.field(Field::Index)?;
                    path.push(Designator::Index(self.expr(index)));
                }
                "number_literal" => {
                    path.reverse();
                    return Some(path);
                }
                _ => return None,
            }
            next = next.field(Field::Argument)?;
        }
        None
    }
}

fn binary_op(spelling: &str) -> Option<BinaryOp> {
    Some(match spelling {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Rem,
        "<<" => BinaryOp::Shl,
        ">>" => BinaryOp::Shr,
        "<" => BinaryOp::Lt,
        ">" => BinaryOp::Gt,
        "<=" => BinaryOp::Le,
        ">=" => BinaryOp::Ge,
        "==" => BinaryOp::Eq,
        "!=" => BinaryOp::Ne,
        "&" => BinaryOp::BitAnd,
        "|" => BinaryOp::BitOr,
        "^" => BinaryOp::BitXor,
        "&&" => BinaryOp::LogAnd,
        "||" => BinaryOp::LogOr,
        _ => return None,
    })
}
