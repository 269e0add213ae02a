//! Extern variables and kernel functions that the object refers to: `.kconfig` and `.ksyms`.

use btf::{DatasecEntry, Linkage, TypeId};
use cfront::{
    ctypes::CTypeId,
    sema::{Attributes, Definition},
    symbol::Symbol,
    unit::ItemId,
};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use codegen::{
    emission_order::{EmissionOrder, Entity},
    facts::Facts,
    survival::Liveness,
};

use super::{btf_types::Types, size32};
use crate::{
    externs::lay_out_kconfig,
    object::{Certainty, Doubt, Place, Section, SectionKind, Variable},
    refusal::{Refusal, RefusalKind},
};

/// A section of externs.
pub(super) struct ExternSection {
    pub(super) section: Section,
    pub(super) entries: Vec<DatasecEntry>,
}

/// An extern variable as declared.
struct Declared {
    label: SmolStr,
    ty: CTypeId,
    size: Option<u64>,
    align: Option<u64>,
    attrs: Attributes,
    place: Option<Place>,
}

/// The declaration of an extern variable, at file scope or in a body; `None` for one that is defined.
fn declared(facts: &mut Facts<'_>, name: Symbol) -> Option<Declared> {
    let Some(variable) = facts.file_scope().variable(name) else {
        let (body, number) = facts.block_extern(name)?;
        let local = body.local(number)?;
        return Some(Declared {
            label: name.as_str().into(),
            ty: local.ty,
            size: local.size,
            align: local.align,
            place: Some(facts.local_place(&body, number)),
            attrs: local.attrs.clone(),
        });
    };
    if variable.definition != Definition::None {
        return None;
    }
    let first = variable.decls.first();
    Some(Declared {
        label: variable.asm_label.unwrap_or(name).as_str().into(),
        ty: variable.ty,
        size: variable.size,
        align: variable.align,
        attrs: variable.attrs.clone(),
        place: first.map(|d| facts.place(ItemId(d.place.item), d.place.token)),
    })
}

/// The sections of externs, and what libbpf refuses of them.
pub(super) fn externs(
    facts: &mut Facts<'_>,
    created: &EmissionOrder,
    liveness: &Liveness,
    types: &mut Types<'_>,
    refusals: &mut Vec<Refusal>,
) -> Vec<ExternSection> {
    let mut kconfig = Vec::new();
    let mut ksyms = Vec::new();
    let mut kfuncs = Vec::new();
    for entity in &created.order {
        match entity {
            Entity::Variable(name) => {
                let Some(certainty) = liveness.refers_to(entity) else { continue };
                let Some(declared) = declared(facts, *name) else { continue };
                let text = declared.label.clone();
                let ty = types.of(declared.ty);
                let tags: Vec<SmolStr> =
                    declared.attrs.decl_tags.iter().map(|t| SmolStr::new(t.as_str())).collect();
                let var = types.variable(&text, ty, Linkage::Extern, &tags);
                let one = Variable {
                    name: text.clone(),
                    ty,
                    offset: 0,
                    size: declared.size.unwrap_or(0),
                    align: declared.align.unwrap_or(1),
                    linkage: Linkage::Extern,
                    weak: declared.attrs.weak,
                    certainty,
                    initial: None,
                    place: declared.place,
                };
                match declared.attrs.section.map(|s| s.as_str()) {
                    Some(".kconfig") => kconfig.push((var, one)),
                    Some(".ksyms") => ksyms.push((var, one)),
                    section => {
                        let what = match section {
                            Some(section) => format!(
                                "extern {text} in section {section}: libbpf knows only .ksyms and .kconfig"
                            ),
                            None => format!(
                                "extern {text} is in no section; neither __ksym nor __kconfig, and not linked"
                            ),
                        };
                        refusals.push(Refusal::new(RefusalKind::Extern, "ENOENT", what));
                    }
                }
            }
            Entity::Function(name) => {
                let Some(function) = facts.file_scope().function(*name) else { continue };
                let label = function.asm_label.unwrap_or(*name).as_str();
                // Intrinsics of LLVM are called by such labels.
                if function.definition.is_some() || label.starts_with("llvm.") {
                    continue;
                }
                let Some(certainty) = liveness.reaches(*name) else { continue };
                let section = function.attrs.section.map(|s| s.as_str());
                let Some(func) = types.function(&function, Linkage::Extern) else { continue };
                if section == Some(".ksyms") {
                    let place = function
                        .decls
                        .first()
                        .map(|d| facts.place(ItemId(d.place.item), d.place.token));
                    let one = Variable {
                        name: label.into(),
                        ty: func,
                        offset: 0,
                        size: 4,
                        align: 4,
                        linkage: Linkage::Extern,
                        weak: function.attrs.weak,
                        certainty,
                        initial: None,
                        place,
                    };
                    kfuncs.push((func, one));
                } else {
                    let what = format!(
                        "extern function {label} is in no section; neither __ksym nor __kconfig, and not linked"
                    );
                    refusals.push(Refusal::new(RefusalKind::Extern, "ENOENT", what));
                }
            }
            _ => {}
        }
    }
    // clang meets functions when it writes calls, and variables at the end.
    kfuncs.append(&mut ksyms);
    let ksyms = kfuncs;
    let mut out = Vec::new();
    if !ksyms.is_empty() {
        let mut entries = Vec::new();
        let mut variables = Vec::new();
        for (index, (id, mut one)) in ksyms.into_iter().enumerate() {
            one.offset = 4 * index as u64;
            one.size = 4;
            entries.push(DatasecEntry { ty: id, offset: size32(one.offset), size: 4 });
            variables.push(one);
        }
        out.push(ExternSection {
            section: section(".ksyms", SectionKind::Ksyms, variables),
            entries,
        });
    }
    if !kconfig.is_empty() {
        let wanted = kconfig.iter().map(|(_, v)| (v.name.clone(), v.ty));
        match lay_out_kconfig(types.btf(), wanted) {
            Ok(laid) => {
                let mut entries = Vec::new();
                let mut variables = Vec::new();
                let mut by_name: FxHashMap<&str, &(TypeId, Variable)> = FxHashMap::default();
                for one in &kconfig {
                    by_name.entry(&one.1.name).or_insert(one);
                }
                for place in laid {
                    let Some((id, one)) = by_name.get(&*place.name) else { continue };
                    let mut one = one.clone();
                    one.offset = u64::from(place.offset);
                    one.size = u64::from(place.size);
                    entries.push(DatasecEntry { ty: *id, offset: place.offset, size: place.size });
                    variables.push(one);
                }
                out.push(ExternSection {
                    section: section(".kconfig", SectionKind::Kconfig, variables),
                    entries,
                });
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    out
}

fn section(name: &'static str, kind: SectionKind, variables: Vec<Variable>) -> Section {
    let size = variables.iter().map(|v| v.offset + v.size).max().unwrap_or(0);
    let align = variables.iter().map(|v| v.align).max().unwrap_or(1);
    Section {
        name: SmolStr::new_static(name),
        kind,
        size,
        align,
        datasec: None,
        certainty: variables.iter().map(|v| v.certainty).max().unwrap_or(Certainty::Certain),
        existence: variables.iter().map(|v| v.certainty).min().unwrap_or(Certainty::Certain),
        doubts: (variables.iter())
            .filter_map(|v| {
                let law = v.certainty.law()?;
                Some(Doubt { name: v.name.clone(), offset: v.offset, law, present: true })
            })
            .collect(),
        variables,
    }
}
