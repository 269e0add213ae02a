#!/usr/bin/env python3
"""Compares the preview of the per-CPU example with what clang and bpftool make of it.

    percpu_example.py BPF_LSP_BINARY

No packaged bpftool knows `.percpu` yet (it came in August 2026). So the example is compiled with
its `.percpu` sections called `.data.pcpu`, bpftool prints the skeleton, and the names are put back.
bpftool of 2026-08 treats a per-CPU section like a data section but for two things: the identifier
comes from the section name, and a subskeleton has no struct for it. Both are applied here by name.
"""
import os
import re
import subprocess
import sys
import tempfile

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples", "percpu")


def run(*command):
    """The standard output of a command that must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit("%s\nfailed (%d): %s" % (" ".join(command), done.returncode, done.stderr))
    return done.stdout


def declaration_part(header):
    """What a generated header declares: no function bodies, no ELF bytes, no `#include` guard tail.

    A function's definition is cut down to its prototype, as `bpf-lsp skeleton` prints it.
    """
    return declarations(header)


def declarations(header):
    """The list of declarations of a header, white space folded, bodies dropped."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    out, depth, current, in_struct = [], 0, "", False
    for line in text.splitlines():
        if line.startswith("#") and depth == 0:
            if line.strip() not in ("#endif",):
                out.append(line.strip())
            continue
        for char in line + "\n":
            if char == "{":
                if depth == 0:
                    in_struct = not current.rstrip().endswith(")")
                depth += 1
                if in_struct:
                    current += char
            elif char == "}":
                depth -= 1
                if in_struct:
                    current += char
                elif depth == 0:
                    out.append(fold(current) + ";")
                    current = ""
            elif depth == 0 or in_struct:
                if char == ";" and depth == 0:
                    if current.strip():
                        out.append(fold(current, keep_lines=in_struct) + ";")
                    current, in_struct = "", False
                else:
                    current += char
    return out


def fold(text, keep_lines=False):
    """Trims; folds white space unless the layout of lines is part of what is compared."""
    return text.strip() if keep_lines else " ".join(text.split())


def asserts(header):
    """The size asserts, in order, without the attribute that differs with the language."""
    return re.findall(r"_Static_assert\(.*?\);", header)


def drop_percpu_structs(header):
    """A subskeleton of 2026-08 has no struct for per-CPU sections."""
    return re.sub(r"\tstruct \w+__data_pcpu\w* \{\n.*?\n\t\} data_pcpu\w*;\n", "", header, flags=re.S)


def main():
    bpf_lsp = os.path.abspath(sys.argv[1])
    source = os.path.join(EXAMPLES, "hits.bpf.c")
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        renamed = os.path.join(folder, "hits.bpf.c")
        with open(source) as file, open(renamed, "w") as out:
            out.write(file.read().replace('".percpu', '".data.pcpu'))
        # clang names the object's sections; bpftool takes the object's name from its file name
        obj = os.path.join(folder, "hits.bpf.o")
        run("clang-19", "-target", "bpf", "-g", "-O2", "-I", EXAMPLES, "-idirafter",
            "/usr/include/x86_64-linux-gnu", "-c", renamed, "-o", obj)
        for kind, flags, generator in (
            ("skeleton", [], "skeleton"),
            ("subskeleton", [], "subskeleton"),
            ("lskel", ["-L"], "skeleton"),
        ):
            header = run("bpftool", *flags, "gen", generator, obj, "name", "hits")
            if kind == "subskeleton":
                header = drop_percpu_structs(header)
            header = header.replace("data_pcpu", "percpu")
            ours = run(bpf_lsp, "skeleton", "--kind", kind, "--name", "hits", source)
            wanted, got = declaration_part(header), declaration_part(ours)
            same = wanted == got and asserts(header) == asserts(ours)
            print("%s %s: %d declarations, %d size asserts" % (
                "ok  " if same else "FAIL", kind, len(wanted), len(asserts(header))))
            if not same:
                failures += 1
                import difflib
                print("\n".join(difflib.unified_diff(
                    "\n".join(wanted + asserts(header)).split("\n"),
                    "\n".join(got + asserts(ours)).split("\n"), "bpftool", "bpf-lsp", lineterm="")))
    print("%d passed, %d failed" % (3 - failures, failures))
    sys.exit(failures > 0)


main()
