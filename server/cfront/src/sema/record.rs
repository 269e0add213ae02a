//! Structs and unions: their members and their layout.

use std::sync::{Arc, OnceLock};

use btf::layout::{FieldInput, RecordAttrs, lay_out};
use rustc_hash::FxHashMap;

use super::{attrs, scope::Cx, state::Sema};
use crate::{
    ast::{FieldDecl, RecordSpec},
    ctypes::{ArrayLen, CType, CTypeId, DeclPlace, Field, FoundMember, Record, RecordId},
    items::{SpecPlace, TagSpec},
    symbol::Symbol,
};

/// So many nameless members within each other are looked into for a name.
const MAX_NAMELESS: u32 = super::state::MAX_DEPTH;

/// A record and how far it is known.
#[derive(Debug)]
pub(crate) struct RecordEntity {
    pub(crate) is_union: bool,
    pub(crate) tag: Option<Symbol>,
    pub(crate) spec: Option<(Arc<RecordSpec>, SpecPlace)>,
    shape_busy: bool,
    shape: Option<Arc<Shape>>,
    layout_busy: bool,
    done: Option<Arc<Record>>,
}

/// Members without their places.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    pub(crate) members: Vec<Member>,
    attrs: RecordAttrs,
    preserve_access_index: bool,
    decl_tags: Vec<Symbol>,
    /// Whether some member could not be read: then there is no layout.
    has_error: bool,
    /// The member that leads to each name: itself, or the first nameless one that has it inside.
    by_name: OnceLock<Arc<FxHashMap<Symbol, usize>>>,
    /// How many unnamed bit-fields, which are no fields of the record, stand before each member.
    unnamed_before: OnceLock<Vec<u32>>,
}

impl Shape {
    /// The index of a member among the fields of its record, by its index here.
    pub(super) fn field_index(&self, index: usize) -> Option<usize> {
        let unnamed_before = self.unnamed_before.get_or_init(|| {
            let unnamed = |m: &Member| m.bits.is_some() && m.name.is_none();
            let counted = |sum: &mut u32, m: &Member| {
                let before = *sum;
                *sum += u32::from(unnamed(m));
                Some(before)
            };
            self.members.iter().scan(0, counted).collect()
        });
        Some(index - *unnamed_before.get(index)? as usize)
    }
}

/// A member as declared.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: Option<Symbol>,
    pub(crate) ty: CTypeId,
    /// Bit-field: its width, when that is known.
    pub(crate) bits: Option<Option<u32>>,
    packed: bool,
    aligned: Option<u64>,
    decl_tags: Vec<Symbol>,
    pub(super) token: u32,
}

impl Sema {
    fn new_record(&mut self, is_union: bool, tag: Option<Symbol>) -> RecordId {
        self.records.push(RecordEntity {
            is_union,
            tag,
            spec: None,
            shape_busy: false,
            shape: None,
            layout_busy: false,
            done: None,
        });
        RecordId(self.records.len() as u32 - 1)
    }

    /// The type of a struct or union specifier.
    pub(crate) fn record_spec(&mut self, cx: &mut Cx, spec: &RecordSpec) -> CTypeId {
        let place = SpecPlace { item: cx.scope.item, serial: cx.scope.serial };
        if spec.fields.is_none()
            && let Some(tag) = spec.tag
        {
            return match cx.lookup_tag(tag) {
                Some(ty) => ty,
                None => self.file_tag(tag.name, Some(spec.is_union)),
            };
        }
        let id = match spec.tag {
            Some(tag) if cx.at_file_scope() && cx.building => {
                let ty = self.file_tag(tag.name, Some(spec.is_union));
                match *self.types.get(ty) {
                    CType::Record(id) => id,
                    // `enum tag` and `struct tag` in one file: an error, but not ours to tell.
                    _ => self.record_at(spec, place),
                }
            }
            _ => self.record_at(spec, place),
        };
        let ty = self.types.intern(CType::Record(id));
        if let Some(tag) = spec.tag
            && !cx.at_file_scope()
        {
            cx.declare_tag(tag, ty);
        }
        if let Some(entity) = self.records.get_mut(id.0 as usize)
            && entity.spec.is_none()
        {
            entity.spec = Some((Arc::new(spec.clone()), place));
            entity.done = None;
            entity.shape = None;
        }
        if !cx.at_file_scope() && cx.building {
            // Members may use names of the block: read them while its scopes are open.
            self.shape_in(id, cx);
        }
        ty
    }

