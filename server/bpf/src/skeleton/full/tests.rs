use super::{LoaderProgram, SkeletonKind, full};
use crate::object::Object;
use crate::{elf, skeleton};

const PERCPU: &[u8] = include_bytes!("../../../testdata/percpu.bpfel.obj");
const MAPS: &[u8] = include_bytes!("../../../testdata/maps.bpfel.obj");
const LOADER: LoaderProgram<'static> = LoaderProgram { data: b"data", instructions: &[0x95; 16] };
const KINDS: [SkeletonKind; 3] =
    [SkeletonKind::Skeleton, SkeletonKind::Subskeleton, SkeletonKind::Light];

fn open(elf: &[u8]) -> Object {
    elf::open(elf, "obj").unwrap()
}

fn whole(elf: &[u8], kind: SkeletonKind) -> String {
    full(&open(elf), kind, elf, Some(LOADER)).unwrap()
}

#[test]
fn the_declared_part_is_the_previews() {
    for elf in [PERCPU, MAPS] {
        for kind in KINDS {
            let (declared, text) = (skeleton::print(&open(elf), kind), whole(elf, kind));
            let end = declared
                .find("\n__attribute__((unused)) static void\n")
                .or(declared.rfind("\n#endif /* __OBJ"))
                .unwrap();
            let (head, tail) = declared.split_at(end);
            assert!(text.starts_with(head) && text.ends_with(tail), "{text}");
            // And all that it declares is defined.
            for prototype in head.split("\n\n").filter(|p| p.trim_start().starts_with("static")) {
                let prototype = prototype.trim().trim_end_matches(';');
                assert!(text.contains(&format!("\n{prototype}\n{{\n")), "{prototype}");
            }
        }
    }
}

#[test]
fn percpu_data_is_in_the_table_and_not_in_subskeletons() {
    let text = whole(PERCPU, SkeletonKind::Skeleton);
    assert!(
        text.contains("{ \".percpu\", &skel->maps.percpu, (void **)&skel->percpu },"),
        "{text}"
    );
    let text = whole(PERCPU, SkeletonKind::Subskeleton);
    assert!(text.contains("{ \".percpu\", &skel->maps.percpu, NULL },"), "{text}");
    assert!(!text.contains("table->vars ="), "{text}");
    // 72 bytes on a page, which may only be read after the load.
    let text = whole(PERCPU, SkeletonKind::Light);
    assert!(text.contains("skel_prep_map_data((const void *)image, 4096, 72);"), "{text}");
    assert!(text.contains("if (mprotect(skel->percpu, 4096, PROT_READ))"), "{text}");
    assert!(text.contains("skel_raw_tracepoint_open(\"task_rename\", prog_fd)"), "{text}");
}

#[test]
fn what_cannot_be_built_is_refused() {
    let object = open(PERCPU);
    let refused = |object: &Object, kind, loader| full(object, kind, PERCPU, loader).unwrap_err();
    let why = refused(&object, SkeletonKind::Light, None);
    assert!(why.contains("bpf_object__gen_loader"), "{why}");
    let torn = LoaderProgram { data: b"", instructions: &[0x95; 15] };
    let why = refused(&object, SkeletonKind::Light, Some(torn));
    assert!(why.contains("not whole"), "{why}");
    let mut hostile = object;
    hostile.programs[0].name = "a; } int b".into();
    let why = refused(&hostile, SkeletonKind::Skeleton, None);
    assert!(why.contains("no name in C"), "{why}");
}
