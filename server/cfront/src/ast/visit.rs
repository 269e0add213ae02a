//! The walk over the expressions, statements and local declarations of an item, in written order.
//!
//! A visitor sees what is evaluated, or, when it asks for [the whole](Visitor::whole), also what only stands
//! there. The parser bounds the depth of a tree, so recursion is bounded too.

use super::{
    ArraySize, AttrArg, Block, DeclSpecs, Declaration, Declarator, Derived, Designator, Expr,
    ExprKind, FieldDecl, InitDeclarator, Initializer, Item, Stmt, StmtKind, TypeName, TypeSpec,
};

/// What a walk calls; every method has an empty default.
pub trait Visitor {
    /// An expression, before its operands.
    fn expr(&mut self, _expr: &Expr) {}
    /// A statement, before what it holds.
    fn stmt(&mut self, _stmt: &Stmt) {}
    /// A local variable with its declaration, before its initialiser.
    fn local(&mut self, _declaration: &Declaration, _declarator: &InitDeclarator) {}
    /// Whether the walk also visits expressions that are not evaluated: those in types, operands of `sizeof`,
    /// `_Alignof` and `typeof`, labels of `case`, controls of `_Generic`, bodies of nested functions.
    fn whole(&self) -> bool {
        false
    }
}

/// Looks at all expressions of an item, evaluated or not.
pub fn expressions(item: &Item, look: &mut dyn FnMut(&Expr)) {
    let v = &mut Whole(look);
    match item {
        Item::Function(f) => {
            specs(&f.specs, v);
            declarator(&f.declarator, v);
            block(&f.body, v);
        }
        Item::Declaration(d) => declaration(d, v),
        Item::StaticAssert(e) => expression(e, v),
        Item::Asm | Item::Empty | Item::Error(_) => {}
    }
}

/// Looks at an expression and all expressions in it, evaluated or not.
pub fn operands(expr: &Expr, look: &mut dyn FnMut(&Expr)) {
    expression(expr, &mut Whole(look));
}

struct Whole<'a>(&'a mut dyn FnMut(&Expr));

impl Visitor for Whole<'_> {
    fn expr(&mut self, expr: &Expr) {
        (self.0)(expr);
    }

    fn whole(&self) -> bool {
        true
    }
}

/// Walks a compound statement.
pub fn block(block: &Block, v: &mut dyn Visitor) {
    for stmt in &block.stmts {
        statement(stmt, v);
    }
}

/// Walks a statement.
pub fn statement(stmt: &Stmt, v: &mut dyn Visitor) {
    v.stmt(stmt);
    match &stmt.kind {
        StmtKind::Decl(inner) => declaration(inner, v),
        StmtKind::Expr(e) | StmtKind::GotoIndirect(e) | StmtKind::Return(Some(e)) => {
            expression(e, v);
        }
        StmtKind::Block(inner) => block(inner, v),
        StmtKind::If { cond, then, otherwise } => {
            expression(cond, v);
            statement(then, v);
            if let Some(otherwise) = otherwise {
                statement(otherwise, v);
            }
        }
        StmtKind::While { cond, body } | StmtKind::Switch { value: cond, body } => {
            expression(cond, v);
            statement(body, v);
        }
        StmtKind::DoWhile { body, cond } => {
            statement(body, v);
            expression(cond, v);
        }
        StmtKind::For { init, cond, step, body } => {
            if let Some(init) = init {
                statement(init, v);
            }
            for e in [cond, step].into_iter().flatten() {
                expression(e, v);
            }
            statement(body, v);
        }
        StmtKind::Case { from, to, body } => {
            if v.whole() {
                expression(from, v);
                to.iter().for_each(|e| expression(e, v));
            }
            body.iter().for_each(|body| statement(body, v));
        }
        StmtKind::Default { body } | StmtKind::Label { body, .. } => {
            body.iter().for_each(|body| statement(body, v));
        }
        StmtKind::Asm { outputs, inputs, .. } => {
            outputs.iter().chain(inputs).for_each(|e| expression(e, v));
        }
        StmtKind::NestedFunction(f) => {
            if v.whole() {
                block(&f.body, v);
            }
        }
        StmtKind::Empty
        | StmtKind::Goto(_)
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Return(None)
        | StmtKind::StaticAssert
        | StmtKind::Error => {}
    }
}

fn declaration(declaration: &Declaration, v: &mut dyn Visitor) {
    specs(&declaration.specs, v);
    for one in &declaration.declarators {
        declarator(&one.declarator, v);
        v.local(declaration, one);
        if let Some(init) = &one.init {
            initializer(init, v);
        }
    }
}

