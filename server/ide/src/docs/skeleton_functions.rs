//! The functions of a skeleton: `NAME__open` and the others.

use loader::skeletons::{HeaderKind, Skeleton};

use crate::markdown::{Block, Markdown};

/// Name, parameter, return type and meaning; `NAME` stands for the skeleton's name.
pub(crate) type Row = (&'static str, &'static str, &'static str, &'static str);

const FULL: &[Row] = &[
    ("open", "void", "struct NAME *", "Opens the object: start values may be set until the load."),
    (
        "open_opts",
        "const struct bpf_object_open_opts *opts",
        "struct NAME *",
        "Opens the object with options.",
    ),
    ("load", "struct NAME *obj", "int", "Loads maps and programs into the kernel."),
    ("open_and_load", "void", "struct NAME *", "Opens and loads, with start values as compiled."),
    ("attach", "struct NAME *obj", "int", "Attaches the programs that can attach themselves."),
    ("detach", "struct NAME *obj", "void", "Destroys the links."),
    ("destroy", "struct NAME *obj", "void", "Detaches, unloads and frees everything."),
    ("elf_bytes", "size_t *sz", "const void *", "The object file inside the header."),
];

const LIGHT: &[Row] = &[
    (
        "open",
        "void",
        "struct NAME *",
        "Makes the skeleton: start values may be set until the load.",
    ),
    ("load", "struct NAME *skel", "int", "Loads maps and programs into the kernel."),
    ("open_and_load", "void", "struct NAME *", "Opens and loads, with start values as compiled."),
    ("attach", "struct NAME *skel", "int", "Attaches the programs that can attach themselves."),
    ("detach", "struct NAME *skel", "void", "Closes the links."),
    ("destroy", "struct NAME *skel", "void", "Detaches, unloads and frees everything."),
];

const SUB: &[Row] = &[
    (
        "open",
        "const struct bpf_object *src",
        "struct NAME *",
        "Finds the maps and programs of a library in an object that is open.",
    ),
    ("destroy", "struct NAME *skel", "void", "Frees the subskeleton; the object stays."),
];

/// The functions of a kind of skeleton.
pub(crate) fn of(kind: HeaderKind) -> &'static [Row] {
    match kind {
        HeaderKind::Skeleton => FULL,
        HeaderKind::Light => LIGHT,
        HeaderKind::Subskeleton => SUB,
    }
}

/// The skeleton that a function belongs to, by index, and its row.
pub(crate) fn find(skeletons: &[Skeleton], function: &str) -> Option<(usize, &'static Row)> {
    let (prefix, verb) = function.rsplit_once("__")?;
    skeletons.iter().enumerate().find_map(|(index, skeleton)| {
        let row = of(skeleton.kind).iter().find(|(name, ..)| *name == verb)?;
        (skeleton.name.as_str() == prefix).then_some((index, row))
    })
}

/// Markdown about a function.
pub(crate) fn describe(skeleton: &Skeleton, row: &Row) -> Markdown {
    let (function, parameter, returns, what) = row;
    let name = skeleton.name.as_str();
    let (parameter, returns) = (parameter.replace("NAME", name), returns.replace("NAME", name));
    let space = if returns.ends_with('*') { "" } else { " " };
    let prototype = format!("{returns}{space}{name}__{function}({parameter});");
    Markdown::of("{}\n\n{}", &[&Block(prototype), &Markdown::of(what, &[])])
}
