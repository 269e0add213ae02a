//! What a loader tells the rules of the BPF side about its objects.

use std::collections::BTreeSet;

use bpf::rules::Usage;
use cfront::{
    ast::{Expr, ExprKind},
    source::FileRange,
    symbol::Symbol,
    unit::{ItemId, Unit},
};
use smol_str::SmolStr;

use crate::{
    flow::calls::{callee_name, generated},
    members::MemberKind,
    references::references,
    skeletons::{HeaderKind, Skeleton},
    walk,
};

/// How a loader uses one of its skeletons.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SkeletonUsage {
    /// The facts that [`bpf::rules::check`] asks for.
    pub facts: Usage,
    /// Variables of read-only sections that the loader writes, and where (rule `const-not-volatile`).
    pub written_rodata: Vec<(SmolStr, FileRange)>,
}

/// How a loader uses each of its skeletons, in their order.
pub fn usage(unit: &Unit, skeletons: &[Skeleton]) -> Vec<SkeletonUsage> {
    let mut all: Vec<SkeletonUsage> = vec![SkeletonUsage::default(); skeletons.len()];
    let references = references(unit, skeletons);
    let mut opened: BTreeSet<usize> = BTreeSet::new();
    let mut common = Usage::default();
    for item in (0..unit.item_count()).map(ItemId).filter(|item| unit.in_main_file(*item)) {
        let Some(parsed) = unit.item(item) else { continue };
        common.relaxed_maps |=
            unit.tokens(item).iter().any(|token| token.sym.as_str() == "relaxed_maps");
        walk::expressions(&parsed.syntax, |expr| match &expr.kind {
            ExprKind::Call { callee, args } => {
                let Some(name) = callee_name(callee) else { return };
                call(name.as_str(), args, &mut common);
                if let Some((index, _)) = generated(skeletons, name.as_str()) {
                    opened.insert(index);
                }
            }
            ExprKind::Assign(_, left, _) => {
                let Some(base) = assigned_member(left) else { return };
                let reference = references.iter().find(|r| {
                    r.at.item == item
                        && r.at.start == base.span.start
                        && r.at.end == base.span.end
                        && r.kind == Some(MemberKind::Variable)
                });
                if let Some(reference) = reference
                    && reference.holder.starts_with("rodata")
                    && let Some(usage) = all.get_mut(reference.skeleton)
                {
                    usage.written_rodata.push((reference.name.clone(), reference.range));
                }
            }
            _ => {}
        });
    }
    for (index, usage) in all.iter_mut().enumerate() {
        let kind = skeletons.get(index).map(|s| s.kind);
        usage.facts = common.clone();
        // A light skeleton does not use libbpf's open.
        usage.facts.libbpf_loads = opened.contains(&index) && kind == Some(HeaderKind::Skeleton);
    }
    all
}

/// The member access that an assignment changes: `skel->rodata->x` of `skel->rodata->x.y[1] = 2`.
fn assigned_member(lvalue: &Expr) -> Option<&Expr> {
    let mut expr = lvalue;
    for _ in 0..64 {
        match &expr.kind {
            ExprKind::Paren(inner) | ExprKind::Index { base: inner, .. } => expr = inner,
            ExprKind::Member { base, arrow: false, .. } => expr = base,
            ExprKind::Member { .. } => return Some(expr),
            _ => return None,
        }
    }
    None
}

fn call(name: &str, args: &[Expr], usage: &mut Usage) {
    match name {
        "libbpf_register_prog_handler" | "bpf_program__set_type" => usage.sets_program_types = true,
        _ if name.starts_with("bpf_map__set_") => {
            let map = args.first().and_then(map_member);
            usage.maps_set_by_code.insert(map.map_or("*".into(), |m| m.as_str().into()));
        }
        _ => {}
    }
}

/// `x` of `skel->maps.x`
fn map_member(expr: &Expr) -> Option<Symbol> {
    let ExprKind::Member { base, field, .. } = &expr.kind else { return None };
    let ExprKind::Member { field: group, .. } = &base.kind else { return None };
    (group.name.as_str() == "maps").then_some(field.name)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::test_fixture;

    #[test]
    fn facts_of_a_loader() {
        let loaded = test_fixture::load(
            "//- /a.bpf.c\n#include <bpf/bpf_helpers.h>\nconst volatile int limit = 1;\n\
             struct { __uint(type, BPF_MAP_TYPE_ARRAY); } table SEC(\".maps\");\n\
             //- /a.c\n#include \"a.skel.h\"\n#include \"b.skel.h\"\n\
             int main(void) { struct a *skel = a__open(); skel->rodata->limit = 2;\n\
             bpf_map__set_max_entries(skel->maps.table, 3); return a__load(skel); }\n",
        );
        let mut out = String::new();
        for usage in usage(&loaded.unit, &loaded.skeletons) {
            let mut maps: Vec<_> = usage.facts.maps_set_by_code.iter().cloned().collect();
            maps.sort();
            let written: Vec<_> = usage.written_rodata.iter().map(|(n, r)| (n, r.start)).collect();
            out += &format!("{} {maps:?} {written:?}\n", usage.facts.libbpf_loads);
        }
        expect![[r#"
            true ["table"] [("limit", 99)]
            false ["table"] []
        "#]]
        .assert_eq(&out);
    }
}
