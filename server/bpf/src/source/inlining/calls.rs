//! Calls: builtins, helpers, functions that stay and functions that are inlined.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use cfront::{
    ast::{Expr, ExprKind},
    ctypes::CType,
    sema::{Linkage, LocalKind, Resolution},
    symbol::Symbol,
};
use rustc_hash::FxHasher;

use super::{
    cost::{self, INSTRUCTION},
    eval::{Argument, Eval, Known, Scalar},
    memory::{Loc, State},
    value::{Kind, Val},
};
use crate::source::bodies::FunctionBody;

impl Eval<'_, '_, '_> {
    pub(super) fn call(&mut self, expr: &Expr, callee: &Expr, args: &[Expr]) -> Val {
        if !self.state.alive {
            return self.values.opaque(Vec::new(), 0, 0);
        }
        if let ExprKind::Ident(ident) = &callee.kind {
            let name = ident.name;
            let scope = self.scope();
            match scope.resolve(self.bodies.unit, *ident) {
                Resolution::Function(function) => {
                    if let Some(value) = self.builtin(expr, function.name, args) {
                        return value;
                    }
                    return self.call_named(expr, function.name, args);
                }
                Resolution::Unknown => {
                    if let Some(value) = self.builtin(expr, name, args) {
                        return value;
                    }
                    return self.call_named(expr, name, args);
                }
                Resolution::Local(id)
                    if scope.local(id).is_some_and(|l| l.kind == LocalKind::Function) =>
                {
                    return self.call_named(expr, name, args);
                }
                // A helper: a constant function pointer.
                Resolution::Variable(variable) if variable.linkage == Linkage::Internal => {
                    let args = self.arguments(variable.ty, args);
                    return self.opaque_call(args, 0);
                }
                _ => {}
            }
        }
        let pointer = self.expr(strip_deref(callee));
        if let Kind::Global(name) = self.values.kind(pointer)
            && self.bodies.function(name).is_some()
        {
            return self.call_named(expr, name, args);
        }
        self.values.count(pointer);
        let ty = self.type_of(callee);
        let args = match ty {
            Some(ty) => self.arguments(ty, args),
            None => args.iter().map(|a| self.expr(a)).collect(),
        };
        self.opaque_call(args, 0)
    }

    /// The arguments, converted to the types of the parameters.
    fn arguments(&mut self, callee: cfront::ctypes::CTypeId, args: &[Expr]) -> Vec<Val> {
        let unit = self.bodies.unit;
        let function = match unit.canonical(callee) {
            CType::Pointer(to) => unit.canonical(to),
            other => other,
        };
        let params = match function {
            CType::Function(ty) => ty.params.clone(),
            _ => Vec::new(),
        };
        let mut values = Vec::with_capacity(args.len());
        for (index, arg) in args.iter().enumerate() {
            let to = params.get(index).and_then(|&ty| self.scalar(ty));
            values.push(match (to, self.scalar_of(arg)) {
                (Some(to), Some(_)) => self.converted(arg, to),
                (None, Some(from)) if from.bits < 32 => self.converted(arg, Scalar::int(32, true)),
                (_, Some(_)) => self.expr(arg),
                (_, None) => {
                    let (base, offset) = self.aggregate(arg);
                    self.leak(base);
                    self.values.offset(base, offset)
                }
            });
        }
        values
    }

    /// A call whose callee is not known, or not defined here.
    fn opaque_call(&mut self, args: Vec<Val>, penalty: i64) -> Val {
        self.values.surplus += penalty;
        self.values.cost += penalty + INSTRUCTION * (1 + args.len() as i64);
        for value in args {
            self.leak(value);
            self.values.count(value);
        }
        self.effects += 1;
        self.impure = true;
        self.forget_memory();
        self.values.opaque(Vec::new(), 0, 0)
    }

    fn call_named(&mut self, expr: &Expr, name: Symbol, args: &[Expr]) -> Val {
        let ty = self.bodies.unit.function(name).map(|f| f.ty);
        let values = match ty {
            Some(ty) => self.arguments(ty, args),
            None => args.iter().map(|a| self.expr(a)).collect(),
        };
        let Some(body) = self.bodies.function(name) else {
            let value = self.opaque_call(values, cost::CALL_PENALTY);
            if self.bodies.unit.function(name).is_some_and(|f| f.attrs.noreturn) {
                self.state = State::default();
            }
            return value;
        };
        let site = site_of(&body, expr.span.start);
        let within: Vec<(Symbol, u64)> = match self.frames.last() {
            Some(frame) => frame.within.iter().map(|&(root, way)| (root, on(way, site))).collect(),
            None => Vec::new(),
        };
        if !self.state.alive {
            return self.values.opaque(Vec::new(), 0, 0);
        }
        if self.is_inlined(&body, &values, &within) {
            let mut within = within;
            if !body.function.attrs.always_inline {
                within.push((name, 0));
            }
            let result = self.function(&body, &values, within);
            let result = result.unwrap_or_else(|| self.values.opaque(Vec::new(), 0, 0));
            if !body.function.attrs.always_inline {
                self.results.insert(result);
            }
            return result;
        }
        let weak = body.function.attrs.weak && body.function.linkage == Linkage::External;
        let known = self.planner.result(name).filter(|_| !weak).and_then(|known| match known {
            Known::Const(c) => Some(self.values.int(c)),
            Known::Argument(index) => values.get(index).copied(),
        });
        if self.planner.is_pure(name) && !weak {
            let cost = cost::call_site(values.len());
            for &value in &values {
                self.leak(value);
            }
            let result = self.values.pure_call(name, values, cost);
            return known.unwrap_or(result);
        }
        self.left.push(name);
        let value = self.opaque_call(values, cost::CALL_PENALTY);
        if body.function.attrs.noreturn {
            self.state = State::default();
        }
        known.unwrap_or(value)
    }

    fn is_inlined(
        &mut self,
        body: &Arc<FunctionBody>,
        args: &[Val],
        within: &[(Symbol, u64)],
    ) -> bool {
        let function = &body.function;
        if self.frames.iter().any(|f| f.function == function.name) {
            return false;
        }
        if function.attrs.always_inline {
            return true;
        }
        let variadic = matches!(self.bodies.unit.canonical(function.ty),
            CType::Function(ty) if ty.variadic);
        if function.attrs.noinline || function.attrs.weak && function.linkage == Linkage::External {
            return false;
        }
        if let Some(inlined) = self.planner.decided(within, self.deciding) {
            return inlined;
        }
        if !self.deciding {
            return false;
        }
        let arguments: Vec<Argument> = args.iter().map(|&v| self.argument(v)).collect();
        let Some(&at) = within.first() else { return false };
        let frequency = self.state.frequency;
        let _ = variadic;
        self.planner.decide(self.bodies, body, &arguments, frequency, at)
    }

    fn argument(&self, value: Val) -> Argument {
        match self.values.kind(value) {
            Kind::Const(c) => Argument::Const(c),
            Kind::Global(name) => Argument::Global(name),
            Kind::Object(_) => Argument::Local,
            Kind::Offset(base, _) if matches!(self.values.kind(base), Kind::Object(_)) => {
                Argument::Local
            }
            _ => Argument::Unknown,
        }
    }

    /// A compiler builtin; `None` for what is none.
    fn builtin(&mut self, expr: &Expr, name: Symbol, args: &[Expr]) -> Option<Val> {
        let text = name.as_str();
        let rest = text.strip_prefix("__builtin_").unwrap_or(text);
        let is_builtin = text.starts_with("__builtin_")
            || text.starts_with("__sync_")
            || text.starts_with("__atomic_")
            || text.starts_with("__c11_atomic_")
            || matches!(text, "memcpy" | "memset" | "memmove")
                && self.bodies.function(name).is_none();
        if !is_builtin {
            return None;
        }
        Some(match rest {
            "expect" | "expect_with_probability" | "assume_aligned" | "launder" => {
                args.first().map(|e| self.expr(e))?
            }
            "preserve_access_index" => {
                self.preserving += 1;
                let value = args.first().map(|e| self.expr(e));
                self.preserving -= 1;
                value?
            }
            "constant_p" => {
                let value = args.first().map(|e| self.expr(e))?;
                let known = self.values.constant(value).is_some();
                self.values.int(i128::from(known))
            }
            "preserve_field_info"
            | "preserve_type_info"
            | "preserve_enum_value"
            | "btf_type_id" => self.values.opaque(Vec::new(), 2 * INSTRUCTION, 0),
            "memcpy" | "memmove" | "memset" | "memcpy_inline" => {
                self.memory_builtin(rest == "memset", args)
            }
            "unreachable" | "trap" => {
                self.state = State::default();
                self.values.int(0)
            }
            "offsetof" | "object_size" | "dynamic_object_size" | "types_compatible_p" => {
                match self.bodies.unit.constant(&self.scope(), expr) {
                    Some(c) => self.values.int(c),
                    None => self.values.int(-1),
                }
            }
            "bswap16" | "bswap32" | "bswap64" => self.byte_swap(rest, args),
            "strcmp" | "strncmp" | "strlen" if let Some(c) = folded_string(rest, args) => {
                self.values.int(c)
            }
            _ if text.starts_with("__builtin_") => {
                let operands = args.iter().map(|a| self.expr(a)).collect();
                match self.bodies.unit.constant(&self.scope(), expr) {
                    Some(c) => self.values.int(c),
                    None => self.values.opaque(operands, INSTRUCTION, 0),
                }
            }
            _ => self.atomic(args, text.contains("compare")),
        })
    }

    fn byte_swap(&mut self, name: &str, args: &[Expr]) -> Val {
        let bits: u16 = name.trim_start_matches("bswap").parse().unwrap_or(64);
        let value = match args.first() {
            Some(e) => self.converted(e, Scalar::int(bits, false)),
            None => self.values.int(0),
        };
        match self.values.constant(value) {
            Some(c) => {
                let swapped = (c as u64).swap_bytes() >> (64 - bits);
                self.values.int(i128::from(swapped))
            }
            None => self.values.opaque(vec![value], INSTRUCTION, bits),
        }
    }

    fn atomic(&mut self, args: &[Expr], pair: bool) -> Val {
        for arg in args {
            let value = self.expr(arg);
            self.leak(value);
            self.values.count(value);
        }
        self.values.cost += INSTRUCTION;
        self.effects += 1;
        self.impure = true;
        self.forget_memory();
        self.values.opaque(Vec::new(), if pair { INSTRUCTION } else { 0 }, 0)
    }

    fn memory_builtin(&mut self, set: bool, args: &[Expr]) -> Val {
        let values: Vec<Val> = args.iter().map(|a| self.expr(a)).collect();
        let (Some(&to), Some(&from), Some(&size)) = (values.first(), values.get(1), values.get(2))
        else {
            return self.values.int(0);
        };
        let (base, offset) = self.values.based(to);
        let size = self.values.constant(size).and_then(|s| u64::try_from(s).ok());
        match size {
            Some(0) => {}
            Some(size) if !set => {
                let from = self.values.based(from);
                self.copy(from, (base, offset), size);
            }
            Some(size @ (1 | 2 | 4 | 8)) => {
                let value = match self.values.constant(from) {
                    Some(0) => self.values.int(0),
                    _ => self.values.opaque(vec![from], 0, 0),
                };
                self.store(Loc { base, offset, size: size as u32 }, value);
            }
            Some(size) if self.values.constant(from) == Some(0) => {
                self.fill(base, offset, size, true);
            }
            _ => {
                for &value in &values {
                    self.leak(value);
                    self.values.count(value);
                }
                self.values.cost += INSTRUCTION;
                self.effect(base);
                self.forget_memory();
            }
        }
        to
    }
}

