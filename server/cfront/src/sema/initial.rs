//! Initialisers: array lengths they complete, and the bytes they make.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{
    Initial, ItemScope, LocalId, Relocation, RelocationTarget, Variable, VariableId,
    constant::{Base, Const},
    image::{Image, MAX_BYTES, Slot},
    scope::Cx,
    state::Sema,
};
use crate::{
    ast::{Designator, Expr, ExprKind, InitItem, Initializer},
    ctypes::{ArrayLen, CType, CTypeId, FloatKind, RecordId},
};

/// What was worked out before.
#[derive(Debug, Default)]
pub(crate) struct InitialMemo {
    pub(crate) constants: FxHashMap<VariableId, Option<Const>>,
    bytes: FxHashMap<VariableId, Initial>,
}

impl Sema {
    /// A type with the array length that an initialiser gives it. The initialiser has been walked.
    pub(crate) fn completed(&mut self, cx: &mut Cx, ty: CTypeId, init: &Initializer) -> CTypeId {
        let CType::Array { elem, len: ArrayLen::Incomplete } = *self.canonical(ty) else {
            return ty;
        };
        let mut image = Image { lengths_only: true, ..Image::default() };
        let len = match self.fill(cx, ty, 0, init, &mut image) {
            Some(len) if !image.unknown => ArrayLen::Fixed(len),
            _ => ArrayLen::Unknown,
        };
        self.types.array(elem, len)
    }

    /// The same for an initialiser that was not walked yet.
    pub(crate) fn completed_walking(
        &mut self,
        cx: &mut Cx,
        ty: CTypeId,
        init: &Initializer,
    ) -> CTypeId {
        if let CType::Array { len: ArrayLen::Incomplete, .. } = self.canonical(ty) {
            self.walk_initializer(cx, init);
            return self.completed(cx, ty, init);
        }
        ty
    }

    /// Bytes that the initialiser of a flexible array member adds to a variable
    /// (clang `VarDecl::getFlexibleArrayInitChars`).
    pub(crate) fn flexible_extra(&mut self, variable: &Variable) -> Option<u64> {
        if !self.ends_flexible(variable.ty) {
            return None;
        }
        let ty = variable.ty;
        self.with_initializer(variable, |s, cx, init| s.extra_of(cx, ty, init))
    }

    pub(crate) fn extra_of(&mut self, cx: &mut Cx, ty: CTypeId, init: &Initializer) -> Option<u64> {
        if !self.ends_flexible(ty) {
            return None;
        }
        let size = self.size_of(ty)?;
        let mut image = Image { lengths_only: true, ..Image::default() };
        self.fill(cx, ty, 0, init, &mut image)?;
        Some(image.end.saturating_sub(size))
    }

    fn ends_flexible(&mut self, ty: CTypeId) -> bool {
        let CType::Record(id) = *self.canonical(ty) else { return false };
        let last = self.shape(id).members.last().map(|m| m.ty);
        last.is_some_and(|ty| match *self.canonical(ty) {
            CType::Array { len: ArrayLen::Incomplete, .. } => true,
            CType::Record(_) => self.deeper(|s| s.ends_flexible(ty)),
            _ => false,
        })
    }

    /// The bytes a file-scope variable starts with.
    pub(crate) fn initial(&mut self, variable: &Variable) -> Initial {
        match variable.definition {
            super::Definition::None => return Initial::Unknown,
            super::Definition::Tentative(_) => return Initial::Zero,
            super::Definition::Initialised(_) => {}
        }
        if let Some(known) = self.initials.bytes.get(&variable.id) {
            return known.clone();
        }
        let (ty, size) = (variable.ty, variable.size);
        let initial = self
            .with_initializer(variable, |s, cx, init| {
                Some(s.initial_bytes(cx, ty, size, init, false))
            })
            .unwrap_or(Initial::Unknown);
        self.initials.bytes.insert(variable.id, initial.clone());
        initial
    }

    /// The bytes a static local starts with.
    pub(crate) fn initial_of_local(&mut self, scope: &Arc<ItemScope>, id: LocalId) -> Initial {
        let Some(local) = scope.local(id) else { return Initial::Unknown };
        if !local.initialised {
            return Initial::Zero;
        }
        let Some(init) = scope.static_inits.get(&id).cloned() else { return Initial::Unknown };
        let mut cx = Cx::finished(scope.clone());
        self.initial_bytes(&mut cx, local.ty, local.size, &init, false)
    }

