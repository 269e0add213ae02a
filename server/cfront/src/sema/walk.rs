//! Walks an item in order, so that every identifier finds the declaration it means.

use std::sync::Arc;

use super::{
    Attributes, ItemScope, Local, LocalId, LocalKind,
    globals::function_params,
    scope::{Cx, Inner},
    state::Sema,
};
use crate::{
    ast::{
        Block, Declaration, Derived, Designator, Expr, ExprKind, FunctionDef, Initializer, Item,
        Param, Stmt, StmtKind, Storage, TypeSpec,
    },
    ctypes::{CType, CTypeId},
};

impl Sema {
    /// The scopes of an item, walked at the first call.
    pub(crate) fn item_scope(&mut self, item: u32) -> Option<Arc<ItemScope>> {
        let parsed = self.items.parsed(item)?;
        self.scope_of(item, &parsed)
    }

    /// The scopes of a parsed item that stands at that place.
    pub(crate) fn scope_of(
        &mut self,
        item: u32,
        parsed: &crate::items::ParsedItem,
    ) -> Option<Arc<ItemScope>> {
        if let Some(scope) = self.scopes.get(&parsed.serial) {
            return Some(scope.clone());
        }
        let mut cx = Cx::building(item, parsed.serial);
        match &parsed.syntax {
            Item::Function(f) => {
                let outer = std::mem::replace(&mut self.in_body, true);
                let outer_torn = std::mem::take(&mut self.torn_body);
                self.walk_function(&mut cx, f);
                cx.data().torn = self.torn_body || parsed.too_deep.body;
                self.torn_body = outer_torn;
                self.in_body = outer;
            }
            Item::Declaration(d) => {
                for declarator in &d.declarators {
                    if let Some(init) = &declarator.init {
                        self.walk_initializer(&mut cx, init);
                    }
                }
            }
            Item::StaticAssert(e) => self.walk_expr(&mut cx, e),
            _ => {}
        }
        let scope = cx.scope;
        self.scopes.insert(parsed.serial, scope.clone());
        Some(scope)
    }

    fn walk_function(&mut self, cx: &mut Cx, f: &FunctionDef) {
        cx.data().in_function = true;
        // Specifiers stand at file scope, parameters and body in scopes of their own.
        self.specs(cx, &f.specs);
        cx.push();
        if f.kr_params.is_empty() {
            if let Some(params) = function_params(&f.declarator) {
                self.declare_params(cx, params);
            }
        } else {
            let names: Vec<_> = match f.declarator.derived.first() {
                Some(Derived::Function { params, .. }) => {
                    params.iter().filter_map(|p| p.declarator.name).map(|n| n.name).collect()
                }
                _ => Vec::new(),
            };
            for decl in &f.kr_params {
                let base = self.specs(cx, &decl.specs);
                for d in &decl.declarators {
                    let ty = self.declarator(cx, base, &d.declarator);
                    if let Some(ident) = d.declarator.name {
                        let index = names.iter().position(|n| *n == ident.name).unwrap_or(0);
                        let kind = LocalKind::Param(index as u32);
                        self.add_local(cx, ident, kind, ty, Attributes::default(), false);
                    }
                }
            }
        }
        self.walk_stmts(cx, &f.body);
        cx.pop();
    }

    fn declare_params(&mut self, cx: &mut Cx, params: &[Param]) {
        for (index, param) in params.iter().enumerate() {
            let base = self.specs(cx, &param.specs);
            let ty = self.declarator(cx, base, &param.declarator);
            let ty = self.adjust_param(ty, param);
            if let Some(ident) = param.declarator.name {
                let attrs = self.attributes(cx, [&param.specs.attrs, &param.declarator.attrs]);
                self.add_local(cx, ident, LocalKind::Param(index as u32), ty, attrs, false);
            }
        }
    }

