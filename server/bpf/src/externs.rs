//! Extern variables: the `.kconfig` map that libbpf lays out at open.

use crate::refusal::{Refusal, RefusalKind};
use btf::{Btf, Type, TypeId};
use smol_str::SmolStr;

/// A `__kconfig` variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KconfigExtern {
    /// Its name.
    pub name: SmolStr,
    /// Its type (of the variable, not the BTF_KIND_VAR).
    pub ty: TypeId,
    /// Size in bytes.
    pub size: u32,
    /// Offset in the `.kconfig` map in bytes.
    pub offset: u32,
}

/// The layout of `.kconfig` for these externs (name and type): sorted by alignment, largest first,
/// then by size, then by name, each at the next multiple of its alignment
/// (`bpf_object__collect_externs`). The map ends with the last one.
///
/// # Errors
///
/// For any type but `bool`, integers, `enum libbpf_tristate` and arrays of `char` of known size, as libbpf has it.
pub fn lay_out_kconfig(
    btf: &Btf,
    externs: impl IntoIterator<Item = (SmolStr, TypeId)>,
) -> Result<Vec<KconfigExtern>, Refusal> {
    let mut sorted = Vec::new();
    for (name, ty) in externs {
        let refuse = |errno, what: &str| {
            Refusal::new(RefusalKind::Extern, errno, format!("extern {name} in .kconfig {what}"))
        };
        let size = btf
            .size_of(ty)
            .and_then(|s| u32::try_from(s).ok())
            .filter(|s| *s > 0)
            .ok_or_else(|| refuse("EINVAL", "has a type of unknown size"))?;
        let align =
            btf.align_of(ty).ok_or_else(|| refuse("EINVAL", "has a type of unknown alignment"))?;
        if !is_kconfig_type(btf, ty) {
            return Err(refuse("EOPNOTSUPP", "has a type that libbpf does not support"));
        }
        sorted.push((align, KconfigExtern { name, ty, size, offset: 0 }));
    }
    sorted.sort_by(|(a_align, a), (b_align, b)| {
        b_align.cmp(a_align).then(a.size.cmp(&b.size)).then_with(|| a.name.cmp(&b.name))
    });
    let mut end = 0u32;
    let mut externs = Vec::with_capacity(sorted.len());
    for (align, mut one) in sorted {
        let place =
            end.checked_next_multiple_of(align).and_then(|o| Some((o, o.checked_add(one.size)?)));
        let Some((offset, next)) = place else {
            return Err(Refusal::new(
                RefusalKind::Extern,
                "EINVAL",
                ".kconfig is larger than 4 GiB",
            ));
        };
        one.offset = offset;
        end = next;
        externs.push(one);
    }
    Ok(externs)
}

/// Whether libbpf can fill in a variable of that type (`find_kcfg_type`).
fn is_kconfig_type(btf: &Btf, ty: TypeId) -> bool {
    match resolved(btf, ty) {
        Type::Int(int) if int.is_bool => int.size == 1,
        Type::Int(int) => matches!(int.size, 1 | 2 | 4 | 8),
        Type::Enum(e) => e.size == 4 && e.name == "libbpf_tristate",
        Type::Enum64(e) => e.name == "libbpf_tristate",
        Type::Array { elem, len, .. } if *len > 0 => {
            matches!(resolved(btf, *elem), Type::Int(int) if int.size == 1 && !int.is_bool)
        }
        _ => false,
    }
}

fn resolved(btf: &Btf, ty: TypeId) -> &Type {
    btf.resolve(ty).map_or(&Type::Void, |id| btf.get(id))
}
