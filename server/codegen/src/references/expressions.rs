//! Values in the order in which `ScalarExprEmitter` and `AggExprEmitter` generate them.

use super::{
    Access, Flow, Target, labels,
    memory_transfers::OtherEnd,
    resolver::{Class, Named},
    walk::{Use, Walk},
};
use cfront::ast::{BinaryOp, Expr, ExprKind, Initializer, PostfixOp, UnaryOp};

impl Walk<'_> {
    /// The value of an expression that is used, but not kept as an address.
    pub(super) fn value(&mut self, expr: &Expr) {
        self.value_to(expr, Flow::Escapes);
    }

    /// The value of an expression; where it is an address, it flows there.
    pub(super) fn value_to(&mut self, expr: &Expr, flow: Flow) {
        self.deeper(|walk| walk.value_inner(expr, flow));
    }

    fn value_inner(&mut self, expr: &Expr, flow: Flow) {
        match &expr.kind {
            ExprKind::Ident(_)
            | ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::Unary(UnaryOp::Deref, _) => match self.resolver.class(expr) {
                Class::Array => self.place(expr, Use::address(flow)),
                Class::Function => self.function_value(expr, flow),
                _ => self.place(expr, Use { flow, ..Use::new(Access::Read) }),
            },
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.value_to(e, flow),
            ExprKind::Unary(UnaryOp::AddrOf, e) => self.place(e, Use::address(flow)),
            ExprKind::Unary(UnaryOp::PreInc | UnaryOp::PreDec, e)
            | ExprKind::Postfix(PostfixOp::Inc | PostfixOp::Dec, e) => {
                self.place(e, Use::new(Access::ReadWrite));
            }
            ExprKind::Unary(UnaryOp::Not, e) => self.value_to(e, Flow::Tested),
            ExprKind::Unary(_, e) => self.value(e),
            ExprKind::Binary(op @ (BinaryOp::LogAnd | BinaryOp::LogOr), a, b) => {
                self.logical(*op, a, b)
            }
            ExprKind::Binary(op, a, b) => {
                let (left, right) = match op {
                    // A pointer plus or minus a number stays a pointer to the same object.
                    BinaryOp::Add | BinaryOp::Sub => (flow, Flow::Escapes),
                    BinaryOp::Lt
                    | BinaryOp::Gt
                    | BinaryOp::Le
                    | BinaryOp::Ge
                    | BinaryOp::Eq
                    | BinaryOp::Ne => (Flow::Tested, Flow::Tested),
                    _ => (Flow::Escapes, Flow::Escapes),
                };
                // `&x == 0` is generated, then known.
                let known = matches!(op, BinaryOp::Eq | BinaryOp::Ne)
                    && (is_address(a) || is_address(b))
                    && self.resolver.int_value(expr).is_some();
                let live = self.live;
                self.live = live && !known;
                self.value_to(a, left);
                self.value_to(b, right);
                self.live = live;
            }
            ExprKind::Assign(op, target, value) => self.assign(*op, target, value),
            ExprKind::Conditional { cond, then, otherwise } => {
                self.conditional(cond, then.as_deref(), otherwise, |walk, e| {
                    walk.value_to(e, flow)
                });
            }
            ExprKind::Comma(a, b) => {
                self.discard(a);
                self.value_to(b, flow);
            }
            ExprKind::Call { callee, args } => {
                // clang folds a builtin whose value it can tell before it generates anything.
                let folds = direct_callee(callee)
                    .is_some_and(|n| builtin(n.name.as_str()).is_some())
                    && self.resolver.int_value(expr).is_some();
                if !folds {
                    self.call(callee, args);
                }
            }
            ExprKind::Cast { expr, .. } => self.value_to(expr, flow),
            ExprKind::CompoundLiteral { ty, init } => {
                let ty = self.resolver.type_name(ty);
                self.auto_init(ty, init);
            }
            ExprKind::ChooseExpr { cond, then, otherwise } => {
                if let Some(chosen) = self.chosen(cond, then, otherwise) {
                    self.value_to(chosen, flow);
                }
            }
            ExprKind::Generic { .. } => {
                if let Some(arm) = self.arm(expr) {
                    self.value_to(arm, flow);
                }
            }
            ExprKind::VaArg { ap, .. } => self.value(ap),
            ExprKind::BuiltinWithTypes { args, .. } => {
                for arg in args {
                    self.value(arg);
                }
            }
            ExprKind::StmtExpr(block) => {
                self.block_value(block, |walk, last| walk.value_to(last, flow))
            }
            ExprKind::Str { bytes, width } => {
                let usage = Use::address(flow);
                self.emit(Target::Str(bytes.clone(), *width), &usage, expr.span.start);
            }
            ExprKind::Error => self.body.incomplete = true,
            _ => {}
        }
    }

    /// A struct or union that is copied.
    pub(super) fn aggregate(&mut self, expr: &Expr) {
        self.value(expr);
    }

    fn function_value(&mut self, expr: &Expr, flow: Flow) {
        match &expr.kind {
            ExprKind::Unary(UnaryOp::Deref, e) => self.value_to(e, flow),
            _ => self.place(expr, Use::address(flow)),
        }
    }

    /// An expression whose value is dropped (`EmitIgnoredExpr`): an lvalue is designated, not read.
    pub(super) fn discard(&mut self, expr: &Expr) {
        self.deeper(|walk| match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => walk.discard(e),
            ExprKind::Cast { expr, .. } => walk.discard(expr),
            ExprKind::Ident(_)
            | ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::Unary(UnaryOp::Deref, _) => {
                walk.place(expr, Use::new(Access::Mention));
            }
            ExprKind::Assign(op, target, value) => walk.assign(*op, target, value),
            ExprKind::Comma(a, b) => {
                walk.discard(a);
                walk.discard(b);
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                walk.conditional(cond, then.as_deref(), otherwise, |walk, e| walk.discard(e));
            }
            ExprKind::StmtExpr(block) => walk.block_value(block, |walk, last| walk.discard(last)),
            ExprKind::ChooseExpr { cond, then, otherwise } => {
                if let Some(chosen) = walk.chosen(cond, then, otherwise) {
                    walk.discard(chosen);
                }
            }
            ExprKind::Generic { .. } => {
                if let Some(arm) = walk.arm(expr) {
                    walk.discard(arm);
                }
            }
            _ => walk.value(expr),
        });
    }

    pub(super) fn chosen<'e>(
        &mut self,
        cond: &Expr,
        then: &'e Expr,
        otherwise: &'e Expr,
    ) -> Option<&'e Expr> {
        match self.resolver.int_value(cond) {
            Some(0) => Some(otherwise),
            Some(_) => Some(then),
            None => {
                self.body.incomplete = true;
                None
            }
        }
    }

    pub(super) fn arm<'e>(&mut self, expr: &'e Expr) -> Option<&'e Expr> {
        let arm = self.resolver.generic_arm(expr);
        match (&expr.kind, arm) {
            (ExprKind::Generic { arms, .. }, Some(index)) => arms.get(index).map(|(_, e)| e),
            _ => {
                self.body.incomplete = true;
                None
            }
        }
    }

    /// `&&`, `||`: with a constant left side either nothing at all is generated, or only the right.
    fn logical(&mut self, op: BinaryOp, a: &Expr, b: &Expr) {
        let decides = op == BinaryOp::LogOr;
        if let Some(value) = self.folded(a) {
            if value != decides {
                self.value(b);
                return;
            }
            if !labels::expr_contains_label(b) {
                return;
            }
        }
        self.value_to(a, Flow::Tested);
        let live = self.live;
        if self.truth(a) == Some(decides) {
            self.live = false;
        }
        self.behind(a, |walk| walk.value_to(b, Flow::Tested));
        self.live = live;
    }

    pub(super) fn conditional(
        &mut self,
        cond: &Expr,
        then: Option<&Expr>,
        otherwise: &Expr,
        mut arm: impl FnMut(&mut Self, &Expr),
    ) {
        if let Some(value) = self.folded(cond) {
            let (run, skip) = if value { (then, Some(otherwise)) } else { (Some(otherwise), then) };
            if !skip.is_some_and(labels::expr_contains_label) {
                match run {
                    Some(run) => arm(self, run),
                    None => arm(self, cond),
                }
                return;
            }
        }
        let known = self.truth(cond);
        self.condition(cond);
        let live = self.live;
        if let Some(then) = then {
            self.live = live && known != Some(false);
            self.behind(cond, |walk| arm(walk, then));
        }
        self.live = live && known != Some(true);
        self.behind(cond, |walk| arm(walk, otherwise));
        self.live = live;
    }

    /// Scalars: the right side first. Structs and unions: left, then right.
    fn assign(&mut self, op: Option<BinaryOp>, target: &Expr, value: &Expr) {
        if op.is_none() && self.resolver.class(target) == Class::Record {
            self.copy_to(target, value);
            self.copy_from(value, target);
            return;
        }
        let flow = match (op, self.resolve_plain(target)) {
            (None, Some(local)) => Flow::Local(local),
            _ => Flow::Escapes,
        };
        self.value_to(value, flow);
        let stored = if op.is_none() { self.resolver.int_value(value) } else { None };
        let access = if op.is_none() { Access::Write } else { Access::ReadWrite };
        self.place(target, Use { stored, ..Use::new(access) });
    }

    /// The local variable that an expression plainly names.
    fn resolve_plain(&mut self, expr: &Expr) -> Option<u32> {
        match &expr.kind {
            ExprKind::Paren(e) => self.resolve_plain(e),
            ExprKind::Ident(ident) => match self.resolver.resolve(*ident) {
                Named::Local(local) => Some(local),
                _ => None,
            },
            _ => None,
        }
    }

    fn call(&mut self, callee: &Expr, args: &[Expr]) {
        let Some(name) = direct_callee(callee) else {
            self.value(callee);
            for arg in args {
                self.value(arg);
            }
            return;
        };
        let text = name.name.as_str();
        let named = self.resolver.resolve(name);
        match builtin(text) {
            Some(Builtin::Unevaluated) => return,
            Some(Builtin::FirstOnly) => {
                if let Some(arg) = args.first() {
                    self.value(arg);
                }
                return;
            }
            Some(Builtin::Mentions) => {
                let live = self.live;
                self.live = false;
                for arg in args {
                    self.value(arg);
                }
                self.live = live;
                return;
            }
            Some(Builtin::Unreachable) => {
                self.live = false;
                return;
            }
            Some(Builtin::Memory(accesses)) => {
                let count = args.get(2).and_then(|n| self.resolver.int_value(n));
                let bytes = count.and_then(|n| u64::try_from(n).ok());
                // A copy of 1, 2, 4 or 8 bytes becomes a store of the bytes of a string literal.
                let small = matches!(bytes, Some(1 | 2 | 4 | 8));
                for (index, arg) in args.iter().enumerate() {
                    match accesses.get(index) {
                        Some(Access::Read) if small && is_string(arg) => {
                            let live = self.live;
                            self.live = false;
                            self.value(arg);
                            self.live = live;
                        }
                        Some(Access::Read | Access::Write) if is_string(arg) => self.value(arg),
                        // One byte is compared without a call.
                        Some(Access::Compare) if bytes == Some(1) => {
                            self.through(arg, Use::new(Access::Read).bytes(bytes))
                        }
                        Some(&access @ (Access::Read | Access::Write)) if args.len() > 2 => {
                            // The other end: of `memset` a number.
                            let other = if accesses.len() > 1 { args.get(1 - index) } else { None };
                            let other_end =
                                other.map_or(OtherEnd::Memory, |other| self.pointed(other, 0));
                            let usage = Use { other_end, ..Use::new(access) };
                            self.through(arg, usage.bytes(bytes))
                        }
                        Some(&access) => self.through(arg, Use::new(access)),
                        None => self.value(arg),
                    }
                }
                return;
            }
            None => {}
        }
        let function = match named {
            Named::Function(function) => Some(function),
            Named::Other => Some(name.name),
            _ => None,
        };
        if let Named::Function(function) = named {
            self.emit(Target::Function(function), &Use::new(Access::Call), name.token);
        } else {
            self.ident(name, &Use::new(Access::Read));
        }
        for (index, arg) in args.iter().enumerate() {
            let flow = match function {
                Some(function) => Flow::Argument(function, index as u32),
                None => Flow::Escapes,
            };
            self.value_to(arg, flow);
        }
        if let Named::Function(function) = named
            && self.resolver.noreturn(function)
        {
            self.live = false;
        }
    }

    /// An automatic variable's initialiser that is a plain expression.
    pub(super) fn init_value(&mut self, init: &Initializer, flow: Flow) {
        if let Initializer::Expr(expr) = init {
            self.value_to(expr, flow);
        }
    }
}

