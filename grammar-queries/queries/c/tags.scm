; SPDX-License-Identifier: MIT OR Apache-2.0

((function_definition
  declarator: (function_declarator
    declarator: (identifier) @name)) @definition.function
  (#not-match? @name "^BPF_[A-Z0-9_]+$"))

; int BPF_PROG(name, ...)
((function_definition
  declarator: (function_declarator
    declarator: (identifier) @_macro
    parameters: (parameter_list
      .
      (parameter_declaration
        type: (type_identifier) @name)))) @definition.function
  (#match? @_macro "^BPF_[A-Z0-9_]+$"))

; Globals, maps among them
(translation_unit
  (declaration
    declarator: [
      (identifier) @name
      (array_declarator
        declarator: (identifier) @name)
      (pointer_declarator
        declarator: (identifier) @name)
      (init_declarator
        declarator: (identifier) @name)
      (init_declarator
        declarator: (array_declarator
          declarator: (identifier) @name))
    ]) @definition.variable)

(struct_specifier
  name: (type_identifier) @name
  body: (_)) @definition.class

(union_specifier
  name: (type_identifier) @name
  body: (_)) @definition.class

(enum_specifier
  name: (type_identifier) @name
  body: (_)) @definition.type

(type_definition
  declarator: (type_identifier) @name) @definition.type

(preproc_def
  name: (identifier) @name) @definition.macro

(preproc_function_def
  name: (identifier) @name) @definition.macro

((call_expression
  function: (identifier) @name) @reference.call
  (#not-eq? @name "SEC"))
