//! The functions of an ordinary skeleton, and the object in it.

use super::super::data_ident;
use super::super::writer::Writer;
use super::{
    MapRow, SkeletonKind, bytes, has_struct_ops, map_table, program_table, quoted, shadow_pointers,
};
use crate::object::MapKind;

pub(super) fn functions(out: &mut Writer<'_>, elf: &[u8]) {
    create(out);
    open(out);
    run(out);
    elf_bytes(out, elf);
    members(out);
}

/// `destroy`, and `create_skeleton`: the tables that tell libbpf what to find and where to put it.
fn create(out: &mut Writer<'_>) {
    let object = out.object;
    let n = &object.name;
    let rows: Vec<MapRow> = object
        .maps
        .iter()
        .filter_map(|map| {
            Some(MapRow {
                name: map.name.clone(),
                ident: map.ident()?,
                data: data_ident(object, map, SkeletonKind::Skeleton),
                struct_ops: map.kind == MapKind::StructOps,
            })
        })
        .collect();
    let maps = map_table(&rows, true, "return -ENOMEM");
    let programs = program_table(object, true, "return -ENOMEM");
    out.line(format_args!(
        "\nstatic void\n\
         {n}__destroy(struct {n} *obj)\n\
         {{\n\
         \tif (obj && obj->skeleton)\n\
         \t\tbpf_object__destroy_skeleton(obj->skeleton);\n\
         \tfree(obj);\n\
         }}\n\
         \n\
         static inline int\n\
         {n}__create_skeleton(struct {n} *obj)\n\
         {{\n\
         \tstruct {n} *skel = obj;\n\
         \tstruct bpf_object_skeleton *table;\n\
         \n\
         \ttable = (struct bpf_object_skeleton *)calloc(1, sizeof(*table));\n\
         \tif (!table)\n\
         \t\treturn -ENOMEM;\n\
         \t/* From here on it is {n}__destroy() that frees. */\n\
         \tskel->skeleton = table;\n\
         \ttable->sz = sizeof(*table);\n\
         \ttable->name = {name};\n\
         \ttable->obj = &skel->obj;\n\
         \ttable->data = {n}__elf_bytes(&table->data_sz);\n\
         {maps}{programs}\
         \treturn 0;\n\
         }}",
        name = quoted(n),
    ));
}

fn open(out: &mut Writer<'_>) {
    let n = &out.object.name;
    let size = if has_struct_ops(out.object) { "\tsize_t size;\n" } else { "" };
    let shadows = shadow_pointers(out.object, "obj");
    out.line(format_args!(
        "\nstatic inline struct {n} *\n\
         {n}__open_opts(const struct bpf_object_open_opts *opts)\n\
         {{\n\
         \tstruct {n} *obj = (struct {n} *)calloc(1, sizeof(*obj));\n\
         \tint err = obj ? {n}__create_skeleton(obj) : -ENOMEM;\n\
         {size}\
         \n\
         \tif (!err)\n\
         \t\terr = bpf_object__open_skeleton(obj->skeleton, opts);\n\
         \tif (err) {{\n\
         \t\t{n}__destroy(obj);\n\
         \t\terrno = -err;\n\
         \t\treturn NULL;\n\
         \t}}\n\
         {shadows}\
         \treturn obj;\n\
         }}\n\
         \n\
         static inline struct {n} *\n\
         {n}__open(void)\n\
         {{\n\
         \treturn {n}__open_opts(NULL);\n\
         }}"
    ));
}

fn run(out: &mut Writer<'_>) {
    let n = &out.object.name;
    out.line(format_args!(
        "\nstatic inline int\n\
         {n}__load(struct {n} *obj)\n\
         {{\n\
         \treturn bpf_object__load_skeleton(obj->skeleton);\n\
         }}\n\
         \n\
         static inline struct {n} *\n\
         {n}__open_and_load(void)\n\
         {{\n\
         \tstruct {n} *obj = {n}__open();\n\
         \tint err = obj ? {n}__load(obj) : 0;\n\
         \n\
         \tif (!err)\n\
         \t\treturn obj;\n\
         \t{n}__destroy(obj);\n\
         \terrno = -err;\n\
         \treturn NULL;\n\
         }}\n\
         \n\
         static inline int\n\
         {n}__attach(struct {n} *obj)\n\
         {{\n\
         \treturn bpf_object__attach_skeleton(obj->skeleton);\n\
         }}\n\
         \n\
         static inline void\n\
         {n}__detach(struct {n} *obj)\n\
         {{\n\
         \tbpf_object__detach_skeleton(obj->skeleton);\n\
         }}"
    ));
}

fn elf_bytes(out: &mut Writer<'_>, elf: &[u8]) {
    let n = &out.object.name;
    out.line(format_args!("\nstatic inline const void *{n}__elf_bytes(size_t *sz)\n{{"));
    bytes::define(out, "image", elf);
    out.line(format_args!("\n\t*sz = sizeof(image) - 1;\n\treturn image;\n}}"));
}

/// The definitions of what the struct declares for C++.
fn members(out: &mut Writer<'_>) {
    let n = &out.object.name;
    out.line(format_args!(
        "\n#ifdef __cplusplus\n\
         inline struct {n} *{n}::open(const struct bpf_object_open_opts *opts) {{ return {n}__open_opts(opts); }}\n\
         inline struct {n} *{n}::open_and_load() {{ return {n}__open_and_load(); }}\n\
         inline int {n}::load(struct {n} *skel) {{ return {n}__load(skel); }}\n\
         inline int {n}::attach(struct {n} *skel) {{ return {n}__attach(skel); }}\n\
         inline void {n}::detach(struct {n} *skel) {{ {n}__detach(skel); }}\n\
         inline void {n}::destroy(struct {n} *skel) {{ {n}__destroy(skel); }}\n\
         inline const void *{n}::elf_bytes(size_t *sz) {{ return {n}__elf_bytes(sz); }}\n\
         #endif /* __cplusplus */"
    ));
}
