//! The expected values are what clang 19 answers for `-target bpf` and `-target bpfeb` alike.

use super::{FieldInput, RecordAttrs, lay_out};
use expect_test::{Expect, expect};

const CHAR: FieldInput = scalar(1);
const SHORT: FieldInput = scalar(2);
const INT: FieldInput = scalar(4);
const LONG: FieldInput = scalar(8);
const NO_ATTRS: RecordAttrs = RecordAttrs { packed: false, aligned: None, pragma_pack: None };
const PACKED: RecordAttrs = RecordAttrs { packed: true, aligned: None, pragma_pack: None };

const fn scalar(size: u64) -> FieldInput {
    FieldInput {
        size,
        align: size,
        bitfield: None,
        named: true,
        packed: false,
        aligned: None,
        flexible: false,
    }
}

fn bits(declared: FieldInput, width: u32) -> FieldInput {
    FieldInput { bitfield: Some(width), ..declared }
}

fn unnamed(field: FieldInput) -> FieldInput {
    FieldInput { named: false, ..field }
}

fn pack(n: u32) -> RecordAttrs {
    RecordAttrs { pragma_pack: Some(n), ..NO_ATTRS }
}

fn check(is_union: bool, attrs: RecordAttrs, fields: &[FieldInput], expect: Expect) {
    let text = match lay_out(is_union, &attrs, fields) {
        Some(l) => format!("size {} align {} bits {:?}", l.size, l.align, l.offsets_bits),
        None => "overflow".to_owned(),
    };
    expect.assert_eq(&text);
}

#[test]
fn empty_struct() {
    check(false, NO_ATTRS, &[], expect!["size 0 align 1 bits []"]);
}

#[test]
fn holes_and_tail_padding() {
    check(false, NO_ATTRS, &[CHAR, LONG, SHORT], expect!["size 24 align 8 bits [0, 64, 128]"]);
}

#[test]
fn union_of_different_sizes() {
    check(true, NO_ATTRS, &[LONG, FieldInput::plain(9, 1)], expect!["size 16 align 8 bits [0, 0]"]);
}

#[test]
fn packed_record() {
    check(false, PACKED, &[CHAR, LONG], expect!["size 9 align 1 bits [0, 8]"]);
}

#[test]
fn packed_field_only() {
    let packed = FieldInput { packed: true, ..LONG };
    check(false, NO_ATTRS, &[CHAR, packed, INT], expect!["size 16 align 4 bits [0, 8, 96]"]);
}

#[test]
fn aligned_record_and_field() {
    let attrs = RecordAttrs { aligned: Some(16), ..NO_ATTRS };
    let field = FieldInput { aligned: Some(8), ..CHAR };
    check(false, attrs, &[CHAR, field], expect!["size 16 align 16 bits [0, 64]"]);
}

#[test]
fn packed_and_aligned_record() {
    let attrs = RecordAttrs { aligned: Some(4), ..PACKED };
    check(false, attrs, &[CHAR, LONG], expect!["size 12 align 4 bits [0, 8]"]);
}

#[test]
fn pragma_pack_beats_aligned_field() {
    let field = FieldInput { aligned: Some(16), ..CHAR };
    check(false, pack(2), &[CHAR, field, LONG], expect!["size 12 align 2 bits [0, 16, 32]"]);
}

#[test]
fn flexible_array() {
    let flexible = FieldInput { flexible: true, ..LONG };
    check(false, NO_ATTRS, &[INT, flexible], expect!["size 8 align 8 bits [0, 64]"]);
}

#[test]
fn bit_fields_share_a_unit_across_types() {
    check(
        false,
        NO_ATTRS,
        &[bits(INT, 3), bits(CHAR, 4), bits(CHAR, 4), bits(LONG, 30), CHAR],
        expect!["size 8 align 8 bits [0, 3, 8, 12, 48]"],
    );
}

#[test]
fn straddling_bit_field_moves_to_its_own_unit() {
    check(false, NO_ATTRS, &[bits(INT, 20), bits(INT, 20)], expect!["size 8 align 4 bits [0, 32]"]);
}

#[test]
fn packed_bit_fields_straddle() {
    check(
        false,
        PACKED,
        &[bits(INT, 20), bits(INT, 20), bits(CHAR, 3)],
        expect!["size 6 align 1 bits [0, 20, 40]"],
    );
}

#[test]
fn zero_width_aligns_the_next_but_not_the_record() {
    check(
        false,
        NO_ATTRS,
        &[bits(CHAR, 3), unnamed(bits(INT, 0)), bits(CHAR, 5)],
        expect!["size 5 align 1 bits [0, 32, 32]"],
    );
}

#[test]
fn zero_width_in_packed_record() {
    check(
        false,
        PACKED,
        &[bits(CHAR, 3), unnamed(bits(INT, 0)), bits(CHAR, 5)],
        expect!["size 5 align 1 bits [0, 32, 32]"],
    );
}

#[test]
fn unnamed_bit_field_takes_room_without_alignment() {
    check(
        false,
        NO_ATTRS,
        &[CHAR, unnamed(bits(INT, 9)), CHAR],
        expect!["size 4 align 1 bits [0, 8, 24]"],
    );
}

#[test]
fn pragma_pack_bit_fields_are_laid_end_to_end() {
    check(
        false,
        pack(2),
        &[bits(INT, 20), bits(INT, 20), CHAR],
        expect!["size 6 align 2 bits [0, 20, 40]"],
    );
}

#[test]
fn packed_bit_field_under_pragma_pack_aligns_its_record() {
    let attrs = RecordAttrs { pragma_pack: Some(2), ..PACKED };
    check(
        false,
        attrs,
        &[FieldInput { packed: true, ..bits(INT, 14) }, LONG, bits(CHAR, 1)],
        expect!["size 12 align 2 bits [0, 16, 80]"],
    );
}

#[test]
fn aligned_bit_field() {
    let aligned = FieldInput { aligned: Some(8), ..bits(INT, 3) };
    check(
        false,
        NO_ATTRS,
        &[bits(INT, 3), aligned, bits(INT, 3)],
        expect!["size 16 align 8 bits [0, 64, 67]"],
    );
}

#[test]
fn zero_size_members() {
    let empty = FieldInput::plain(0, 4);
    check(false, NO_ATTRS, &[CHAR, empty, CHAR], expect!["size 8 align 4 bits [0, 32, 32]"]);
}

#[test]
fn overflow_is_no_layout() {
    let huge = FieldInput::plain(u64::MAX / 8, 1);
    check(false, NO_ATTRS, &[huge, huge], expect!["overflow"]);
}

/// `#pragma pack(0)` is `#pragma pack()`: nothing is packed.
#[test]
fn pragma_pack_zero_packs_nothing() {
    check(false, pack(0), &[CHAR, LONG], expect!["size 16 align 8 bits [0, 64]"]);
    check(false, pack(0), &[CHAR, bits(INT, 28)], expect!["size 8 align 4 bits [0, 32]"]);
}
