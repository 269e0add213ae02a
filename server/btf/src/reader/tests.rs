//! Hostile input: every refusal says what is wrong.

use super::{ByteOrder, byte_order, read};
use expect_test::{Expect, expect};

/// A section of that many words of types and these strings.
fn blob(types: &[u32], strings: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x9f, 0xeb, 1, 0];
    let type_len = types.len() as u32 * 4;
    for word in [24, 0, type_len, type_len, strings.len() as u32].iter().chain(types) {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.extend_from_slice(strings);
    bytes
}

fn info(kind: u32, vlen: u32) -> u32 {
    kind << 24 | vlen
}

fn check(bytes: &[u8], expect: Expect) {
    let text = match read(bytes) {
        Ok(btf) => crate::raw::dump(&btf),
        Err(error) => error.to_string(),
    };
    expect.assert_eq(&text);
}

#[test]
fn nothing_but_strings() {
    check(&blob(&[], b"\0"), expect![""]);
}

#[test]
fn int_and_pointer() {
    let types = [1, info(1, 0), 4, 1 << 24 | 32, 0, info(2, 0), 1];
    check(
        &blob(&types, b"\0int\0"),
        expect![[r#"
            [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
            [2] PTR '(anon)' type_id=1
        "#]],
    );
}

#[test]
fn both_byte_orders_are_told_apart() {
    assert_eq!(byte_order(&[0x9f, 0xeb]), Some(ByteOrder::Little));
    assert_eq!(byte_order(&[0xeb, 0x9f]), Some(ByteOrder::Big));
    assert_eq!(byte_order(&[0xeb]), None);
}

#[test]
fn empty_input() {
    check(b"", expect!["0 bytes are too few for a BTF header"]);
}

#[test]
fn header_cut_off() {
    let bytes = blob(&[], b"\0");
    check(bytes.get(..23).unwrap(), expect!["23 bytes are too few for a BTF header"]);
}

#[test]
fn other_magic() {
    check(b"\x7fELF", expect!["not BTF: it starts with 7f 45 instead of 9f eb or eb 9f"]);
}

#[test]
fn strings_outside() {
    let mut bytes = blob(&[], b"\0");
    bytes.pop();
    check(&bytes, expect!["the BTF string part (1 bytes at 0) reaches beyond the end"]);
}

#[test]
fn types_outside() {
    let mut bytes = blob(&[], b"\0");
    bytes.splice(12..16, u32::MAX.to_le_bytes());
    check(&bytes, expect!["the BTF type part (4294967295 bytes at 0) reaches beyond the end"]);
}

#[test]
fn types_reach_into_strings() {
    let mut bytes = blob(&[0, info(2, 0), 0], b"\0");
    bytes.splice(16..20, 4_u32.to_le_bytes());
    check(&bytes, expect!["BTF types (12 bytes at 0) reach into the strings at 4"]);
}

#[test]
fn strings_without_end() {
    check(
        &blob(&[], b"\0int"),
        expect!["the BTF string part does not start with an empty string and end with NUL"],
    );
}

#[test]
fn type_cut_off() {
    check(&blob(&[0, info(1, 0), 4], b"\0"), expect!["BTF type [1] is cut off"]);
}

#[test]
fn more_members_than_bytes() {
    check(
        &blob(&[0, info(4, 0xffff), 8, 0, 0, 0], b"\0"),
        expect!["BTF type [1] claims 65535 members, more than there are bytes for"],
    );
}

#[test]
fn sixteen_million_members() {
    check(
        &blob(&[0, info(4, 0xff_ffff), 8, 0, 0, 0], b"\0"),
        expect!["BTF type [1] claims 16777215 members, more than there are bytes for"],
    );
}

#[test]
fn more_members_than_16_bits_count() {
    let mut types = vec![1, info(6, 70_000), 4];
    types.extend((0..70_000).flat_map(|value| [1, value]));
    let btf = read(&blob(&types, b"\0A\0")).unwrap();
    assert!(matches!(btf.types.as_slice(), [_, crate::Type::Enum(e)] if e.values.len() == 70_000));
}

#[test]
fn longer_header_with_a_layout_part() {
    let mut bytes = blob(&[1, info(7, 0), 0], b"\0s\0");
    bytes.splice(4..8, 32_u32.to_le_bytes());
    bytes.splice(24..24, [16, 0, 0, 0, 4, 0, 0, 0]);
    bytes.extend_from_slice(&[0; 5]);
    check(
        &bytes,
        expect![[r#"
            [1] FWD 's' fwd_kind=struct
        "#]],
    );
}

#[test]
fn unknown_kind() {
    check(&blob(&[0, info(20, 0), 0], b"\0"), expect!["BTF type [1] has the unknown kind 20"]);
}

#[test]
fn name_outside() {
    check(
        &blob(&[9, info(7, 0), 0], b"\0"),
        expect!["BTF type [1] has a name at 9, outside the string part"],
    );
}

#[test]
fn overlapping_names_beyond_measure() {
    let mut strings = vec![b'a'; 1 << 18];
    strings.insert(0, 0);
    strings.push(0);
    let types: Vec<u32> = (1..=64).flat_map(|name| [name, info(7, 0), 0]).collect();
    check(
        &blob(&types, &strings),
        expect!["BTF type [9] brings overlapping names beyond any sensible amount"],
    );
}

#[test]
fn id_out_of_range() {
    check(
        &blob(&[0, info(2, 0), 7], b"\0"),
        expect!["BTF type [1] refers to type [7], which does not exist"],
    );
}

#[test]
fn function_without_prototype() {
    check(
        &blob(&[1, info(12, 1), 0], b"\0f\0"),
        expect!["BTF type [1] is a function whose type [0] is no prototype"],
    );
}

#[test]
fn unknown_linkage() {
    check(&blob(&[1, info(12, 3), 0], b"\0f\0"), expect!["BTF type [1] has the unknown linkage 3"]);
}

#[test]
fn typedef_of_itself() {
    check(&blob(&[1, info(8, 0), 1], b"\0t\0"), expect!["BTF type [1] contains itself"]);
}

#[test]
fn array_of_itself() {
    check(&blob(&[0, info(3, 0), 0, 1, 0, 2], b"\0"), expect!["BTF type [1] contains itself"]);
}

#[test]
fn struct_in_itself_through_a_typedef() {
    let types = [1, info(4, 1), 8, 1, 2, 0, 1, info(8, 0), 1];
    check(&blob(&types, b"\0s\0"), expect!["BTF type [1] contains itself"]);
}

#[test]
fn pointer_to_itself() {
    check(
        &blob(&[0, info(2, 0), 1], b"\0"),
        expect!["BTF type [1] refers to itself without a named struct or union in between"],
    );
}

#[test]
fn anonymous_struct_with_pointer_to_itself() {
    let types = [0, info(4, 1), 8, 1, 2, 0, 0, info(2, 0), 1];
    check(
        &blob(&types, b"\0p\0"),
        expect!["BTF type [1] refers to itself without a named struct or union in between"],
    );
}

#[test]
fn named_struct_with_pointer_to_itself_is_fine() {
    let types = [1, info(4, 1), 8, 1, 2, 0, 0, info(2, 0), 1];
    check(
        &blob(&types, b"\0p\0"),
        expect![[r#"
            [1] STRUCT 'p' size=8 vlen=1
            	'p' type_id=2 bits_offset=0
            [2] PTR '(anon)' type_id=1
        "#]],
    );
}

#[test]
fn a_hundred_thousand_pointers_deep() {
    let types: Vec<u32> = (0..100_000).flat_map(|id| [0, info(2, 0), id]).collect();
    assert_eq!(read(&blob(&types, b"\0")).unwrap().types.len(), 100_001);
}

/// The spellings of `long` by whose size libbpf knows the pointers' (`long_aliases`), and others.
#[test]
fn pointers_are_as_large_as_a_long() {
    let pointer_size = |name: &str, size: u32| {
        let types = [1, info(1, 0), size, (1 << 24) | (size * 8)];
        read(&blob(&types, format!("\0{name}\0").as_bytes())).unwrap().pointer_size
    };
    let longs = "long|long int|int long|unsigned long|long unsigned|unsigned long int|\
                 unsigned int long|long unsigned int|long int unsigned|int unsigned long|\
                 int long unsigned";
    for name in longs.split('|') {
        assert_eq!((pointer_size(name, 4), pointer_size(name, 8)), (4, 8), "{name}");
        // A long of other sizes says nothing.
        assert_eq!(pointer_size(name, 2), 8, "{name}");
    }
    let others = "int|unsigned int|long long|long long unsigned int|long int int|\
                  unsigned long unsigned|signed long|long double|longs|char";
    for name in others.split('|') {
        assert_eq!(pointer_size(name, 4), 8, "{name}");
    }
}
