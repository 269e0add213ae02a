//! Visits the expressions of an item, in no particular order.

use cfront::ast::{
    ArraySize, AttrArg, Block, DeclSpecs, Declaration, Declarator, Derived, Designator, Expr,
    ExprKind, FieldDecl, Initializer, Item, Stmt, StmtKind, TypeName, TypeSpec,
};

/// A part of an item that is still to be looked at.
enum Part<'a> {
    Expr(&'a Expr),
    Stmt(&'a Stmt),
    Initializer(&'a Initializer),
}

/// All expressions of an item, operands of `sizeof` and `typeof` and those in the bodies of structs
/// included. Parents come before their operands. Expressions nest without recursion here; types nest
/// only as deep as the parser lets them.
pub fn expressions<'a>(item: &'a Item, mut visit: impl FnMut(&'a Expr)) {
    let mut walk = Walk { work: Vec::new() };
    match item {
        Item::Function(f) => {
            walk.specs(&f.specs);
            walk.declarator(&f.declarator);
            walk.block(&f.body);
        }
        Item::Declaration(d) => walk.declaration(d),
        Item::StaticAssert(e) => walk.work.push(Part::Expr(e)),
        Item::Asm | Item::Empty | Item::Error(_) => {}
    }
    while let Some(part) = walk.work.pop() {
        match part {
            Part::Expr(expr) => {
                visit(expr);
                walk.operands(expr);
            }
            Part::Stmt(stmt) => walk.statement(stmt),
            Part::Initializer(init) => walk.initializer(init),
        }
    }
}

struct Walk<'a> {
    work: Vec<Part<'a>>,
}

impl<'a> Walk<'a> {
    fn block(&mut self, block: &'a Block) {
        self.work.extend(block.stmts.iter().rev().map(Part::Stmt));
    }

    fn expr(&mut self, expr: &'a Expr) {
        self.work.push(Part::Expr(expr));
    }

    fn declaration(&mut self, declaration: &'a Declaration) {
        self.specs(&declaration.specs);
        for declarator in declaration.declarators.iter().rev() {
            self.declarator(&declarator.declarator);
            self.work.extend(declarator.init.as_ref().map(Part::Initializer));
        }
    }

    fn specs(&mut self, specs: &'a DeclSpecs) {
        match &specs.ty {
            TypeSpec::TypeofExpr { expr, .. } => self.expr(expr),
            TypeSpec::TypeofType { ty, .. } | TypeSpec::Atomic(ty) => self.type_name(ty),
            TypeSpec::Record(record) => {
                for field in record.fields.iter().flatten() {
                    if let FieldDecl::Fields { specs, declarators, .. } = field {
                        self.specs(specs);
                        for field in declarators {
                            self.declarator(&field.declarator);
                            self.work.extend(field.bits.as_ref().map(Part::Expr));
                        }
                    }
                }
            }
            TypeSpec::Enum(list) => {
                let values = list.values.iter().flatten().filter_map(|v| v.value.as_ref());
                self.work.extend(values.map(Part::Expr));
            }
            _ => {}
        }
        let arguments = specs.attrs.iter().flat_map(|attr| &attr.args);
        self.work.extend(arguments.filter_map(|argument| match argument {
            AttrArg::Expr(expr) => Some(Part::Expr(expr)),
            _ => None,
        }));
    }

    fn declarator(&mut self, declarator: &'a Declarator) {
        for derived in &declarator.derived {
            match derived {
                Derived::Array { size: ArraySize::Expr(size), .. } => self.expr(size),
                Derived::Function { params, .. } => {
                    for param in params {
                        self.specs(&param.specs);
                        self.declarator(&param.declarator);
                    }
                }
                _ => {}
            }
        }
    }

    fn type_name(&mut self, ty: &'a TypeName) {
        // A type name nests in itself only through typeof, of which the parser bounds the depth.
        self.specs(&ty.specs);
        self.declarator(&ty.declarator);
    }

    fn initializer(&mut self, init: &'a Initializer) {
        match init {
            Initializer::Expr(expr) => self.expr(expr),
            Initializer::List(items, _) => {
                for item in items.iter().rev() {
                    self.work.push(Part::Initializer(&item.value));
                    self.designators(&item.designators);
                }
            }
        }
    }

    fn designators(&mut self, designators: &'a [Designator]) {
        for designator in designators {
            match designator {
                Designator::Field(_) => {}
                Designator::Index(index) => self.expr(index),
                Designator::Range(from, to) => {
                    self.expr(to);
                    self.expr(from);
                }
            }
        }
    }

    fn statement(&mut self, stmt: &'a Stmt) {
        let mut push = |stmt: &'a Stmt| self.work.push(Part::Stmt(stmt));
        match &stmt.kind {
            StmtKind::Decl(declaration) => self.declaration(declaration),
            StmtKind::NestedFunction(f) => self.block(&f.body),
            StmtKind::Expr(expr) | StmtKind::GotoIndirect(expr) => self.expr(expr),
            StmtKind::Block(block) => self.block(block),
            StmtKind::If { cond, then, otherwise } => {
                otherwise.iter().for_each(|s| push(s));
                push(then);
                self.expr(cond);
            }
            StmtKind::While { cond, body }
            | StmtKind::DoWhile { body, cond }
            | StmtKind::Switch { value: cond, body } => {
                push(body);
                self.expr(cond);
            }
            StmtKind::For { init, cond, step, body } => {
                push(body);
                init.iter().for_each(|s| push(s));
                cond.iter().chain(step).for_each(|e| self.expr(e));
            }
            StmtKind::Case { from, to, body } => {
                body.iter().for_each(|s| push(s));
                self.expr(from);
                to.iter().for_each(|e| self.expr(e));
            }
            StmtKind::Default { body } | StmtKind::Label { body, .. } => {
                body.iter().for_each(|s| push(s));
            }
            StmtKind::Return(value) => value.iter().for_each(|e| self.expr(e)),
            StmtKind::Asm { outputs, inputs, .. } => {
                outputs.iter().chain(inputs).for_each(|e| self.expr(e));
            }
            StmtKind::Empty
            | StmtKind::Goto(_)
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::StaticAssert
            | StmtKind::Error => {}
        }
    }

    fn operands(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Paren(e)
            | ExprKind::Unary(_, e)
            | ExprKind::Postfix(_, e)
            | ExprKind::Member { base: e, .. }
            | ExprKind::SizeofExpr(e)
            | ExprKind::AlignofExpr(e) => self.expr(e),
            ExprKind::Binary(_, a, b)
            | ExprKind::Assign(_, a, b)
            | ExprKind::Comma(a, b)
            | ExprKind::Index { base: a, index: b } => {
                self.expr(b);
                self.expr(a);
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                self.expr(otherwise);
                then.iter().for_each(|e| self.expr(e));
                self.expr(cond);
            }
            ExprKind::Call { callee, args } => {
                args.iter().rev().for_each(|e| self.expr(e));
                self.expr(callee);
            }
            ExprKind::Cast { ty, expr } | ExprKind::VaArg { ap: expr, ty } => {
                self.expr(expr);
                self.type_name(ty);
            }
            ExprKind::CompoundLiteral { ty, init } => {
                self.work.push(Part::Initializer(init));
                self.type_name(ty);
            }
            ExprKind::SizeofType(ty) | ExprKind::AlignofType(ty) => self.type_name(ty),
            ExprKind::Offsetof { ty, path } => {
                self.designators(path);
                self.type_name(ty);
            }
            ExprKind::TypesCompatible(a, b) => {
                self.type_name(a);
                self.type_name(b);
            }
            ExprKind::ChooseExpr { cond, then, otherwise } => {
                self.expr(otherwise);
                self.expr(then);
                self.expr(cond);
            }
            ExprKind::BuiltinWithTypes { types, args, .. } => {
                args.iter().rev().for_each(|e| self.expr(e));
                types.iter().for_each(|t| self.type_name(t));
            }
            ExprKind::Generic { control, arms } => {
                for (ty, arm) in arms.iter().rev() {
                    self.expr(arm);
                    ty.iter().for_each(|t| self.type_name(t));
                }
                self.expr(control);
            }
            ExprKind::StmtExpr(block) => self.block(block),
            ExprKind::Ident(_)
            | ExprKind::Int { .. }
            | ExprKind::Float(_)
            | ExprKind::Char(..)
            | ExprKind::Str { .. }
            | ExprKind::LabelAddress(_)
            | ExprKind::Error => {}
        }
    }
}