    fn record_at(&mut self, spec: &RecordSpec, place: SpecPlace) -> RecordId {
        let key = (place.serial, spec.span.start);
        if let Some(&id) = self.records_by_place.get(&key) {
            return id;
        }
        let id = self.new_record(spec.is_union, spec.tag.map(|t| t.name));
        self.records_by_place.insert(key, id);
        id
    }

    /// The type of a file-scope tag, defined or not. `kind`: `Some(true)` union, `Some(false)`
    /// struct, `None` enum; used when the tag is new.
    pub(crate) fn file_tag(&mut self, tag: Symbol, kind: Option<bool>) -> CTypeId {
        if let Some(&ty) = self.tags.get(&tag) {
            return ty;
        }
        let found = self.items.defining_tag(tag);
        self.torn |= self.items.is_tag_torn(tag);
        let ty = match (&found, kind) {
            (Some((TagSpec::Record(spec), place)), _) => {
                let id = self.new_record(spec.is_union, Some(tag));
                self.records_by_place.insert((place.serial, spec.span.start), id);
                if let Some(entity) = self.records.get_mut(id.0 as usize) {
                    entity.spec = Some((spec.clone(), *place));
                }
                self.types.intern(CType::Record(id))
            }
            (Some((TagSpec::Enum(spec), place)), _) => {
                let id = self.new_enum(Some(tag), Some((spec.clone(), *place)));
                self.enums_by_place.insert((place.serial, spec.span.start), id);
                self.types.intern(CType::Enum(id))
            }
            (None, Some(is_union)) => {
                let id = self.new_record(is_union, Some(tag));
                self.types.intern(CType::Record(id))
            }
            (None, None) => {
                let id = self.new_enum(Some(tag), None);
                self.types.intern(CType::Enum(id))
            }
        };
        self.tags.insert(tag, ty);
        ty
    }

    /// The members of a record; empty when it is not defined.
    pub(crate) fn shape(&mut self, id: RecordId) -> Arc<Shape> {
        let place = match self.records.get(id.0 as usize) {
            Some(RecordEntity { shape: Some(shape), .. }) => return shape.clone(),
            Some(RecordEntity { spec: Some((_, place)), .. }) => *place,
            _ => return Arc::default(),
        };
        let mut cx = Cx::building(place.item, place.serial);
        self.shape_in(id, &mut cx)
    }

    fn shape_in(&mut self, id: RecordId, cx: &mut Cx) -> Arc<Shape> {
        let Some(entity) = self.records.get_mut(id.0 as usize) else { return Arc::default() };
        if let Some(shape) = &entity.shape {
            return shape.clone();
        }
        let Some((spec, _)) = entity.spec.clone() else { return Arc::default() };
        if entity.shape_busy {
            return Arc::default();
        }
        entity.shape_busy = true;
        let shape = Arc::new(
            self.deeper(|s| Some(s.read_members(cx, &spec)))
                .unwrap_or(Shape { has_error: true, ..Shape::default() }),
        );
        if let Some(entity) = self.records.get_mut(id.0 as usize) {
            entity.shape_busy = false;
            entity.shape = Some(shape.clone());
        }
        shape
    }

