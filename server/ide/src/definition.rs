//! Definition: of names at file scope, and from a loader's skeleton members to the BPF source.

use std::path::Path;

use bpf::object::{Map, MapKind, Object, Place as ObjectPlace};
use cfront::{
    ast::Ident,
    ctypes::DeclPlace,
    sema::{Global, Resolution},
    token::TokenKind,
    unit::ItemId,
};
use loader::skeletons::HeaderKind;

use crate::{
    answer::Place,
    docs::skeleton_functions,
    host::{Analysis, Cancellable},
    pipeline::{FileAnalysis, Role},
    places::file_range,
    target::{Target, Word, by_place},
};

impl Analysis {
    /// Where the thing at a byte of a file is defined.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn definition(&self, path: &Path, offset: u32) -> Cancellable<Vec<Place>> {
        let Some(file) = self.file(path)? else { return Ok(Vec::new()) };
        if file.role == Role::Other {
            return Ok(Vec::new());
        }
        let mut found: Vec<Place> = Vec::new();
        if file.role == Role::Loader
            && let Some(skeleton) = file.skeleton_included_at(offset)
        {
            found.extend(file.whole_source(skeleton));
        }
        for word in file.words_at(offset) {
            let place = match file.role {
                Role::Loader => self.loader_definition(&file, &word),
                _ => file.definition(&word).map(|range| self.place(range)),
            };
            found.extend(place.filter(|place| !found.contains(place)));
        }
        if found.is_empty() && file.role != Role::Loader {
            found.extend(file.macro_definition(offset).map(|range| self.place(range)));
        }
        Ok(found)
    }

    fn loader_definition(&self, file: &FileAnalysis, word: &Word) -> Option<Place> {
        if let Some((_, target)) = file.loader_target(word) {
            return place(target).map(|found| self.place(file_range(found)));
        }
        let name = word.symbol.as_str();
        if let Some((skeleton, _)) = skeleton_functions::find(&file.skeletons, name) {
            return file.whole_source(skeleton);
        }
        // `struct NAME` and `struct NAME__SECTION`
        let before = (word.place.token as usize).checked_sub(1)?;
        if !file.unit.tokens(word.place.item).get(before)?.is("struct") {
            return None;
        }
        file.skeletons.iter().enumerate().find_map(|(index, skeleton)| {
            let rest = name.strip_prefix(skeleton.name.as_str())?;
            if rest.is_empty() {
                return file.whole_source(index);
            }
            let section = in_skeleton(skeleton.object.as_deref()?, &[rest.strip_prefix("__")?])?;
            place(section).map(|found| self.place(file_range(found)))
        })
    }
}

/// Where a thing of the object model is declared.
pub(crate) fn place(target: Target<'_>) -> Option<ObjectPlace> {
    match target {
        Target::Variable { variable, .. } => variable.place,
        Target::Map(map) => map.place,
        Target::Program(program) => program.place,
        Target::Section(section) => section.variables.iter().find_map(|v| v.place),
    }
}

impl FileAnalysis {
    fn definition(&self, word: &Word) -> Option<cfront::source::FileRange> {
        if word.kind != TokenKind::Ident {
            return self.target(word).and_then(place).map(file_range);
        }
        let unit = &self.unit;
        let at = |place: DeclPlace| unit.token_place(ItemId(place.item), place.token);
        let scope = unit.scope(word.place.item)?;
        let ident = Ident { name: word.symbol, token: word.place.token };
        match scope.resolve(unit, ident) {
            Resolution::Variable(variable) => {
                at(variable.defining_decl().or_else(|| variable.decls.first())?.place)
            }
            Resolution::Function(function) => {
                let first = || function.decls.first().map(|d| d.place);
                at(function.definition_place().or_else(first)?)
            }
            Resolution::Typedef(id) => at(unit.typedef(id)?.place?),
            Resolution::Enumerator(value) => at(value.place?),
            Resolution::Local(_) => None,
            Resolution::Unknown => match unit.ordinary(word.symbol) {
                Some(Global::Variable(variable)) => at(variable.defining_decl()?.place),
                _ => None,
            },
        }
    }

