//! The functions of a light skeleton, which needs no libbpf at run time: `skel_internal.h` of libbpf maps
//! the data, and a loader program creates maps and programs in the kernel.

use super::super::data_ident;
use super::super::writer::Writer;
use super::{LoaderProgram, SkeletonKind, bytes, quoted};
use crate::elf::section_bytes;
use crate::facts::sections;
use crate::object::{Map, MapKind, Object, Program, SectionKind};
use smol_str::SmolStr;

/// The smallest page, in bytes. Kernels with larger ones round the length of a mapping up themselves.
const PAGE: u64 = 4096;

/// What is known of an object for its light skeleton.
pub(super) struct Light<'a> {
    object: &'a Object,
    loader: LoaderProgram<'a>,
    data: Vec<Data<'a>>,
}

/// The data of a map that the skeleton points at.
struct Data<'a> {
    ident: SmolStr,
    kind: SectionKind,
    /// In bytes.
    size: u64,
    /// What it starts with; empty for zeros.
    image: &'a [u8],
}

impl Data<'_> {
    /// Bytes of the mapping, as all steps must say the same.
    fn mapped(&self) -> u64 {
        self.size.next_multiple_of(8).next_multiple_of(PAGE)
    }
}

impl<'a> Light<'a> {
    pub(super) fn new(
        object: &'a Object,
        elf: &'a [u8],
        loader: Option<LoaderProgram<'a>>,
    ) -> Result<Self, String> {
        let loader = loader.ok_or(
            "a light skeleton holds a loader program, and only libbpf makes one \
             (bpf_object__gen_loader): give its data and its instructions with --loader DATA INSNS",
        )?;
        if loader.instructions.is_empty() || !loader.instructions.len().is_multiple_of(8) {
            return Err("the loader's instructions are not whole: each has 8 bytes".into());
        }
        let data = object.maps.iter().filter_map(|map| {
            let ident = data_ident(object, map, SkeletonKind::Light)?;
            Some(data_of(map, ident, elf))
        });
        Ok(Light { object, loader, data: data.collect::<Result<_, _>>()? })
    }

    pub(super) fn functions(&self, out: &mut Writer<'_>) {
        for program in &self.object.programs {
            self.attach_one(out, program);
        }
        self.attach_all(out);
        self.destroy(out);
        self.open(out);
        self.load(out);
    }

    fn attach_one(&self, out: &mut Writer<'_>, program: &Program) {
        let (n, p) = (&self.object.name, &program.name);
        out.line(format_args!("\nstatic inline int\n{n}__{p}__attach(struct {n} *skel)\n{{"));
        match attach_call(program) {
            Some(call) => out.line(format_args!(
                "\tint prog_fd = skel->progs.{p}.prog_fd;\n\
                 \tint fd = {call};\n\
                 \n\
                 \tif (fd > 0)\n\
                 \t\tskel->links.{p}_fd = fd;\n\
                 \treturn fd;\n\
                 }}"
            )),
            None => out.line(format_args!(
                "\t(void)skel;\n\
                 \treturn 0; /* a program of this type is attached by hand */\n\
                 }}"
            )),
        }
    }

    fn attach_all(&self, out: &mut Writer<'_>) {
        let n = &self.object.name;
        let programs = || self.object.programs.iter().map(|p| &p.name);
        out.line(format_args!("\nstatic inline int\n{n}__attach(struct {n} *skel)\n{{"));
        out.line(format_args!("\tint err = 0;\n\n\t(void)skel;"));
        for p in programs() {
            out.line(format_args!("\tif (err >= 0)\n\t\terr = {n}__{p}__attach(skel);"));
        }
        out.line(format_args!("\treturn err < 0 ? err : 0;\n}}"));
        out.line(format_args!("\nstatic inline void\n{n}__detach(struct {n} *skel)\n{{"));
        out.line(format_args!("\t(void)skel;"));
        let struct_ops = self.object.maps.iter().filter(|m| m.kind == MapKind::StructOps);
        for name in programs().chain(struct_ops.map(|m| &m.name)) {
            // Set to 0, so that no second call closes what has the number by then.
            out.line(format_args!(
                "\tskel_closenz(skel->links.{name}_fd);\n\tskel->links.{name}_fd = 0;"
            ));
        }
        out.line(format_args!("}}"));
    }

