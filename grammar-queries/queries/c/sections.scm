; SPDX-License-Identifier: MIT OR Apache-2.0
;
; Where an object's ELF sections come from.
;
; Text as written (editors):
;   @section.macro    SEC, or another macro of that name's kind
;   @section.name     the section's name, without quotes
;   @section.value    the initial value of a variable, as a string
; Plain C (the server: macros expanded, attributes lifted into a side table keyed by place):
;   @section.entity       a declaration or definition at file scope; its lifted attributes name the section
;   @section.declarator   one declarator of it: the name is inside, at any depth

((call_expression
  function: (identifier) @section.macro
  arguments: (argument_list
    .
    (string_literal
      (string_content) @section.name)
    .))
  (#eq? @section.macro "SEC"))

((attribute_specifier
  (argument_list
    (call_expression
      function: (identifier) @section.macro
      arguments: (argument_list
        .
        (string_literal
          (string_content) @section.name)
        .))))
  (#any-of? @section.macro "section" "__section__"))

; char LICENSE[] SEC("license") = "GPL";
((assignment_expression
  left: (call_expression
    function: (identifier) @section.macro
    arguments: (argument_list
      .
      (string_literal
        (string_content) @section.name)
      .))
  right: (string_literal) @section.value)
  (#eq? @section.macro "SEC"))

(translation_unit
  (declaration
    declarator: (_) @section.declarator) @section.entity)

(translation_unit
  (function_definition
    declarator: (_) @section.declarator) @section.entity)
