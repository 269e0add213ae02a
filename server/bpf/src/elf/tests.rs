use super::{OpenError, open, raw_btf, sources};
use crate::object::Object;
use crate::skeleton::{SkeletonKind, print};
use crate::test_objects::percpu_example;
use expect_test::expect;

const LITTLE: &[u8] = include_bytes!("../../testdata/percpu.bpfel.obj");
const BIG: &[u8] = include_bytes!("../../testdata/percpu.bpfeb.obj");

fn describe(object: &Object) -> String {
    let mut out = String::new();
    for s in &object.sections {
        out += &format!("{} {:?} size {} align {}\n", s.name, s.kind, s.size, s.align);
        for v in &s.variables {
            let initial = v.initial.as_deref().unwrap_or_default();
            let initial = initial.get(..4).unwrap_or(initial);
            out += &format!("  {} @{}+{} {initial:02x?}\n", v.name, v.offset, v.size);
        }
    }
    for m in &object.maps {
        out += &format!("map {} {:?}\n", m.name, m.def);
    }
    for p in &object.programs {
        out += &format!("program {} in {}\n", p.name, p.section);
    }
    out
}

#[test]
fn percpu_object() {
    expect![[r#"
        .percpu Percpu size 72 align 4
          data @0+4 [ff, ff, ff, ff]
          run @4+1 [00]
          struct_data @8+36 [00, 00, 00, 00]
          nums @44+28 [00, 00, 00, 00]
        license License size 4 align 1
          _license @0+4 [47, 50, 4c, 00]
        map .percpu MapDef { map_type: Some(6), key_size: Some(4), value_size: Some(72), max_entries: Some(1), map_flags: Some(0), map_extra: None, numa_node: None, pinning: None, values: [] }
        program update in raw_tp/task_rename
    "#]].assert_eq(&describe(&open(LITTLE, "gpd").unwrap()));
}

#[test]
fn byte_orders_differ_in_initial_bytes_only() {
    let little = open(LITTLE, "gpd").unwrap();
    let mut big = open(BIG, "gpd").unwrap();
    let strip = |object: &mut Object| {
        object.sections.iter_mut().flat_map(|s| &mut s.variables).for_each(|v| v.initial = None);
    };
    let mut plain = little.clone();
    strip(&mut plain);
    strip(&mut big);
    assert_eq!(describe(&plain), describe(&big));
    assert_eq!(raw_btf(LITTLE).unwrap().types, raw_btf(BIG).unwrap().types);
}

#[test]
fn skeleton_equals_that_of_the_hand_built_model() {
    let object = open(LITTLE, "gpd").unwrap();
    for kind in [SkeletonKind::Skeleton, SkeletonKind::Subskeleton, SkeletonKind::Light] {
        assert_eq!(print(&object, kind), print(&percpu_example(), kind));
    }
}

#[test]
fn other_files_are_refused_with_the_reason() {
    let refused = |bytes: &[u8]| open(bytes, "x").unwrap_err().to_string();
    let mut other_machine = LITTLE.to_vec();
    other_machine[18] = 62;
    let mut narrow = LITTLE.to_vec();
    narrow[4] = 1;
    expect![[r#"
        not an ELF file
        not an ELF file
        not a 64-bit ELF file
        not a BPF object (relocatable, machine BPF)"#]]
    .assert_eq(
        &[refused(b""), refused(b"int main;"), refused(&narrow), refused(&other_machine)]
            .join("\n"),
    );
}

#[test]
fn no_prefix_and_no_changed_byte_panics() {
    let mut accepted = 0;
    for length in 0..LITTLE.len() {
        accepted += usize::from(open(&LITTLE[..length], "x").is_ok());
    }
    for at in 0..LITTLE.len() {
        for value in [0x01, 0xff] {
            let mut bytes = LITTLE.to_vec();
            bytes[at] = value;
            let _ = sources(&bytes);
            if let Ok(object) = open(&bytes, "x") {
                accepted += 1;
                for kind in [SkeletonKind::Skeleton, SkeletonKind::Subskeleton, SkeletonKind::Light]
                {
                    print(&object, kind);
                }
            }
        }
    }
    assert!(accepted > 0);
}

#[test]
fn sources_from_line_information() {
    assert_eq!(sources(LITTLE).unwrap(), ["./percpu.bpf.c"]);
    assert_eq!(sources(BIG).unwrap(), sources(LITTLE).unwrap());
}

#[test]
fn damaged_btf_is_told_as_such() {
    let at = LITTLE.windows(2).position(|w| w == [0x9f, 0xeb]).unwrap();
    let mut bytes = LITTLE.to_vec();
    bytes[at] = 0;
    assert!(matches!(open(&bytes, "x"), Err(OpenError::Btf(_))));
}

/// The slots of maps of maps and of program arrays, and the programs of struct_ops maps.
#[test]
fn relocations_fill_slots_of_maps() {
    let objects = [
        include_bytes!("../../testdata/maps.bpfel.obj").as_slice(),
        include_bytes!("../../testdata/maps.bpfeb.obj"),
    ];
    for bytes in objects {
        let object = open(bytes, "maps").unwrap();
        let mut out = String::new();
        for map in &object.maps {
            let values = map.def.values.iter().map(|v| v.as_deref().unwrap_or("-"));
            let mut told: Vec<String> = values.map(str::to_owned).collect();
            told.extend(map.ops.iter().map(|op| format!("{}={}", op.member, op.program)));
            let flags = map.def.map_flags.unwrap_or(0);
            out += &format!("{} flags {flags:#x}: {}\n", map.name, told.join(" "));
        }
        expect![[r#"
            other_cell flags 0x0: 
            cell flags 0x0: 
            cells flags 0x0: other_cell - - cell
            jumps flags 0x0: - two one
            ops flags 0x2000: start=start stop=stop
            idle flags 0x0: start=start
        "#]]
        .assert_eq(&out);
        // As bpftool 7.5 declares them.
        let skeleton = print(&object, SkeletonKind::Skeleton);
        assert!(skeleton.contains(
            "\t\tstruct maps__ops__ops {\n\t\t\tint flags;\n\t\t\tchar __padding_1[4];\n\
             \t\t\tstruct bpf_program *start;\n\t\t\tstruct bpf_program *stop;\n\t\t} *ops;\n"
        ));
    }
}
