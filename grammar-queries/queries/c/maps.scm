; SPDX-License-Identifier: MIT OR Apache-2.0
;
; Members of a BTF map definition (`struct { ... } name SEC(".maps")`).
; A match has @map.member.name and one of:
;   @map.member.number   what __uint and __ulong carry
;   @map.member.type     what __type carries
;   @map.member.inner    the element type of __array
; Text as written also has @map.member.macro.
;
; Whether a struct is a map definition says the section of its variable, not these patterns:
; ordinary structs have members of the same forms.

; --- Plain C: int (*name)[number], type *name, type *name[] -----------------------------------

(field_declaration
  declarator: (array_declarator
    declarator: (parenthesized_declarator
      (pointer_declarator
        declarator: (field_identifier) @map.member.name))
    size: (_) @map.member.number)) @map.member

(field_declaration
  type: (_) @map.member.type
  declarator: (pointer_declarator
    declarator: (field_identifier) @map.member.name)) @map.member

(field_declaration
  type: (_) @map.member.inner
  declarator: (pointer_declarator
    declarator: (array_declarator
      declarator: (field_identifier) @map.member.name
      !size))) @map.member

; --- As written ---------------------------------------------------------------------------------
; The grammar knows no macro with two arguments in the place of a type. It keeps the one that looks
; like a type and puts the other into an ERROR node, before or behind it.

((field_declaration
  type: (macro_type_specifier
    name: (identifier) @map.member.macro
    (ERROR
      .
      (type_descriptor
        type: (type_identifier) @map.member.name))
    type: (type_descriptor) @map.member.number)) @map.member
  (#any-of? @map.member.macro "__uint" "__ulong"))

((field_declaration
  type: (macro_type_specifier
    name: (identifier) @map.member.macro
    type: (type_descriptor
      type: (type_identifier) @map.member.name)
    (ERROR) @map.member.number)) @map.member
  (#any-of? @map.member.macro "__uint" "__ulong"))

((field_declaration
  type: (macro_type_specifier
    name: (identifier) @map.member.macro
    (ERROR
      .
      (type_descriptor
        type: (type_identifier) @map.member.name))
    type: (type_descriptor) @map.member.type)) @map.member
  (#eq? @map.member.macro "__type"))

((field_declaration
  type: (macro_type_specifier
    name: (identifier) @map.member.macro
    (ERROR
      .
      (type_descriptor
        type: (type_identifier) @map.member.name))
    type: (type_descriptor) @map.member.inner)) @map.member
  (#eq? @map.member.macro "__array"))
