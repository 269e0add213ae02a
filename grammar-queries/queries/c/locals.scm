; SPDX-License-Identifier: MIT OR Apache-2.0

; Scopes
[
  (translation_unit)
  (function_definition)
  (compound_statement)
  (for_statement)
] @local.scope

; Variables and parameters
(init_declarator
  declarator: (identifier) @local.definition.var)

(declaration
  declarator: (identifier) @local.definition.var)

(array_declarator
  declarator: (identifier) @local.definition.var)

(pointer_declarator
  declarator: (identifier) @local.definition.var)

(parameter_declaration
  declarator: (identifier) @local.definition.parameter)

; Functions, macros, enumerators
(function_declarator
  declarator: (identifier) @local.definition.function)

(preproc_def
  name: (identifier) @local.definition.macro)

(preproc_function_def
  name: (identifier) @local.definition.macro)

(enumerator
  name: (identifier) @local.definition.enum)

; Types and members
(type_definition
  declarator: (type_identifier) @local.definition.type)

(struct_specifier
  name: (type_identifier) @local.definition.type
  body: (_))

(union_specifier
  name: (type_identifier) @local.definition.type
  body: (_))

(enum_specifier
  name: (type_identifier) @local.definition.type
  body: (_))

(field_declaration
  declarator: (field_identifier) @local.definition.field)

; References
[
  (identifier)
  (field_identifier)
  (type_identifier)
] @local.reference