    fn read_members(&mut self, cx: &mut Cx, spec: &RecordSpec) -> Shape {
        let mut shape = Shape {
            attrs: RecordAttrs {
                packed: attrs::has(&spec.attrs, "packed"),
                aligned: self.aligned(cx, &spec.attrs),
                pragma_pack: spec.pragma_pack.or(self.abi.pack),
            },
            preserve_access_index: attrs::has(&spec.attrs, "preserve_access_index"),
            decl_tags: attrs::strings(&spec.attrs, "btf_decl_tag"),
            ..Shape::default()
        };
        for decl in spec.fields.iter().flatten() {
            let (specs, declarators) = match decl {
                FieldDecl::Fields { specs, declarators, .. } => (specs, declarators),
                FieldDecl::StaticAssert => continue,
                FieldDecl::Error(_) => {
                    shape.has_error = true;
                    continue;
                }
            };
            let base = self.specs(cx, specs);
            if declarators.is_empty() {
                let untagged = match &specs.ty {
                    crate::ast::TypeSpec::Record(r) => r.tag.is_none(),
                    _ => false,
                };
                let anonymous = untagged
                    || self.abi.ms_extensions && matches!(self.canonical(base), CType::Record(_));
                if anonymous {
                    shape.members.push(Member {
                        name: None,
                        ty: base,
                        bits: None,
                        packed: attrs::has(&specs.attrs, "packed"),
                        aligned: self.aligned(cx, &specs.attrs),
                        decl_tags: Vec::new(),
                        token: specs.span.start,
                    });
                }
                continue;
            }
            for d in declarators {
                let ty = self.declarator(cx, base, &d.declarator);
                let bits = d.bits.as_ref().map(|width| {
                    self.walk_expr(cx, width);
                    self.int_value(cx, width).and_then(|v| u32::try_from(v).ok())
                });
                let lists = [&specs.attrs[..], &d.declarator.attrs[..]];
                let mut decl_tags = Vec::new();
                let mut aligned = None;
                for list in lists {
                    decl_tags.extend(attrs::strings(list, "btf_decl_tag"));
                    aligned = aligned.max(self.aligned(cx, list));
                }
                shape.members.push(Member {
                    name: d.declarator.name.map(|n| n.name),
                    ty,
                    bits,
                    packed: lists.into_iter().any(|l| attrs::has(l, "packed")),
                    aligned,
                    decl_tags,
                    token: d.declarator.name.map_or(d.declarator.span.start, |n| n.token),
                });
            }
        }
        shape
    }

    /// Tag, whether it is a union, and whether it is defined, without reading its members.
    pub(crate) fn record_head(&self, id: RecordId) -> Option<(Option<Symbol>, bool, bool)> {
        let entity = self.records.get(id.0 as usize)?;
        Some((entity.tag, entity.is_union, entity.spec.is_some()))
    }

    /// The record with its layout.
    pub(crate) fn record(&mut self, id: RecordId) -> Option<Arc<Record>> {
        let entity = self.records.get(id.0 as usize)?;
        if let Some(done) = &entity.done {
            return Some(done.clone());
        }
        let (is_union, tag) = (entity.is_union, entity.tag);
        let Some((spec, place)) = entity.spec.clone() else {
            return Some(Arc::new(Record {
                is_union,
                tag,
                defined: false,
                fields: Vec::new(),
                size: None,
                align: None,
                preserve_access_index: false,
                decl_tags: Vec::new(),
                place: None,
            }));
        };
        if entity.layout_busy {
            return None;
        }
        if self.depth >= super::state::MAX_DEPTH {
            self.cut_short();
            return None;
        }
        self.set_layout_busy(id, true);
        let shape = self.shape(id);
        let record = self.deeper(|s| Some(s.laid_out(is_union, tag, &shape)));
        self.set_layout_busy(id, false);
        let mut record = record?;
        record.place = Some(DeclPlace {
            item: place.item,
            token: spec.tag.map_or(spec.span.start, |t| t.token),
        });
        let record = Arc::new(record);
        self.laid_out += 1;
        if let Some(entity) = self.records.get_mut(id.0 as usize) {
            entity.done = Some(record.clone());
        }
        Some(record)
    }

    fn set_layout_busy(&mut self, id: RecordId, busy: bool) {
        if let Some(entity) = self.records.get_mut(id.0 as usize) {
            entity.layout_busy = busy;
        }
    }

    fn laid_out(&mut self, is_union: bool, tag: Option<Symbol>, shape: &Shape) -> Record {
        let mut inputs = Vec::with_capacity(shape.members.len());
        let mut known = !shape.has_error;
        for member in &shape.members {
            match self.field_input(member) {
                Some(input) => inputs.push(input),
                None => known = false,
            }
        }
        let layout = if known { lay_out(is_union, &shape.attrs, &inputs) } else { None };
        let mut fields = Vec::with_capacity(shape.members.len());
        for (i, member) in shape.members.iter().enumerate() {
            // Unnamed bit-fields only take room.
            if member.bits.is_some() && member.name.is_none() {
                continue;
            }
            fields.push(Field {
                name: member.name,
                ty: member.ty,
                offset_bits: layout.as_ref().and_then(|l| l.offsets_bits.get(i).copied()),
                bits: member.bits.flatten(),
                decl_tags: member.decl_tags.clone(),
                token: member.token,
            });
        }
        Record {
            is_union,
            tag,
            defined: true,
            fields,
            size: layout.as_ref().map(|l| l.size),
            align: layout.as_ref().map(|l| l.align),
            preserve_access_index: shape.preserve_access_index,
            decl_tags: shape.decl_tags.clone(),
            place: None,
        }
    }

