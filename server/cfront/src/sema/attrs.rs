//! Attributes of declarations: which are known here, and what their arguments say.

use super::{Attributes, Visibility, scope::Cx, state::Sema};
use crate::{
    ast::{Attr, AttrArg},
    ctypes::{ArrayLen, CType, CTypeId, FloatKind, IntKind},
    symbol::Symbol,
};

/// `__attribute__((aligned))` without an argument: clang's `DefaultAlignForAttributeAligned`, which
/// BPF leaves at 128 bits.
const DEFAULT_ALIGNED: u64 = 16;

fn string(attr: &Attr) -> Option<Symbol> {
    match attr.args.first()? {
        AttrArg::Str(s) => Some(Symbol::intern(s)),
        _ => None,
    }
}

fn is(attr: &Attr, name: &str) -> bool {
    attr.name.as_str() == name
}

/// Whether an attribute of that name is there.
pub(crate) fn has(attrs: &[Attr], name: &str) -> bool {
    attrs.iter().any(|a| is(a, name))
}

/// The strings of all attributes of that name, in order.
pub(crate) fn strings(attrs: &[Attr], name: &str) -> Vec<Symbol> {
    attrs.iter().filter(|a| is(a, name)).filter_map(string).collect()
}

impl Sema {
    /// The largest `aligned(N)` in bytes; sizes that are not a power of two are not obeyed.
    pub(crate) fn aligned(&mut self, cx: &mut Cx, attrs: &[Attr]) -> Option<u64> {
        let mut best = None;
        for attr in attrs {
            if !matches!(attr.name.as_str(), "aligned" | "_Alignas" | "alignas" | "align") {
                continue;
            }
            let value = match attr.args.first() {
                None => Some(DEFAULT_ALIGNED),
                Some(AttrArg::Expr(e)) => {
                    self.walk_expr(cx, e);
                    self.int_value(cx, e).and_then(|v| u64::try_from(v).ok())
                }
                Some(AttrArg::Type(t)) => {
                    let ty = self.type_name(cx, t);
                    self.align_of(ty)
                }
                Some(AttrArg::Ident(ident)) => {
                    self.ident_value(cx, *ident).and_then(|v| u64::try_from(v).ok())
                }
                Some(AttrArg::Str(_)) => None,
            };
            if let Some(value) = value
                && value.is_power_of_two()
                && value <= 1 << 28
            {
                best = best.max(Some(value));
            }
        }
        best
    }

    fn number(&mut self, cx: &mut Cx, attr: &Attr) -> Option<u64> {
        match attr.args.first()? {
            AttrArg::Expr(e) => {
                self.walk_expr(cx, e);
                self.int_value(cx, e).and_then(|v| u64::try_from(v).ok())
            }
            AttrArg::Ident(ident) => {
                self.ident_value(cx, *ident).and_then(|v| u64::try_from(v).ok())
            }
            _ => None,
        }
    }

    /// Applies the attributes that make another type of a type: `mode`, `vector_size`,
    /// `address_space`, `btf_type_tag`.
    pub(crate) fn type_attrs(&mut self, cx: &mut Cx, mut ty: CTypeId, attrs: &[Attr]) -> CTypeId {
        for attr in attrs {
            match attr.name.as_str() {
                "mode" => ty = self.with_mode(ty, attr),
                "vector_size" => {
                    let bytes = self.number(cx, attr);
                    ty = self.vector(ty, false, |size| bytes?.checked_div(size));
                }
                "ext_vector_type" => {
                    let len = self.number(cx, attr);
                    ty = self.vector(ty, true, |_| len);
                }
                "address_space" => {
                    let space = self.number(cx, attr).unwrap_or(0);
                    ty = self.types.qualified(ty, Default::default(), space as u32);
                }
                "btf_type_tag" => {
                    if let Some(tag) = string(attr) {
                        ty = self.types.intern(CType::Tagged { tag, of: ty });
                    }
                }
                _ => {}
            }
        }
        ty
    }

    fn vector(
        &mut self,
        elem: CTypeId,
        spreads: bool,
        len: impl FnOnce(u64) -> Option<u64>,
    ) -> CTypeId {
        match self.size_of(elem).and_then(len) {
            Some(len) if len > 0 => self.types.intern(CType::Vector { elem, len, spreads }),
            _ => CTypeId::UNKNOWN,
        }
    }