    fn macro_definition(&self, offset: u32) -> Option<cfront::source::FileRange> {
        let used = self.preprocessed.macro_uses.iter().find(|used| {
            used.range.file == self.main && (used.range.start..used.range.end).contains(&offset)
        })?;
        used.definition.place
    }

    /// The BPF source behind a skeleton, from its beginning.
    fn whole_source(&self, skeleton: usize) -> Option<Place> {
        let (path, _) = self.source_of(skeleton)?;
        Some(Place { path: path.clone(), range: 0..0 })
    }

    /// What a word of a loader stands for in the BPF program behind a skeleton, with that skeleton's
    /// index: a member of `maps`, `progs`, `links` or of a data section, or a name in a string by which
    /// libbpf looks it up.
    pub(crate) fn loader_target(&self, word: &Word) -> Option<(usize, Target<'_>)> {
        if word.kind == TokenKind::Str {
            let reference = self.references().iter().find(|r| {
                r.in_string && r.at.item == word.place.item && r.token == word.place.token
            })?;
            let object = self.skeletons.get(reference.skeleton)?.object.as_deref()?;
            let found = match reference.place {
                Some(place) => by_place(object, file_range(place))?,
                // Maps of data sections have no declaration.
                None => Target::Map(
                    object
                        .maps
                        .iter()
                        .find(|map| map.name == reference.name || map.section == reference.name)?,
                ),
            };
            return Some((reference.skeleton, found));
        }
        let path = self.member_path(word)?;
        let skeleton = self.skeletons.get(path.skeleton)?;
        let names: Vec<&str> = path.members.iter().map(|m| m.as_str()).collect();
        let object = skeleton.object.as_deref()?;
        let found = in_skeleton(object, &names).or_else(|| {
            // The links of a light skeleton are file descriptors.
            let ["links", name, rest @ ..] = names.as_slice() else { return None };
            let name = name.strip_suffix("_fd").filter(|_| skeleton.kind == HeaderKind::Light)?;
            in_skeleton(object, &[&["links", name], rest].concat())
        })?;
        Some((path.skeleton, found))
    }
}

