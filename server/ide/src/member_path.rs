//! The chain of members from a skeleton to a name in a loader: at `hits` of `skel->percpu->hits` it is
//! `percpu`, `hits` of the skeleton that `skel` points to.

use std::sync::Arc;

use cfront::{
    ast::{Block, Declaration, Designator, Expr, ExprKind, Initializer, Item, Stmt, StmtKind},
    sema::ItemScope,
    symbol::Symbol,
};
use loader::skeletons::{skeleton_of_expr, skeleton_struct};

use crate::{pipeline::FileAnalysis, reference::Word};

/// A member of a skeleton, by the names that lead to it.
pub(crate) struct MemberPath {
    /// The skeleton's name.
    pub(crate) skeleton: Symbol,
    /// Members, outermost struct first; the last one is the word asked about.
    pub(crate) members: Vec<Symbol>,
}

/// Longer chains do not exist; a torn tree may pretend so.
const MAX_MEMBERS: usize = 64;

impl FileAnalysis {
    /// The chain that ends at a word, when it begins at a skeleton.
    pub(crate) fn member_path(&self, word: &Word) -> Option<MemberPath> {
        let parsed = self.unit.item(word.place.item)?;
        let scope = self.unit.scope(word.place.item)?;
        let member = member_at(&parsed.syntax, word.place.token)?;
        let mut members = Vec::new();
        let mut expr = member;
        while members.len() < MAX_MEMBERS {
            match &expr.kind {
                ExprKind::Paren(inner) => expr = inner,
                ExprKind::Index { base, .. } => expr = base,
                ExprKind::Member { base, field, .. } => {
                    members.push(field.name);
                    if let Some(skeleton) = self.skeleton(&scope, base) {
                        members.reverse();
                        return Some(MemberPath { skeleton, members });
                    }
                    expr = base;
                }
                _ => return None,
            }
        }
        None
    }

    /// The skeleton that an expression is or points to.
    fn skeleton(&self, scope: &Arc<ItemScope>, expr: &Expr) -> Option<Symbol> {
        let (unit, skeletons) = (&self.unit, self.skeletons.as_slice());
        let by_pointer = skeleton_of_expr(unit, scope, skeletons, expr);
        let index = by_pointer
            .or_else(|| skeleton_struct(unit, skeletons, unit.expr_type(scope, expr)?))?;
        skeletons.get(index).map(|skeleton| skeleton.name)
    }
}

/// The member expression whose field name is that token.
fn member_at(item: &Item, token: u32) -> Option<&Expr> {
    let mut todo = Vec::new();
    match item {
        Item::Function(function) => push_block(&function.body, &mut todo),
        Item::Declaration(declaration) => push_declaration(declaration, &mut todo),
        _ => {}
    }
    // A stack of its own: no depth of nesting can overflow the thread's.
    while let Some(node) = todo.pop() {
        match node {
            Node::Expr(expr) => {
                if let ExprKind::Member { field, .. } = &expr.kind
                    && field.token == token
                {
                    return Some(expr);
                }
                push_parts(expr, &mut todo);
            }
            Node::Stmt(stmt) => push_stmt(stmt, &mut todo),
            Node::Init(Initializer::Expr(expr)) => todo.push(Node::Expr(expr)),
            Node::Init(Initializer::List(items, _)) => {
                for item in items {
                    push_designators(&item.designators, &mut todo);
                    todo.push(Node::Init(&item.value));
                }
            }
        }
    }
    None
}

enum Node<'a> {
    Expr(&'a Expr),
    Stmt(&'a Stmt),
    Init(&'a Initializer),
}

type Todo<'a> = Vec<Node<'a>>;

fn push_block<'a>(block: &'a Block, todo: &mut Todo<'a>) {
    todo.extend(block.stmts.iter().map(Node::Stmt));
}

fn push_declaration<'a>(declaration: &'a Declaration, todo: &mut Todo<'a>) {
    todo.extend(declaration.declarators.iter().filter_map(|d| d.init.as_ref()).map(Node::Init));
}

