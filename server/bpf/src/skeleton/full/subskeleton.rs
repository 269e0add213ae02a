//! The functions of a subskeleton: it looks into an object that others opened.

use super::super::datasec::variables;
use super::super::writer::Writer;
use super::{MapRow, has_struct_ops, map_table, program_table, quoted, shadow_pointers};
use crate::object::{MapKind, Object};
use crate::section::internal_map_name;
use std::fmt::Write;

pub(super) fn functions(out: &mut Writer<'_>) {
    let object = out.object;
    let n = &object.name;
    let rows: Vec<MapRow> = object
        .maps
        .iter()
        .filter_map(|map| {
            let name = match map.kind {
                // Whatever the whole object is called: libbpf finds these by their section.
                MapKind::Internal(kind) => internal_map_name("", &map.section, kind),
                _ => map.name.clone(),
            };
            Some(MapRow { name, ident: map.ident()?, data: None, struct_ops: false })
        })
        .collect();
    let variables = variable_table(object);
    let maps = map_table(&rows, false, "goto out");
    let programs = program_table(object, false, "goto out");
    let size = if has_struct_ops(object) { "\tsize_t size;\n" } else { "" };
    let shadows = shadow_pointers(object, "skel");
    out.line(format_args!(
        "\nstatic inline void\n\
         {n}__destroy(struct {n} *skel)\n\
         {{\n\
         \tif (skel && skel->subskel)\n\
         \t\tbpf_object__destroy_subskeleton(skel->subskel);\n\
         \tfree(skel);\n\
         }}\n\
         \n\
         static inline struct {n} *\n\
         {n}__open(const struct bpf_object *src)\n\
         {{\n\
         \tstruct {n} *skel = (struct {n} *)calloc(1, sizeof(*skel));\n\
         \tstruct bpf_object_subskeleton *table;\n\
         \tint err = -ENOMEM;\n\
         {size}\
         \n\
         \tif (!skel)\n\
         \t\tgoto out;\n\
         \ttable = (struct bpf_object_subskeleton *)calloc(1, sizeof(*table));\n\
         \tif (!table)\n\
         \t\tgoto out;\n\
         \tskel->subskel = table;\n\
         \ttable->sz = sizeof(*table);\n\
         \ttable->obj = src;\n\
         \ttable->var_skel_sz = sizeof(*table->vars);\n\
         {variables}{maps}{programs}\
         \terr = bpf_object__open_subskeleton(table);\n\
         out:\n\
         \tif (err) {{\n\
         \t\t{n}__destroy(skel);\n\
         \t\terrno = -err;\n\
         \t\treturn NULL;\n\
         \t}}\n\
         {shadows}\
         \treturn skel;\n\
         }}\n\
         \n\
         #ifdef __cplusplus\n\
         inline struct {n} *{n}::open(const struct bpf_object *src) {{ return {n}__open(src); }}\n\
         inline void {n}::destroy(struct {n} *skel) {{ {n}__destroy(skel); }}\n\
         #endif /* __cplusplus */"
    ));
}

/// Where each variable's address goes.
fn variable_table(object: &Object) -> String {
    let mut rows = String::new();
    let mut count = 0;
    for (ident, variable) in variables(object) {
        let name = &variable.name;
        let _ = writeln!(
            rows,
            "\t\t\t{{ {}, &skel->maps.{ident}, (void **)&skel->{ident}.{name} }},",
            quoted(name)
        );
        count += 1;
    }
    if count == 0 {
        return rows;
    }
    format!(
        "\t{{\n\
         \t\tconst struct {{\n\
         \t\t\tconst char *name;\n\
         \t\t\tstruct bpf_map **map;\n\
         \t\t\tvoid **address;\n\
         \t\t}} rows[] = {{\n\
         {rows}\
         \t\t}};\n\
         \t\tint i;\n\
         \n\
         \t\ttable->vars = (struct bpf_var_skeleton *)calloc({count}, sizeof(*table->vars));\n\
         \t\tif (!table->vars)\n\
         \t\t\tgoto out;\n\
         \t\ttable->var_cnt = {count};\n\
         \t\tfor (i = 0; i < {count}; i++) {{\n\
         \t\t\ttable->vars[i].name = rows[i].name;\n\
         \t\t\ttable->vars[i].map = rows[i].map;\n\
         \t\t\ttable->vars[i].addr = rows[i].address;\n\
         \t\t}}\n\
         \t}}\n"
    )
}
