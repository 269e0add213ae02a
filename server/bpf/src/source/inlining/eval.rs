//! A body run through, with constants folded and calls inlined as LLVM does before it asks what the
//! body costs to inline.

use std::sync::Arc;

use cfront::{
    ast,
    ctypes::{CType, CTypeId},
    sema::{ItemScope, LocalKind},
    symbol::Symbol,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    memory::{Loc, LocalObject, State},
    plan::Planner,
    statements::SPECULATED,
    value::{Mark, Order, Val, Values},
};
use crate::source::bodies::{Bodies, FunctionBody};

/// More values than this, or deeper nesting, and nothing is said of the body.
const MAX_VALUES: usize = 200_000;
const MAX_DEPTH: u32 = 200;

/// An argument, as far as the caller's knowledge of it makes the callee cheaper.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Argument {
    Const(i128),
    Global(Symbol),
    /// Address of a local of the caller.
    Local,
    Unknown,
}

/// An integer or pointer type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Scalar {
    pub(super) bits: u16,
    pub(super) signed: bool,
    pub(super) pointer: bool,
    pub(super) truth: bool,
}

impl Scalar {
    pub(super) fn int(bits: u16, signed: bool) -> Scalar {
        Scalar { bits, signed, pointer: false, truth: false }
    }

    pub(super) fn bytes(self) -> u32 {
        u32::from(self.bits / 8).max(1)
    }
}

/// How a way through a body ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Exit {
    Return(Option<Val>),
    Goto(Symbol),
    Break,
    Continue,
}

/// A function while it is run through.
pub(super) struct Frame {
    pub(super) function: Symbol,
    pub(super) scope: Arc<ItemScope>,
    /// Objects of its parameters and variables.
    pub(super) objects: FxHashMap<u32, Val>,
    pub(super) labels: FxHashMap<Symbol, State>,
    /// Where it returned, and what.
    pub(super) returned: State,
    pub(super) result: Option<Val>,
    pub(super) returns: Option<Scalar>,
    pub(super) breaks: Vec<State>,
    pub(super) continues: Vec<State>,
    /// Functions that this is part of once it is inlined, with the way of calls from there.
    pub(super) within: Vec<(Symbol, u64)>,
}

/// Where an evaluation stood.
pub(super) struct Checkpoint {
    values: Mark,
    objects: Vec<LocalObject>,
    left: usize,
    effects: u32,
    branches: bool,
    impure: bool,
    first_exit: Option<(u32, i64)>,
    returned: (State, Option<Val>),
    labels: FxHashMap<Symbol, State>,
}

impl Checkpoint {
    /// Number of objects that there were.
    pub(super) fn objects(&self) -> usize {
        self.objects.len()
    }
}

/// What running a body through showed.
pub(super) struct Outcome {
    /// Cost of all that is left.
    pub(super) cost: i64,
    pub(super) branches: bool,
    /// Whether all of it was read.
    pub(super) known: bool,
    /// Whether it does something that others can see.
    pub(super) impure: bool,
    /// Calls that are left, of functions with a body.
    pub(super) left: Vec<Symbol>,
    /// What it returns, where that is known.
    pub(super) result: Option<Known>,
}

/// A result that callers know without the call (`IPSCCP`, the attribute `returned`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Known {
    Const(i128),
    /// The argument of that number.
    Argument(usize),
}

pub(super) struct Eval<'a, 'p, 'u> {
    pub(super) bodies: &'a mut Bodies<'u>,
    pub(super) planner: &'a mut Planner<'p>,
    /// Decides about calls, rather than asking what they would cost.
    pub(super) deciding: bool,
    pub(super) values: Values,
    pub(super) objects: Vec<LocalObject>,
    pub(super) state: State,
    pub(super) frames: Vec<Frame>,
    /// States at the labels of the innermost switch, by their tokens.
    pub(super) switch_entries: FxHashMap<u32, State>,
    pub(super) left: Vec<Symbol>,
    /// What functions returned that were calls when branch weights were estimated.
    pub(super) results: FxHashSet<Val>,
    /// The last comparison, when it was one of such a result with a constant.
    pub(super) compared_result: Option<(Order, i128)>,
    /// How the way that ended last did.
    pub(super) last_exit: Option<Exit>,
    /// Number of things done that cannot be done in advance (stores, calls, loads through pointers).
    pub(super) effects: u32,
    pub(super) impure: bool,
    pub(super) branches: bool,
    /// Effects and cost before the first conditional return.
    pub(super) first_exit: Option<(u32, i64)>,
    /// Inside `__builtin_preserve_access_index`.
    pub(super) preserving: u32,
    pub(super) loops: u32,
    depth: u32,
    pub(super) known: bool,
}

