//! References: all uses of a global, map or program, in BPF C and in the loaders of its skeleton.

use std::path::Path;

use crate::{
    answer::Place,
    host::{Analysis, Cancellable},
    uses::UseKind,
};

impl Analysis {
    /// Where the thing at a byte of a file is named, on both sides; by file and place. Empty where
    /// nothing crosses: the rest is the C language server's.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn references(
        &self,
        path: &Path,
        offset: u32,
        include_declaration: bool,
    ) -> Cancellable<Vec<Place>> {
        let Some(file) = self.file(path)? else { return Ok(Vec::new()) };
        let Ok((crossing, _)) = file.crossing_at(offset) else { return Ok(Vec::new()) };
        let both = self.both_sides(&crossing, (path.into(), file))?;
        let mut found = Vec::new();
        for (_, program) in &both.programs {
            let uses = program.uses_of(&crossing);
            let wanted = |kind| include_declaration || kind != UseKind::Declaration;
            found.extend(uses.iter().filter(|u| wanted(u.kind)).map(|u| self.place(u.shown)));
        }
        for (_, loader) in &both.loaders {
            found.extend(loader.references_to(&crossing).map(|r| {
                let spelled = loader.spelled(r);
                let plain = loader.spells(spelled, &r.name);
                self.place(if plain { spelled } else { r.range })
            }));
        }
        found.sort_by_key(|place| (place.path.clone(), place.range.start, place.range.end));
        found.dedup();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::test_world::world;

    fn check(text: &str, expect: Expect) {
        let world = world(text);
        let found = world.analysis.references(&world.path, world.offset, true);
        let found = found.expect("nobody cancels");
        let mut shown: String = found.iter().map(|place| world.show(place) + "\n").collect();
        let highlights = world.analysis.document_highlights(&world.path, world.offset);
        for highlight in highlights.expect("nobody cancels").iter().filter(|h| h.writes) {
            shown += &format!("written at {}\n", highlight.range.start);
        }
        expect.assert_eq(&shown);
    }

    const LOADERS: &str = r#"//- /load.c
#include "a.skel.h"
#include "b.skel.h"
#define FIELD(s, f) (s)->bss->f
#define TOTAL(s) ((s)->bss->total)
struct stats { int total, table; } stats;
int main(struct bpf_object *obj)
{
	struct a *skel = a__open();
	struct a__bss *bss = skel->bss;
	stats.total = bss->total + FIELD(skel, total) + TOTAL(skel);
	bpf_object__find_map_by_name(skel->obj, "table");
	bpf_object__find_map_fd_by_name(obj, "table");
	skel->links.prog = bpf_program__attach(skel->progs.prog);
	return bpf_map__fd(skel->maps.table) + stats.table;
}
//- /light.c
#include "a.lskel.h"
int main(struct a *skel) { return skel->bss->total + skel->links.prog_fd + skel->maps.table.map_fd; }
//- /other.c
#include "b.skel.h"
int main(struct b *skel) { return skel->bss->total; }
//- /b.bpf.c
#include <bpf/bpf_helpers.h>
int total;
SEC("xdp") int prog(void *ctx) { return total; }
"#;

    fn with_loaders(program: &str, expect: Expect) {
        let head = "#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n";
        check(&format!("//- /a.bpf.c\n{head}{program}{LOADERS}"), expect);
    }

    #[test]
    fn of_a_variable_from_its_declaration() {
        with_loaders(
            "struct s { int total; };\nint to$0tal;\n#define BUMP() total++\n\
             static int f(int total) { struct s s = { .total = total }; return s.total; }\n\
             SEC(\"tc\") int prog(void *ctx) { BUMP(); total = f(sizeof(total)); return total; }\n",
            expect![[r#"
                a.bpf.c:4 int [total];
                a.bpf.c:5 #define BUMP() [total]++
                a.bpf.c:7 SEC("tc") int prog(void *ctx) { BUMP(); [total] = f(sizeof(total)); return total; }
                a.bpf.c:7 SEC("tc") int prog(void *ctx) { BUMP(); total = f(sizeof([total])); return total; }
                a.bpf.c:7 SEC("tc") int prog(void *ctx) { BUMP(); total = f(sizeof(total)); return [total]; }
                light.c:2 int main(struct a *skel) { return skel->bss->[total] + skel->links.prog_fd + skel->maps.table.map_fd; }
                load.c:4 #define TOTAL(s) ((s)->bss->[total])
                load.c:10 stats.total = bss->[total] + FIELD(skel, total) + TOTAL(skel);
                load.c:10 stats.total = bss->total + FIELD(skel, [total]) + TOTAL(skel);
                written at 101
                written at 226
            "#]],
        );
    }

    #[test]
    fn of_a_map() {
        with_loaders(
            "int total;\nstruct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1);\n\
             __type(key, int); __type(value, int); } table SEC(\".maps\");\n\
             SEC(\"tc\") int prog(void *ctx) { return bpf_map_delete_elem(&t$0able, &total); }\n",
            expect![[r#"
                a.bpf.c:5 __type(key, int); __type(value, int); } [table] SEC(".maps");
                a.bpf.c:6 SEC("tc") int prog(void *ctx) { return bpf_map_delete_elem(&[table], &total); }
                light.c:2 int main(struct a *skel) { return skel->bss->total + skel->links.prog_fd + skel->maps.[table].map_fd; }
                load.c:11 bpf_object__find_map_by_name(skel->obj, "[table]");
                load.c:12 bpf_object__find_map_fd_by_name(obj, "[table]");
                load.c:14 return bpf_map__fd(skel->maps.[table]) + stats.table;
            "#]],
        );
    }

    #[test]
    fn of_a_program() {
        with_loaders(
            "int total;\n#define PROG(name) int name(void *ctx)\n\
             PROG(prog);\nSEC(\"tc\") PROG(prog$0) { return total; }\n",
            expect![[r#"
                a.bpf.c:5 PROG([prog]);
                a.bpf.c:6 SEC("tc") PROG([prog]) { return total; }
                light.c:2 int main(struct a *skel) { return skel->bss->total + skel->links.[prog_fd] + skel->maps.table.map_fd; }
                load.c:13 skel->links.[prog] = bpf_program__attach(skel->progs.prog);
                load.c:13 skel->links.prog = bpf_program__attach(skel->progs.[prog]);
            "#]],
        );
    }

    #[test]
    fn from_the_loader() {
        let program = "//- /a.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\nint total;\n\
                       SEC(\"xdp\") int prog(void *ctx) { return total; }\n";
        let loader = LOADERS.replace("bss->total + F", "bss->to$0tal + F");
        check(
            &format!("{program}{loader}"),
            expect![[r#"
                a.bpf.c:3 int [total];
                a.bpf.c:4 SEC("xdp") int prog(void *ctx) { return [total]; }
                light.c:2 int main(struct a *skel) { return skel->bss->[total] + skel->links.prog_fd + skel->maps.table.map_fd; }
                load.c:4 #define TOTAL(s) ((s)->bss->[total])
                load.c:10 stats.total = bss->[total] + FIELD(skel, total) + TOTAL(skel);
                load.c:10 stats.total = bss->total + FIELD(skel, [total]) + TOTAL(skel);
            "#]],
        );
        let loader = LOADERS.replace("links.prog_fd", "links.prog_fd$0");
        check(
            &format!("{program}{loader}"),
            expect![[r#"
                a.bpf.c:4 SEC("xdp") int [prog](void *ctx) { return total; }
                light.c:2 int main(struct a *skel) { return skel->bss->total + skel->links.[prog_fd] + skel->maps.table.map_fd; }
                load.c:13 skel->links.[prog] = bpf_program__attach(skel->progs.prog);
                load.c:13 skel->links.prog = bpf_program__attach(skel->progs.[prog]);
            "#]],
        );
        let map = "struct { __uint(type, BPF_MAP_TYPE_ARRAY); } table SEC(\".maps\");\n";
        let loader = LOADERS.replace("fd_by_name(obj, \"table\"", "fd_by_name(obj, \"ta$0ble\"");
        check(
            &format!("{program}{map}{loader}"),
            expect![[r#"
                a.bpf.c:5 struct { __uint(type, BPF_MAP_TYPE_ARRAY); } [table] SEC(".maps");
                light.c:2 int main(struct a *skel) { return skel->bss->total + skel->links.prog_fd + skel->maps.[table].map_fd; }
                load.c:11 bpf_object__find_map_by_name(skel->obj, "[table]");
                load.c:12 bpf_object__find_map_fd_by_name(obj, "[table]");
                load.c:14 return bpf_map__fd(skel->maps.[table]) + stats.table;
            "#]],
        );
    }

    #[test]
    fn plain_c_is_left_to_others() {
        for program in [
            "static int to$0tal; SEC(\"tc\") int prog(void *ctx) { return total++; }\n",
            "int total; struct s { int to$0tal; }; SEC(\"tc\") int prog(struct s *s) { return total; }\n",
            "int total; struct s { int total; }; SEC(\"tc\") int prog(struct s *s) { return s->to$0tal; }\n",
            "int total; SEC(\"tc\") int prog(int to$0tal) { return total; }\n",
            "int total; /* to$0tal */\n",
            "int total; static int he$0lp(void) { return total; }\n",
            "char LIC$0ENSE[] SEC(\"license\") = \"GPL\";\n",
            "$0",
        ] {
            with_loaders(program, expect![""]);
        }
        let program = "//- /a.bpf.c\n#include <bpf/bpf_helpers.h>\nint total;\n";
        for (from, to) in [
            ("stats.total", "stats.to$0tal"),
            ("int main", "int ma$0in"),
            ("skel->obj", "sk$0el->obj"),
        ] {
            check(&format!("{program}{}", LOADERS.replacen(from, to, 1)), expect![""]);
        }
    }
}
