//! What a loader tells the rules of the BPF side about its objects.
//!
//! Two looks at one file: [`words`] exempts, and is cheap enough for every file of a folder;
//! [`usage`] follows the parsed loader and proves, and is asked of those that include a skeleton.

pub mod words;

use std::collections::BTreeSet;

use bpf::rules::Usage;
use cfront::{
    ast::{Expr, ExprKind, UnaryOp, visit},
    source::FileRange,
    symbol::Symbol,
    token::{Token, TokenKind},
    unit::{ItemId, Unit},
};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::{
    flow::{
        calls::{callee_name, generated},
        library::written_argument,
    },
    references::MemberFinder,
    skeletons::{HeaderKind, Skeleton},
};
use words::Words;

/// How a loader uses each of its skeletons, in their order. The objects behind them are not asked for,
/// so the answer depends on the loader's own text and headers only. `text` is its main file.
pub fn usage(unit: &Unit, skeletons: &[Skeleton], text: &str) -> Vec<Usage> {
    let words = Words::read(text);
    let mut all = vec![
        Usage {
            sets_program_types: words.sets_program_types,
            chooses_programs: words.chooses_programs,
            sets_struct_ops: words.sets_struct_ops,
            relaxed_maps: words.relaxed_maps,
            maps_set_by_code: words.sets,
            ..Usage::default()
        };
        skeletons.len()
    ];
    let mut opened: BTreeSet<usize> = BTreeSet::new();
    let mut named: FxHashSet<SmolStr> = FxHashSet::default();
    for item in (0..unit.item_count()).map(ItemId).filter(|item| unit.in_main_file(*item)) {
        let (Some(parsed), Some(finder)) =
            (unit.item(item), MemberFinder::new(unit, skeletons, item))
        else {
            continue;
        };
        named.extend(member_names(unit.tokens(item)));
        let mut written = |place: &Expr| {
            if let Some((skeleton, name, range)) = read_only_member(&finder, place)
                && let Some(usage) = all.get_mut(skeleton)
            {
                usage.rodata_written.entry(name).or_insert(range);
            }
        };
        let mut set_by_macros: Vec<SmolStr> = Vec::new();
        visit::expressions(&parsed.syntax, &mut |expr| match &expr.kind {
            ExprKind::Call { callee, args } => {
                let Some(name) = callee_name(callee) else { return };
                let name = name.as_str();
                if name.starts_with("bpf_map__set_") {
                    let map = args.first().and_then(map_member);
                    set_by_macros.push(map.map_or("*".into(), |m| m.as_str().into()));
                }
                if let Some((index, _)) = generated(skeletons, name) {
                    opened.insert(index);
                }
                let target = written_argument(name).and_then(|index| args.get(index));
                if let Some(target) = target {
                    written(target_of(target));
                }
            }
            ExprKind::Assign(_, left, _) => written(left),
            ExprKind::Unary(UnaryOp::PreInc | UnaryOp::PreDec, place)
            | ExprKind::Postfix(_, place) => written(place),
            _ => {}
        });
        for usage in &mut all {
            usage.maps_set_by_code.extend(set_by_macros.iter().cloned());
        }
    }
    for (index, (usage, skeleton)) in all.iter_mut().zip(skeletons).enumerate() {
        // A light skeleton does not use libbpf's open.
        usage.libbpf_loads = opened.contains(&index) && skeleton.kind == HeaderKind::Skeleton;
        usage.members_named.clone_from(&named);
    }
    all
}

/// `skel->rodata->x` of an expression for it or for something in it: `skel->rodata->x.y[1]`.
fn read_only_member(
    finder: &MemberFinder<'_>,
    place: &Expr,
) -> Option<(usize, SmolStr, FileRange)> {
    let mut expr = place;
    for _ in 0..64 {
        match &expr.kind {
            ExprKind::Paren(inner) | ExprKind::Index { base: inner, .. } => expr = inner,
            ExprKind::Member { base, field, .. } => {
                if let Some((skeleton, Some(holder))) = finder.holder(base)
                    && holder.as_str().starts_with("rodata")
                {
                    let range = finder.place(field.token)?;
                    return Some((skeleton, field.name.as_str().into(), range));
                }
                expr = base;
            }
            _ => return None,
        }
    }
    None
}

/// The names behind `.` and `->` (members, designators), and all names where `offsetof` may hold some.
fn member_names(tokens: &[Token]) -> impl Iterator<Item = SmolStr> {
    let offsets = tokens.iter().any(|token| token.is("__builtin_offsetof"));
    let before = std::iter::once(None).chain(tokens.iter().map(Some));
    before
        .zip(tokens)
        .filter(move |(before, token)| {
            let member = before.is_some_and(|b| b.is(".") || b.is("->"));
            token.kind == TokenKind::Ident && (offsets || member)
        })
        .map(|(_, token)| token.sym.as_str().into())
}

/// What a pointer argument points to: `x` of `&x`, `(void *)x` and of an array `x`.
fn target_of(mut argument: &Expr) -> &Expr {
    while let ExprKind::Paren(inner)
    | ExprKind::Cast { expr: inner, .. }
    | ExprKind::Unary(UnaryOp::AddrOf, inner) = &argument.kind
    {
        argument = inner;
    }
    argument
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
            "//- /a.bpf.c\nint x;\n\
             //- /a.c\n#include \"a.skel.h\"\n#include \"b.skel.h\"\n\
             #define SET(map, n) bpf_map__set_max_entries(skel->maps.map, n)\n\
             struct env { struct a *skel; };\n\
             static void configure(struct env *env) {\n\
             struct a__rodata *ro = env->skel->rodata; (env->skel->rodata)->deep.limit[1] = 2;\n\
             ro->alias++; memcpy(&ro->copied, env, 4); env->skel->bss->total = ro->only_read; }\n\
             int main(void) { struct a *skel = a__open(); int x = skel->rodata->read;\n\
             bpf_map__set_max_entries(skel->maps.table, 3); return a__load(skel); }\n",
        );
        let mut out = String::new();
        let text = loaded.text.clone();
        for usage in usage(&loaded.unit, &loaded.skeletons, &text) {
            let mut maps: Vec<_> = usage.maps_set_by_code.iter().collect();
            maps.sort();
            let mut written: Vec<_> =
                usage.rodata_written.iter().map(|(n, r)| (n, loaded.show(*r))).collect();
            written.sort();
            out += &format!("{} {maps:?} {written:?}\n", usage.libbpf_loads);
            assert!(usage.names_member("only_read") && !usage.names_member("main"));
        }
        expect![[r#"
            true ["*", "table"] [("alias", "7 `alias`"), ("copied", "7 `copied`"), ("deep", "6 `deep`")]
            false ["*", "table"] []
        "#]].assert_eq(&out);
    }
}