    pub(crate) fn initial_of_automatic(
        &mut self,
        scope: &Arc<ItemScope>,
        id: LocalId,
        init: &Initializer,
    ) -> Initial {
        let Some(local) = scope.local(id) else { return Initial::Unknown };
        let mut cx = Cx::finished(scope.clone());
        self.initial_bytes(&mut cx, local.ty, local.size, init, true)
    }

    fn initial_bytes(
        &mut self,
        cx: &mut Cx,
        ty: CTypeId,
        size: Option<u64>,
        init: &Initializer,
        automatic: bool,
    ) -> Initial {
        let mut image = Image { big_endian: self.big_endian, ..Image::default() };
        let filled = self.fill(cx, ty, 0, init, &mut image);
        if image.gave_up {
            self.cut_short();
        }
        if image.unknown || filled.is_none() {
            return Initial::Unknown;
        }
        let undefined = automatic && image.undefined;
        if image.relocations.is_empty() && image.bytes.iter().all(|&b| b == 0) && !undefined {
            return Initial::Zero;
        }
        let Some(size) = size.filter(|&s| s <= MAX_BYTES) else { return Initial::Unknown };
        image.bytes.resize(size as usize, 0);
        let relocations = image.relocations.into_iter();
        let relocations = relocations.map(|(offset, target)| Relocation { offset, target });
        Initial::Bytes { bytes: image.bytes, relocations: relocations.collect() }
    }

    /// Initialises an object; gives the number of elements when it is an array. `None`: not known.
    fn fill(
        &mut self,
        cx: &mut Cx,
        ty: CTypeId,
        offset: u64,
        init: &Initializer,
        image: &mut Image,
    ) -> Option<u64> {
        self.deeper(|s| match init {
            Initializer::Expr(e) => s.fill_expr(cx, ty, Slot { offset, bits: None }, e, image),
            Initializer::List(items, _) => {
                let canonical = s.canonical(ty).clone();
                if !image.bytes.is_empty()
                    && let Some(size) = s.size_of(ty)
                {
                    image.clear(offset, size);
                }
                match canonical {
                    CType::Array { elem, .. } => {
                        // `char a[] = {"text"}`
                        if let [only] = items.as_slice()
                            && only.designators.is_empty()
                            && let Initializer::Expr(e) = &only.value
                            && s.is_string_for(elem, e)
                        {
                            let slot = Slot { offset, bits: None };
                            return s.fill_expr(cx, ty, slot, e, image);
                        }
                        s.fill_list(cx, ty, offset, items, &mut 0, true, image)
                    }
                    CType::Record(_) | CType::Vector { .. } => {
                        s.fill_list(cx, ty, offset, items, &mut 0, true, image)
                    }
                    CType::Unknown => None,
                    _ => {
                        // A scalar in braces.
                        match items.first() {
                            None => {
                                image.end = image.end.max(offset + s.size_of(ty)?);
                                Some(1)
                            }
                            Some(item) => s.fill(cx, ty, offset, &item.value, image),
                        }
                    }
                }
            }
        })
    }

    fn is_string_for(&self, elem: CTypeId, e: &Expr) -> bool {
        let ExprKind::Str { width, .. } = &e.unparen().kind else { return false };
        match self.canonical(elem) {
            CType::Int(kind) => kind.size() == u64::from(*width),
            _ => false,
        }
    }

