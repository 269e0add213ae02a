//! BTF of what the object keeps: C types, variables and functions as clang describes them.

use btf::{Btf, Composite, EnumType, Enumerator, IntType, Linkage, Member, Param, Type, TypeId};
use cfront::{
    ctypes::{
        ArrayLen, CType, CTypeId, Enum, EnumId, FunctionType, IntKind, Record, RecordId, TypedefId,
    },
    flags::Standard,
    sema::Function,
    symbol::Symbol,
    unit::FileScope,
};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// Types nested deeper than this are described as `void`.
const MAX_DEPTH: u32 = 200;

/// The growing graph.
pub(super) struct Types<'u> {
    unit: &'u FileScope,
    btf: Btf,
    /// By type, whether a member's, whether behind a pointer.
    known: FxHashMap<(CTypeId, bool, bool), TypeId>,
    records: FxHashMap<RecordId, TypeId>,
    enums: FxHashMap<EnumId, TypeId>,
    typedefs: FxHashMap<TypedefId, TypeId>,
    forwards: FxHashMap<(SmolStr, bool), TypeId>,
    index: Option<TypeId>,
    /// Named records that so far only pointers of members asked for: the slot is filled when
    /// something asks for the record itself, or becomes a forward declaration
    /// (`BTFDebug::FixupDerivedTypes`).
    waiting: FxHashMap<RecordId, TypeId>,
    depth: u32,
    reach: Reach,
}

/// How far the graph follows the types of parameters and results.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// Records behind their pointers stay forward declarations, unless data has them too.
    /// Prototypes of kernel functions lead to half of vmlinux.h, and only a dump shows it.
    Data,
    /// As clang: all of them are described.
    All,
}

impl<'u> Types<'u> {
    pub(super) fn new(unit: &'u FileScope, reach: Reach) -> Self {
        Types {
            unit,
            btf: Btf::new(),
            known: FxHashMap::default(),
            records: FxHashMap::default(),
            enums: FxHashMap::default(),
            typedefs: FxHashMap::default(),
            forwards: FxHashMap::default(),
            index: None,
            waiting: FxHashMap::default(),
            depth: 0,
            reach,
        }
    }

    /// The BTF type of a C type.
    pub(super) fn of(&mut self, ty: CTypeId) -> TypeId {
        self.visit(ty, false, false)
    }

    /// `member`: the type is that of a member; `behind`: a pointer of it was passed.
    fn visit(&mut self, ty: CTypeId, member: bool, behind: bool) -> TypeId {
        if self.depth >= MAX_DEPTH {
            return TypeId::VOID;
        }
        let key = (ty, member, behind);
        if let Some(&id) = self.known.get(&key) {
            return id;
        }
        self.depth += 1;
        let id = self.visit_new(ty, member, behind);
        self.depth -= 1;
        self.known.insert(key, id);
        id
    }

    fn visit_new(&mut self, ty: CTypeId, member: bool, behind: bool) -> TypeId {
        match self.unit.ctype(ty) {
            // No BTF kind is `_Complex`.
            CType::Unknown | CType::Void | CType::Complex(_) => TypeId::VOID,
            CType::Bool => {
                let c23 = self.unit.standard() >= Standard::C23;
                self.intern(Type::Int(int(if c23 { "bool" } else { "_Bool" }, 1, false, true)))
            }
            CType::Int(kind) => self.int(kind),
            CType::Float(kind) => {
                self.intern(Type::Float { name: kind.name().into(), size: kind.size() as u32 })
            }
            CType::Pointer(to) => {
                let id = self.btf.add(Type::Ptr(TypeId::VOID));
                self.known.insert((ty, member, behind), id);
                let target = self.visit(to, member, true);
                if let Some(slot) = self.btf.types.get_mut(id.0 as usize) {
                    *slot = Type::Ptr(target);
                }
                id
            }
            CType::Array { elem, len } => {
                let elem = self.visit(elem, false, false);
                let len = match len {
                    ArrayLen::Fixed(len) => u32::try_from(len).unwrap_or(u32::MAX),
                    ArrayLen::Incomplete | ArrayLen::Unknown => 0,
                };
                let index = self.index_type();
                self.intern(Type::Array { elem, index, len })
            }
            CType::Function(function) => self.prototype(&function, &[]),
            CType::Record(id) if member && behind => self.record_behind(id),
            CType::Record(id) => self.record(id),
            CType::Enum(id) => self.enumeration(id),
            CType::Typedef(id) => self.typedef(id, member, behind),
            CType::Qualified { of, quals, .. } => {
                // BTF has no kind for `_Atomic`, and clang writes `void` in its place.
                let mut id = match quals.is_atomic {
                    true => TypeId::VOID,
                    false => self.visit(of, member, behind),
                };
                if quals.is_restrict {
                    id = self.modifier(id, Type::Restrict);
                }
                if quals.is_volatile {
                    id = self.modifier(id, Type::Volatile);
                }
                if quals.is_const {
                    id = self.modifier(id, Type::Const);
                }
                id
            }
            CType::Tagged { tag, of } => {
                let id = self.visit(of, member, behind);
                // Tags exist behind pointers only.
                if behind {
                    self.intern(Type::TypeTag { name: tag.as_str().into(), to: id })
                } else {
                    id
                }
            }
            CType::Vector { elem, len, .. } => {
                let elem = self.visit(elem, member, behind);
                let index = self.index_type();
                self.intern(Type::Array {
                    elem,
                    index,
                    len: u32::try_from(len).unwrap_or(u32::MAX),
                })
            }
        }
    }

