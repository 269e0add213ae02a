//! Evaluates expressions over a state: values, places, and the accesses that happen on the way.

use cfront::{
    ast::{BinaryOp, Designator, Expr, ExprKind, InitItem, Initializer, TypeName, UnaryOp},
    ctypes::CType,
    sema::Resolution,
    symbol::Symbol,
};

use super::{
    conditions::combine,
    flags::{self, Flags},
    interpret::{Analysis, Frame, MAX_DEPTH},
    lvalues::{Place, address_of},
    observe::{At, Event},
    sizes::Size,
    state::{Path, Site, State, Value, limit},
};

/// A state with what an expression is in it.
pub(super) type Evaluated = Vec<(State, Value)>;

impl Analysis<'_> {
    /// Evaluates an expression for its value.
    pub(super) fn eval(&mut self, expr: &Expr, frame: &mut Frame, state: State) -> Evaluated {
        if !self.enter() {
            return Vec::new();
        }
        let out = self.eval_inner(expr, frame, state);
        self.depth -= 1;
        limit(out)
    }

    /// Goes one level deeper; not when that is too deep, then the analysis has given up.
    pub(super) fn enter(&mut self) -> bool {
        if self.depth >= MAX_DEPTH {
            self.gave_up = true;
            return false;
        }
        self.depth += 1;
        true
    }

    fn eval_inner(&mut self, expr: &Expr, frame: &mut Frame, state: State) -> Evaluated {
        match &expr.kind {
            ExprKind::Int { value, .. } => vec![(state, Value::from_truth(*value != 0))],
            ExprKind::Char(value, _) => vec![(state, Value::from_truth(*value != 0))],
            ExprKind::Str { .. } => vec![(state, Value::NonZero)],
            ExprKind::Paren(inner) | ExprKind::Unary(UnaryOp::Extension, inner) => {
                self.eval(inner, frame, state)
            }
            ExprKind::Cast { ty, expr } => self.cast(ty, expr, frame, state),
            ExprKind::Ident(name) => match self.constant_name(*name, frame) {
                Some(value) => vec![(state, value)],
                None => self.load(expr, frame, state),
            },
            ExprKind::Member { .. } | ExprKind::Index { .. } => self.load(expr, frame, state),
            ExprKind::Unary(UnaryOp::Deref, _) => self.load(expr, frame, state),
            ExprKind::Unary(UnaryOp::AddrOf, inner) => {
                let places = self.place(inner, frame, state);
                places.into_iter().map(|(state, place)| (state, address_of(place))).collect()
            }
            ExprKind::Unary(UnaryOp::Not, _)
            | ExprKind::Binary(BinaryOp::LogAnd | BinaryOp::LogOr, ..) => {
                let ways = self.decide(expr, frame, state);
                ways.into_iter().map(|(state, truth)| (state, Value::from_truth(truth))).collect()
            }
            ExprKind::Unary(UnaryOp::Minus | UnaryOp::Plus | UnaryOp::BitNot, inner) => {
                let minus = matches!(expr.kind, ExprKind::Unary(UnaryOp::Minus, _));
                let is_literal = matches!(inner.kind, ExprKind::Int { .. });
                let values = self.eval(inner, frame, state);
                values
                    .into_iter()
                    .map(|(state, value)| {
                        let value = match value {
                            Value::Zero if minus => Value::Zero,
                            Value::NonZero if minus && is_literal => Value::Negative,
                            Value::NonZero | Value::Negative if minus => Value::NonZero,
                            _ => Value::Unknown,
                        };
                        (state, value)
                    })
                    .collect()
            }
            ExprKind::Unary(UnaryOp::PreInc | UnaryOp::PreDec, inner)
            | ExprKind::Postfix(_, inner) => {
                let places = self.place(inner, frame, state);
                places
                    .into_iter()
                    .map(|(mut state, place)| {
                        self.store(inner, &place, Value::Unknown, frame, &mut state);
                        (state, Value::Unknown)
                    })
                    .collect()
            }
            ExprKind::Binary(op, left, right) => {
                self.binary(expr, *op, (left, right), frame, state)
            }
            ExprKind::Assign(op, left, right) => {
                let mut out = Vec::new();
                let volatile = self.is_volatile(left, frame);
                for (state, value) in self.eval(right, frame, state) {
                    for (mut state, place) in self.place(left, frame, state) {
                        let value = match (op, &place) {
                            (Some(BinaryOp::BitOr), Place::Path(path)) if !volatile => {
                                flags::or(&state.get(path), &value).unwrap_or(Value::Unknown)
                            }
                            _ if op.is_some() || volatile => Value::Unknown,
                            _ => self.narrowed(left, value.clone(), frame),
                        };
                        self.store(left, &place, value.clone(), frame, &mut state);
                        out.push((state, value));
                    }
                }
                out
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                let Some(then) = then else { return self.elvis(cond, otherwise, frame, state) };
                let mut out = Vec::new();
                for (state, truth) in self.decide(cond, frame, state) {
                    out.extend(self.eval(if truth { then } else { otherwise }, frame, state));
                }
                out
            }
            ExprKind::Comma(first, second) => {
                let states = self.eval(first, frame, state);
                states.into_iter().flat_map(|(state, _)| self.eval(second, frame, state)).collect()
            }
            ExprKind::Call { callee, args } => self.call(expr, callee, args, frame, state),
            ExprKind::StmtExpr(block) => self.run_statement_expression(block, frame, state),
            ExprKind::ChooseExpr { then, otherwise, .. } => {
                let mut state = state;
                state.undecided();
                let mut out = self.eval(then, frame, state.clone());
                out.extend(self.eval(otherwise, frame, state));
                out
            }
            ExprKind::Generic { arms, .. } => {
                let mut out = Vec::new();
                let mut state = state;
                state.undecided();
                for (_, arm) in arms {
                    out.extend(self.eval(arm, frame, state.clone()));
                }
                if out.is_empty() { vec![(state, Value::Unknown)] } else { out }
            }
            ExprKind::BuiltinWithTypes { args, .. } => {
                let mut states = vec![state];
                for arg in args {
                    states = states
                        .into_iter()
                        .flat_map(|state| self.eval(arg, frame, state))
                        .map(|(state, _)| state)
                        .collect();
                }
                states.into_iter().map(|state| (state, Value::Unknown)).collect()
            }
            ExprKind::CompoundLiteral { init, .. } => {
                let states = self.initializer(init, frame, state);
                states.into_iter().map(|state| (state, Value::Unknown)).collect()
            }
            // Operands of sizeof and the like are not evaluated.
            ExprKind::SizeofExpr(operand) => {
                let size = self.sizeof_expr(operand, frame);
                vec![(state, size)]
            }
            ExprKind::SizeofType(ty) => {
                let ty = self.unit.type_name(&frame.scope, ty);
                let size = self.bytes_of(ty);
                vec![(state, size.map_or(Value::Unknown, |bytes| Size::of(bytes).value()))]
            }
            _ => vec![(state, Value::Unknown)],
        }
    }

    /// What is left of a value in a variable: flags lose the number of the CPU in 32 bits.
    fn narrowed(&self, lvalue: &Expr, value: Value, frame: &Frame) -> Value {
        let size = || {
            let ty = self.unit.expr_type(&frame.scope, lvalue)?;
            self.unit.size_of(ty)
        };
        match value {
            Value::Flags(flags) if flags.high && size() != Some(8) => Value::Unknown,
            value => value,
        }
    }

    fn initializer(&mut self, init: &Initializer, frame: &mut Frame, state: State) -> Vec<State> {
        match init {
            Initializer::Expr(expr) => {
                self.eval(expr, frame, state).into_iter().map(|(state, _)| state).collect()
            }
            Initializer::List(items, _) => {
                let mut states = vec![state];
                for item in items {
                    states = states
                        .into_iter()
                        .flat_map(|state| self.initializer(&item.value, frame, state))
                        .collect();
                }
                states
            }
        }
    }

    /// Initialises a variable with a list: members with a designator keep their value.
    pub(super) fn init_list(
        &mut self,
        items: &[InitItem],
        path: &Path,
        frame: &mut Frame,
        mut state: State,
    ) -> Vec<State> {
        state.forget(path);
        let mut states = vec![state];
        for item in items {
            let member = match item.designators.as_slice() {
                [Designator::Field(name)] => Some(path.field(name.name)),
                _ => None,
            };
            let mut next = Vec::new();
            for state in states {
                match (&item.value, &member) {
                    (Initializer::Expr(expr), Some(member)) => {
                        for (mut state, value) in self.eval(expr, frame, state) {
                            state.set(member.clone(), value);
                            next.push(state);
                        }
                    }
                    (Initializer::List(items, _), Some(member)) => {
                        next.extend(self.init_list(items, member, frame, state));
                    }
                    (value, None) => next.extend(self.initializer(value, frame, state)),
                }
            }
            states = next;
        }
        states
    }

    fn binary(
        &mut self,
        expr: &Expr,
        op: BinaryOp,
        (left, right): (&Expr, &Expr),
        frame: &mut Frame,
        state: State,
    ) -> Evaluated {
        let mut out = Vec::new();
        for (state, a) in self.eval(left, frame, state) {
            for (state, b) in self.eval(right, frame, state) {
                if let Some((site, map)) = tested_descriptor(op, &a, &b) {
                    let at = At::new(frame.item, expr.span);
                    self.tell(&Event::FdTest { site, map, at }, &state);
                }
                let size = match (&a, &b) {
                    (Value::Size(_), _) | (_, Value::Size(_)) => self
                        .as_size(&a, left, frame)
                        .zip(self.as_size(&b, right, frame))
                        .and_then(|(a, b)| Size::combine(op, a, b)),
                    _ => None,
                };
                let flags = || match op {
                    BinaryOp::BitOr => flags::or(&a, &b),
                    _ => flags::shifted(op, &a, right),
                };
                let zero_against = || self.zero_against(op, &a, right, frame);
                let value = match size {
                    Some(size) => size.value(),
                    None => flags().or_else(zero_against).unwrap_or_else(|| combine(op, &a, &b)),
                };
                out.push((state, value));
            }
        }
        out
    }

    /// `i < 8` where `i` is 0: a loop with a constant number of turns is entered.
    fn zero_against(&self, op: BinaryOp, a: &Value, right: &Expr, frame: &Frame) -> Option<Value> {
        let ordered = matches!(op, BinaryOp::Lt | BinaryOp::Gt | BinaryOp::Le | BinaryOp::Ge);
        if !ordered || *a != Value::Zero {
            return None;
        }
        let right = self.unit.constant(&frame.scope, right).filter(|right| *right >= 0)?;
        Some(Value::from_truth(match op {
            BinaryOp::Lt => 0 < right,
            BinaryOp::Le => true,
            BinaryOp::Gt => false,
            _ => right == 0,
        }))
    }

    /// `a ?: b`
    fn elvis(
        &mut self,
        cond: &Expr,
        otherwise: &Expr,
        frame: &mut Frame,
        state: State,
    ) -> Evaluated {
        let mut out = Vec::new();
        for (mut state, value) in self.eval(cond, frame, state) {
            let truth = value.truth();
            if truth.is_none() {
                state.undecided();
            }
            if truth != Some(false) {
                out.push((state.clone(), value));
            }
            if truth != Some(true) {
                out.extend(self.eval(otherwise, frame, state));
            }
        }
        out
    }

    /// A cast keeps pointers and zeros; a narrower integer may lose what was not zero.
    fn cast(&mut self, ty: &TypeName, expr: &Expr, frame: &mut Frame, state: State) -> Evaluated {
        let mut out = self.eval(expr, frame, state);
        let target = self.unit.type_name(&frame.scope, ty);
        let size = self.unit.size_of(target);
        let narrow = match self.unit.canonical(target) {
            CType::Int(kind) => kind.size() < 4,
            CType::Pointer(_) | CType::Bool | CType::Void => false,
            _ => true,
        };
        for (_, value) in &mut out {
            let loses_cpu = matches!(value, Value::Flags(f) if f.high) && size != Some(8);
            if narrow && *value != Value::Zero || loses_cpu {
                *value = Value::Unknown;
            }
        }
        out
    }

    /// The value of a name that is no variable.
    fn constant_name(&self, name: cfront::ast::Ident, frame: &Frame) -> Option<Value> {
        match frame.scope.resolve(self.unit, name) {
            Resolution::Enumerator(_) | Resolution::Unknown
                if let Some(flags) = Flags::named(name.name.as_str()) =>
            {
                Some(Value::Flags(flags))
            }
            Resolution::Enumerator(one) => Some(match one.value {
                0 => Value::Zero,
                value if value < 0 => Value::Negative,
                _ => Value::NonZero,
            }),
            Resolution::Function(_) => Some(Value::NonZero),
            // Where the header that defines them is missing.
            Resolution::Unknown => match name.name.as_str() {
                "NULL" | "false" => Some(Value::Zero),
                "true" => Some(Value::NonZero),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The map whose descriptor a comparison with a number near 0 is about.
fn tested_descriptor(op: BinaryOp, a: &Value, b: &Value) -> Option<(Site, Symbol)> {
    let (fd, other) = match (a, b) {
        (Value::MapFd(site, map), other) | (other, Value::MapFd(site, map)) => {
            ((*site, *map), other)
        }
        _ => return None,
    };
    let ordered = matches!(op, BinaryOp::Lt | BinaryOp::Gt | BinaryOp::Le | BinaryOp::Ge);
    let signed = ordered && matches!(other, Value::Zero | Value::Negative);
    let equal = matches!(op, BinaryOp::Eq | BinaryOp::Ne) && *other == Value::Negative;
    (signed || equal).then_some(fd)
}
