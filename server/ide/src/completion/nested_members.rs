//! Members of section variables that are structs, and of the descriptors of light skeletons: what
//! stands behind `skel->bss->config.` before any header exists.

use bpf::object::Object;
use btf::{Type, TypeId, members::visible_members};
use cfront::symbol::Symbol;
use loader::{
    members::{MemberKind, members},
    skeletons::HeaderKind,
};

use super::{entry, repair::Cursor};
use crate::{
    answer::{Completion, CompletionKind},
    markdown::{Block, Markdown},
    member_path::MemberPath,
    pipeline::FileAnalysis,
};

/// C declarations of the members of light skeletons' descriptors.
const DESCRIPTORS: &[(&str, &str)] = &[
    ("maps", "int map_fd"),
    ("maps", "__u32 max_entries"),
    ("maps", "__u64 initial_value"),
    ("progs", "int prog_fd"),
];

/// Members of what the path leads to; the last name of the path is the marker.
pub(super) fn completions(
    cursor: &Cursor,
    file: &FileAnalysis,
    path: &MemberPath,
) -> Option<Vec<Completion>> {
    let skeleton = file.skeletons.get(path.skeleton)?;
    let names: Vec<&str> = path.members.iter().copied().map(Symbol::as_str).collect();
    let (_, chain) = names.split_last()?;
    let [holder, name, fields @ ..] = chain else { return None };
    if skeleton.kind == HeaderKind::Light && fields.is_empty() {
        let rows = DESCRIPTORS.iter().filter(|(group, _)| group == holder);
        let found: Vec<Completion> = (0..)
            .zip(rows)
            .map(|(rank, (_, text))| {
                let label = text.rsplit(' ').next().unwrap_or(text);
                Completion {
                    detail: (*text).to_owned(),
                    rank,
                    ..entry(label, CompletionKind::Member, &cursor.replace)
                }
            })
            .collect();
        if !found.is_empty() {
            return Some(found);
        }
    }
    let object = skeleton.object.as_deref()?;
    let shown = members(skeleton, &[holder])?;
    let shown = shown.iter().find(|m| m.kind == MemberKind::Variable && m.name == *name)?;
    let section = object.sections.iter().find(|section| section.name == shown.section)?;
    let variable = section.variables.iter().find(|v| v.name == *name)?;
    let mut ty = variable.ty;
    for field in fields {
        let inside = elements(object, ty)?;
        ty = btf::members::find_member(&object.btf, inside, field)?.member.ty;
    }
    let inside = elements(object, ty)?;
    let all = visible_members(&object.btf, inside);
    Some(
        (0..)
            .zip(all)
            .map(|(rank, found)| {
                let member = found.member;
                let declaration = btf::dump_c::declaration(&object.btf, member.ty, &member.name);
                Completion {
                    documentation: Markdown::of(
                        "{}\n\nOffset {} in its struct.",
                        &[&Block(format!("{declaration};")), &(found.offset_bits / 8)],
                    ),
                    detail: declaration,
                    rank,
                    ..entry(member.name.as_str(), CompletionKind::Member, &cursor.replace)
                }
            })
            .collect(),
    )
}

/// The type itself, or that of an array's elements: indexing leaves no name in a path.
fn elements(object: &Object, ty: TypeId) -> Option<TypeId> {
    let mut ty = object.btf.resolve(ty)?;
    // Arrays of arrays end.
    for _ in 0..64 {
        match object.btf.get(ty) {
            Type::Array { elem, .. } => ty = object.btf.resolve(*elem)?,
            _ => return Some(ty),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::test_world::completions;

    fn check(header: &str, body: &str, expect: Expect) {
        expect.assert_eq(&completions(&format!(
            "//- /l.c\n#include \"a.{header}.h\"\nint f(struct a *s) {{ {body} }}\n\
             //- /a.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n\
             struct config {{ int limit; union {{ char tag[4]; long raw; }}; struct {{ int a, b; }} pair[3]; }};\n\
             struct config cfg SEC(\".data\") = {{}}, many[2];\nint hits SEC(\".percpu\");\n\
             struct {{ __uint(type, BPF_MAP_TYPE_ARRAY); }} table SEC(\".maps\");\n\
             SEC(\"xdp\") int prog(void *ctx) {{ return cfg.limit + hits + many[0].limit; }}\n"
        )));
    }

    #[test]
    fn of_struct_variables() {
        check(
            "skel",
            "s->data->cfg.$0",
            expect![[r#"
            limit | int limit
            tag | char tag[4]
            raw | long raw
            pair | struct {...} pair[3]
        "#]],
        );
        check(
            "skel",
            "s->bss->many[1].pair[0].$0 = 1;",
            expect![[r#"
            a | int a
            b | int b
        "#]],
        );
        check(
            "skel",
            "return s->data->cfg.li$0;",
            expect![[r#"
            limit | int limit
        "#]],
        );
        check(
            "subskel",
            "s->data.cfg->$0",
            expect![[r#"
            limit | int limit
            tag | char tag[4]
            raw | long raw
            pair | struct {...} pair[3]
        "#]],
        );
    }

    #[test]
    fn of_sections() {
        check(
            "skel",
            "s->data->$0",
            expect![[r#"
            cfg | struct config cfg // .data+0
        "#]],
        );
        check(
            "skel",
            "s->percpu->$0",
            expect![[r#"
            hits | int hits // .percpu+0
        "#]],
        );
    }

    #[test]
    fn of_a_light_skeletons_descriptors() {
        check(
            "lskel",
            "s->maps.table.$0",
            expect![[r#"
            map_fd | int map_fd
            max_entries | __u32 max_entries
            initial_value | __u64 initial_value
        "#]],
        );
        check(
            "lskel",
            "s->progs.prog.$0",
            expect![[r#"
            prog_fd | int prog_fd
        "#]],
        );
        check(
            "lskel",
            "s->links.$0",
            expect![[r#"
            prog_fd | int prog_fd
        "#]],
        );
    }

    #[test]
    fn nothing_behind_what_is_no_struct() {
        check("skel", "s->percpu->hits.$0", expect![""]);
        check("skel", "s->data->cfg.nothing.$0", expect![""]);
        check("skel", "s->maps.table.$0", expect![""]);
    }
}