    /// A record behind a pointer of a member.
    fn record_behind(&mut self, id: RecordId) -> TypeId {
        if let Some(&known) = self.records.get(&id).or_else(|| self.waiting.get(&id)) {
            return known;
        }
        let named = |(tag, _, defined): (Option<Symbol>, bool, bool)| tag.is_some() && defined;
        if !self.unit.record_head(id).is_some_and(named) {
            return self.record(id);
        }
        let place = self.btf.add(Type::Void);
        self.waiting.insert(id, place);
        place
    }

    fn intern(&mut self, ty: Type) -> TypeId {
        // Basic types are few: their ids are found by the C type in `known`; arrays and modifiers of
        // equal shape may repeat without harm.
        self.btf.add(ty)
    }

    fn modifier(&mut self, of: TypeId, make: fn(TypeId) -> Type) -> TypeId {
        self.btf.add(make(of))
    }

    fn int(&mut self, kind: IntKind) -> TypeId {
        let key = (CTypeId::int(kind), false, false);
        if let Some(&id) = self.known.get(&key) {
            return id;
        }
        let id =
            self.btf.add(Type::Int(int(kind.name(), kind.size() as u32, kind.is_signed(), false)));
        self.known.insert(key, id);
        id
    }

    fn index_type(&mut self) -> TypeId {
        match self.index {
            Some(id) => id,
            None => {
                let id = self.btf.add(Type::Int(int("__ARRAY_SIZE_TYPE__", 4, false, false)));
                self.index = Some(id);
                id
            }
        }
    }

    fn prototype(&mut self, function: &FunctionType, names: &[Option<Symbol>]) -> TypeId {
        // As a member's types: what their pointers lead to waits until something else asks.
        let shallow = self.reach == Reach::Data;
        let ret = self.visit(function.ret, shallow, false);
        let mut params: Vec<Param> = Vec::with_capacity(function.params.len());
        for (index, ty) in function.params.iter().enumerate() {
            let name = names.get(index).copied().flatten().map_or("", |n| n.as_str());
            params.push(Param { name: name.into(), ty: self.visit(*ty, shallow, false) });
        }
        if function.variadic {
            params.push(Param { name: SmolStr::default(), ty: TypeId::VOID });
        }
        self.btf.add(Type::FuncProto { ret, params })
    }

    fn record(&mut self, id: RecordId) -> TypeId {
        if let Some(&known) = self.records.get(&id) {
            return known;
        }
        let Some(record) = self.unit.record(id) else { return TypeId::VOID };
        let name: SmolStr = record.tag.map_or("", |t| t.as_str()).into();
        if !record.defined {
            return self.forward(name, record.is_union);
        }
        let place = self.waiting.remove(&id).unwrap_or_else(|| self.btf.add(Type::Void));
        self.records.insert(id, place);
        let members = record.fields.iter().map(|field| Member {
            name: field.name.map_or("", |n| n.as_str()).into(),
            ty: self.visit(field.ty, true, false),
            offset_bits: field.offset_bits.and_then(|b| u32::try_from(b).ok()).unwrap_or(0),
            bitfield_bits: field.bits.and_then(|b| u8::try_from(b).ok()).unwrap_or(0),
        });
        let members: Vec<Member> = members.collect();
        let size = record.size.and_then(|s| u32::try_from(s).ok()).unwrap_or(0);
        let composite = Composite { name, size, members };
        if let Some(slot) = self.btf.types.get_mut(place.0 as usize) {
            *slot = if record.is_union { Type::Union(composite) } else { Type::Struct(composite) };
        }
        self.record_tags(&record, place);
        place
    }

    fn record_tags(&mut self, record: &Record, id: TypeId) {
        for tag in &record.decl_tags {
            self.btf.add(Type::DeclTag { name: tag.as_str().into(), ty: id, component: -1 });
        }
        for (index, field) in record.fields.iter().enumerate() {
            for tag in &field.decl_tags {
                self.btf.add(Type::DeclTag {
                    name: tag.as_str().into(),
                    ty: id,
                    component: index as i32,
                });
            }
        }
    }

    fn forward(&mut self, name: SmolStr, is_union: bool) -> TypeId {
        let key = (name.clone(), is_union);
        if let Some(&id) = self.forwards.get(&key) {
            return id;
        }
        let id = self.btf.add(Type::Fwd { name, is_union });
        self.forwards.insert(key, id);
        id
    }

    fn enumeration(&mut self, id: EnumId) -> TypeId {
        if let Some(&known) = self.enums.get(&id) {
            return known;
        }
        let Some(of) = self.unit.enumeration(id) else { return TypeId::VOID };
        let known = self.btf.add(enum_type(&of));
        self.enums.insert(id, known);
        known
    }