fn strip_deref(callee: &Expr) -> &Expr {
    match &callee.kind {
        ExprKind::Paren(e) => strip_deref(e),
        ExprKind::Unary(cfront::ast::UnaryOp::Deref, e) => strip_deref(e),
        _ => callee,
    }
}

/// A string function on literals.
fn folded_string(name: &str, args: &[Expr]) -> Option<i128> {
    let first = literal(args.first()?)?;
    match name {
        "strlen" => Some(first.len() as i128),
        "strcmp" => {
            let second = literal(args.get(1)?)?;
            Some(first.cmp(second) as i128)
        }
        _ => None,
    }
}

/// The bytes of a string literal without a NUL in it.
fn literal(expr: &Expr) -> Option<&[u8]> {
    match &expr.kind {
        ExprKind::Paren(e) => literal(e),
        ExprKind::Str { bytes, width: 1 } if !bytes.contains(&0) => Some(bytes),
        _ => None,
    }
}

/// A call site: the callee and the token of the call.
fn site_of(callee: &FunctionBody, token: u32) -> u64 {
    let mut hasher = FxHasher::default();
    (callee.function.name.as_str(), token).hash(&mut hasher);
    hasher.finish()
}

/// The way of calls one further.
fn on(way: u64, site: u64) -> u64 {
    let mut hasher = FxHasher::default();
    (way, site).hash(&mut hasher);
    hasher.finish()
}
