//! Declaration: where a name is declared without being defined (prototypes, `extern`), and the member of a
//! generated header behind a skeleton's member. Where nothing else declares a name, its definition does.

use std::path::Path;

use cfront::{
    ast::Ident,
    ctypes::{CType, DeclPlace},
    sema::{Decl, Function, Resolution, Variable},
    source::FileRange,
    symbol::Symbol,
    token::TokenKind,
    unit::ItemId,
};

use crate::{
    answer::Place,
    definition::place,
    host::{Analysis, Cancellable},
    pipeline::{FileAnalysis, Role},
    places::file_range,
    target::{Target, Word},
};

impl Analysis {
    /// Where the thing at a byte of a file is declared.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn declaration(&self, path: &Path, offset: u32) -> Cancellable<Vec<Place>> {
        let Some(file) = self.file(path)? else { return Ok(Vec::new()) };
        let mut found: Vec<Place> = Vec::new();
        for word in file.words_at(offset) {
            let ranges = match file.role {
                Role::Loader => file.declared_for_loader(&word),
                Role::Other => Vec::new(),
                _ => file.declarations(&word),
            };
            for place in ranges.into_iter().map(|range| self.place(range)) {
                if !found.contains(&place) {
                    found.push(place);
                }
            }
        }
        match found.is_empty() {
            true => self.definition(path, offset),
            false => Ok(found),
        }
    }
}

impl FileAnalysis {
    /// The declarations of a name of the file that do not define it.
    fn declarations(&self, word: &Word) -> Vec<FileRange> {
        if word.kind != TokenKind::Ident {
            return Vec::new();
        }
        let ident = Ident { name: word.symbol, token: word.place.token };
        let scope = self.unit.scope(word.place.item);
        let resolved = scope.map(|scope| scope.resolve(&self.unit, ident));
        match resolved {
            Some(Resolution::Variable(variable)) => self.of_variable(&variable),
            Some(Resolution::Function(function)) => self.of_function(&function),
            // The name of a declarator at file scope is no use of it.
            Some(Resolution::Unknown) | None if self.is_declarator(word) => {
                self.declared(word.symbol)
            }
            _ => Vec::new(),
        }
    }

    fn is_declarator(&self, word: &Word) -> bool {
        self.own_uses(word.symbol).iter().any(|used| used.token == word.place)
    }

    /// The declarations of a name at file scope that do not define it.
    fn declared(&self, name: Symbol) -> Vec<FileRange> {
        match (self.unit.variable(name), self.unit.function(name)) {
            (Some(variable), _) => self.of_variable(&variable),
            (None, Some(function)) => self.of_function(&function),
            (None, None) => Vec::new(),
        }
    }

    fn of_variable(&self, variable: &Variable) -> Vec<FileRange> {
        let defined = variable.defining_decl().map(|decl| decl.place);
        self.others(&variable.decls, defined)
    }

    fn of_function(&self, function: &Function) -> Vec<FileRange> {
        self.others(&function.decls, function.definition_place())
    }

    fn others(&self, decls: &[Decl], defined: Option<DeclPlace>) -> Vec<FileRange> {
        let others = decls.iter().filter(|decl| Some(decl.place) != defined);
        let ranges =
            others.map(|decl| self.unit.token_place(ItemId(decl.place.item), decl.place.token));
        ranges.flatten().collect()
    }

    /// What declares a member of a skeleton: the generated header where it exists, else the BPF source.
    fn declared_for_loader(&self, word: &Word) -> Vec<FileRange> {
        if let Some(member) = self.in_generated_header(word) {
            return vec![member];
        }
        let Some((skeleton, target)) = self.loader_target(word) else { return Vec::new() };
        let name = match target {
            Target::Variable { variable, .. } => &variable.name,
            Target::Map(map) => &map.name,
            Target::Program(program) => &program.name,
            Target::Section(_) => return Vec::new(),
        };
        let Some((_, source)) = self.source_of(skeleton) else { return Vec::new() };
        let mut declared = source.declared(Symbol::intern(name));
        declared.retain(|range| place(target).map(file_range) != Some(*range));
        declared
    }