    fn typedef(&mut self, id: TypedefId, member: bool, behind: bool) -> TypeId {
        let Some(typedef) = self.unit.typedef(id) else { return TypeId::VOID };
        if let Some(&known) = self.typedefs.get(&id) {
            if !(member && behind) {
                self.complete(typedef.to);
            }
            return known;
        }
        let place = self.btf.add(Type::Void);
        self.typedefs.insert(id, place);
        let to = self.visit(typedef.to, member, behind);
        if let Some(slot) = self.btf.types.get_mut(place.0 as usize) {
            *slot = Type::Typedef { name: typedef.name.as_str().into(), to };
        }
        for tag in &typedef.decl_tags {
            self.btf.add(Type::DeclTag { name: tag.as_str().into(), ty: place, component: -1 });
        }
        place
    }

    /// Describes the record at the end of a typedef that was seen behind a pointer before.
    fn complete(&mut self, ty: CTypeId) {
        let mut ty = ty;
        for _ in 0..MAX_DEPTH {
            match self.unit.ctype(ty) {
                CType::Qualified { of, .. } | CType::Tagged { of, .. } => ty = of,
                CType::Typedef(id) => match self.unit.typedef(id) {
                    Some(typedef) => ty = typedef.to,
                    None => return,
                },
                CType::Record(id) => {
                    if self.waiting.contains_key(&id) {
                        self.record(id);
                    }
                    return;
                }
                _ => return,
            }
        }
    }

    /// The type of a variable of `.maps`: what its members point to is described in full, the types
    /// of keys and values one level deeper too (`BTFDebug::visitMapDefType`).
    pub(super) fn map_definition(&mut self, ty: CTypeId) -> TypeId {
        if let CType::Record(id) = self.unit.canonical(ty)
            && let Some(record) = self.unit.record(id)
        {
            for field in &record.fields {
                self.of(field.ty);
                let mut to = field.ty;
                for _ in 0..4 {
                    match self.unit.canonical(to) {
                        CType::Pointer(of) => to = of,
                        CType::Array { elem, .. } => to = elem,
                        CType::Record(id) => {
                            let fields = self.unit.record(id);
                            for inner in fields.iter().flat_map(|r| &r.fields) {
                                self.of(inner.ty);
                            }
                            break;
                        }
                        _ => break,
                    }
                }
            }
        }
        self.of(ty)
    }

    /// A BTF_KIND_VAR with its declaration tags.
    pub(super) fn variable(
        &mut self,
        name: &SmolStr,
        ty: TypeId,
        linkage: Linkage,
        tags: &[SmolStr],
    ) -> TypeId {
        let id = self.btf.add(Type::Var { name: name.clone(), ty, linkage });
        for tag in tags {
            self.btf.add(Type::DeclTag { name: tag.clone(), ty: id, component: -1 });
        }
        id
    }

    /// A BTF_KIND_FUNC with its prototype and tags.
    pub(super) fn function(&mut self, function: &Function, linkage: Linkage) -> Option<TypeId> {
        let CType::Function(ty) = self.unit.canonical(function.ty) else { return None };
        let proto = self.prototype(&ty, &function.param_names);
        let name = function.asm_label.unwrap_or(function.name).as_str().into();
        let id = self.btf.add(Type::Func(btf::Function { name, proto, linkage }));
        for tag in &function.attrs.decl_tags {
            self.btf.add(Type::DeclTag { name: tag.as_str().into(), ty: id, component: -1 });
        }
        for (index, tags) in function.param_tags.iter().enumerate() {
            for tag in tags {
                self.btf.add(Type::DeclTag {
                    name: tag.as_str().into(),
                    ty: id,
                    component: index as i32,
                });
            }
        }
        Some(id)
    }

    pub(super) fn btf(&self) -> &Btf {
        &self.btf
    }

    /// The graph; records that nothing asked for are declared forward.
    pub(super) fn finish(mut self) -> Btf {
        for (record, place) in std::mem::take(&mut self.waiting) {
            let Some((tag, is_union, _)) = self.unit.record_head(record) else { continue };
            if let Some(slot) = self.btf.types.get_mut(place.0 as usize) {
                *slot = Type::Fwd { name: tag.map_or("", |t| t.as_str()).into(), is_union };
            }
        }
        self.btf
    }
}

fn int(name: &str, size: u32, signed: bool, is_bool: bool) -> IntType {
    IntType {
        name: name.into(),
        size,
        bits: (size * 8) as u8,
        offset: 0,
        signed,
        is_char: false,
        is_bool,
    }
}

fn enum_type(of: &Enum) -> Type {
    let values = of
        .values
        .iter()
        .map(|(name, value)| Enumerator { name: name.as_str().into(), value: *value as i64 });
    let size = of.underlying.size() as u32;
    let out = EnumType {
        name: of.tag.map_or("", |t| t.as_str()).into(),
        size,
        signed: of.underlying.is_signed(),
        values: values.collect(),
    };
    if size > 4 { Type::Enum64(out) } else { Type::Enum(out) }
}
