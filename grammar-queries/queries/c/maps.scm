; SPDX-License-Identifier: MIT OR Apache-2.0
;
; Members of a BTF map definition (`struct { ... } name SEC(".maps")`).
; In plain C a match has @map.member.name and one of:
;   @map.member.number   what __uint and __ulong carry
;   @map.member.type     what __type carries
;   @map.member.inner    the element type of __array
; @map.body is the body of a struct without a name, where members may be added.
; In text as written @map.member.macro, .name, .type and .inner come one by one.
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

; --- Both: the body ----------------------------------------------------------------------------

(struct_specifier
  !name
  body: (field_declaration_list) @map.body)

; --- As written ---------------------------------------------------------------------------------
; The grammar knows no macro with two arguments in the place of a type. It keeps the one that looks
; like a type and puts the other into an ERROR node, before or behind it. So macro, name and type
; are matches of their own, and what is no type (64 * 1024) has none. (A pattern with ERROR inside
; another node would be refused by the grammar of Neovim 0.10.)

((field_declaration
  type: (macro_type_specifier
    name: (identifier) @map.member.macro)) @map.member
  (#any-of? @map.member.macro "__uint" "__ulong" "__type" "__array"))

((ERROR
  .
  (type_descriptor
    type: (type_identifier) @map.member.name)
  .)
  (#any-of? @map.member.name
    "type" "max_entries" "map_flags" "numa_node" "key_size" "value_size" "key" "value" "values"
    "pinning" "map_extra"))

((macro_type_specifier
  name: (identifier) @_macro
  type: (type_descriptor
    type: (type_identifier) @map.member.name))
  (#any-of? @_macro "__uint" "__ulong")
  (#any-of? @map.member.name
    "type" "max_entries" "map_flags" "numa_node" "key_size" "value_size" "key" "value" "values"
    "pinning" "map_extra"))

((macro_type_specifier
  name: (identifier) @_macro
  type: (type_descriptor) @map.member.type)
  (#eq? @_macro "__type"))

((macro_type_specifier
  name: (identifier) @_macro
  type: (type_descriptor) @map.member.inner)
  (#eq? @_macro "__array"))