    fn fill_expr(
        &mut self,
        cx: &mut Cx,
        ty: CTypeId,
        slot: Slot,
        e: &Expr,
        image: &mut Image,
    ) -> Option<u64> {
        let offset = slot.offset;
        let inner = e.unparen();
        if let CType::Array { elem, len } = *self.canonical(ty)
            && let ExprKind::Str { bytes, width } = &inner.kind
            && self.is_string_for(elem, inner)
        {
            let chars = bytes.len() as u64 / u64::from((*width).max(1)) + 1;
            let count = match len {
                ArrayLen::Fixed(len) => len,
                _ => chars,
            };
            let room = count.checked_mul(u64::from(*width))?;
            image.end = image.end.max(offset + room);
            image.clear(offset, room);
            let shown = bytes.get(..bytes.len().min(room as usize)).unwrap_or(bytes);
            if self.big_endian && *width > 1 {
                let swapped: Vec<u8> = shown
                    .chunks(usize::from(*width))
                    .flat_map(|c| c.iter().rev().copied().collect::<Vec<_>>())
                    .collect();
                image.write(offset, &swapped);
            } else {
                image.write(offset, shown);
            }
            return Some(count);
        }
        match &inner.kind {
            ExprKind::CompoundLiteral { ty: literal, init } if self.is_aggregate(ty) => {
                let literal = self.type_name(cx, literal);
                let literal = self.completed(cx, literal, init);
                return self.fill(cx, literal, offset, init, image);
            }
            ExprKind::ChooseExpr { cond, then, otherwise } => {
                let arm = if self.int_value(cx, cond)? == 0 { otherwise } else { then };
                return self.fill(cx, ty, offset, &Initializer::Expr((**arm).clone()), image);
            }
            _ => {}
        }
        if let CType::Vector { elem, len, spreads: true } = *self.canonical(ty) {
            return self.fill_spread(cx, (elem, len), offset, e, image);
        }
        if self.is_aggregate(ty) {
            image.unknown = true;
            return None;
        }
        let size = self.size_of(ty)?;
        image.end = image.end.max(offset + size);
        if image.lengths_only {
            return Some(1);
        }
        let value = self.eval(cx, e).and_then(|v| self.convert(v, ty));
        self.put(size, slot, value, image);
        Some(1)
    }

    /// Each element of a vector from one scalar.
    fn fill_spread(
        &mut self,
        cx: &mut Cx,
        (elem, len): (CTypeId, u64),
        offset: u64,
        e: &Expr,
        image: &mut Image,
    ) -> Option<u64> {
        let size = self.size_of(elem)?;
        image.end = image.end.max(offset.checked_add(size.checked_mul(len)?)?);
        if image.lengths_only {
            return Some(1);
        }
        let value = self.eval(cx, e).and_then(|v| self.convert(v, elem));
        for i in 0..len {
            if !image.tick() {
                return None;
            }
            self.put(size, Slot { offset: offset + i * size, bits: None }, value.clone(), image);
        }
        Some(1)
    }

    fn is_aggregate(&self, ty: CTypeId) -> bool {
        matches!(self.canonical(ty), CType::Array { .. } | CType::Record(_) | CType::Vector { .. })
    }

    fn put(&mut self, size: u64, slot: Slot, value: Option<Const>, image: &mut Image) {
        match (value, slot.bits) {
            (Some(Const::Int(v, _)), Some((at, width))) => image.write_bits(at, width, v),
            (Some(Const::Int(v, _) | Const::Addr(Base::Null, v)), None) => {
                let raw = v.to_le_bytes();
                let mut data = raw.get(..size as usize).unwrap_or(&raw).to_vec();
                if self.big_endian {
                    data.reverse();
                }
                image.write(slot.offset, &data);
            }
            (Some(Const::Float(v, kind)), None) => {
                let mut data = match kind {
                    FloatKind::Float => (v as f32).to_le_bytes().to_vec(),
                    FloatKind::Double | FloatKind::LongDouble => v.to_le_bytes().to_vec(),
                    FloatKind::Half | FloatKind::Float128 => {
                        image.unknown |= v.to_bits() != 0;
                        return;
                    }
                };
                if self.big_endian {
                    data.reverse();
                }
                image.write(slot.offset, &data);
            }
            (Some(Const::Addr(base, addend)), None) if size == 8 => {
                let mut data = (addend as i64).to_le_bytes().to_vec();
                if self.big_endian {
                    data.reverse();
                }
                image.write(slot.offset, &data);
                let target = match base {
                    Base::Symbol(name) => RelocationTarget::Symbol(name),
                    Base::Local(id) => RelocationTarget::Local(id),
                    Base::Str(bytes, width) => RelocationTarget::String(bytes, width),
                    Base::Anonymous | Base::Null => RelocationTarget::Anonymous,
                };
                image.relocate(slot.offset, size, target);
            }
            _ => image.unknown = true,
        }
    }

