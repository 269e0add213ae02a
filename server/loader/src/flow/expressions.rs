//! Evaluates expressions over a state: values, places, and the accesses that happen on the way.

use bpf::object::Object;
use btf::{Type, TypeId};
use cfront::{
    ast::{BinaryOp, Designator, Expr, ExprKind, InitItem, Initializer, UnaryOp},
    sema::{LocalKind, Resolution},
    symbol::Symbol,
};

use super::{
    interpret::{Analysis, Frame, GlobalKey, SiteKey},
    observe::{Access, At, Event},
    state::{Path, Root, Site, State, Value},
};
use crate::skeletons::HeaderKind;

/// What an lvalue names.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A variable or a member of one.
    Path(Path),
    /// A member of the skeleton's own struct.
    Skeleton(Site, Symbol),
    /// `skel->maps`, `skel->progs`, `skel->links`: member `.1` of `.0`.
    Group(Site, Symbol),
    /// A variable of a section's image; its type when it is known.
    Image(Site, Symbol, Symbol, Option<TypeId>),
    /// Not known.
    Unknown,
}

/// A state with what an expression is in it.
pub(super) type Evaluated = Vec<(State, Value)>;

impl Analysis<'_> {
    /// Evaluates an expression for its value.
    pub(super) fn eval(&mut self, expr: &Expr, frame: &mut Frame, state: State) -> Evaluated {
        match &expr.kind {
            ExprKind::Int { value, .. } => vec![(state, Value::from_truth(*value != 0))],
            ExprKind::Char(value) => vec![(state, Value::from_truth(*value != 0))],
            ExprKind::Str { .. } => vec![(state, Value::NonZero)],
            ExprKind::Paren(inner) | ExprKind::Unary(UnaryOp::Extension, inner) => {
                self.eval(inner, frame, state)
            }
            ExprKind::Cast { expr, .. } => self.eval(expr, frame, state),
            ExprKind::Ident(name) if name.name.as_str() == "NULL" => vec![(state, Value::Zero)],
            ExprKind::Ident(_) | ExprKind::Member { .. } | ExprKind::Index { .. } => {
                self.load(expr, frame, state)
            }
            ExprKind::Unary(UnaryOp::Deref, _) => self.load(expr, frame, state),
            ExprKind::Unary(UnaryOp::AddrOf, inner) => {
                let places = self.place(inner, frame, state);
                places.into_iter().map(|(state, place)| (state, address_of(place))).collect()
            }
            ExprKind::Unary(UnaryOp::Not, inner) => {
                let values = self.eval(inner, frame, state);
                values
                    .into_iter()
                    .map(|(state, value)| {
                        let value = value.truth().map_or(Value::Unknown, |t| Value::from_truth(!t));
                        (state, value)
                    })
                    .collect()
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
                        self.store(
                            &place,
                            Value::Unknown,
                            At::new(frame.item, inner.span),
                            &mut state,
                        );
                        (state, Value::Unknown)
                    })
                    .collect()
            }
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right, frame, state),
            ExprKind::Assign(op, left, right) => {
                let mut out = Vec::new();
                for (state, value) in self.eval(right, frame, state) {
                    for (mut state, place) in self.place(left, frame, state) {
                        let value = if op.is_some() { Value::Unknown } else { value.clone() };
                        self.store(
                            &place,
                            value.clone(),
                            At::new(frame.item, left.span),
                            &mut state,
                        );
                        out.push((state, value));
                    }
                }
                out
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                let mut out = Vec::new();
                for (state, value) in self.eval(cond, frame, state) {
                    if value.truth() != Some(false) {
                        let mut state = state.clone();
                        self.assume(cond, true, frame, &mut state);
                        match then {
                            Some(then) => out.extend(self.eval(then, frame, state)),
                            None => out.push((state, value.clone())),
                        }
                    }
                    if value.truth() != Some(true) {
                        let mut state = state;
                        self.assume(cond, false, frame, &mut state);
                        out.extend(self.eval(otherwise, frame, state));
                    }
                }
                out
            }
            ExprKind::Comma(first, second) => {
                let states = self.eval(first, frame, state);
                states.into_iter().flat_map(|(state, _)| self.eval(second, frame, state)).collect()
            }
            ExprKind::Call { callee, args } => self.call(expr, callee, args, frame, state),
            ExprKind::StmtExpr(block) => {
                match self.run_body(block, true, frame, vec![state.clone()]) {
                    Some(values) => values,
                    None => vec![(State::default(), Value::Unknown)],
                }
            }
            ExprKind::ChooseExpr { then, otherwise, .. } => {
                let mut out = self.eval(then, frame, state.clone());
                out.extend(self.eval(otherwise, frame, state));
                out
            }
            ExprKind::Generic { arms, .. } => {
                let mut out = Vec::new();
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
            _ => vec![(state, Value::Unknown)],
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
        op: BinaryOp,
        left: &Expr,
        right: &Expr,
        frame: &mut Frame,
        state: State,
    ) -> Evaluated {
        let mut out = Vec::new();
        for (state, a) in self.eval(left, frame, state) {
            match op {
                BinaryOp::LogAnd | BinaryOp::LogOr => {
                    // The right side runs only where the left side does not decide.
                    let decides = op == BinaryOp::LogOr;
                    if a.truth() != Some(!decides) {
                        let mut state = state.clone();
                        self.assume(left, decides, frame, &mut state);
                        out.push((state, Value::from_truth(decides)));
                    }
                    if a.truth() != Some(decides) {
                        let mut state = state;
                        self.assume(left, !decides, frame, &mut state);
                        for (state, b) in self.eval(right, frame, state) {
                            let value = b.truth().map_or(Value::Unknown, Value::from_truth);
                            if b.truth().is_none() {
                                for truth in [true, false] {
                                    let mut state = state.clone();
                                    self.assume(right, truth, frame, &mut state);
                                    out.push((state, Value::from_truth(truth)));
                                }
                            } else {
                                out.push((state, value));
                            }
                        }
                    }
                }
                _ => {
                    for (state, b) in self.eval(right, frame, state) {
                        out.push((state, combine(op, &a, &b)));
                    }
                }
            }
        }
        out
    }

    /// What a branch tells of a variable that is tested by itself: `if (x)`, `if (!x)`, `if (x == 0)`.
    pub(super) fn assume(
        &mut self,
        cond: &Expr,
        truth: bool,
        frame: &mut Frame,
        state: &mut State,
    ) {
        match &cond.kind {
            ExprKind::Paren(inner) => self.assume(inner, truth, frame, state),
            ExprKind::Unary(UnaryOp::Not, inner) => self.assume(inner, !truth, frame, state),
            ExprKind::Ident(_) => {
                let Some((_, Place::Path(path))) = self.place(cond, frame, state.clone()).pop()
                else {
                    return;
                };
                if state.get(&path) == Value::Unknown {
                    state.set(path, Value::from_truth(truth));
                }
            }
            ExprKind::Binary(BinaryOp::Eq | BinaryOp::Ne, left, right)
                if matches!(right.kind, ExprKind::Int { value: 0, .. }) =>
            {
                let equal = matches!(cond.kind, ExprKind::Binary(BinaryOp::Eq, ..));
                self.assume(left, truth != equal, frame, state);
            }
            _ => {}
        }
    }

    /// Evaluates an lvalue and reads it.
    fn load(&mut self, expr: &Expr, frame: &mut Frame, state: State) -> Evaluated {
        let places = self.place(expr, frame, state);
        places
            .into_iter()
            .map(|(mut state, place)| {
                let value = self.read(expr, &place, frame, &mut state);
                (state, value)
            })
            .collect()
    }

    fn read(&mut self, expr: &Expr, place: &Place, frame: &Frame, state: &mut State) -> Value {
        let at = At::new(frame.item, expr.span);
        match place {
            Place::Path(path) => match state.get(path) {
                Value::Unknown => {
                    let Some(ty) = self.unit.expr_type(&frame.scope, expr) else {
                        return Value::Unknown;
                    };
                    let value = self.unknown_of_type(state, path, ty, frame.chain);
                    if value != Value::Unknown {
                        state.set(path.clone(), value.clone());
                    }
                    value
                }
                known => known,
            },
            Place::Skeleton(site, member) => {
                if member.as_str() == "obj" {
                    Value::Object(*site)
                } else if member.as_str() == "skeleton" {
                    Value::Unknown
                } else {
                    Value::Image(*site, *member)
                }
            }
            Place::Group(site, group) if group.as_str() == "progs" => {
                Value::Program(*site, member_name(expr))
            }
            Place::Group(site, group) if group.as_str() == "maps" => {
                Value::Map(*site, member_name(expr))
            }
            Place::Group(..) => Value::Unknown,
            Place::Image(site, section, member, ty) => {
                match ty.and_then(|ty| self.is_array(*site, state, ty)) {
                    // An array is a pointer to its first element.
                    Some(true) => Value::ImageMember(*site, *section, *member),
                    Some(false) => {
                        self.tell(
                            &Event::Image {
                                site: *site,
                                section: *section,
                                member: *member,
                                access: Access::Read,
                                at,
                            },
                            state,
                        );
                        Value::Unknown
                    }
                    None => Value::Unknown,
                }
            }
            Place::Unknown => Value::Unknown,
        }
    }

    /// Stores a value at a place.
    pub(super) fn store(&mut self, place: &Place, value: Value, at: At, state: &mut State) {
        match place {
            Place::Path(path) => {
                if matches!(path.root, Root::Region(_)) {
                    // Another pointer may lead to the same memory.
                    let last = path.fields.last().copied();
                    state.values.retain(|known, _| {
                        !matches!(known.root, Root::Region(_))
                            || known.fields.last().copied() != last
                    });
                }
                state.set(path.clone(), value);
            }
            Place::Image(site, section, member, _) => {
                let event = Event::Image {
                    site: *site,
                    section: *section,
                    member: *member,
                    access: Access::Write,
                    at,
                };
                self.tell(&event, state);
            }
            Place::Skeleton(..) | Place::Group(..) => {}
            // Stored where it cannot be followed: from there anything may happen to it.
            Place::Unknown => state.escape(&value),
        }
    }

    /// Evaluates an lvalue to the place it names.
    pub(super) fn place(
        &mut self,
        expr: &Expr,
        frame: &mut Frame,
        state: State,
    ) -> Vec<(State, Place)> {
        match &expr.kind {
            ExprKind::Paren(inner) | ExprKind::Unary(UnaryOp::Extension, inner) => {
                self.place(inner, frame, state)
            }
            ExprKind::Ident(name) => {
                let place = match frame.scope.resolve(self.unit, *name) {
                    Resolution::Local(id) => match frame.scope.local(id).map(|local| local.kind) {
                        Some(LocalKind::Param(_) | LocalKind::Auto) => {
                            Place::Path(Path::of(Root::Local(frame.activation, id.0)))
                        }
                        Some(LocalKind::Static) => {
                            Place::Path(Path::of(self.global(GlobalKey::Static(frame.item, id.0))))
                        }
                        Some(LocalKind::Extern) => {
                            Place::Path(Path::of(self.global(GlobalKey::Name(name.name))))
                        }
                        _ => Place::Unknown,
                    },
                    Resolution::Variable(variable) => {
                        Place::Path(Path::of(self.global(GlobalKey::Name(variable.name))))
                    }
                    _ => Place::Unknown,
                };
                vec![(state, place)]
            }
            ExprKind::Member { base, arrow, field } => {
                let at = At::new(frame.item, expr.span);
                let mut out = Vec::new();
                if *arrow {
                    for (mut state, value) in self.eval(base, frame, state) {
                        let value = match value {
                            Value::Unknown | Value::NonZero => self.region(base, frame, &mut state),
                            known => known,
                        };
                        let place = self.member_behind(&value, field.name, at, &state);
                        out.push((state, place));
                    }
                } else {
                    for (state, base) in self.place(base, frame, state) {
                        let place = self.member_of(base, field.name, &state);
                        out.push((state, place));
                    }
                }
                out
            }
            ExprKind::Index { base, index } => {
                let mut out = Vec::new();
                for (state, value) in self.eval(base, frame, state) {
                    let element = match &index.kind {
                        ExprKind::Int { value, .. } => Some(Symbol::intern(&format!("[{value}]"))),
                        _ => None,
                    };
                    for (state, _) in self.eval(index, frame, state) {
                        let place = match (&value, element) {
                            (Value::ImageMember(site, section, member), _) => {
                                let ty = self
                                    .image_type(*site, &state, *section, *member)
                                    .and_then(|ty| self.element(*site, &state, ty));
                                Place::Image(*site, *section, *member, ty)
                            }
                            (Value::Address(path), Some(element)) => {
                                Place::Path(path.field(element))
                            }
                            _ => Place::Unknown,
                        };
                        out.push((state, place));
                    }
                }
                out
            }
            ExprKind::Unary(UnaryOp::Deref, inner) => {
                let values = self.eval(inner, frame, state);
                values
                    .into_iter()
                    .map(|(state, value)| {
                        let place = match value {
                            Value::Address(path) => Place::Path(path),
                            Value::ImageMember(site, section, member) => {
                                let ty = self
                                    .image_type(site, &state, section, member)
                                    .map(|ty| self.element(site, &state, ty).unwrap_or(ty));
                                Place::Image(site, section, member, ty)
                            }
                            _ => Place::Unknown,
                        };
                        (state, place)
                    })
                    .collect()
            }
            _ => {
                let values = self.eval(expr, frame, state);
                values.into_iter().map(|(state, _)| (state, Place::Unknown)).collect()
            }
        }
    }

    /// Memory behind a pointer of which nothing is known: named by where the pointer stands, so
    /// that two uses of the pointer meet the same memory.
    fn region(&mut self, pointer: &Expr, frame: &mut Frame, state: &mut State) -> Value {
        let Some((_, Place::Path(path))) = self.place(pointer, frame, state.clone()).pop() else {
            return Value::Unknown;
        };
        let site = self.site(SiteKey::Region(path.clone(), frame.chain));
        let value = Value::Address(Path::of(Root::Region(site.0)));
        state.set(path, value.clone());
        value
    }

    /// `value->member`
    fn member_behind(&mut self, value: &Value, member: Symbol, at: At, state: &State) -> Place {
        match value {
            Value::Skeleton(site) => {
                self.tell(&Event::Skeleton { site: *site, member, at }, state);
                Place::Skeleton(*site, member)
            }
            Value::Image(site, section) => {
                let ty = self.image_type(*site, state, *section, member);
                Place::Image(*site, *section, member, ty)
            }
            Value::ImageMember(site, section, outer) => {
                let ty = self
                    .image_type(*site, state, *section, *outer)
                    .map(|ty| self.element(*site, state, ty).unwrap_or(ty))
                    .and_then(|ty| self.member_type(*site, state, ty, member));
                Place::Image(*site, *section, *outer, ty)
            }
            Value::Address(path) => Place::Path(path.field(member)),
            _ => Place::Unknown,
        }
    }

    /// `place.member`
    fn member_of(&mut self, base: Place, member: Symbol, state: &State) -> Place {
        match base {
            Place::Path(path) => Place::Path(path.field(member)),
            Place::Skeleton(site, group)
                if matches!(group.as_str(), "maps" | "progs" | "links" | "struct_ops") =>
            {
                Place::Group(site, group)
            }
            // A subskeleton holds its sections as structs of pointers: their target is not an image
            // of this object.
            Place::Skeleton(..) => Place::Unknown,
            Place::Image(site, section, outer, ty) => {
                let ty = ty.and_then(|ty| self.member_type(site, state, ty, member));
                Place::Image(site, section, outer, ty)
            }
            Place::Group(..) | Place::Unknown => Place::Unknown,
        }
    }

    /// The object model behind an object, when its source was found.
    pub(super) fn model(&self, site: Site, state: &State) -> Option<&Object> {
        let skeleton = self.skeletons.get(state.objects.get(&site)?.skeleton)?;
        if skeleton.kind == HeaderKind::Subskeleton {
            return None;
        }
        skeleton.object.as_deref()
    }

    /// The type of a variable of a section, by the skeleton's names.
    fn image_type(
        &self,
        site: Site,
        state: &State,
        section: Symbol,
        member: Symbol,
    ) -> Option<TypeId> {
        let object = self.model(site, state)?;
        let section =
            object.sections.iter().find(|s| section_field(&s.name) == section.as_str())?;
        let variable = section.variables.iter().find(|v| sanitized(&v.name) == member.as_str())?;
        Some(variable.ty)
    }

    fn strip<'b>(
        &'b self,
        site: Site,
        state: &State,
        ty: TypeId,
    ) -> Option<(&'b Object, &'b Type)> {
        let object = self.model(site, state)?;
        let mut ty = ty;
        for _ in 0..64 {
            match object.btf.get(ty) {
                Type::Typedef { to, .. } | Type::TypeTag { to, .. } => ty = *to,
                Type::Const(to) | Type::Volatile(to) | Type::Restrict(to) => ty = *to,
                other => return Some((object, other)),
            }
        }
        None
    }

    fn is_array(&self, site: Site, state: &State, ty: TypeId) -> Option<bool> {
        Some(matches!(self.strip(site, state, ty)?.1, Type::Array { .. }))
    }

    fn element(&self, site: Site, state: &State, ty: TypeId) -> Option<TypeId> {
        match self.strip(site, state, ty)?.1 {
            Type::Array { elem, .. } => Some(*elem),
            _ => None,
        }
    }

    fn member_type(&self, site: Site, state: &State, ty: TypeId, name: Symbol) -> Option<TypeId> {
        let (object, ty) = self.strip(site, state, ty)?;
        find_member(object, ty, name.as_str(), 0)
    }
}