    fn destroy(&self, out: &mut Writer<'_>) {
        let n = &self.object.name;
        out.line(format_args!(
            "\nstatic void\n{n}__destroy(struct {n} *skel)\n{{\n\
             \tif (!skel)\n\
             \t\treturn;\n\
             \t{n}__detach(skel);"
        ));
        for program in &self.object.programs {
            out.line(format_args!("\tskel_closenz(skel->progs.{}.prog_fd);", program.name));
        }
        for data in &self.data {
            let (d, mapped) = (&data.ident, data.mapped());
            out.line(format_args!(
                "\tif (skel->{d})\n\
                 \t\tskel_free_map_data(skel->{d}, skel->maps.{d}.initial_value, {mapped});"
            ));
        }
        for ident in self.object.maps.iter().filter_map(Map::ident) {
            out.line(format_args!("\tskel_closenz(skel->maps.{ident}.map_fd);"));
        }
        out.line(format_args!("\tskel_free(skel);\n}}"));
    }

    /// Allocates, and maps the data with what it starts with.
    fn open(&self, out: &mut Writer<'_>) {
        let n = &self.object.name;
        out.line(format_args!(
            "\nstatic inline struct {n} *\n{n}__open(void)\n{{\n\
             \tstruct {n} *skel = (struct {n} *)skel_alloc(sizeof(*skel));\n\
             \n\
             \tif (!skel)\n\
             \t\treturn NULL;"
        ));
        // The loader program knows the members up to the links.
        let has_links = !self.object.programs.is_empty()
            || self.object.maps.iter().any(|m| m.kind == MapKind::StructOps);
        let end = match (has_links, self.data.first()) {
            (true, _) => "(char *)&skel->links - (char *)skel".into(),
            (false, Some(data)) => format!("(char *)&skel->{} - (char *)skel", data.ident),
            (false, None) => "sizeof(*skel)".into(),
        };
        out.line(format_args!("\tskel->ctx.sz = {end};"));
        for data in &self.data {
            let (d, size, mapped) = (&data.ident, data.size, data.mapped());
            out.line(format_args!("\t{{"));
            if data.image.is_empty() {
                out.line(format_args!("\tstatic const char image[{size}] = {{ 0 }};"));
            } else {
                bytes::define(out, "image", data.image);
            }
            out.line(format_args!(
                "\n\
                 \tskel->{d} = (__typeof__(skel->{d}))\n\
                 \t\tskel_prep_map_data((const void *)image, {mapped}, {size});\n\
                 \tif (!skel->{d}) {{\n\
                 \t\t{n}__destroy(skel);\n\
                 \t\treturn NULL;\n\
                 \t}}\n\
                 \tskel->maps.{d}.initial_value = (__u64)(unsigned long)skel->{d};\n\
                 \t}}"
            ));
        }
        out.line(format_args!("\treturn skel;\n}}"));
    }

