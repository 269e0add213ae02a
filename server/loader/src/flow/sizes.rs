//! Sizes of buffers, as far as they are known: in bytes, or in bytes for every CPU.

use bpf::{
    object::{Certainty, Object, Section},
    section::datasec_ident,
};
use btf::Linkage;
use cfront::{
    ast::{ArraySize, BinaryOp, Derived, Expr, InitDeclarator},
    ctypes::{ArrayLen, CType, CTypeId},
    sema::LocalId,
    unit::Unit,
};

use super::{
    image::section_by_field,
    interpret::{Analysis, Frame, GlobalKey},
    state::{Path, Root, State, Value},
};
use crate::skeletons::Skeleton;

/// Which CPUs a program counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Cpus {
    /// `libbpf_num_possible_cpus()`: as many as the kernel keeps values for.
    Possible,
    /// `get_nprocs()`, `sysconf(_SC_NPROCESSORS_ONLN)`: those that run now.
    Online,
}

/// A size in bytes, or a number of CPUs, or their product.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Size {
    /// Bytes (for each CPU, when there are `cpus`).
    pub bytes: u64,
    /// The number of CPUs that it is taken times.
    pub cpus: Option<Cpus>,
}

impl Size {
    /// A plain number of bytes.
    pub fn of(bytes: u64) -> Size {
        Size { bytes, cpus: None }
    }

    /// A number of CPUs.
    pub fn count(cpus: Cpus) -> Size {
        Size { bytes: 1, cpus: Some(cpus) }
    }

    /// The product; `None` where it is taken times CPUs twice.
    pub fn times(self, other: Size) -> Option<Size> {
        let cpus = match (self.cpus, other.cpus) {
            (Some(_), Some(_)) => return None,
            (one, other) => one.or(other),
        };
        Some(Size { bytes: self.bytes.checked_mul(other.bytes)?, cpus })
    }

    /// What C makes of two sizes; `None` where that is not a size that this type can say.
    pub fn combine(op: BinaryOp, a: Size, b: Size) -> Option<Size> {
        if op == BinaryOp::Mul {
            return a.times(b);
        }
        if a.cpus.is_some() || b.cpus.is_some() {
            return None;
        }
        let (x, y) = (a.bytes, b.bytes);
        let small = u32::try_from(y).ok();
        let bytes = match op {
            BinaryOp::Add => x.checked_add(y),
            BinaryOp::Sub => x.checked_sub(y),
            BinaryOp::Div => x.checked_div(y),
            BinaryOp::Rem => x.checked_rem(y),
            BinaryOp::BitAnd => Some(x & y),
            BinaryOp::BitOr => Some(x | y),
            BinaryOp::Shl => x.checked_mul(1u64.checked_shl(small?)?),
            BinaryOp::Shr => x.checked_shr(small?),
            _ => None,
        }?;
        Some(Size::of(bytes))
    }

    /// The size, as a value; what is too large to be one of a buffer is unknown.
    pub fn value(self) -> Value {
        if self.bytes > 1 << 32 { Value::Unknown } else { Value::Size(self) }
    }
}

/// Size of a type of the loader in bytes; the struct of a section is known from the BPF program, whether
/// or not the header exists.
pub(crate) fn size_of_type(unit: &Unit, skeletons: &[Skeleton], ty: CTypeId) -> Option<u64> {
    if let Some(size) = unit.size_of(ty) {
        return Some(size);
    }
    match unit.canonical(ty) {
        CType::Array { elem, len: ArrayLen::Fixed(count) } => {
            let CType::Record(_) = unit.canonical(elem) else { return None };
            size_of_type(unit, skeletons, elem)?.checked_mul(count)
        }
        CType::Record(record) => {
            let tag = unit.record(record)?.tag?;
            skeletons.iter().find_map(|skeleton| {
                let field =
                    tag.as_str().strip_prefix(skeleton.name.as_str())?.strip_prefix("__")?;
                struct_size(skeleton.object.as_deref()?, field)
            })
        }
        _ => None,
    }
}

/// Size in bytes of the struct that a skeleton declares for a section, which differs from the
/// section's where it ends in padding or in variables that are not in the header.
pub(crate) fn struct_size(object: &Object, field: &str) -> Option<u64> {
    let section = certain_section(object, field)?;
    let (mut end, mut align) = (0, 1);
    for variable in section.variables.iter().filter(|v| v.linkage != Linkage::Static) {
        end = variable.offset.checked_add(variable.size)?;
        align = align.max(u64::from(object.btf.align_of(variable.ty)?));
    }
    end.checked_next_multiple_of(align)
}