    fn field_input(&mut self, member: &Member) -> Option<FieldInput> {
        let flexible = match self.canonical(member.ty) {
            CType::Array { len: ArrayLen::Incomplete, .. } => true,
            CType::Function(_) | CType::Void | CType::Unknown => return None,
            _ => false,
        };
        let bitfield = match member.bits {
            Some(width) => Some(width?),
            None => None,
        };
        Some(FieldInput {
            size: if flexible { 0 } else { self.size_of(member.ty)? },
            align: self.align_of(member.ty)?,
            bitfield,
            named: member.name.is_some(),
            packed: member.packed,
            aligned: member.aligned,
            flexible,
        })
    }

    /// Finds a member by name, also through anonymous members: the way to it as (record, index in
    /// its shape) pairs from the outside in.
    pub(crate) fn find_member(
        &mut self,
        mut id: RecordId,
        name: Symbol,
    ) -> Option<Vec<(RecordId, usize)>> {
        let mut path = Vec::new();
        loop {
            let shape = self.shape(id);
            let index = *self.members_by_name(&shape, 0).0.get(&name)?;
            path.push((id, index));
            let member = shape.members.get(index)?;
            match *self.canonical(member.ty) {
                _ if member.name == Some(name) => return Some(path),
                CType::Record(inner) => id = inner,
                _ => return None,
            }
        }
    }

    /// A member by name, also through anonymous members, in the layout.
    pub(crate) fn member(&mut self, id: RecordId, name: Symbol) -> Option<FoundMember> {
        let mut index = None;
        let mut offset_bits = Some(0u64);
        let mut field = None;
        for (record, at) in self.find_member(id, name)? {
            let at = self.shape(record).field_index(at)?;
            let found = self.record(record)?.fields.get(at)?.clone();
            index = index.or(Some(at));
            let both = offset_bits.zip(found.offset_bits);
            offset_bits = both.and_then(|(outer, inner)| outer.checked_add(inner));
            field = Some(found);
        }
        Some(FoundMember { index: index?, offset_bits, field: field? })
    }

    /// [`Shape::by_name`], and whether it is all: members that are being read have none yet.
    fn members_by_name(
        &mut self,
        shape: &Shape,
        depth: u32,
    ) -> (Arc<FxHashMap<Symbol, usize>>, bool) {
        if let Some(known) = shape.by_name.get() {
            return (known.clone(), true);
        }
        let mut whole = true;
        let mut by_name = FxHashMap::default();
        for (i, member) in shape.members.iter().enumerate() {
            if let Some(name) = member.name {
                by_name.entry(name).or_insert(i);
            }
        }
        for (i, member) in shape.members.iter().enumerate() {
            if member.name.is_none()
                && member.bits.is_none()
                && let CType::Record(inner) = *self.canonical(member.ty)
            {
                let busy = self.records.get(inner.0 as usize).is_some_and(|r| r.shape_busy);
                if depth > MAX_NAMELESS {
                    self.cut_short();
                }
                if busy || depth > MAX_NAMELESS {
                    whole = false;
                    continue;
                }
                let inner = self.shape(inner);
                let (names, all) = self.members_by_name(&inner, depth + 1);
                whole &= all;
                for &name in names.keys() {
                    by_name.entry(name).or_insert(i);
                }
            }
        }
        let by_name = Arc::new(by_name);
        if whole {
            return (shape.by_name.get_or_init(|| by_name).clone(), true);
        }
        (by_name, false)
    }

    /// Offset in bits of a member of a record, by its index in the shape.
    pub(crate) fn member_offset(&mut self, id: RecordId, index: usize) -> Option<u64> {
        let shape = self.shape(id);
        let record = self.record(id)?;
        record.fields.get(shape.field_index(index)?)?.offset_bits
    }
}