    fn add_local(
        &mut self,
        cx: &mut Cx,
        ident: crate::ast::Ident,
        kind: LocalKind,
        ty: CTypeId,
        attrs: Attributes,
        initialised: bool,
    ) -> LocalId {
        let align = match attrs.aligned {
            Some(align) => Some(align),
            None => self.align_of(ty),
        };
        cx.add_local(Local {
            id: LocalId(0),
            name: ident.name,
            token: ident.token,
            kind,
            ty,
            attrs,
            initialised,
            size: None,
            align,
            constant: None,
        })
    }

    fn walk_block(&mut self, cx: &mut Cx, block: &Block) {
        cx.push();
        self.walk_stmts(cx, block);
        cx.pop();
    }

    fn walk_stmts(&mut self, cx: &mut Cx, block: &Block) {
        for stmt in &block.stmts {
            self.walk_stmt(cx, stmt);
        }
    }

    fn walk_stmt(&mut self, cx: &mut Cx, stmt: &Stmt) {
        self.deeper(|s| s.walk_stmt_at(cx, stmt));
    }

    fn walk_stmt_at(&mut self, cx: &mut Cx, mut stmt: &Stmt) {
        // Labels and `else if` chains are followed in a loop, so that long ones need no stack.
        loop {
            match &stmt.kind {
                StmtKind::Decl(decl) => self.walk_declaration(cx, decl),
                StmtKind::NestedFunction(f) => {
                    self.specs(cx, &f.specs);
                    self.walk_block(cx, &f.body);
                }
                StmtKind::Expr(e) => self.walk_expr(cx, e),
                StmtKind::Block(block) => self.walk_block(cx, block),
                StmtKind::If { cond, then, otherwise } => {
                    self.walk_expr(cx, cond);
                    self.walk_scoped(cx, then);
                    if let Some(otherwise) = otherwise {
                        stmt = otherwise;
                        continue;
                    }
                }
                StmtKind::While { cond, body } => {
                    self.walk_expr(cx, cond);
                    self.walk_scoped(cx, body);
                }
                StmtKind::DoWhile { body, cond } => {
                    self.walk_scoped(cx, body);
                    self.walk_expr(cx, cond);
                }
                StmtKind::For { init, cond, step, body } => {
                    cx.push();
                    if let Some(init) = init {
                        self.walk_stmt(cx, init);
                    }
                    for e in [cond, step].into_iter().flatten() {
                        self.walk_expr(cx, e);
                    }
                    self.walk_scoped(cx, body);
                    cx.pop();
                }
                StmtKind::Switch { value, body } => {
                    self.walk_expr(cx, value);
                    self.walk_scoped(cx, body);
                }
                StmtKind::Case { from, to, body } => {
                    self.walk_expr(cx, from);
                    if let Some(to) = to {
                        self.walk_expr(cx, to);
                    }
                    if let Some(body) = body {
                        stmt = body;
                        continue;
                    }
                }
                StmtKind::Default { body } | StmtKind::Label { body, .. } => {
                    if let Some(body) = body {
                        stmt = body;
                        continue;
                    }
                }
                StmtKind::GotoIndirect(e) => self.walk_expr(cx, e),
                StmtKind::Return(e) => {
                    if let Some(e) = e {
                        self.walk_expr(cx, e);
                    }
                }
                StmtKind::Asm { outputs, inputs, .. } => {
                    for e in outputs.iter().chain(inputs) {
                        self.walk_expr(cx, e);
                    }
                }
                StmtKind::Empty
                | StmtKind::Goto(_)
                | StmtKind::Break
                | StmtKind::Continue
                | StmtKind::StaticAssert
                | StmtKind::Error => {}
            }
            return;
        }
    }

    fn walk_scoped(&mut self, cx: &mut Cx, stmt: &Stmt) {
        cx.push();
        self.walk_stmt(cx, stmt);
        cx.pop();
    }

