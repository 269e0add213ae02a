#!/usr/bin/env python3
"""Makes the truth about the BPF programs of some checkouts: what clang and bpftool make of each.

    truth.py --out DIR [--vmlinux DIR] [--also DIR]... [--most N] [--jobs N] FOLDER...

FOLDER is a checkout as it came; nothing in it is built, run or changed. A program is compiled with the flags
that the checkout's build files name (see `found_flags.py`) and with the folders of the checkout that hold the
headers that are then still missing; last come the system's, the folders of --also (a libbpf, where it is an
absent submodule) and --vmlinux (a folder with a `vmlinux.h`). --most takes at most so many programs of a
checkout, evenly.

Writes for each checkout DIR/NAME/truth.tsv, a row for each C file that may be a BPF program:

    source      path in the checkout
    status      `skeleton`, `refused` (bpftool does not open it), `part` (not alone: another object of the link
                has what it names `extern`), `failed` (clang refuses it), `fragment` (included by another file),
                `no-program` (compiled, but holds no program and no map), `not-taken` (--most)
    means       which flags it was compiled with: `directive`, `makefile`, `build-file`, `search`, `plain`, `host`
    name        object's name, where the build or a loader tells it, else `-`
    told-by     `loader`, `makefile`, `libbpf-cargo`, or `-`
    why         first error of clang or bpftool

and for each program DIR/NAME/<id>/ with obj.o, skel.h and flags.json (the compile command).
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys

import found_flags
from found_flags import read

CLANG = os.environ.get("CLANG", "clang-19")
BPFTOOL = os.environ.get("BPFTOOL", "bpftool")
TIMEOUT = 120
MOST_SEARCHES = 40

FOREIGN = re.compile(r"(^|[/_.-])(arm64|aarch64|arm|s390x?|riscv(64)?|powerpc|ppc(64)?(le)?|loongarch(64)?|mips)([/_.-]|$)")
NATIVE = re.compile(r"(^|[/_.-])(x86|x86_64|amd64)([/_.-]|$)")
ASIDE = re.compile(r"(^|/)(vendor|third_party|tests?|examples?|testing|testdata)(/|$)")

SECTION = re.compile(r"\bSEC\s*\(|\b__section\s*\(|__uint\s*\(\s*type|__attribute__\s*\(\(\s*section\s*\(\s*\"(maps|license)")
BPF_HEADER = re.compile(r"#\s*include\s*[<\"](?:[\w./-]*/)?(bpf_helpers\.h|bpf_tracing\.h|bpf_core_read\.h|vmlinux[\w-]*\.h|"
                        r"common\.bpf\.h|bpf_helper_defs\.h|bpf_endian\.h)[>\"]")
BCC = re.compile(r"^\s*BPF_(HASH|PERF_OUTPUT|ARRAY|TABLE|RINGBUF_OUTPUT|HISTOGRAM|PERCPU_ARRAY)\s*\(", re.M)
INCLUDE = re.compile(r"^\s*#\s*include\s*[<\"]([^>\"]+)[>\"]", re.M)
MISSING = re.compile(r"error: '([^']+)' file not found")


def run(command, cwd=None, out=None):
    """Runs a command; returns its exit code and what it says on stderr."""
    try:
        done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return 124, "error: timeout"
    if out and done.returncode == 0:
        with open(out, "wb") as file:
            file.write(done.stdout)
    return done.returncode, done.stderr.decode("utf-8", "replace")


def first_error(said):
    lines = [line for line in said.splitlines() if "rror" in line] or said.strip().splitlines() or [""]
    return re.sub(r"^.*?((fatal )?error:)", r"\1", lines[0]).replace("\t", " ")[:160]


def identifier(text):
    return re.sub(r"[^A-Za-z0-9_]", "_", text)


def is_candidate(text):
    """Whether a C file's own text looks like a BPF program's."""
    if SECTION.search(text):
        return True
    return bool(BPF_HEADER.search(text)) and not BCC.search(text)


class Checkout:
    def __init__(self, root, options):
        self.root, self.options = root, options
        self.name = os.path.basename(root)
        self.out = os.path.join(options.out, self.name)
        paths = []
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(f for f in folders if f not in (".git", "node_modules"))
            paths += [os.path.join(folder, name) for name in sorted(names)]
        self.headers = index(root, paths)
        self.further = [(also, index(also, walk(also))) for also in options.also]
        self.build = found_flags.BuildFiles(root, paths)
        self.c_files = [p for p in paths if p.endswith(".c") and os.path.isfile(p) and not os.path.islink(p)]
        self.texts = {path: read(path) for path in self.c_files}
        self.loaders = Loaders(paths)
        self.learned = {}

    def included_c(self):
        """C files that another file includes."""
        spelled = {}
        for folder, _, names in os.walk(self.root):
            for name in names:
                if name.endswith((".c", ".h")):
                    path = os.path.join(folder, name)
                    for header in INCLUDE.findall(self.texts.get(path) or read(path)):
                        if header.endswith(".c"):
                            spelled.setdefault(os.path.basename(header), []).append((folder, header))
        result = set()
        for path in self.c_files:
            for folder, header in spelled.get(os.path.basename(path), ()):
                if os.path.normpath(os.path.join(folder, header)) == path or (
                        "../" not in header and path.endswith("/" + header)
                        and not os.path.exists(os.path.join(folder, header))):
                    result.add(path)
        return result

    def candidates(self):
        """Candidates by their own text or a directive, or by that of a header of the checkout that they reach."""
        sections = {}

        def reaches(path, depth=0):
            """Whether a file, or one that it includes, puts something into a section."""
            if path not in sections:
                sections[path] = False
                text = self.texts.get(path) or read(path)
                sections[path] = bool(SECTION.search(text)) or depth < 12 and any(
                    reaches(header, depth + 1) for header in map(lambda h: self.header(h, path), INCLUDE.findall(text))
                    if header)
            return sections[path]

        result = set(self.build.directives)
        for path in self.c_files:
            text = self.texts[path]
            if path.endswith((".bpf.c", ".ebpf.c")) or is_candidate(text):
                result.add(path)
                continue
            if not BCC.search(text) and reaches(path):
                result.add(path)
        return sorted(path for path in result if os.path.isfile(path))

    def header(self, spelling, source):
        """The file of the checkout that an include most likely means; None where there is none."""
        if spelling.endswith(".skel.h"):
            return None
        beside = os.path.normpath(os.path.join(os.path.dirname(source), spelling))
        if os.path.isfile(beside):
            return beside
        if spelling.startswith(("linux/", "asm/", "sys/", "bpf/")) or "/" not in spelling and spelling.startswith("std"):
            return None
        folder = self.folder_of(self.headers, self.root, spelling, source)
        return folder and os.path.join(folder, spelling)

    def folder_of(self, headers, root, spelling, source):
        """The folder of a tree with which `#include <spelling>` resolves; None where there is none."""
        best = None
        paths = headers.get(os.path.basename(spelling), ())
        native = [os.path.dirname(os.path.join(root, path)) for path in paths if NATIVE.search("/" + path)]
        chooses = {os.path.dirname(folder) for folder in native} | {os.path.dirname(os.path.dirname(f)) for f in native}
        for path in paths:
            if not ("/" + path).endswith("/" + os.path.normpath(spelling)):
                continue
            folder = os.path.join(root, path)[:-len(spelling)].rstrip("/")
            if FOREIGN.search("/" + path) and not FOREIGN.search(source):
                continue
            beside = len(os.path.commonpath([folder, os.path.dirname(source)]).split("/"))
            # A header beside folders of one architecture each includes the right one of theirs.
            rank = (not ASIDE.search(os.path.relpath(folder, os.path.commonpath([folder, source]))), beside,
                    folder in chooses, bool(NATIVE.search("/" + path)), -path.count("/"))
            if best is None or rank > best[0]:
                best = (rank, folder)
        return best and best[1]

    def include_folders(self, command, source):
        """The folders that the compiler needs besides what it has been told."""
        added = list(self.learned.get(os.path.dirname(source), ()))
        tried = set(added)
        for _ in range(MOST_SEARCHES):
            _, said = run(command + ["-I" + folder for folder in added] + ["-E", "-o", "/dev/null", source])
            missing = MISSING.search(said)
            if not missing:
                break
            spelling = missing.group(1)
            folder = self.folder_of(self.headers, self.root, spelling, source)
            for also, headers in self.further:
                folder = folder or self.folder_of(headers, also, spelling, source)
            if not folder and os.path.exists(os.path.join("/usr/include/bpf", spelling)):
                folder = "/usr/include/bpf"
            if not folder and os.path.basename(spelling) == "vmlinux.h" and self.options.vmlinux:
                folder = self.options.vmlinux
            if not folder or folder in tried:
                break
            tried.add(folder)
            added.append(folder)
        return added

    def base(self, flags, given):
        given = list(given)
        if not any(word == "-D" and value.startswith("__TARGET_ARCH_") for word, value in given):
            given.append(("-D", "__TARGET_ARCH_x86"))
        words = [w for flag in found_flags.words(given) for w in flag.split(" ", 1)]
        return [CLANG, "-target", "bpf", "-mcpu=v3", "-g", "-O2", "-w", "-ferror-limit=1"] + words + flags

    def compile(self, source):
        """Compiles a source with the best of the flags that it compiles with."""
        directive = self.build.directives.get(source)
        makefile = self.build.makefile_flags(source) if directive is None else []
        other = self.build.other_flags(source) if directive is None and not makefile else []
        ways = [("directive", directive), ("makefile", makefile), ("build-file", other), ("search", []),
                # Compiled for the host, and then to BPF by another program.
                ("host", [("-D", "__x86_64__")])]
        place = os.path.join(self.out, self.ident(source))
        os.makedirs(place, exist_ok=True)
        obj = os.path.join(place, "obj.o")
        after = ["-idirafter", "/usr/include/x86_64-linux-gnu", "-idirafter", self.options.empty]
        why = ""
        for means, flags in ways:
            if flags is None or (not flags and means != "search"):
                continue
            base = self.base(after, flags)
            folders = self.include_folders(base, source)
            command = base + ["-I" + folder for folder in folders]
            code, said = run(command + ["-c", source, "-o", obj], cwd=os.path.dirname(source))
            if code == 0:
                self.learned[os.path.dirname(source)] = folders
                entry = {"directory": os.path.dirname(source), "file": source,
                         "arguments": [w for w in command if w != "-ferror-limit=1"] + ["-c", source, "-o", obj]}
                with open(os.path.join(place, "flags.json"), "w") as file:
                    json.dump(entry, file, indent=1)
                return means if means != "search" or folders else "plain", entry, ""
            why = why or first_error(said)
        return None, None, why

    def ident(self, source):
        return re.sub(r"[^A-Za-z0-9_.+-]", "_", os.path.relpath(source, self.root)[:-2].replace("/", "__"))

    def object_name(self, source):
        """The name that the project's build gives the object, and what tells it."""
        base = os.path.basename(source)[:-2]
        stem = base[:-4] if base.endswith(".bpf") else base
        found = self.loaders.name(stem, base)
        if found:
            return found, "loader"
        for folder in found_flags.folders_up(os.path.dirname(source), self.root):
            for path in self.build.by_folder.get(folder, ()):
                text = read(path).replace("\\\n", " ")
                if path.endswith("build.rs") and "SkeletonBuilder" in text:
                    return identifier(base.split(".")[0]), "libbpf-cargo"
                line = re.search(r"^.*\bgen skeleton\b.*$", text, re.M)
                if line and " name " not in line.group(0):
                    # The object's file name, as the rule of the same file makes it.
                    if base.endswith(".bpf") and re.search(r"\.bpf\.o\b", text):
                        return identifier(base), "makefile"
        return None, "-"

    def judge(self, source):
        row = {"source": os.path.relpath(source, self.root), "means": "-", "name": "-", "told": "-", "why": ""}
        means, entry, why = self.compile(source)
        if not means:
            return dict(row, status="failed", why=why), None
        place = os.path.join(self.out, self.ident(source))
        obj = os.path.join(place, "obj.o")
        name, told = self.object_name(source)
        row.update(means=means, name=name or "-", told=told)
        shown = name or identifier(re.sub(r"\.bpf$", "", os.path.basename(source)[:-2]))
        code, said = run([BPFTOOL, "gen", "skeleton", obj, "name", shown[:63]], out=os.path.join(place, "skel.h"))
        if code:
            warnings = [line for line in said.splitlines() if line.startswith("libbpf: ")] or [first_error(said)]
            part = "failed to find BTF for extern" in warnings[-1]
            return dict(row, status="part" if part else "refused", why=warnings[-1].replace("\t", " ")[:160]), entry
        text = read(os.path.join(place, "skel.h"))
        # The data sections of any C file would be maps, too.
        holds = re.search(r"struct bpf_program \*\w|struct bpf_map \*(?!rodata|data|bss|kconfig)\w", text)
        return dict(row, status="skeleton" if holds else "no-program"), entry

    def write(self):
        os.makedirs(self.out, exist_ok=True)
        included = self.included_c()
        candidates = self.candidates()
        units = [path for path in candidates if path not in included]
        taken = evenly(units, self.options.most)
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            judged = list(pool.map(self.judge, taken))
        rows = [row for row, _ in judged]
        blank = {"means": "-", "name": "-", "told": "-", "why": ""}
        for path in candidates:
            if path not in taken:
                status = "fragment" if path in included else "not-taken"
                rows.append(dict(blank, source=os.path.relpath(path, self.root), status=status))
        rows.sort(key=lambda row: row["source"])
        with open(os.path.join(self.out, "truth.tsv"), "w") as file:
            print("source", "status", "means", "name", "told-by", "why", sep="\t", file=file)
            for row in rows:
                print(*(row[key] for key in ("source", "status", "means", "name", "told", "why")), sep="\t", file=file)
        with open(os.path.join(self.out, "compile_commands.json"), "w") as file:
            json.dump([entry for _, entry in judged if entry], file, indent=1)
        count = lambda status: sum(row["status"] == status for row in rows)
        print("%s: %d skeletons, %d refused, %d parts, %d without a program, %d failed, %d fragments, %d not taken" % (
            self.name, count("skeleton"), count("refused"), count("part"), count("no-program"), count("failed"),
            count("fragment"), count("not-taken")), flush=True)