fn push_designators<'a>(designators: &'a [Designator], todo: &mut Todo<'a>) {
    for designator in designators {
        match designator {
            Designator::Field(_) => {}
            Designator::Index(index) => todo.push(Node::Expr(index)),
            Designator::Range(from, to) => todo.extend([Node::Expr(from), Node::Expr(to)]),
        }
    }
}

fn push_stmt<'a>(stmt: &'a Stmt, todo: &mut Todo<'a>) {
    match &stmt.kind {
        StmtKind::Decl(declaration) => push_declaration(declaration, todo),
        StmtKind::NestedFunction(function) => push_block(&function.body, todo),
        StmtKind::Expr(expr) | StmtKind::GotoIndirect(expr) => todo.push(Node::Expr(expr)),
        StmtKind::Block(block) => push_block(block, todo),
        StmtKind::If { cond, then, otherwise } => {
            todo.extend([Node::Expr(cond), Node::Stmt(then)]);
            todo.extend(otherwise.as_deref().map(Node::Stmt));
        }
        StmtKind::While { cond, body }
        | StmtKind::DoWhile { body, cond }
        | StmtKind::Switch { value: cond, body } => {
            todo.extend([Node::Expr(cond), Node::Stmt(body)]);
        }
        StmtKind::For { init, cond, step, body } => {
            todo.extend(init.as_deref().map(Node::Stmt));
            todo.extend(cond.iter().chain(step).map(Node::Expr));
            todo.push(Node::Stmt(body));
        }
        StmtKind::Case { from, to, body } => {
            todo.push(Node::Expr(from));
            todo.extend(to.as_ref().map(Node::Expr));
            todo.extend(body.as_deref().map(Node::Stmt));
        }
        StmtKind::Default { body } | StmtKind::Label { body, .. } => {
            todo.extend(body.as_deref().map(Node::Stmt));
        }
        StmtKind::Return(value) => todo.extend(value.as_ref().map(Node::Expr)),
        StmtKind::Asm { outputs, inputs, .. } => {
            todo.extend(outputs.iter().chain(inputs).map(Node::Expr));
        }
        StmtKind::Empty
        | StmtKind::Goto(_)
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::StaticAssert
        | StmtKind::Error => {}
    }
}

fn push_parts<'a>(expr: &'a Expr, todo: &mut Todo<'a>) {
    match &expr.kind {
        ExprKind::Paren(e)
        | ExprKind::Unary(_, e)
        | ExprKind::Postfix(_, e)
        | ExprKind::Cast { expr: e, .. }
        | ExprKind::SizeofExpr(e)
        | ExprKind::AlignofExpr(e)
        | ExprKind::Member { base: e, .. }
        | ExprKind::VaArg { ap: e, .. } => todo.push(Node::Expr(e)),
        ExprKind::Binary(_, a, b)
        | ExprKind::Assign(_, a, b)
        | ExprKind::Comma(a, b)
        | ExprKind::Index { base: a, index: b } => todo.extend([Node::Expr(a), Node::Expr(b)]),
        ExprKind::Conditional { cond, then, otherwise } => {
            todo.extend([Node::Expr(cond), Node::Expr(otherwise)]);
            todo.extend(then.as_deref().map(Node::Expr));
        }
        ExprKind::ChooseExpr { cond, then, otherwise } => {
            todo.extend([Node::Expr(cond), Node::Expr(then), Node::Expr(otherwise)]);
        }
        ExprKind::Call { callee, args } => {
            todo.push(Node::Expr(callee));
            todo.extend(args.iter().map(Node::Expr));
        }
        ExprKind::CompoundLiteral { init, .. } => todo.push(Node::Init(init)),
        ExprKind::Offsetof { path, .. } => push_designators(path, todo),
        ExprKind::BuiltinWithTypes { args, .. } => todo.extend(args.iter().map(Node::Expr)),
        ExprKind::Generic { control, arms } => {
            todo.push(Node::Expr(control));
            todo.extend(arms.iter().map(|(_, arm)| Node::Expr(arm)));
        }
        ExprKind::StmtExpr(block) => push_block(block, todo),
        _ => {}
    }
}