/// The section behind a member of the skeleton's struct, when its size does not depend on the
/// optimiser.
pub(crate) fn certain_section<'a>(object: &'a Object, field: &str) -> Option<&'a Section> {
    let section = section_by_field(object, field)?;
    let certain = object.complete && section.certainty == Certainty::Certain;
    (certain && datasec_ident(&section.name).is_some()).then_some(section)
}

impl Analysis<'_> {
    /// Size of a type in bytes, see [`size_of_type`].
    pub(super) fn bytes_of(&self, ty: CTypeId) -> Option<u64> {
        size_of_type(self.unit, self.skeletons, ty)
    }

    /// What `sizeof expr` is.
    pub(super) fn sizeof_expr(&self, expr: &Expr, frame: &Frame) -> Value {
        let by_type = self.unit.expr_type(&frame.scope, expr).and_then(|ty| self.bytes_of(ty));
        let size = by_type.or_else(|| self.sizeof_image(expr, frame));
        size.map_or(Value::Unknown, |bytes| Size::of(bytes).value())
    }

    /// `sizeof(*skel->percpu)`, whose type only the header has.
    fn sizeof_image(&self, expr: &Expr, frame: &Frame) -> Option<u64> {
        use cfront::ast::{ExprKind, UnaryOp};
        let mut expr = expr;
        for _ in 0..16 {
            match &expr.kind {
                ExprKind::Paren(inner) => expr = inner,
                ExprKind::Unary(UnaryOp::Deref, inner) => {
                    let ExprKind::Member { base, field, .. } = &inner.kind else { return None };
                    let index = crate::skeletons::skeleton_of_expr(
                        self.unit,
                        &frame.scope,
                        self.skeletons,
                        base,
                    )?;
                    let object = self.skeletons.get(index)?.object.as_deref()?;
                    return struct_size(object, field.name.as_str());
                }
                _ => return None,
            }
        }
        None
    }

    /// A value as a size: what is written as a constant is one, too.
    pub(super) fn as_size(&self, value: &Value, expr: &Expr, frame: &Frame) -> Option<Size> {
        match value {
            Value::Size(size) => Some(*size),
            _ => {
                let constant = self.unit.constant(&frame.scope, expr)?;
                Some(Size::of(u64::try_from(constant).ok()?))
            }
        }
    }

    /// The room behind a pointer.
    pub(super) fn room(&self, value: &Value) -> Option<Size> {
        match value {
            Value::Buffer(size) => Some(*size),
            // The address of a member or an element may be that of the first of many.
            Value::Address(Path { root, fields }) if fields.is_empty() => self.room_of(*root),
            _ => None,
        }
    }

    fn room_of(&self, root: Root) -> Option<Size> {
        if let Some(size) = self.variable_arrays.get(&root) {
            return Some(*size);
        }
        let ty = match root {
            Root::Local(activation, local) => {
                let scope = self.scopes.get(activation as usize)?;
                scope.local(LocalId(local))?.ty
            }
            Root::Global(number) => match self.global_key(number)? {
                GlobalKey::Name(name) => self.unit.variable(*name)?.ty,
                GlobalKey::Static(item, local) => {
                    self.unit.scope(*item)?.local(LocalId(*local))?.ty
                }
            },
            Root::Region(_) => return None,
        };
        Some(Size::of(self.bytes_of(ty)?))
    }

    /// Takes note of an array whose length is computed, when it comes to life.
    pub(super) fn declare_array(
        &mut self,
        declarator: &InitDeclarator,
        local: u32,
        frame: &mut Frame,
        state: State,
    ) -> Vec<State> {
        let root = Root::Local(frame.activation, local);
        self.variable_arrays.remove(&root);
        let length = match declarator.declarator.derived.as_slice() {
            [Derived::Array { size: ArraySize::Expr(length), .. }] => length,
            _ => return vec![state],
        };
        if self.unit.constant(&frame.scope, length).is_some() {
            return vec![state];
        }
        let ty = frame.scope.local(LocalId(local)).map(|local| self.unit.canonical(local.ty));
        let elem = match ty {
            Some(CType::Array { elem, .. }) => self.bytes_of(elem),
            _ => None,
        };
        let ways = self.eval(length, frame, state);
        let sizes: Vec<Option<Size>> = ways
            .iter()
            .map(|(_, value)| self.as_size(value, length, frame)?.times(Size::of(elem?)))
            .collect();
        if let [Some(size), rest @ ..] = sizes.as_slice()
            && rest.iter().all(|other| other.as_ref() == Some(size))
        {
            self.variable_arrays.insert(root, *size);
        }
        ways.into_iter().map(|(state, _)| state).collect()
    }
}