/// Runs a function through. `arguments` are what is known of them.
pub(super) fn run(
    bodies: &mut Bodies<'_>,
    planner: &mut Planner<'_>,
    body: &Arc<FunctionBody>,
    arguments: &[Argument],
    deciding: bool,
) -> Outcome {
    let mut eval = Eval {
        bodies,
        planner,
        deciding,
        values: Values::default(),
        objects: Vec::new(),
        state: State { alive: true, frequency: 1.0, ..State::default() },
        frames: Vec::new(),
        switch_entries: FxHashMap::default(),
        left: Vec::new(),
        results: FxHashSet::default(),
        compared_result: None,
        last_exit: None,
        effects: 0,
        impure: false,
        branches: false,
        first_exit: None,
        preserving: 0,
        loops: 0,
        depth: 0,
        known: !body.body.incomplete,
    };
    let values: Vec<Val> = arguments
        .iter()
        .map(|argument| match argument {
            Argument::Const(c) => eval.values.int(*c),
            Argument::Global(name) => eval.values.global(*name),
            Argument::Local => eval.new_object(1 << 20, true),
            Argument::Unknown => eval.values.opaque(Vec::new(), 0, 0),
        })
        .collect();
    let within = vec![(body.function.name, 0)];
    let result = eval.function(body, &values, within);
    if let Some(result) = result {
        eval.values.count(result);
    }
    eval.branches |= eval.first_exit.is_some_and(|(effects, cost)| {
        eval.effects > effects || eval.values.cost - cost > SPECULATED
    });
    let mut left = std::mem::take(&mut eval.left);
    left.extend(eval.values.pure_calls());
    let result = result.and_then(|r| match eval.values.constant(r) {
        Some(c) => Some(Known::Const(c)),
        None => values.iter().position(|v| *v == r).map(Known::Argument),
    });
    Outcome {
        result: result.filter(|_| eval.known),
        cost: eval.values.cost,
        branches: eval.branches,
        known: eval.known,
        impure: eval.impure || !eval.known,
        left,
    }
}

impl Eval<'_, '_, '_> {
    /// Runs `f` one level deeper, unless that is too deep or there is too much already.
    pub(super) fn deeper<T>(&mut self, none: T, f: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH || self.values.len() >= MAX_VALUES {
            self.known = false;
            return none;
        }
        self.depth += 1;
        let out = f(self);
        self.depth -= 1;
        out
    }

    /// The body of a function on these arguments; gives what it returns.
    pub(super) fn function(
        &mut self,
        body: &Arc<FunctionBody>,
        arguments: &[Val],
        within: Vec<(Symbol, u64)>,
    ) -> Option<Val> {
        if !self.planner.enter() {
            self.known = false;
            return None;
        }
        let parsed = self.bodies.unit.item(body.item)?;
        let ast::Item::Function(syntax) = &parsed.syntax else { return None };
        let returns = match self.bodies.unit.canonical(body.function.ty) {
            CType::Function(ty) => self.scalar(ty.ret),
            _ => None,
        };
        self.frames.push(Frame {
            function: body.function.name,
            scope: body.scope.clone(),
            objects: FxHashMap::default(),
            labels: FxHashMap::default(),
            returned: State::default(),
            result: None,
            returns,
            breaks: Vec::new(),
            continues: Vec::new(),
            within,
        });
        for local in body.scope.locals() {
            let LocalKind::Param(index) = local.kind else { continue };
            let object = self.new_object(local.size.unwrap_or(8), false);
            if let Some(frame) = self.frames.last_mut() {
                frame.objects.insert(local.id.0, object);
            }
            if let (Some(&value), Some(scalar)) =
                (arguments.get(index as usize), self.scalar(local.ty))
            {
                self.store(Loc { base: object, offset: 0, size: scalar.bytes() }, value);
            }
        }
        self.block(&syntax.body);
        let frame = self.frames.pop()?;
        let fallen = std::mem::take(&mut self.state);
        self.state = self.merge(frame.returned, fallen, None);
        frame.result
    }

    pub(super) fn frame(&mut self) -> Option<&mut Frame> {
        self.frames.last_mut()
    }

    pub(super) fn scope(&self) -> Arc<ItemScope> {
        self.frames.last().map(|f| f.scope.clone()).unwrap_or_default()
    }

    /// The type of an expression.
    pub(super) fn type_of(&self, expr: &ast::Expr) -> Option<CTypeId> {
        let frame = self.frames.last()?;
        self.bodies.unit.expr_type(&frame.scope, expr)
    }

    pub(super) fn scalar_of(&self, expr: &ast::Expr) -> Option<Scalar> {
        self.scalar(self.type_of(expr)?)
    }

    /// An integer, truth value or pointer type.
    pub(super) fn scalar(&self, ty: CTypeId) -> Option<Scalar> {
        let unit = self.bodies.unit;
        Some(match unit.canonical(ty) {
            CType::Bool => Scalar { truth: true, ..Scalar::int(8, false) },
            CType::Int(kind) => Scalar::int(kind.size() as u16 * 8, kind.is_signed()),
            CType::Enum(id) => {
                let underlying = unit.enumeration(id)?.underlying;
                Scalar::int(underlying.size() as u16 * 8, underlying.is_signed())
            }
            CType::Pointer(_) | CType::Function(_) | CType::Array { .. } => {
                Scalar { pointer: true, ..Scalar::int(64, false) }
            }
            CType::Float(kind) => Scalar::int(kind.size() as u16 * 8, true),
            _ => return None,
        })
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        let frame = self.frames.last();
        Checkpoint {
            values: self.values.mark(),
            objects: self.objects.clone(),
            left: self.left.len(),
            effects: self.effects,
            branches: self.branches,
            impure: self.impure,
            first_exit: self.first_exit,
            returned: frame.map(|f| (f.returned.clone(), f.result)).unwrap_or_default(),
            labels: frame.map(|f| f.labels.clone()).unwrap_or_default(),
        }
    }

    /// Goes back to where things stood; the state is the caller's to restore.
    pub(super) fn rollback(&mut self, to: Checkpoint) {
        self.values.rollback(to.values);
        self.objects = to.objects;
        self.left.truncate(to.left);
        self.effects = to.effects;
        self.branches = to.branches;
        self.impure = to.impure;
        self.first_exit = to.first_exit;
        if let Some(frame) = self.frames.last_mut() {
            (frame.returned, frame.result) = to.returned;
            frame.labels = to.labels;
        }
    }
}