/// The identifier of a direct call, through parentheses and `*`/`&`.
fn direct_callee(callee: &Expr) -> Option<cfront::ast::Ident> {
    let mut callee = callee;
    loop {
        match &callee.kind {
            ExprKind::Ident(ident) => return Some(*ident),
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => callee = e,
            _ => return None,
        }
    }
}

pub(super) fn is_string(expr: &Expr) -> bool {
    let mut expr = expr;
    loop {
        match &expr.kind {
            ExprKind::Str { .. } => return true,
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => expr = e,
            ExprKind::Cast { expr: e, .. } => expr = e,
            _ => return false,
        }
    }
}

fn is_address(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(e) | ExprKind::Cast { expr: e, .. } => is_address(e),
        ExprKind::Unary(op, _) => *op == UnaryOp::AddrOf,
        _ => false,
    }
}

enum Builtin {
    /// Operands are only looked at for their type.
    Unevaluated,
    /// The second operand is a number for the compiler.
    FirstOnly,
    /// Operands are generated, then folded away.
    Mentions,
    /// Control does not come back.
    Unreachable,
    /// Pointers whose pointees are accessed like this.
    Memory(&'static [Access]),
}

fn builtin(name: &str) -> Option<Builtin> {
    let plain = name.strip_prefix("__builtin_").unwrap_or(name);
    Some(match plain {
        "preserve_type_info"
        | "preserve_enum_value"
        | "btf_type_id"
        | "types_compatible_p"
        | "classify_type"
            if plain != name =>
        {
            Builtin::Unevaluated
        }
        "expect" | "preserve_field_info" | "assume_aligned" | "expect_with_probability"
            if plain != name =>
        {
            Builtin::FirstOnly
        }
        "constant_p" | "object_size" | "dynamic_object_size" if plain != name => Builtin::Mentions,
        "unreachable" | "trap" if plain != name => Builtin::Unreachable,
        "memcpy" | "memmove" | "memcpy_inline" | "bcopy" | "mempcpy" => {
            Builtin::Memory(&[Access::Write, Access::Read])
        }
        "memset" | "bzero" | "memset_inline" => Builtin::Memory(&[Access::Write]),
        "memcmp" | "bcmp" | "strcmp" | "strncmp" => {
            Builtin::Memory(&[Access::Compare, Access::Compare])
        }
        "strlen" | "strnlen" if plain != name => Builtin::Memory(&[Access::Read]),
        _ => return None,
    })
}