    /// Fills an aggregate from the items at `pos` on. `braced`: the list is the aggregate's own;
    /// else braces were left out, and it takes only what it has room for.
    #[allow(clippy::too_many_arguments)]
    fn fill_list(
        &mut self,
        cx: &mut Cx,
        ty: CTypeId,
        offset: u64,
        items: &[InitItem],
        pos: &mut usize,
        braced: bool,
        image: &mut Image,
    ) -> Option<u64> {
        match *self.canonical(ty) {
            CType::Array { elem, len } => {
                let limit = match len {
                    ArrayLen::Fixed(n) => n,
                    ArrayLen::Incomplete => u64::MAX,
                    ArrayLen::Unknown => return None,
                };
                self.fill_array(cx, (elem, limit), offset, items, pos, braced, image)
            }
            CType::Vector { elem, len, .. } => {
                self.fill_array(cx, (elem, len), offset, items, pos, braced, image)
            }
            CType::Record(id) => self.fill_record(cx, id, offset, items, pos, braced, image),
            _ => None,
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn fill_array(
        &mut self,
        cx: &mut Cx,
        (elem, limit): (CTypeId, u64),
        offset: u64,
        items: &[InitItem],
        pos: &mut usize,
        braced: bool,
        image: &mut Image,
    ) -> Option<u64> {
        let size = self.size_of(elem)?;
        let mut index: u64 = 0;
        let mut count: u64 = 0;
        while let Some(item) = items.get(*pos) {
            let at = |index: u64| index.checked_mul(size).and_then(|o| offset.checked_add(o));
            let range = match item.designators.first() {
                None => None,
                Some(_) if !braced => break,
                Some(Designator::Index(e)) => {
                    let i = u64::try_from(self.int_value(cx, e)?).ok()?;
                    Some((i, i))
                }
                Some(Designator::Range(from, to)) => {
                    let from = u64::try_from(self.int_value(cx, from)?).ok()?;
                    let to = u64::try_from(self.int_value(cx, to)?).ok()?;
                    Some((from, to))
                }
                Some(Designator::Field(_)) => {
                    *pos += 1;
                    continue;
                }
            };
            match range {
                Some((from, to)) => {
                    if to < from || to >= limit {
                        return None;
                    }
                    // Lengths do not depend on what lies between.
                    let start = if image.lengths_only { to } else { from };
                    for i in start..=to {
                        if to > start && !image.tick() {
                            return None;
                        }
                        let rest = item.designators.get(1..).unwrap_or(&[]);
                        self.fill_designated(cx, elem, at(i)?, rest, &item.value, image)?;
                    }
                    *pos += 1;
                    index = to.checked_add(1)?;
                }
                None => {
                    if index >= limit {
                        if !braced {
                            break;
                        }
                        // Too many: clang warns and ignores them.
                        *pos += 1;
                        continue;
                    }
                    let (slot, before) = (Slot { offset: at(index)?, bits: None }, *pos);
                    self.fill_element(cx, elem, slot, items, pos, image)?;
                    // Elements without room take no items.
                    if *pos == before && !image.tick() {
                        return None;
                    }
                    index += 1;
                }
            }
            count = count.max(index);
        }
        image.end = image.end.max(offset.saturating_add(count.saturating_mul(size)));
        Some(count)
    }

    #[allow(clippy::too_many_arguments)]
    fn fill_record(
        &mut self,
        cx: &mut Cx,
        id: RecordId,
        offset: u64,
        items: &[InitItem],
        pos: &mut usize,
        braced: bool,
        image: &mut Image,
    ) -> Option<u64> {
        let record = self.record(id)?;
        record.size?;
        let mut index = 0;
        while let Some(item) = items.get(*pos) {
            match item.designators.first() {
                Some(_) if !braced => break,
                Some(Designator::Field(name)) => {
                    let path = self.find_member(id, name.name)?;
                    // Where the next item without a designator goes.
                    let shape = self.shape(id);
                    let first = path.first()?.1;
                    index = shape.field_index(first)? + 1;
                    let mut bits = offset.checked_mul(8)?;
                    let mut ty = CTypeId::UNKNOWN;
                    let mut width = None;
                    for (record, i) in path {
                        self.activate(record, i, bits / 8, image);
                        bits = bits.checked_add(self.member_offset(record, i)?)?;
                        let shape = self.shape(record);
                        let member = shape.members.get(i)?;
                        ty = member.ty;
                        width = member.bits;
                        image.undefined |= self.leaves_bytes(record, ty);
                    }
                    let rest = item.designators.get(1..).unwrap_or(&[]);
                    match width {
                        Some(width) => {
                            let slot = Slot { offset: bits / 8, bits: Some((bits, width?)) };
                            self.fill_bits(cx, ty, slot, &item.value, image)?;
                        }
                        None => {
                            self.fill_designated(cx, ty, bits / 8, rest, &item.value, image)?;
                        }
                    }
                    *pos += 1;
                    continue;
                }
                Some(_) => {
                    *pos += 1;
                    continue;
                }
                None => {}
            }
            let past = record.fields.len().min(if record.is_union { 1 } else { usize::MAX });
            if index >= past {
                if !braced {
                    break;
                }
                *pos += 1;
                continue;
            }
            let field = record.fields.get(index)?;
            if let Some(size) = record.size.filter(|_| record.is_union) {
                image.activate(id, field.token, (offset, size));
            }
            let bits = offset.checked_mul(8)?.checked_add(field.offset_bits?)?;
            let slot = Slot { offset: bits / 8, bits: field.bits.map(|width| (bits, width)) };
            index += 1;
            image.undefined |= self.leaves_bytes(id, field.ty);
            if slot.bits.is_some() {
                self.fill_bits(cx, field.ty, slot, &item.value, image)?;
                *pos += 1;
            } else {
                let before = *pos;
                self.fill_element(cx, field.ty, slot, items, pos, image)?;
                if *pos == before && !image.tick() {
                    return None;
                }
            }
        }
        Some(1)
    }

    /// Whether the record is a union with more bytes than that member.
    fn leaves_bytes(&mut self, id: RecordId, member: CTypeId) -> bool {
        let union = self.record(id).filter(|r| r.is_union).and_then(|r| r.size);
        union.is_some_and(|size| self.size_of(member).is_some_and(|member| member < size))
    }

    /// Notes which member of a union, by its index in the shape, is initialised.
    fn activate(&mut self, id: RecordId, index: usize, offset: u64, image: &mut Image) {
        let shape = self.shape(id);
        if let Some(member) = shape.members.get(index)
            && let Some(record) = self.record(id).filter(|r| r.is_union)
            && let Some(size) = record.size
        {
            image.activate(id, member.token, (offset, size));
        }
    }

    fn fill_bits(
        &mut self,
        cx: &mut Cx,
        ty: CTypeId,
        slot: Slot,
        value: &Initializer,
        image: &mut Image,
    ) -> Option<u64> {
        if image.lengths_only {
            return Some(1);
        }
        let value = self.eval_initializer(cx, value).and_then(|v| self.convert(v, ty));
        let size = self.size_of(ty)?;
        self.put(size, slot, value, image);
        Some(1)
    }

    /// Follows the rest of a designator list down to the object that the value initialises.
    fn fill_designated(
        &mut self,
        cx: &mut Cx,
        ty: CTypeId,
        offset: u64,
        rest: &[Designator],
        value: &Initializer,
        image: &mut Image,
    ) -> Option<u64> {
        if rest.is_empty() {
            return self.fill(cx, ty, offset, value, image);
        }
        let item = InitItem { designators: rest.to_vec(), value: value.clone() };
        self.deeper(|s| {
            s.fill_list(cx, ty, offset, std::slice::from_ref(&item), &mut 0, true, image)
        })
    }

    /// Initialises one element from the item at `pos`, or, when its braces were left out, from as
    /// many items as it takes.
    fn fill_element(
        &mut self,
        cx: &mut Cx,
        ty: CTypeId,
        slot: Slot,
        items: &[InitItem],
        pos: &mut usize,
        image: &mut Image,
    ) -> Option<u64> {
        let item = items.get(*pos)?;
        let Initializer::Expr(e) = &item.value else {
            *pos += 1;
            return self.fill(cx, ty, slot.offset, &item.value, image);
        };
        let whole = match *self.canonical(ty) {
            CType::Array { elem, .. } => {
                self.is_string_for(elem, e)
                    || matches!(e.unparen().kind, ExprKind::CompoundLiteral { .. })
            }
            CType::Record(id) => {
                let from = self.expr_type(cx, e);
                match *self.canonical(from) {
                    CType::Record(other) => other == id,
                    _ => false,
                }
            }
            // One value fills a vector of OpenCL's kind; of GNU's kind it is the first element.
            CType::Vector { spreads, .. } => {
                let from = self.expr_type(cx, e);
                spreads || matches!(self.canonical(from), CType::Vector { .. } | CType::Unknown)
            }
            _ => true,
        };
        if whole {
            *pos += 1;
            return self.fill_expr(cx, ty, slot, e, image);
        }
        let before = *pos;
        let filled = self.deeper(|s| s.fill_list(cx, ty, slot.offset, items, pos, false, image));
        if *pos == before {
            // An element without room (an empty struct) takes nothing.
            if matches!(self.size_of(ty), Some(0)) {
                return Some(1);
            }
            *pos += 1;
        }
        filled
    }
}