    /// A declaration in a block.
    fn walk_declaration(&mut self, cx: &mut Cx, decl: &Declaration) {
        let base = self.specs(cx, &decl.specs);
        for d in &decl.declarators {
            let Some(ident) = d.declarator.name else { continue };
            let lists = [&decl.specs.attrs[..], &d.declarator.attrs[..]];
            if decl.specs.storage == Storage::Typedef {
                let key = (cx.scope.serial, ident.token);
                let id = self.new_typedef(cx, key, ident.name, base, &d.declarator, lists);
                cx.declare(ident.name, Inner::Typedef(id));
                continue;
            }
            let mut ty = self.declarator(cx, base, &d.declarator);
            let attrs = self.attributes(cx, lists);
            let kind = match decl.specs.storage {
                _ if matches!(self.canonical(ty), CType::Function(_)) => LocalKind::Function,
                Storage::Static => LocalKind::Static,
                Storage::Extern => LocalKind::Extern,
                _ => LocalKind::Auto,
            };
            let auto = matches!(decl.specs.ty, TypeSpec::AutoType);
            if auto && let Some(init) = &d.init {
                // `__auto_type x = e`: `x` is not in scope in `e`.
                self.walk_initializer(cx, init);
                ty = self.auto_type(cx, init);
                ty = self.types.qualified(ty, decl.specs.quals, 0);
            }
            let id = self.add_local(cx, ident, kind, ty, attrs, d.init.is_some());
            let mut extra = None;
            let mut constant = None;
            if let Some(init) = &d.init {
                if !auto {
                    self.walk_initializer(cx, init);
                }
                ty = self.completed(cx, ty, init);
                if kind == LocalKind::Static {
                    cx.data().static_inits.insert(id, Arc::new(init.clone()));
                    extra = self.extra_of(cx, ty, init);
                }
                constant = self.const_local(cx, ty, init);
            }
            let size = self.size_of(ty).map(|s| s.saturating_add(extra.unwrap_or(0)));
            if let Some(local) = cx.data().locals.get_mut(id.0 as usize) {
                local.ty = ty;
                local.size = size;
                local.constant = constant;
            }
        }
    }

    fn const_local(&mut self, cx: &mut Cx, ty: CTypeId, init: &Initializer) -> Option<i128> {
        let (quals, _) = self.quals(ty);
        if !quals.is_const || quals.is_volatile {
            return None;
        }
        self.arith(ty)?;
        let value = self.eval_initializer(cx, init)?;
        match self.convert(value, ty)? {
            super::constant::Const::Int(v, _) => Some(v),
            _ => None,
        }
    }

    /// The type `__auto_type` takes from an initialiser.
    pub(crate) fn auto_type(&mut self, cx: &mut Cx, init: &Initializer) -> CTypeId {
        match init {
            Initializer::Expr(e) => {
                self.walk_expr(cx, e);
                let ty = self.expr_type(cx, e);
                self.rvalue(ty)
            }
            Initializer::List(..) => CTypeId::UNKNOWN,
        }
    }

    /// Resolves the identifiers of an initialiser.
    pub(crate) fn walk_initializer(&mut self, cx: &mut Cx, init: &Initializer) {
        if !cx.building {
            return;
        }
        match init {
            Initializer::Expr(e) => self.walk_expr(cx, e),
            Initializer::List(items, _) => {
                for item in items {
                    for designator in &item.designators {
                        match designator {
                            Designator::Field(_) => {}
                            Designator::Index(e) => self.walk_expr(cx, e),
                            Designator::Range(from, to) => {
                                self.walk_expr(cx, from);
                                self.walk_expr(cx, to);
                            }
                        }
                    }
                    self.deeper(|s| s.walk_initializer(cx, &item.value));
                }
            }
        }
    }

    /// Resolves the identifiers of an expression and declares what statement expressions in it
    /// declare. Does nothing in an item that was walked before.
    pub(crate) fn walk_expr(&mut self, cx: &mut Cx, e: &Expr) {
        // Outside of functions only statement expressions open scopes; idents are global anyway.
        if cx.building {
            self.deeper(|s| s.walk_expr_at(cx, e));
        }
    }

