//! Enums: values of enumerators and the integer type of the whole.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{
    EnumConst, attrs,
    scope::{Cx, Inner},
    state::{EnumEntity, Name, Sema},
};
use crate::{
    ast::EnumSpec,
    ctypes::{CType, CTypeId, DeclPlace, Enum, EnumId, IntKind},
    items::SpecPlace,
    symbol::Symbol,
};

impl Sema {
    pub(crate) fn new_enum(
        &mut self,
        tag: Option<Symbol>,
        spec: Option<(Arc<EnumSpec>, SpecPlace)>,
    ) -> EnumId {
        self.enums.push(EnumEntity {
            tag,
            spec,
            busy: false,
            partial: Vec::new(),
            by_name: FxHashMap::default(),
            done: None,
        });
        EnumId(self.enums.len() as u32 - 1)
    }

    /// The type of an enum specifier. In a block its enumerators are declared there.
    pub(crate) fn enum_spec(&mut self, cx: &mut Cx, spec: &EnumSpec) -> CTypeId {
        if spec.values.is_none()
            && let Some(tag) = spec.tag
        {
            if let Some(ty) = cx.lookup_tag(tag) {
                return ty;
            }
            return self.file_tag(tag.name, None);
        }
        let place = SpecPlace { item: cx.scope.item, serial: cx.scope.serial };
        let id = match spec.tag {
            Some(tag) if cx.at_file_scope() && cx.building => {
                let ty = self.file_tag(tag.name, None);
                match *self.types.get(ty) {
                    CType::Enum(id) => id,
                    _ => self.enum_at(spec, place),
                }
            }
            _ => self.enum_at(spec, place),
        };
        let ty = self.types.intern(CType::Enum(id));
        if let Some(entity) = self.enums.get_mut(id.0 as usize)
            && entity.spec.is_none()
        {
            entity.spec = Some((Arc::new(spec.clone()), place));
            entity.done = None;
        }
        if !cx.at_file_scope() && cx.building {
            if let Some(tag) = spec.tag {
                cx.declare_tag(tag, ty);
            }
            self.enum_values(id, Some(cx));
        }
        ty
    }

    pub(crate) fn enum_at(&mut self, spec: &EnumSpec, place: SpecPlace) -> EnumId {
        let key = (place.serial, spec.span.start);
        if let Some(&id) = self.enums_by_place.get(&key) {
            return id;
        }
        let id = self.new_enum(spec.tag.map(|t| t.name), None);
        self.enums_by_place.insert(key, id);
        id
    }

    /// The enum with its values.
    pub(crate) fn enumeration(&mut self, id: EnumId) -> Option<Arc<Enum>> {
        self.enum_values(id, None)
    }

    /// An enumerator of an enum, also while the enum is still being evaluated.
    pub(crate) fn enumerator_of(&mut self, id: EnumId, name: Symbol) -> Option<EnumConst> {
        if let Some(entity) = self.enums.get(id.0 as usize)
            && entity.busy
        {
            let (_, last) = *entity.by_name.get(&name)?;
            return entity.partial.get(last as usize).map(|(_, c)| *c);
        }
        self.enum_values(id, None)?;
        let entity = self.enums.get(id.0 as usize)?;
        let (first, _) = *entity.by_name.get(&name)?;
        entity.partial.get(first as usize).map(|(_, c)| *c)
    }

    fn enum_values(&mut self, id: EnumId, cx: Option<&mut Cx>) -> Option<Arc<Enum>> {
        let entity = self.enums.get_mut(id.0 as usize)?;
        if let Some(done) = &entity.done {
            return Some(done.clone());
        }
        if entity.busy {
            return None;
        }
        let tag = entity.tag;
        let Some((spec, place)) = entity.spec.clone() else {
            return Some(Arc::new(Enum {
                tag,
                defined: false,
                values: Vec::new(),
                underlying: IntKind::UInt,
                align: 4,
                decl_tags: Vec::new(),
                place: None,
            }));
        };
        entity.busy = true;
        entity.partial.clear();
        entity.by_name.clear();
        let mut own = Cx::building(place.item, place.serial);
        let cx = cx.unwrap_or(&mut own);
        let done = self.deeper(|s| Some(Arc::new(s.read_enum(cx, id, &spec, place))));
        let entity = self.enums.get_mut(id.0 as usize)?;
        entity.busy = false;
        entity.done = done.clone();
        done
    }