    /// Runs the loader program, and puts the maps' own memory where the data was.
    fn load(&self, out: &mut Writer<'_>) {
        let n = &self.object.name;
        out.line(format_args!("\nstatic inline int\n{n}__load(struct {n} *skel)\n{{"));
        bytes::define(out, "data", self.loader.data);
        bytes::define(out, "instructions", self.loader.instructions);
        out.line(format_args!(
            "\tstruct bpf_load_and_run_opts opts;\n\
             \tint err;\n\
             \n\
             \tmemset(&opts, 0, sizeof(opts));\n\
             \topts.ctx = &skel->ctx;\n\
             \topts.data = data;\n\
             \topts.data_sz = sizeof(data) - 1;\n\
             \topts.insns = instructions;\n\
             \topts.insns_sz = sizeof(instructions) - 1;\n\
             \terr = bpf_load_and_run(&opts);\n\
             \tif (err < 0)\n\
             \t\treturn err;"
        ));
        for data in &self.data {
            finalize(out, data);
        }
        out.line(format_args!(
            "\treturn 0;\n}}\n\
             \n\
             static inline struct {n} *\n\
             {n}__open_and_load(void)\n\
             {{\n\
             \tstruct {n} *skel = {n}__open();\n\
             \n\
             \tif (skel && {n}__load(skel)) {{\n\
             \t\t{n}__destroy(skel);\n\
             \t\treturn NULL;\n\
             \t}}\n\
             \treturn skel;\n\
             }}"
        ));
    }
}

fn data_of<'a>(map: &Map, ident: SmolStr, elf: &'a [u8]) -> Result<Data<'a>, String> {
    let MapKind::Internal(kind) = map.kind else {
        return Err(format!("light skeletons cannot load the data of map {}", map.name));
    };
    if kind == SectionKind::Kconfig {
        return Err(
            "what is in .kconfig comes from the kernel that a light skeleton is made on".into()
        );
    }
    let size = map.def.value_size.map(u64::from);
    let size = size.ok_or_else(|| format!("the size of map {} is not known", map.name))?;
    let image = section_bytes(elf, &map.section).unwrap_or_default();
    if kind != SectionKind::Bss && image.len() as u64 != size {
        return Err(format!("section {} does not hold the {size} bytes of its map", map.section));
    }
    let image = if image.iter().all(|byte| *byte == 0) { Default::default() } else { image };
    Ok(Data { ident, kind, size, image })
}

/// After the load: per-CPU data is a copy that may only be read, all else is the map itself.
fn finalize(out: &mut Writer<'_>, data: &Data<'_>) {
    let (d, mapped) = (&data.ident, data.mapped());
    if data.kind == SectionKind::Percpu {
        // `skel_protect_map_data` is not in the headers of libbpf that most systems have.
        out.line(format_args!(
            "#ifdef __KERNEL__\n\
             \terr = skel_protect_map_data(skel->{d}, &skel->maps.{d}.initial_value, {mapped});\n\
             \tif (err)\n\
             \t\treturn err;\n\
             \tskel->{d} = NULL;\n\
             #else\n\
             \tif (mprotect(skel->{d}, {mapped}, PROT_READ))\n\
             \t\treturn -errno;\n\
             #endif"
        ));
        return;
    }
    let access = match data.kind {
        SectionKind::Rodata => "PROT_READ",
        _ => "PROT_READ | PROT_WRITE",
    };
    out.line(format_args!(
        "\tskel->{d} = (__typeof__(skel->{d}))\n\
         \t\tskel_finalize_map_data(&skel->maps.{d}.initial_value, {mapped},\n\
         \t\t\t\t       {access}, skel->maps.{d}.map_fd);\n\
         \tif (!skel->{d})\n\
         \t\treturn -ENOMEM;"
    ));
}

/// How a light skeleton attaches a program: of what the kernel itself knows the target, or a raw
/// tracepoint; all else by hand (`codegen_attach_detach`).
fn attach_call(program: &Program) -> Option<String> {
    let row = sections::find(&program.section)?;
    match (row.short_type(), row.attach_type) {
        ("RAW_TRACEPOINT", _) => {
            let (_, target) = program.section.split_once('/')?;
            Some(format!("skel_raw_tracepoint_open({}, prog_fd)", quoted(target)))
        }
        ("TRACING", "BPF_TRACE_ITER") => {
            Some("skel_link_create(prog_fd, 0, BPF_TRACE_ITER)".into())
        }
        ("TRACING" | "LSM", _) => Some("skel_raw_tracepoint_open(NULL, prog_fd)".into()),
        _ => None,
    }
}