    fn with_mode(&mut self, ty: CTypeId, attr: &Attr) -> CTypeId {
        let mode = match attr.args.first() {
            Some(AttrArg::Ident(ident)) => ident.name.as_str(),
            _ => return ty,
        };
        let unsigned = match self.canonical(ty) {
            CType::Int(kind) => !kind.is_signed(),
            CType::Enum(_) => true,
            _ => false,
        };
        let kind = match mode.trim_matches('_') {
            "QI" | "byte" => IntKind::SChar,
            "HI" => IntKind::Short,
            "SI" => IntKind::Int,
            "DI" | "word" | "pointer" | "unwind_word" => IntKind::Long,
            "TI" => IntKind::Int128,
            "SF" => return self.types.intern(CType::Float(FloatKind::Float)),
            "DF" => return self.types.intern(CType::Float(FloatKind::Double)),
            _ => return CTypeId::UNKNOWN,
        };
        let kind = if unsigned { kind.to_unsigned() } else { kind };
        if let CType::Enum(_) = self.canonical(ty) {
            return ty;
        }
        CTypeId::int(kind)
    }

    /// Reads the attributes of one declaration: those among its specifiers and those at the
    /// declarator.
    pub(crate) fn attributes(&mut self, cx: &mut Cx, lists: [&[Attr]; 2]) -> Attributes {
        let mut out = Attributes::default();
        for attr in lists.into_iter().flatten() {
            match attr.name.as_str() {
                "section" => out.section = string(attr).or(out.section),
                "used" | "retain" => out.used = true,
                "weak" => out.weak = true,
                "visibility" => {
                    out.visibility = match string(attr).map(Symbol::as_str) {
                        Some("hidden") => Visibility::Hidden,
                        Some("protected") => Visibility::Protected,
                        Some("internal") => Visibility::Internal,
                        _ => Visibility::Default,
                    }
                }
                "noinline" => out.noinline = true,
                "always_inline" => out.always_inline = true,
                "gnu_inline" => out.gnu_inline = true,
                "noreturn" | "_Noreturn" => out.noreturn = true,
                "preserve_access_index" => out.preserve_access_index = true,
                "packed" => out.packed = true,
                "btf_decl_tag" => out.decl_tags.extend(string(attr)),
                "btf_type_tag" => out.type_tags.extend(string(attr)),
                "address_space" => {
                    out.address_space = self.number(cx, attr).unwrap_or(0) as u32;
                }
                "cleanup" => {
                    out.cleanup = match attr.args.first() {
                        Some(AttrArg::Ident(ident)) => Some(ident.name),
                        _ => None,
                    }
                }
                "alias" => out.alias = string(attr),
                "aligned" | "_Alignas" | "alignas" | "align" => {}
                _ => out.others.push(attr.name),
            }
        }
        for list in lists {
            out.aligned = out.aligned.max(self.aligned(cx, list));
        }
        out
    }
}

impl Attributes {
    /// Adds what another declaration of the same thing says.
    pub(crate) fn merge(&mut self, other: &Attributes) {
        self.section = self.section.or(other.section);
        self.used |= other.used;
        self.weak |= other.weak;
        if self.visibility == Visibility::Default {
            self.visibility = other.visibility;
        }
        self.noinline |= other.noinline;
        self.always_inline |= other.always_inline;
        self.gnu_inline |= other.gnu_inline;
        self.noreturn |= other.noreturn;
        self.aligned = self.aligned.max(other.aligned);
        self.preserve_access_index |= other.preserve_access_index;
        if self.address_space == 0 {
            self.address_space = other.address_space;
        }
        for tag in &other.decl_tags {
            if !self.decl_tags.contains(tag) {
                self.decl_tags.push(*tag);
            }
        }
        for tag in &other.type_tags {
            if !self.type_tags.contains(tag) {
                self.type_tags.push(*tag);
            }
        }
        self.cleanup = self.cleanup.or(other.cleanup);
        self.alias = self.alias.or(other.alias);
        self.packed |= other.packed;
        for name in &other.others {
            if !self.others.contains(name) {
                self.others.push(*name);
            }
        }
    }
}

/// An array length from a constant.
pub(crate) fn array_len(value: Option<i128>) -> ArrayLen {
    match value.and_then(|v| u64::try_from(v).ok()) {
        Some(len) if len <= i64::MAX as u64 => ArrayLen::Fixed(len),
        _ => ArrayLen::Unknown,
    }
}