/// A member by name, through anonymous members.
fn find_member(object: &Object, ty: &Type, name: &str, depth: u32) -> Option<TypeId> {
    let (Type::Struct(composite) | Type::Union(composite)) = ty else { return None };
    if depth > 8 {
        return None;
    }
    composite.members.iter().find_map(|member| {
        if member.name == name {
            Some(member.ty)
        } else if member.name.is_empty() {
            find_member(object, object.btf.get(member.ty), name, depth + 1)
        } else {
            None
        }
    })
}

/// The member of the skeleton's struct that holds a section (`get_map_ident` for data sections).
pub(crate) fn section_field(section: &str) -> String {
    if section == ".addr_space.1" {
        return "arena".into();
    }
    sanitized(section.strip_prefix('.').unwrap_or(section))
}

/// A name as bpftool puts it into the header.
pub(crate) fn sanitized(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn member_name(expr: &Expr) -> Symbol {
    match &expr.kind {
        ExprKind::Member { field, .. } => field.name,
        ExprKind::Paren(inner) => member_name(inner),
        _ => Symbol::EMPTY,
    }
}

fn address_of(place: Place) -> Value {
    match place {
        Place::Path(path) => Value::Address(path),
        Place::Image(site, section, member, _) => Value::ImageMember(site, section, member),
        _ => Value::Unknown,
    }
}

/// The value of a comparison as far as zero and sign decide it.
fn combine(op: BinaryOp, a: &Value, b: &Value) -> Value {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let ordering = match (a, b) {
        (Value::Zero, Value::Zero) => Some(Equal),
        (Value::Negative, Value::Zero) => Some(Less),
        (Value::Zero, Value::Negative) => Some(Greater),
        _ => None,
    };
    let equal = match (a.truth(), b.truth()) {
        (Some(true), Some(false)) | (Some(false), Some(true)) => Some(false),
        (Some(false), Some(false)) => Some(true),
        _ => None,
    };
    let truth = match op {
        BinaryOp::Eq => equal,
        BinaryOp::Ne => equal.map(|equal| !equal),
        BinaryOp::Lt => ordering.map(|o| o == Less),
        BinaryOp::Gt => ordering.map(|o| o == Greater),
        BinaryOp::Le => ordering.map(|o| o != Greater),
        BinaryOp::Ge => ordering.map(|o| o != Less),
        _ => None,
    };
    truth.map_or(Value::Unknown, Value::from_truth)
}
