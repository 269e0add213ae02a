//! Lvalues: which place an expression names, reading it and storing there.

use btf::TypeId;
use cfront::{
    ast::{Expr, ExprKind, Ident, UnaryOp},
    ctypes::CType,
    sema::{LocalKind, Resolution},
    symbol::Symbol,
};

use super::{
    expressions::Evaluated,
    interpret::{Analysis, Frame, GlobalKey, SiteKey},
    observe::{Access, At, Event},
    state::{Path, Root, Site, State, Value},
};

/// What an lvalue names.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A variable or a member of one.
    Path(Path),
    /// One of the elements of an array, it is not known which.
    Element(Path),
    /// A member of the skeleton's own struct.
    Skeleton(Site, Symbol),
    /// `skel->maps`, `skel->progs`, `skel->links`: member `.1` of `.0`.
    Group(Site, Symbol),
    /// A variable of a section's image.
    Image(InImage),
    /// A member that holds this value: a subskeleton's pointer to a variable.
    Pointer(Value),
    /// Not known.
    Unknown,
}

/// A variable of a section's image, or something in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct InImage {
    site: Site,
    section: Symbol,
    member: Symbol,
    /// Its type in the BPF program, when it is known.
    ty: Option<TypeId>,
    /// The call that moved the image since the pointer was read.
    stale: Option<u32>,
}

impl InImage {
    /// Its address.
    fn address(self) -> Value {
        match self.stale {
            Some(call) => Value::Stale(self.site, self.section, self.member, call),
            None if self.member == Symbol::EMPTY => Value::Image(self.site, self.section),
            None => Value::ImageMember(self.site, self.section, self.member),
        }
    }

    fn event(self, access: Access, at: At) -> Event<'static> {
        let InImage { site, section, member, stale, .. } = self;
        Event::Image { site, section, member, access, stale, at }
    }
}