/// The thing of an object that the members `holder` and `name` of its skeleton stand for.
fn in_skeleton<'a>(object: &'a Object, members: &[&str]) -> Option<Target<'a>> {
    let (holder, rest) = members.split_first()?;
    let name = rest.first();
    match (*holder, name) {
        ("maps", Some(name)) => {
            object.maps.iter().find(|map| map.ident().as_deref() == Some(*name)).map(Target::Map)
        }
        ("progs", Some(name)) => {
            object.programs.iter().find(|p| p.name == *name).map(Target::Program)
        }
        ("links" | "struct_ops", Some(name)) => {
            let program = object.programs.iter().find(|p| p.name == *name).map(Target::Program);
            let ops = |map: &&Map| map.kind == MapKind::StructOps && map.name == *name;
            program.or_else(|| object.maps.iter().find(ops).map(Target::Map))
        }
        (holder, name) => {
            let section = object.sections.iter().find(|section| {
                section.kind.is_internal_map()
                    && bpf::section::datasec_ident(&section.name).as_deref() == Some(holder)
            })?;
            match name {
                None => Some(Target::Section(section)),
                Some(name) => {
                    let variable = section.variables.iter().find(|v| v.name == *name)?;
                    Some(Target::Variable { section, variable })
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::test_world::world;

    const PROGRAM: &str = "//- /a.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\nint total;\n\
        struct { __uint(type, BPF_MAP_TYPE_ARRAY); } table SEC(\".maps\");\n\
        SEC(\"xdp\") int prog(void *ctx) { return total; }\n";

    fn check_file(name: &str, text: &str, expect: Expect) {
        let world = world(&format!("{PROGRAM}//- /{name}\n{text}"));
        let found = world.analysis.definition(&world.path, world.offset).expect("nobody cancels");
        expect.assert_eq(&found.iter().map(|place| world.show(place) + "\n").collect::<String>());
    }

    fn check(body: &str, expect: Expect) {
        check_file("load.c", &format!("#include \"a.skel.h\"\n{body}"), expect);
    }

    #[test]
    fn members_and_strings() {
        check(
            "int f(struct a *s) { return s->bss->to$0tal; }",
            expect![[r#"
            a.bpf.c:3 int [total];
        "#]],
        );
        check(
            "int f(struct a *s) { struct a__bss *b = s->bss; return b->to$0tal; }",
            expect![[r#"
                a.bpf.c:3 int [total];
            "#]],
        );
        check(
            "int f(void) { return __builtin_offsetof(struct a__bss, to$0tal); }",
            expect![[r#"
                a.bpf.c:3 int [total];
            "#]],
        );
        check(
            "struct a__bss start = { .to$0tal = 1 };",
            expect![[r#"
            a.bpf.c:3 int [total];
        "#]],
        );
        check(
            "int f(struct a *s) { return s->maps.ta$0ble; }",
            expect![[r#"
            a.bpf.c:4 struct { __uint(type, BPF_MAP_TYPE_ARRAY); } [table] SEC(".maps");
        "#]],
        );
        check(
            "int f(struct a *s) { return s->links.pr$0og; }",
            expect![[r#"
            a.bpf.c:5 SEC("xdp") int [prog](void *ctx) { return total; }
        "#]],
        );
        check(
            "int f(struct a *s) { return bpf_object__find_map_by_name(s->obj, \"ta$0ble\"); }",
            expect![[r#"
                a.bpf.c:4 struct { __uint(type, BPF_MAP_TYPE_ARRAY); } [table] SEC(".maps");
            "#]],
        );
        check(
            "int f(void *o) { return bpf_object__find_program_by_name(o, \"pro$0g\"); }",
            expect![[r#"
                a.bpf.c:5 SEC("xdp") int [prog](void *ctx) { return total; }
            "#]],
        );
    }

    #[test]
    fn of_a_light_skeleton() {
        let text = |body| format!("#include \"a.lskel.h\"\nint f(struct a *s) {{ {body} }}");
        check_file(
            "l.c",
            &text("return s->maps.table.map$0_fd;"),
            expect![[r#"
            a.bpf.c:4 struct { __uint(type, BPF_MAP_TYPE_ARRAY); } [table] SEC(".maps");
        "#]],
        );
        check_file(
            "l.c",
            &text("return s->progs.prog.prog$0_fd;"),
            expect![[r#"
            a.bpf.c:5 SEC("xdp") int [prog](void *ctx) { return total; }
        "#]],
        );
        check_file(
            "l.c",
            &text("return s->links.prog$0_fd;"),
            expect![[r#"
            a.bpf.c:5 SEC("xdp") int [prog](void *ctx) { return total; }
        "#]],
        );
    }

    #[test]
    fn the_source_of_a_skeleton() {
        check(
            "int f(void) { return !a__op$0en(); }",
            expect![[r#"
            a.bpf.c:1 []#include <vmlinux.h>
        "#]],
        );
        check(
            "struct $0a *skel;",
            expect![[r#"
            a.bpf.c:1 []#include <vmlinux.h>
        "#]],
        );
        check(
            "struct a__b$0ss *image;",
            expect![[r#"
            a.bpf.c:3 int [total];
        "#]],
        );
        check_file(
            "l.c",
            "#include \"a.sk$0el.h\"\n",
            expect![[r#"
            a.bpf.c:1 []#include <vmlinux.h>
        "#]],
        );
    }

    #[test]
    fn nothing_of_plain_c() {
        check("int f(void) { return f$0(); }", expect![""]);
        check("#define N 1\nint x = $0N;", expect![""]);
        check("int f(void) { return strlen(\"ta$0ble\"); }", expect![""]);
        check("struct $0b *other;", expect![""]);
        check_file("plain.c", "int x; int f(void) { return $0x; }", expect![""]);
    }
}