fn specs(specs_: &DeclSpecs, v: &mut dyn Visitor) {
    if !v.whole() {
        return;
    }
    match &specs_.ty {
        TypeSpec::TypeofExpr { expr, .. } => expression(expr, v),
        TypeSpec::TypeofType { ty, .. } | TypeSpec::Atomic(ty) => type_name(ty, v),
        TypeSpec::Record(record) => {
            for field in record.fields.iter().flatten() {
                if let FieldDecl::Fields { specs: of_field, declarators, .. } = field {
                    specs(of_field, v);
                    for field in declarators {
                        declarator(&field.declarator, v);
                        field.bits.iter().for_each(|e| expression(e, v));
                    }
                }
            }
        }
        TypeSpec::Enum(list) => {
            let values = list.values.iter().flatten().filter_map(|one| one.value.as_ref());
            values.for_each(|e| expression(e, v));
        }
        _ => {}
    }
    for argument in specs_.attrs.iter().flat_map(|attr| &attr.args) {
        if let AttrArg::Expr(e) = argument {
            expression(e, v);
        }
    }
}

fn declarator(one: &Declarator, v: &mut dyn Visitor) {
    if !v.whole() {
        return;
    }
    for derived in &one.derived {
        match derived {
            Derived::Array { size: ArraySize::Expr(size), .. } => expression(size, v),
            Derived::Function { params, .. } => {
                for param in params {
                    specs(&param.specs, v);
                    declarator(&param.declarator, v);
                }
            }
            _ => {}
        }
    }
}

fn type_name(ty: &TypeName, v: &mut dyn Visitor) {
    specs(&ty.specs, v);
    declarator(&ty.declarator, v);
}

fn designators(path: &[Designator], v: &mut dyn Visitor) {
    for designator in path {
        match designator {
            Designator::Index(e) => expression(e, v),
            Designator::Range(from, to) => {
                expression(from, v);
                expression(to, v);
            }
            Designator::Field(_) => {}
        }
    }
}

/// Walks an initialiser.
pub fn initializer(init: &Initializer, v: &mut dyn Visitor) {
    match init {
        Initializer::Expr(e) => expression(e, v),
        Initializer::List(items, _) => {
            for item in items {
                designators(&item.designators, v);
                initializer(&item.value, v);
            }
        }
    }
}

/// Walks an expression.
pub fn expression(expr: &Expr, v: &mut dyn Visitor) {
    v.expr(expr);
    match &expr.kind {
        ExprKind::Paren(e)
        | ExprKind::Unary(_, e)
        | ExprKind::Postfix(_, e)
        | ExprKind::Member { base: e, .. } => expression(e, v),
        ExprKind::Cast { ty, expr: e } | ExprKind::VaArg { ap: e, ty } => {
            type_name(ty, v);
            expression(e, v);
        }
        ExprKind::Binary(_, a, b)
        | ExprKind::Assign(_, a, b)
        | ExprKind::Comma(a, b)
        | ExprKind::Index { base: a, index: b } => {
            expression(a, v);
            expression(b, v);
        }
        ExprKind::Conditional { cond, then, otherwise } => {
            expression(cond, v);
            if let Some(then) = then {
                expression(then, v);
            }
            expression(otherwise, v);
        }
        ExprKind::Call { callee, args } => {
            expression(callee, v);
            args.iter().for_each(|e| expression(e, v));
        }
        ExprKind::CompoundLiteral { ty, init } => {
            type_name(ty, v);
            initializer(init, v);
        }
        ExprKind::ChooseExpr { cond, then, otherwise } => {
            [cond, then, otherwise].into_iter().for_each(|e| expression(e, v));
        }
        ExprKind::BuiltinWithTypes { types, args, .. } => {
            types.iter().for_each(|ty| type_name(ty, v));
            args.iter().for_each(|e| expression(e, v));
        }
        ExprKind::Generic { control, arms } => {
            if v.whole() {
                expression(control, v);
            }
            for (ty, arm) in arms {
                ty.iter().for_each(|ty| type_name(ty, v));
                expression(arm, v);
            }
        }
        ExprKind::SizeofExpr(e) | ExprKind::AlignofExpr(e) => {
            if v.whole() {
                expression(e, v);
            }
        }
        ExprKind::SizeofType(ty) | ExprKind::AlignofType(ty) => type_name(ty, v),
        ExprKind::Offsetof { ty, path } => {
            if v.whole() {
                type_name(ty, v);
                designators(path, v);
            }
        }
        ExprKind::TypesCompatible(a, b) => {
            type_name(a, v);
            type_name(b, v);
        }
        ExprKind::StmtExpr(inner) => block(inner, v),
        ExprKind::Ident(_)
        | ExprKind::Int { .. }
        | ExprKind::Float(_)
        | ExprKind::Char(..)
        | ExprKind::Str { .. }
        | ExprKind::LabelAddress(_)
        | ExprKind::Error => {}
    }
}
