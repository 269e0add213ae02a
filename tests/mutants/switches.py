"""Puts many mutants into one source tree, each behind a switch, so that one build serves them all.

A mutant is what `cargo mutants --list --json` says: a span of a file and what stands there instead.
Where the tests run with BPF_LSP_MUTANT=N, the code of mutant N is alive, and no other.
"""

import tree_sitter_rust
from tree_sitter import Language, Parser

PARSER = Parser(Language(tree_sitter_rust.language()))

# Which mutant is alive; and which were reached, so that only tests that reach one need to run.
RUNTIME = """
#[doc(hidden)]
#[allow(missing_docs, unreachable_pub, dead_code, clippy::all)]
pub mod mutant_switch {
    use std::{io::Write, sync::{LazyLock, atomic::{AtomicBool, Ordering}}};
    static ALIVE: LazyLock<usize> = LazyLock::new(|| {
        std::env::var("BPF_LSP_MUTANT").ok().and_then(|id| id.parse().ok()).unwrap_or(usize::MAX)
    });
    static LOG: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("BPF_LSP_MUTANTS_REACHED").ok());
    static SEEN: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];
    pub fn on(id: usize) -> bool {
        if let Some(log) = &*LOG
            && SEEN.get(id).is_some_and(|seen| !seen.swap(true, Ordering::Relaxed))
            && let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(log)
        {
            let _ = file.write_all(format!("{id}\\n").as_bytes());
        }
        *ALIVE == id
    }
}
"""


class Unviable(Exception):
    """The mutant is no Rust."""


class File:
    """One source file and the texts to insert in it."""

    def __init__(self, text: bytes):
        self.text = text
        self.root = PARSER.parse(text).root_node
        self.lines = [0]
        for at, byte in enumerate(text):
            if byte == 0x0A:
                self.lines.append(at + 1)
        self.wraps = []  # (start, end, mutant, text before, text behind)

    def offset(self, place: dict) -> int:
        """Byte offset of a line and column, both counted from 1, the column in characters."""
        start = self.lines[place["line"] - 1]
        line = self.text[start:].split(b"\n", 1)[0].decode()
        return start + len(line[: place["column"] - 1].encode())

    def node(self, start: int, end: int, *kinds: str):
        """The innermost node of these kinds that has the span in it."""
        node = self.root.descendant_for_byte_range(start, end)
        while node is not None and node.type not in kinds:
            node = node.parent
        return node

    def source(self, start: int, end: int) -> str:
        return self.text[start:end].decode()

    def add(self, mutant: dict, number: int) -> bool:
        """Puts a mutant behind its switch; False where this cannot be said in Rust."""
        start, end = (self.offset(mutant["span"][side]) for side in ("start", "end"))
        on, new = f"crate::mutant_switch::on({number})", mutant["replacement"]
        wrap = lambda node, text: self.wraps.append(
            (node.start_byte, node.end_byte, number, f"(if {on} {{ {text} }} else {{ ", " })")
        )
        match mutant["genre"]:
            case "FnValue":
                function = self.node(start, end, "function_item")
                if function is None or self.is_const(function):
                    return False
                body = function.child_by_field_name("body")
                at = body.start_byte + 1
                # An unwritten end of the function would be unreachable code of another type.
                self.wraps.append((at, at, number, f" if {on} {{ return {new}; }}", ""))
            case "BinaryOperator":
                node = self.node(start, end, "binary_expression", "compound_assignment_expr")
                if self.root.descendant_for_byte_range(start, end).parent.type == "let_chain" and new == "||":
                    raise Unviable
                operator = node and node.child_by_field_name("operator")
                if operator is None or operator.start_byte != start or self.in_const(node):
                    return False
                left = self.source(node.start_byte, start)
                wrap(node, left + new + self.source(end, node.end_byte))
            case "UnaryOperator":
                node = self.node(start, end, "unary_expression")
                if node is None or node.start_byte != start or self.in_const(node):
                    return False
                wrap(node, new + self.source(end, node.end_byte))
            case "MatchArm":
                node = self.node(start, end, "match_arm")
                pattern = node and node.child_by_field_name("pattern")
                if pattern is None:
                    return False
                guard = pattern.child_by_field_name("condition")
                if guard is None:
                    self.wraps.append((pattern.end_byte, pattern.end_byte, number, f" if !{on}", ""))
                else:
                    self.wraps.append((guard.start_byte, guard.end_byte, number, f"!{on} && (", ")"))
            case "MatchArmGuard":
                pattern = self.node(start, end, "match_pattern")
                guard = pattern and pattern.child_by_field_name("condition")
                if guard is None or guard.type == "let_chain":
                    return False
                before = f"({on} || (" if new == "true" else f"(!{on} && ("
                self.wraps.append((guard.start_byte, guard.end_byte, number, before, "))"))
            case "StructField":
                node = self.node(start, start, "field_initializer", "shorthand_field_initializer")
                base = node and next((n for n in node.parent.children if n.type == "base_field_initializer"), None)
                if base is None:
                    return False
                base = self.source(base.start_byte + 2, base.end_byte)
                if node.type == "shorthand_field_initializer":
                    name = self.source(node.start_byte, node.end_byte)
                    before = f"{name}: if {on} {{ ({base}).{name} }} else {{ "
                    self.wraps.append((node.start_byte, node.end_byte, number, before, " }"))
                else:
                    name = node.child_by_field_name("field")
                    wrap(node.child_by_field_name("value"), f"({base}).{self.source(name.start_byte, name.end_byte)}")
            case _:
                return False
        return True

    def is_const(self, function) -> bool:
        modifiers = next((n for n in function.children if n.type == "function_modifiers"), None)
        return modifiers is not None and b"const" in modifiers.text

    def in_const(self, node) -> bool:
        """Whether it is computed at compile time, where no switch can be asked, or bound by `let` in a chain."""
        while node is not None:
            if node.type in ("const_item", "static_item", "array_type", "const_block"):
                return True
            if node.type == "function_item":
                return self.is_const(node)
            node = node.parent
        return False

    def switched(self, without: set) -> tuple[bytes, list]:
        """The text with the switches of all mutants but some, and where each stands: (start, end, mutant)."""
        openers, closers = {}, {}
        for start, end, number, before, behind in sorted(self.wraps, key=lambda w: (w[0], -w[1], w[2])):
            if number in without:
                continue
            openers.setdefault(start, []).append((number, before, end))
            if behind:
                closers.setdefault(end, []).insert(0, (number, behind))
        # At one place, what began last ends first.
        out, spans, began, last = bytearray(), [], {}, 0
        for at in sorted({*openers, *closers}):
            out += self.text[last:at]
            last = at
            for number, behind in closers.get(at, []):
                out += behind.encode()
                spans.append((began[number], len(out), number))
            for number, before, end in openers.get(at, []):
                began[number] = len(out)
                out += before.encode()
                if end == at:
                    spans.append((began[number], len(out), number))
        out += self.text[last:]
        return bytes(out), spans