class Loaders:
    """Names that C and C++ loaders use for the skeletons that they include."""

    def __init__(self, paths):
        self.names = {}
        for path in paths:
            if not path.endswith((".c", ".cc", ".cpp", ".cxx", ".h", ".hpp")) or path.endswith(".skel.h"):
                continue
            if os.path.getsize(path) > 1 << 20 if os.path.isfile(path) else True:
                continue
            text = read(path)
            if "skel.h\"" not in text and "skel.h>" not in text:
                continue
            used = set(re.findall(r"\b(\w+?)__(?:open|open_and_load|open_opts|load|attach|destroy)\s*\(", text))
            used |= set(re.findall(r"\bstruct\s+(\w+)\s*\*", text))
            for header in re.findall(r"#\s*include\s*[<\"](?:[^>\"]*/)?([\w.+-]+)\.l?skel\.h[>\"]", text):
                self.names.setdefault(header, set()).update(used)

    def name(self, stem, base):
        """The name of the skeleton of a source, where what loaders say fits just one."""
        fitting = set()
        for header in (stem, base, re.sub(r"[._]kern$", "", stem)):
            for name in (identifier(stem), identifier(base), identifier(stem) + "_bpf"):
                if name in self.names.get(header, ()):
                    fitting.add(name)
        return fitting.pop() if len(fitting) == 1 else None


def walk(root):
    return [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in sorted(names)]


def index(root, paths):
    """Paths by their last part."""
    result = {}
    for path in paths:
        if not path.endswith((".go", ".rs", ".o", ".md", ".py")):
            result.setdefault(os.path.basename(path), []).append(os.path.relpath(path, root))
    return result


def evenly(items, most):
    """At most so many of a list, spread over all of it."""
    if not most or len(items) <= most:
        return items
    return [items[i * len(items) // most] for i in range(most)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--vmlinux")
    parser.add_argument("--also", action="append", default=[])
    parser.add_argument("--most", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("folders", nargs="+")
    options = parser.parse_args()
    options.out = os.path.abspath(options.out)
    options.also = [os.path.abspath(folder) for folder in options.also]
    options.vmlinux = options.vmlinux and os.path.abspath(options.vmlinux)
    # The 32-bit list of the C library's stubs is not installed; nothing of it counts.
    options.empty = os.path.join(options.out, ".empty")
    os.makedirs(os.path.join(options.empty, "gnu"), exist_ok=True)
    open(os.path.join(options.empty, "gnu/stubs-32.h"), "w").close()
    for folder in options.folders:
        Checkout(os.path.abspath(folder), options).write()


main()
