//! What a standard or a flag of the compiler adds or changes.

use expect_test::expect;

use super::{check_variables, check_with_flags};

#[test]
fn keywords_of_c23() {
    check_variables(
        "constexpr int a = 3;\nconstexpr auto l = 5L;\nint b = a + true;\nvoid *p = nullptr;\n\
         auto c = 7ull;\nint d = sizeof(nullptr) + sizeof(true) + false;\nenum e : unsigned char { X = 1'0 } e = X;\n\
         struct { int a, b; } s = {};\n[[maybe_unused]] typeof_unqual(const int) u = 1;\n\
         alignas(16) char over;\nint after;\n",
        expect![[r#"
            const int a | 4 4 | 03000000
            const long l | 8 8 | 0500000000000000
            int b | 4 4 | 04000000
            void *p | 8 8 | zero
            unsigned long long c | 8 8 | 0700000000000000
            int d | 4 4 | 09000000
            enum e e | 1 1 | 0a
            struct {...} s | 8 4 | zero
            int u | 4 4 | 01000000
            char over | 1 16
            int after | 4 4
        "#]],
    );
}

#[test]
fn constexpr_leaves_the_type_to_auto_in_either_order() {
    check_variables(
        "constexpr auto a = 7ull; auto constexpr b = 1; auto c = a + 1; int n[b + 1];\n",
        expect![[r#"
            const unsigned long long a | 8 8 | 0700000000000000
            const int b | 4 4 | 01000000
            unsigned long long c | 8 8 | 0800000000000000
            int n[2] | 8 4
        "#]],
    );
}

#[test]
fn plain_char_is_unsigned_with_its_flag() {
    check_with_flags(
        "-funsigned-char",
        "int a = (char)200; int b = '\\xff'; int c = L'\\xffffffff'; int d = '\\xff\\x01';\n\
         int kind = _Generic((char)1, unsigned char: 1, signed char: 2, char: 3); struct { char x : 3; } f = { -1 };\n\
         int same = __builtin_types_compatible_p(char, unsigned char) + __CHAR_UNSIGNED__;\n",
        expect![[r#"
            int a | 4 4 | c8000000
            int b | 4 4 | ff000000
            int c | 4 4 | ffffffff
            int d | 4 4 | 01ff0000
            int kind | 4 4 | 03000000
            struct {...} f | 1 1 | 07
            int same | 4 4 | 01000000
        "#]],
    );
}

#[test]
fn enums_are_short_and_records_packed_with_their_flags() {
    check_with_flags(
        "-fshort-enums -fpack-struct=2",
        "enum a { A } va; enum b { B = 300 } vb; enum c { C = -1, D = 70000 } vc; enum e { F = 128, G = -1 } ve;\n\
         struct s { char a; long b; int c; enum a e; } vs;\n#pragma pack(8)\nstruct t { char a; long b; } vt;\n#pragma pack()\n\
         union u { char a; long b; } vu; struct { char a; long b; } __attribute__((aligned(8))) vw;\n",
        expect![[r#"
            enum a va | 1 1
            enum b vb | 2 2
            enum c vc | 4 4
            enum e ve | 2 2
            struct s vs | 16 2
            struct t vt | 16 8
            union u vu | 8 2
            struct {...} vw | 16 8
        "#]],
    );
}

#[test]
fn members_of_a_named_record_without_a_name_are_microsofts() {
    let text = "struct in { int a; char b; }; typedef struct in in_t; enum en { A };\n\
         struct { struct in; int z; } a; struct { in_t; int z; } b; struct { struct tagged { long q; }; int z; } c;\n\
         struct { enum en; int z; } d; struct named { const struct in; int z; } e; unsigned long o = __builtin_offsetof(struct named, b);\n";
    check_with_flags(
        "-fms-extensions",
        text,
        expect![[r#"
        struct {...} a | 12 4
        struct {...} b | 12 4
        struct {...} c | 16 8
        struct {...} d | 4 4
        struct named e | 12 4
        unsigned long o | 8 8 | 0400000000000000
    "#]],
    );
    check_with_flags(
        "",
        text,
        expect![[r#"
        struct {...} a | 4 4
        struct {...} b | 4 4
        struct {...} c | 4 4
        struct {...} d | 4 4
        struct named e | 4 4
        unsigned long o | 8 8 | unknown
    "#]],
    );
}
#[test]
fn attributes_in_brackets_behind_the_keyword() {
    check_variables(
        "struct [[gnu::packed]] a { char a; [[maybe_unused]] long b; } va = { 1, 2 };\n\
         struct [[gnu::packed]] { char a; long b; } vb;\nunion [[gnu::aligned(16)]] u { int x; } vc;\n\
         enum [[gnu::packed]] e { A, B } vd;\nstruct [[gnu::packed]] __attribute__((aligned(4))) s5 { char a; long b; } ve;\n\
         struct s6 { [[gnu::aligned(8)]] char a; char b [[gnu::aligned(4)]]; } vf;\nenum e7 { X [[deprecated]] = 3, Y } vg = Y;\n",
        expect![[r#"
            struct a va | 9 1 | 010200000000000000
            struct {...} vb | 9 1
            union u vc | 16 16
            enum e vd | 1 1
            struct s5 ve | 12 4
            struct s6 vf | 8 8
            enum e7 vg | 4 4 | 04000000
        "#]],
    );
}
