; extends
; SPDX-License-Identifier: MIT OR Apache-2.0
;
; What BPF C adds to C, on text as written. Neovim adds this to its own query for C.

; SEC("xdp")
((call_expression
  function: (identifier) @attribute
  arguments: (argument_list
    .
    (string_literal
      (string_content) @string.special)))
  (#eq? @attribute "SEC"))

; __uint(type, BPF_MAP_TYPE_HASH): the macro, the member (see maps.scm for the two places), and a
; number that the grammar took for a type
((macro_type_specifier
  name: (identifier) @function.macro)
  (#any-of? @function.macro "__uint" "__ulong" "__type" "__array"))

((ERROR
  .
  (type_descriptor
    type: (type_identifier) @property)
  .)
  (#any-of? @property
    "type" "max_entries" "map_flags" "numa_node" "key_size" "value_size" "key" "value" "values"
    "pinning" "map_extra"))

((macro_type_specifier
  name: (identifier) @_macro
  type: (type_descriptor
    type: (type_identifier) @property))
  (#any-of? @_macro "__uint" "__ulong")
  (#any-of? @property
    "type" "max_entries" "map_flags" "numa_node" "key_size" "value_size" "key" "value" "values"
    "pinning" "map_extra"))

((macro_type_specifier
  name: (identifier) @_macro
  type: (type_descriptor
    type: (type_identifier) @constant))
  (#any-of? @_macro "__uint" "__ulong")
  (#match? @constant "^[A-Z][A-Z0-9_]*$"))

; int BPF_PROG(name, ...)
((function_declarator
  declarator: (identifier) @function.macro
  parameters: (parameter_list
    .
    (parameter_declaration
      type: (type_identifier) @function)))
  (#match? @function.macro "^BPF_[A-Z0-9_]+$"))

; Annotations, wherever the grammar puts them
(([
  (identifier)
  (type_identifier)
] @attribute)
  (#any-of? @attribute
    "__ksym" "__kconfig" "__weak" "__hidden" "__arena" "__kptr" "__kptr_untrusted" "__percpu_kptr"
    "__uptr" "__always_inline" "__noinline" "__arg_ctx" "__arg_nonnull" "__arg_nullable"
    "__arg_trusted" "__arg_arena"))

; Helpers and kfuncs
((call_expression
  function: (identifier) @function.builtin)
  (#match? @function.builtin "^bpf_[a-z0-9_]+$"))

; Types of linux/types.h and vmlinux.h
((type_identifier) @type.builtin
  (#any-of? @type.builtin
    "__u8" "__u16" "__u32" "__u64" "__s8" "__s16" "__s32" "__s64" "u8" "u16" "u32" "u64" "s8" "s16"
    "s32" "s64" "__be16" "__be32" "__be64" "__le16" "__le32" "__le64" "__wsum" "__sum16"))