    fn walk_expr_at(&mut self, cx: &mut Cx, mut e: &Expr) {
        loop {
            match &e.kind {
                ExprKind::Ident(ident) => {
                    cx.lookup(*ident);
                }
                ExprKind::Paren(inner)
                | ExprKind::Unary(_, inner)
                | ExprKind::Postfix(_, inner)
                | ExprKind::Member { base: inner, .. }
                | ExprKind::SizeofExpr(inner)
                | ExprKind::AlignofExpr(inner) => {
                    e = inner;
                    continue;
                }
                ExprKind::Binary(_, left, right) => {
                    // Chains lean left: walk the right sides behind the spine in order.
                    let mut rights = vec![&**right];
                    let mut left = &**left;
                    while let ExprKind::Binary(_, l, r) = &left.kind {
                        rights.push(r);
                        left = l;
                    }
                    self.walk_expr(cx, left);
                    while let Some(right) = rights.pop() {
                        self.walk_expr(cx, right);
                    }
                }
                ExprKind::Comma(first, last) => {
                    let mut lasts = vec![&**last];
                    let mut first = &**first;
                    while let ExprKind::Comma(f, l) = &first.kind {
                        lasts.push(l);
                        first = f;
                    }
                    self.walk_expr(cx, first);
                    while let Some(last) = lasts.pop() {
                        self.walk_expr(cx, last);
                    }
                }
                ExprKind::Assign(_, target, value) => {
                    self.walk_expr(cx, target);
                    e = value;
                    continue;
                }
                ExprKind::Conditional { cond, then, otherwise } => {
                    self.walk_expr(cx, cond);
                    if let Some(then) = then {
                        self.walk_expr(cx, then);
                    }
                    e = otherwise;
                    continue;
                }
                ExprKind::Call { callee, args } => {
                    self.walk_expr(cx, callee);
                    for arg in args {
                        self.walk_expr(cx, arg);
                    }
                }
                ExprKind::Index { base, index } => {
                    self.walk_expr(cx, index);
                    e = base;
                    continue;
                }
                ExprKind::Cast { ty, expr } => {
                    self.type_name(cx, ty);
                    e = expr;
                    continue;
                }
                ExprKind::CompoundLiteral { ty, init } => {
                    self.type_name(cx, ty);
                    self.walk_initializer(cx, init);
                }
                ExprKind::SizeofType(ty) | ExprKind::AlignofType(ty) => {
                    self.type_name(cx, ty);
                }
                ExprKind::Offsetof { ty, path } => {
                    self.type_name(cx, ty);
                    for step in path {
                        if let Designator::Index(e) = step {
                            self.walk_expr(cx, e);
                        }
                    }
                }
                ExprKind::TypesCompatible(a, b) => {
                    self.type_name(cx, a);
                    self.type_name(cx, b);
                }
                ExprKind::ChooseExpr { cond, then, otherwise } => {
                    for e in [cond, then, otherwise] {
                        self.walk_expr(cx, e);
                    }
                }
                ExprKind::VaArg { ap, ty } => {
                    self.walk_expr(cx, ap);
                    self.type_name(cx, ty);
                }
                ExprKind::BuiltinWithTypes { types, args, .. } => {
                    for ty in types {
                        self.type_name(cx, ty);
                    }
                    for arg in args {
                        self.walk_expr(cx, arg);
                    }
                }
                ExprKind::Generic { control, arms } => {
                    self.walk_expr(cx, control);
                    for (ty, arm) in arms {
                        if let Some(ty) = ty {
                            self.type_name(cx, ty);
                        }
                        self.walk_expr(cx, arm);
                    }
                }
                ExprKind::StmtExpr(block) => {
                    self.walk_block(cx, block);
                }
                ExprKind::Int { .. }
                | ExprKind::Float(_)
                | ExprKind::Char(..)
                | ExprKind::Str { .. }
                | ExprKind::LabelAddress(_)
                | ExprKind::Error => {}
            }
            return;
        }
    }
}
