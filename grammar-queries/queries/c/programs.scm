; SPDX-License-Identifier: MIT OR Apache-2.0
;
; Functions that may be BPF programs.
;   @program              the definition
;   @program.name         its name
;   @program.section      text as written only: the section's name
;   @program.macro        text as written only: BPF_PROG, BPF_KPROBE and kin
;   @program.parameters   the parameter list
;
; In plain C the section comes from the lifted attributes of @program; a function without one,
; or in .text, is a subprogram.

; --- Plain C, and as written: every definition --------------------------------------------------

((function_definition
  declarator: [
    (function_declarator
      declarator: (identifier) @program.name
      parameters: (parameter_list) @program.parameters)
    (pointer_declarator
      declarator: (function_declarator
        declarator: (identifier) @program.name
        parameters: (parameter_list) @program.parameters))
  ]) @program
  (#not-any-of? @program.name
    "BPF_PROG" "BPF_PROG2" "BPF_KPROBE" "BPF_KRETPROBE" "BPF_KSYSCALL" "BPF_KPROBE_SYSCALL"
    "BPF_UPROBE" "BPF_URETPROBE" "BPF_USDT" "BPF_STRUCT_OPS" "BPF_STRUCT_OPS_SLEEPABLE"))

; --- As written: SEC("...") before the definition ----------------------------------------------
; The grammar makes a statement without its semicolon of it, or, with more words between or after
; another such definition, leaves it in an ERROR node beside or above the definition.

((expression_statement
  (call_expression
    function: (identifier) @_sec
    arguments: (argument_list
      (string_literal
        (string_content) @program.section))))
  .
  (function_definition
    declarator: (function_declarator
      declarator: (identifier) @program.name))
  (#eq? @_sec "SEC"))

((ERROR
  (call_expression
    function: (identifier) @_sec
    arguments: (argument_list
      (string_literal
        (string_content) @program.section)))
  .)
  .
  (function_definition
    declarator: (function_declarator
      declarator: (identifier) @program.name))
  (#eq? @_sec "SEC"))

((ERROR
  (call_expression
    function: (identifier) @_sec
    arguments: (argument_list
      (string_literal
        (string_content) @program.section)))
  .
  (identifier)
  .)
  .
  (function_definition
    declarator: (function_declarator
      declarator: (identifier) @program.name))
  (#eq? @_sec "SEC"))

((ERROR
  (call_expression
    function: (identifier) @_sec
    arguments: (argument_list
      (string_literal
        (string_content) @program.section)))
  .
  (identifier)*
  .
  (function_definition
    declarator: (function_declarator
      declarator: (identifier) @program.name)))
  (#eq? @_sec "SEC"))

; --- As written: int BPF_PROG(name, arguments) ------------------------------------------------

((function_definition
  declarator: (function_declarator
    declarator: (identifier) @program.macro
    parameters: (parameter_list
      .
      (parameter_declaration
        type: (type_identifier) @program.name)) @program.parameters)) @program
  (#any-of? @program.macro
    "BPF_PROG" "BPF_PROG2" "BPF_KPROBE" "BPF_KRETPROBE" "BPF_KSYSCALL" "BPF_KPROBE_SYSCALL"
    "BPF_UPROBE" "BPF_URETPROBE" "BPF_USDT" "BPF_STRUCT_OPS" "BPF_STRUCT_OPS_SLEEPABLE"))