impl Analysis<'_> {
    /// Evaluates an lvalue and reads it.
    pub(super) fn load(&mut self, expr: &Expr, frame: &mut Frame, state: State) -> Evaluated {
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
            Place::Path(path) => {
                self.tell(&Event::Other { at }, state);
                match state.get(path) {
                    Value::Unknown => self.read_unknown(expr, path, frame, state),
                    known => known,
                }
            }
            Place::Skeleton(site, member) => {
                // `skel->skeleton` is what libbpf knows of the same object.
                if matches!(member.as_str(), "obj" | "skeleton") {
                    Value::Object(*site)
                } else {
                    let moved = state.objects.get(site).and_then(|o| o.moved.get(member));
                    match moved {
                        Some(call) => Value::Stale(*site, *member, Symbol::EMPTY, *call),
                        None => Value::Image(*site, *member),
                    }
                }
            }
            Place::Group(site, group) if group.as_str() == "progs" => {
                Value::Program(*site, member_name(expr))
            }
            Place::Group(site, group) if group.as_str() == "maps" => {
                Value::Map(*site, member_name(expr))
            }
            Place::Group(..) => Value::Unknown,
            Place::Image(image) => {
                let is_array = image.ty.and_then(|ty| self.is_array(image.site, state, ty));
                // A subskeleton's member is dereferenced by hand.
                let explicit = self.is_subskeleton(image.site, state);
                match is_array {
                    // An array is a pointer to its first element.
                    Some(true) => image.address(),
                    None if !explicit => Value::Unknown,
                    _ => {
                        self.tell(&image.event(Access::Read, at), state);
                        Value::Unknown
                    }
                }
            }
            Place::Pointer(value) => value.clone(),
            Place::Element(_) | Place::Unknown => {
                self.tell(&Event::Other { at }, state);
                Value::Unknown
            }
        }
    }

    /// A variable whose value is not known: its type can tell something.
    fn read_unknown(
        &mut self,
        expr: &Expr,
        path: &Path,
        frame: &Frame,
        state: &mut State,
    ) -> Value {
        let Some(ty) = self.unit.expr_type(&frame.scope, expr) else { return Value::Unknown };
        if matches!(self.unit.canonical(ty), CType::Array { .. }) {
            return Value::Address(path.clone());
        }
        let value = self.unknown_of_type(state, frame.item, path, ty, frame.chain);
        if value != Value::Unknown {
            state.set(path.clone(), value.clone());
        }
        value
    }

    /// Stores a value at the place of an lvalue.
    pub(super) fn store(
        &mut self,
        lvalue: &Expr,
        place: &Place,
        value: Value,
        frame: &Frame,
        state: &mut State,
    ) {
        let at = At::new(frame.item, lvalue.span);
        match place {
            Place::Path(path) => {
                self.tell(&Event::Other { at }, state);
                // Another pointer may lead to the same memory.
                let reachable = |state: &State, root: Root| match root {
                    Root::Region(_) | Root::Global(_) => true,
                    Root::Local(..) => state.exposed.contains(&root),
                };
                if reachable(state, path.root) {
                    let last = path.fields.last().copied();
                    let known: Vec<Path> = state
                        .values
                        .keys()
                        .filter(|known| known.fields.last().copied() == last)
                        .filter(|known| {
                            let region = |root| matches!(root, Root::Region(_));
                            (region(known.root) || region(path.root))
                                && reachable(state, known.root)
                        })
                        .cloned()
                        .collect();
                    known.iter().for_each(|known| state.forget(known));
                }
                state.set(path.clone(), value);
            }
            Place::Image(image) => self.tell(&image.event(Access::Write, at), state),
            // The pointer is read again, or set to something else.
            Place::Skeleton(site, member) => {
                if let Some(object) = state.objects.get_mut(site) {
                    object.moved.remove(member);
                }
            }
            Place::Group(..) | Place::Pointer(_) => {}
            Place::Element(path) => {
                self.tell(&Event::Other { at }, state);
                state.forget(path);
                state.escape(&value);
            }
            // Stored where it cannot be followed: from there anything may happen to it.
            Place::Unknown => {
                self.tell(&Event::Other { at }, state);
                self.overwrite_somewhere(lvalue, frame, state);
                state.escape(&value);
            }
        }
    }

    /// A store through a pointer that may lead anywhere: to any variable whose address is known
    /// to others, as far as the types allow.
    fn overwrite_somewhere(&mut self, lvalue: &Expr, frame: &Frame, state: &mut State) {
        let ty = self.unit.expr_type(&frame.scope, lvalue).map(|ty| self.unit.canonical(ty));
        let number = matches!(
            ty,
            Some(
                CType::Int(_)
                    | CType::Bool
                    | CType::Float(_)
                    | CType::Enum(_)
                    | CType::Vector { .. }
            )
        );
        let pointed: Vec<Root> = state
            .values
            .values()
            .filter_map(|value| match value {
                Value::Address(path) => Some(path.root),
                _ => None,
            })
            .collect();
        let State { values, exposed, .. } = state;
        values.retain(|path, value| {
            let reachable = match path.root {
                Root::Local(..) => exposed.contains(&path.root) || pointed.contains(&path.root),
                Root::Region(_) | Root::Global(_) => true,
            };
            let is_number = matches!(
                value,
                Value::Zero | Value::NonZero | Value::Negative | Value::Size(_) | Value::Flags(_)
            );
            !reachable || number && !is_number
        });
    }

    /// The place of a variable.
    pub(super) fn variable(&mut self, name: Ident, frame: &Frame) -> Option<Path> {
        Some(Path::of(match frame.scope.resolve(self.unit, name) {
            Resolution::Local(id) => match frame.scope.local(id)?.kind {
                LocalKind::Param(_) | LocalKind::Auto => Root::Local(frame.activation, id.0),
                LocalKind::Static => self.global(GlobalKey::Static(frame.item, id.0)),
                LocalKind::Extern => self.global(GlobalKey::Name(name.name)),
                LocalKind::Function => return None,
            },
            Resolution::Variable(variable) => self.global(GlobalKey::Name(variable.name)),
            _ => return None,
        }))
    }

    /// Evaluates an lvalue to the place it names.
    pub(super) fn place(
        &mut self,
        expr: &Expr,
        frame: &mut Frame,
        state: State,
    ) -> Vec<(State, Place)> {
        if !self.enter() {
            return Vec::new();
        }
        let out = self.place_inner(expr, frame, state);
        self.depth -= 1;
        out
    }

    fn place_inner(&mut self, expr: &Expr, frame: &mut Frame, state: State) -> Vec<(State, Place)> {
        match &expr.kind {
            ExprKind::Paren(inner) | ExprKind::Unary(UnaryOp::Extension, inner) => {
                self.place(inner, frame, state)
            }
            ExprKind::Ident(name) => {
                let place = self.variable(*name, frame).map_or(Place::Unknown, Place::Path);
                vec![(state, place)]
            }
            ExprKind::Member { base, arrow, field } => {
                let at = At::new(frame.item, expr.span);
                let mut out = Vec::new();
                if *arrow {
                    for (mut state, value) in self.eval(base, frame, state) {
                        if value == Value::Zero && !is_constant(base) {
                            // The process ends here.
                            continue;
                        }
                        let value = self.memory_behind(value, base, frame, &mut state);
                        let place = self.member_behind(&value, field.name, at, &state);
                        out.push((state, place));
                    }
                } else {
                    for (state, place) in self.place(base, frame, state) {
                        let place = match place {
                            // `skel->maps.x.map_fd` of a light skeleton.
                            Place::Group(site, group)
                                if (group.as_str(), field.name.as_str()) == ("maps", "map_fd") =>
                            {
                                Place::Pointer(Value::MapFd(site, member_name(base)))
                            }
                            place => self.member_of(place, field.name, &state),
                        };
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
                            (Value::ImageMember(..) | Value::Stale(..), _) => {
                                match self.behind(&value, &state) {
                                    Some(image) => {
                                        let ty = image
                                            .ty
                                            .and_then(|ty| self.element(image.site, &state, ty));
                                        Place::Image(InImage { ty, ..image })
                                    }
                                    None => Place::Unknown,
                                }
                            }
                            (Value::Address(path), Some(element)) => {
                                Place::Path(path.field(element))
                            }
                            (Value::Address(path), None) => Place::Element(path.clone()),
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
                    .filter(|(_, value)| *value != Value::Zero || is_constant(inner))
                    .map(|(mut state, value)| {
                        let value = self.memory_behind(value, inner, frame, &mut state);
                        let place = match value {
                            Value::Address(path) => Place::Path(path),
                            known => match self.behind(&known, &state) {
                                Some(image) => {
                                    let ty = image.ty.map(|ty| {
                                        self.element(image.site, &state, ty).unwrap_or(ty)
                                    });
                                    Place::Image(InImage { ty, ..image })
                                }
                                None => Place::Unknown,
                            },
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

    /// What a pointer leads to: memory of its own where that is not known, or just allocated.
    fn memory_behind(
        &mut self,
        value: Value,
        pointer: &Expr,
        frame: &Frame,
        state: &mut State,
    ) -> Value {
        match value {
            Value::Unknown | Value::NonZero => self.region(pointer, frame, state),
            Value::Buffer(size) => {
                let region = self.region(pointer, frame, state);
                if let Value::Address(path) = &region {
                    self.variable_arrays.insert(path.root, size);
                }
                region
            }
            known => known,
        }
    }

    /// Memory behind a pointer of which nothing is known: named by where the pointer stands, so
    /// that two uses of the pointer meet the same memory.
    fn region(&mut self, pointer: &Expr, frame: &Frame, state: &mut State) -> Value {
        let Some(path) = self.quiet_path(pointer, frame, state) else { return Value::Unknown };
        if self.is_volatile(pointer, frame) {
            return Value::Unknown;
        }
        let site = self.site(SiteKey::Region(frame.item, path.clone(), frame.chain));
        let root = Root::Region(site.0);
        // The pointer may have led elsewhere before.
        state.drop_values(|known, value| {
            known.root == root || matches!(value, Value::Address(path) if path.root == root)
        });
        let value = Value::Address(Path::of(root));
        state.set(path, value.clone());
        value
    }

    /// The variable of an image that a pointer leads to.
    fn behind(&self, value: &Value, state: &State) -> Option<InImage> {
        // `*skel->percpu`
        if let Value::Image(site, section) = value {
            let (site, section) = (*site, *section);
            return Some(InImage { site, section, member: Symbol::EMPTY, ty: None, stale: None });
        }
        let (site, section, member, stale) = match value {
            Value::ImageMember(site, section, member) => (*site, *section, *member, None),
            Value::Stale(site, section, member, call) if *member != Symbol::EMPTY => {
                (*site, *section, *member, Some(*call))
            }
            _ => return None,
        };
        let ty = self.image_type(site, state, section, member);
        Some(InImage { site, section, member, ty, stale })
    }

    /// `value->member`
    fn member_behind(&mut self, value: &Value, member: Symbol, at: At, state: &State) -> Place {
        let place = match value {
            Value::Skeleton(site) | Value::Perhaps(site) => {
                self.tell(&Event::Skeleton { site: *site, member, at }, state);
                Place::Skeleton(*site, member)
            }
            Value::Image(site, section) => {
                let ty = self.image_type(*site, state, *section, member);
                let (site, section) = (*site, *section);
                Place::Image(InImage { site, section, member, ty, stale: None })
            }
            Value::Stale(site, section, Symbol::EMPTY, call) => {
                let ty = self.image_type(*site, state, *section, member);
                let (site, section) = (*site, *section);
                Place::Image(InImage { site, section, member, ty, stale: Some(*call) })
            }
            Value::ImageMember(..) | Value::Stale(..) => match self.behind(value, state) {
                Some(image) => {
                    let ty = image
                        .ty
                        .map(|ty| self.element(image.site, state, ty).unwrap_or(ty))
                        .and_then(|ty| self.member_type(image.site, state, ty, member));
                    Place::Image(InImage { ty, ..image })
                }
                None => Place::Unknown,
            },
            Value::Address(path) => Place::Path(path.field(member)),
            _ => Place::Unknown,
        };
        if matches!(place, Place::Path(_) | Place::Unknown) {
            self.tell(&Event::Other { at }, state);
        }
        place
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
            Place::Skeleton(site, section) => {
                let moved = state.objects.get(&site).and_then(|o| o.moved.get(&section));
                match moved {
                    Some(call) => Place::Pointer(Value::Stale(site, section, member, *call)),
                    None => Place::Unknown,
                }
            }
            Place::Image(image) if image.member == Symbol::EMPTY => {
                let ty = self.image_type(image.site, state, image.section, member);
                Place::Image(InImage { member, ty, ..image })
            }
            Place::Image(image) => {
                let ty = image.ty.and_then(|ty| self.member_type(image.site, state, ty, member));
                Place::Image(InImage { ty, ..image })
            }
            Place::Group(..) | Place::Element(_) | Place::Pointer(_) | Place::Unknown => {
                Place::Unknown
            }
        }
    }
}

fn member_name(expr: &Expr) -> Symbol {
    match &expr.kind {
        ExprKind::Member { field, .. } => field.name,
        ExprKind::Paren(inner) => member_name(inner),
        _ => Symbol::EMPTY,
    }
}

pub(super) fn address_of(place: Place) -> Value {
    match place {
        Place::Path(path) => Value::Address(path),
        Place::Image(image) => image.address(),
        _ => Value::Unknown,
    }
}

/// Whether an address is written as a number (`&((struct s *)0)->m`).
fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Int { .. } => true,
        ExprKind::Paren(inner) | ExprKind::Cast { expr: inner, .. } => is_constant(inner),
        _ => false,
    }
}
