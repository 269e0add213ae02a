//! The files of the workspace in which sessions are played, and texts for each.

use std::sync::LazyLock;

use super::program::HEAD;

/// All files.
pub(super) const FILES: &[&str] = &[
    "/w/a.bpf.c",
    "/w/b.bpf.c",
    "/w/common.h",
    "/w/inc/deep.h",
    "/w/inc/extra.h",
    "/w/user.h",
    "/w/user.c",
    "/w/more.c",
    "/w/lib/b.bpf.c",
];

static COMMON: LazyLock<Vec<String>> = LazyLock::new(|| {
    let guarded = |text: &str| format!("#ifndef COMMON_H\n#define COMMON_H\n{text}#endif\n");
    vec![
        guarded(HEAD),
        guarded(&format!("#include \"inc/deep.h\"\n{HEAD}")),
        format!("{HEAD}int from_common;\n"),
        guarded(&format!("{HEAD}#include <extra.h>\nstatic const int c1 = LEVEL;\n")),
        guarded(&HEAD.replace("unsigned int u32", "unsigned long u32")),
        format!("#pragma once\n{HEAD}#define g0 renamed\n"),
        String::new(),
    ]
});

/// What stands before the pieces of a program.
const HEADS: &[&str] = &[
    "#include \"common.h\"\n",
    "#include \"common.h\"\n#include <extra.h>\n",
    "#include <extra.h>\n#include \"common.h\"\n#ifdef FLAG\nint flag = FLAG;\n#endif\n",
    "#include \"common.h\"\n#include <deep.h>\n#include <deep.h>\nint level = LEVEL;\n",
    "#include \"common.h\"\n#if __has_include(\"inc/extra.h\")\n#include \"user.h\"\n#endif\n",
];

const DEEP: &[&str] = &[
    "#define LEVEL 1\n",
    "#define LEVEL 2\nint deep;\n",
    "#pragma once\n#include \"../common.h\"\n#define LEVEL 3\n",
    "#ifdef LEVEL\nint again;\n#else\n#define LEVEL 4\n#include \"deep.h\"\n#endif\n",
    "#ifndef LEVEL\n#define LEVEL __LINE__\n#include \"extra.h\"\n#else\nstatic int deep[LEVEL];\n#endif\n",
];

const EXTRA: &[&str] = &[
    "static int extra = 1;\n",
    "#include \"deep.h\"\nstatic int extra[LEVEL];\n",
    "#ifdef LEVEL\nint extra = LEVEL;\n#endif\n",
    "#include \"../common.h\"\nstruct extra { u32 a; u64 b; };\nstruct extra e0;\n",
    "#include \"deep.h\"\nstatic inline int ex(void) { static int line = __LINE__; return line; }\n",
];

const USER_H: &[&str] = &[
    "#define VALUE 1\n",
    "#define VALUE 2\n#define TUNE(s) bpf_map__set_max_entries((s)->maps.m0, 8)\n",
    "#define VALUE 3\n#define TUNE(s) bpf_program__set_type((s)->progs.one, 3)\n",
    "#define VALUE h0\n#define TUNE(s) (s)->rodata->g1 = 3\n",
    "#include \"b.skel.h\"\n",
];

const USER_C: &[&str] = &[
    "#include \"a.skel.h\"\n#include \"user.h\"\nint main(void)\n{\n\tstruct a *s = a__open();\n\ts->bss->g0 = VALUE;\n\ts->rodata->g1 = 2;\n\treturn a__load(s);\n}\n",
    "#include \"a.skel.h\"\n#include \"user.h\"\nint main(void)\n{\n\tstruct a *s = a__open();\n\tTUNE(s);\n\ta__load(s);\n\ts->rodata->g1 = VALUE;\n\treturn s->bss->deep;\n}\n",
    "#include \"b.skel.h\"\n#include \"a.skel.h\"\nint main(void)\n{\n\tstruct b *s = b__open_and_load();\n\treturn s->bss->g0 + s->data->extra;\n}\n",
    "#include \"a.subskel.h\"\nint f(struct a *s) { return *s->bss.g0; }\n",
    "int nothing;\n",
];

const MORE_C: &[&str] = &[
    "int nothing;\n",
    "#include \"b.skel.h\"\nint g(struct b *s) { return s->bss->p0.a; }\n",
    "#include \"user.h\"\n#include \"a.skel.h\"\nvoid h(struct a *s) { TUNE(s); }\n",
    "#include <bpf/libbpf.h>\nint f(struct bpf_map *m) { return bpf_map__set_max_entries(m, 8); }\n",
];

/// One of the texts of a file; of programs what stands before their pieces.
pub(super) fn text(file: usize, which: usize) -> &'static str {
    let all = match FILES[file] {
        "/w/common.h" => return &COMMON[which % COMMON.len()],
        "/w/inc/deep.h" => DEEP,
        "/w/inc/extra.h" => EXTRA,
        "/w/user.h" => USER_H,
        "/w/user.c" => USER_C,
        "/w/more.c" => MORE_C,
        _ => HEADS,
    };
    all[which % all.len()]
}