    fn read_enum(&mut self, cx: &mut Cx, id: EnumId, spec: &EnumSpec, place: SpecPlace) -> Enum {
        // Of a fixed type are the constants, too (in C; in C++ they would be of the enum).
        let fixed = spec.underlying.as_ref().and_then(|name| {
            let ty = self.type_name(cx, name);
            match *self.canonical(ty) {
                CType::Int(kind) => Some((kind, CTypeId::int(kind))),
                CType::Bool => Some((IntKind::UChar, CTypeId::BOOL)),
                _ => None,
            }
        });
        let mut next: Option<i128> = Some(0);
        let mut values = Vec::new();
        for decl in spec.values.iter().flatten() {
            if let Some(e) = &decl.value {
                self.walk_expr(cx, e);
                next = self.int_value(cx, e);
            }
            // A value that is not known leaves the following ones unknown until the next `=`.
            if let Some(value) = next {
                let ty = match fixed {
                    Some((_, ty)) => ty,
                    None if i32::try_from(value).is_ok() => CTypeId::INT,
                    None if u32::try_from(value).is_ok() => CTypeId::UINT,
                    None if i64::try_from(value).is_ok() => CTypeId::LONG,
                    None => CTypeId::ULONG,
                };
                let place = Some(DeclPlace { item: place.item, token: decl.name.token });
                let constant = EnumConst { name: decl.name.name, value, ty, place };
                values.push((decl.name.name, value));
                if let Some(entity) = self.enums.get_mut(id.0 as usize) {
                    let last = entity.partial.len() as u32;
                    entity.by_name.entry(decl.name.name).or_insert((last, last)).1 = last;
                    entity.partial.push((decl.name.name, constant));
                }
                // The name whose meaning led here may be used by the values that follow.
                if cx.at_file_scope()
                    && let Some(name @ Name::Busy) = self.names.get_mut(&decl.name.name)
                {
                    *name = Name::Enumerator(constant);
                }
                if !cx.at_file_scope() {
                    cx.declare(decl.name.name, Inner::Enumerator(constant));
                }
            }
            next = next.and_then(|v| v.checked_add(1));
        }
        let underlying = match fixed {
            Some((kind, _)) => kind,
            None => best_type(
                &values,
                self.abi.short_enums || attrs::has(&spec.attrs, "packed"),
                self.mode_kind(spec),
            ),
        };
        if fixed.is_none() && underlying.size() > 4 {
            self.widen_enumerators(cx, id, underlying);
        }
        let align = underlying.size().max(self.aligned(cx, &spec.attrs).unwrap_or(1));
        Enum {
            tag: spec.tag.map(|t| t.name),
            defined: spec.values.is_some(),
            values,
            underlying,
            align,
            decl_tags: attrs::strings(&spec.attrs, "btf_decl_tag"),
            place: Some(DeclPlace {
                item: place.item,
                token: spec.tag.map_or(spec.span.start, |t| t.token),
            }),
        }
    }

    /// Behind its `}` an enum's constants that are no `int` have the type that holds all of them
    /// (clang `Sema::ActOnEnumBody`).
    fn widen_enumerators(&mut self, cx: &mut Cx, id: EnumId, underlying: IntKind) {
        let Some(entity) = self.enums.get_mut(id.0 as usize) else { return };
        for (name, constant) in &mut entity.partial {
            if constant.ty != CTypeId::INT {
                constant.ty = CTypeId::int(underlying);
                if !cx.at_file_scope() {
                    cx.declare(*name, Inner::Enumerator(*constant));
                } else if let Some(known) = self.names.get_mut(name) {
                    *known = Name::Enumerator(*constant);
                }
            }
        }
    }

    /// The size that a `mode` attribute gives an enum.
    fn mode_kind(&self, spec: &EnumSpec) -> Option<u64> {
        let attr = spec.attrs.iter().find(|a| a.name.as_str() == "mode")?;
        let crate::ast::AttrArg::Ident(ident) = attr.args.first()? else { return None };
        match ident.name.as_str().trim_matches('_') {
            "QI" | "byte" => Some(1),
            "HI" => Some(2),
            "SI" => Some(4),
            "DI" | "word" | "pointer" => Some(8),
            _ => None,
        }
    }
}

/// The compatible integer type of an enum without a fixed one: the smallest of (unsigned) int and
/// long that holds all values, or when `packed` the smallest at all (clang `Sema::ActOnEnumBody`).
fn best_type(values: &[(Symbol, i128)], packed: bool, mode: Option<u64>) -> IntKind {
    let min = values.iter().map(|v| v.1).min().unwrap_or(0);
    let max = values.iter().map(|v| v.1).max().unwrap_or(0);
    let signed = min < 0;
    let fits = |bits: u32| {
        if signed {
            min >= -(1i128 << (bits - 1)) && max < (1i128 << (bits - 1))
        } else {
            max < (1i128 << bits)
        }
    };
    let size = match mode {
        Some(size) => size,
        None if packed && fits(8) => 1,
        None if packed && fits(16) => 2,
        None if fits(32) => 4,
        None => 8,
    };
    let kind = match size {
        1 => IntKind::SChar,
        2 => IntKind::Short,
        4 => IntKind::Int,
        _ => IntKind::Long,
    };
    if signed { kind } else { kind.to_unsigned() }
}