    /// The member of the generated struct that a word names.
    fn in_generated_header(&self, word: &Word) -> Option<FileRange> {
        let path = self.member_path(word)?;
        let mut ty = self.unit.tag(self.skeletons.get(path.skeleton)?.name)?;
        let mut found = None;
        for name in &path.members {
            let inner = match self.unit.canonical(ty) {
                CType::Pointer(to) => self.unit.canonical(to),
                CType::Array { elem, .. } => self.unit.canonical(elem),
                other => other,
            };
            let CType::Record(id) = inner else { return None };
            let record = self.unit.record(id)?;
            let field = record.fields.iter().find(|field| field.name == Some(*name))?;
            found = self.unit.token_place(ItemId(record.place?.item), field.token);
            ty = field.ty;
        }
        found.filter(|range| range.file != self.main)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::test_world::world;

    fn check(text: &str, expect: Expect) {
        let world = world(text);
        let found = world.analysis.declaration(&world.path, world.offset).expect("nobody cancels");
        expect.assert_eq(&found.iter().map(|place| world.show(place) + "\n").collect::<String>());
    }

    const PROGRAM: &str = "#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n#include \"a.h\"\n\
        extern int HZ __kconfig;\nint total, own;\nint help(int x);\n\
        int help(int x) { return x + HZ; }\n\
        SEC(\"xdp\") int prog(void *ctx) { return help(total) + own; }\n\
        //- /a.h\nextern int total;\nextern int prog(void *ctx);\nint help(int);\n";

    fn program(from: &str, to: &str, expect: Expect) {
        check(&format!("//- /a.bpf.c\n{}", PROGRAM.replacen(from, to, 1)), expect);
    }

    #[test]
    fn of_variables_and_functions() {
        program(
            "help(total)",
            "help(to$0tal)",
            expect![[r#"
                a.h:1 extern int [total];
            "#]],
        );
        program(
            "return help(",
            "return he$0lp(",
            expect![[r#"
                a.h:3 int [help](int);
                a.bpf.c:6 int [help](int x);
            "#]],
        );
        program(
            "int prog(void *ctx) {",
            "int pr$0og(void *ctx) {",
            expect![[r#"
                a.h:2 extern int [prog](void *ctx);
            "#]],
        );
        program(
            "x + HZ",
            "x + H$0Z",
            expect![[r#"
                a.bpf.c:4 extern int [HZ] __kconfig;
            "#]],
        );
    }

    #[test]
    fn what_is_only_defined() {
        program(
            "+ own",
            "+ ow$0n",
            expect![[r#"
                a.bpf.c:5 int total, [own];
            "#]],
        );
        program("return x", "return $0x", expect![""]);
    }

    fn loader(header: &str, body: &str, expect: Expect) {
        let head = "//- /load.c\n#include \"a.skel.h\"\n";
        check(&format!("{head}{body}\n//- /a.bpf.c\n{PROGRAM}{header}"), expect);
    }

    #[test]
    fn members_without_a_header() {
        loader(
            "",
            "int f(struct a *s) { return s->bss->to$0tal; }",
            expect![[r#"
                a.h:1 extern int [total];
            "#]],
        );
        loader(
            "",
            "int f(struct a *s) { return s->bss->ow$0n; }",
            expect![[r#"
                a.bpf.c:5 int total, [own];
            "#]],
        );
    }

    #[test]
    fn members_of_a_generated_header() {
        let header = "//- /a.skel.h\nstruct a {\n\tstruct { struct bpf_program *prog; } progs;\n\
            \tstruct a__bss {\n\t\tint total;\n\t\tint own;\n\t} *bss;\n};\n";
        loader(
            header,
            "int f(struct a *s) { return s->bss->to$0tal; }",
            expect![[r#"
                a.skel.h:4 int [total];
            "#]],
        );
        loader(
            header,
            "void *f(struct a *s) { return s->progs.pro$0g; }",
            expect![[r#"
                a.skel.h:2 struct { struct bpf_program *[prog]; } progs;
            "#]],
        );
        loader(
            header,
            "void *f(struct a *s) { return s->b$0ss; }",
            expect![[r#"
                a.skel.h:6 } *[bss];
            "#]],
        );
    }
}
