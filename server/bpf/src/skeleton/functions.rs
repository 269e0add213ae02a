//! The C++ member functions, the end of `struct NAME`, and the prototypes after it.

use super::SkeletonKind;
use super::writer::Writer;

pub(super) fn members_and_prototypes(out: &mut Writer<'_>) {
    let n = &out.object.name;
    match out.kind {
        SkeletonKind::Skeleton => {
            out.line(format_args!(
                "\n#ifdef __cplusplus\n\
                 \tstatic inline struct {n} *open(const struct bpf_object_open_opts *opts = nullptr);\n\
                 \tstatic inline struct {n} *open_and_load();\n\
                 \tstatic inline int load(struct {n} *skel);\n\
                 \tstatic inline int attach(struct {n} *skel);\n\
                 \tstatic inline void detach(struct {n} *skel);\n\
                 \tstatic inline void destroy(struct {n} *skel);\n\
                 \tstatic inline const void *elf_bytes(size_t *sz);\n\
                 #endif /* __cplusplus */\n}};"
            ));
            out.line(format_args!(
                "\nstatic void\n{n}__destroy(struct {n} *obj);\n\
                 \nstatic inline int\n{n}__create_skeleton(struct {n} *obj);\n\
                 \nstatic inline struct {n} *\n{n}__open_opts(const struct bpf_object_open_opts *opts);\n\
                 \nstatic inline struct {n} *\n{n}__open(void);\n\
                 \nstatic inline int\n{n}__load(struct {n} *obj);\n\
                 \nstatic inline struct {n} *\n{n}__open_and_load(void);\n\
                 \nstatic inline int\n{n}__attach(struct {n} *obj);\n\
                 \nstatic inline void\n{n}__detach(struct {n} *obj);\n\
                 \nstatic inline const void *{n}__elf_bytes(size_t *sz);"
            ));
        }
        SkeletonKind::Subskeleton => {
            out.line(format_args!(
                "\n#ifdef __cplusplus\n\
                 \tstatic inline struct {n} *open(const struct bpf_object *src);\n\
                 \tstatic inline void destroy(struct {n} *skel);\n\
                 #endif /* __cplusplus */\n}};"
            ));
            out.line(format_args!(
                "\nstatic inline void\n{n}__destroy(struct {n} *skel);\n\
                 \nstatic inline struct {n} *\n{n}__open(const struct bpf_object *src);"
            ));
        }
        SkeletonKind::Light => {
            out.line(format_args!("}};"));
            for program in &out.object.programs {
                let p = &program.name;
                out.line(format_args!("\nstatic inline int\n{n}__{p}__attach(struct {n} *skel);"));
            }
            out.line(format_args!(
                "\nstatic inline int\n{n}__attach(struct {n} *skel);\n\
                 \nstatic inline void\n{n}__detach(struct {n} *skel);\n\
                 \nstatic void\n{n}__destroy(struct {n} *skel);\n\
                 \nstatic inline struct {n} *\n{n}__open(void);\n\
                 \nstatic inline int\n{n}__load(struct {n} *skel);\n\
                 \nstatic inline struct {n} *\n{n}__open_and_load(void);"
            ));
        }
    }
}
