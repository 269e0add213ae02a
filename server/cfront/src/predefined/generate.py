#!/usr/bin/env python3
"""Writes names.txt beside this script and the files of the folder `macros` from what clang 19 says of -target bpf
and of the machines that loaders are compiled for.

Usage: generate.py [clang] [path of the shared library that holds clang's names]
The library is only searched for words that may be names; clang is then asked about each of them.
"""
import pathlib
import re
import subprocess
import sys

CLANG = sys.argv[1] if len(sys.argv) > 1 else "clang-19"
LIBRARY = sys.argv[2] if len(sys.argv) > 2 else None
HERE = pathlib.Path(__file__).parent


def macros(*args):
    out = subprocess.run([CLANG, "-E", "-dM", "-x", "c", *args, "/dev/null"], check=True, capture_output=True, text=True)
    # __STDC_EMBED_*, dates and the like are part of the list; builtin ones (__FILE__) are not.
    return set(out.stdout.splitlines())


BASE = ["-target", "bpfel", "-mcpu=v1", "-std=gnu17"]


def dimension(options):
    """Macros by option, without those that all options share."""
    sets = {name: macros(*BASE, *args) for name, args in options.items()}
    shared = set.intersection(*sets.values())
    return shared, {name: s - shared for name, s in sets.items()}


DIMENSIONS = [
    {"bpf_little": ["-target", "bpfel"], "bpf_big": ["-target", "bpfeb"]},
    {f"bpf_v{n}": [f"-mcpu=v{n}"] for n in (1, 2, 3, 4)},
    {"c89": ["-std=gnu89"], "c94": ["-std=iso9899:199409", "-U__STRICT_ANSI__"], "c99": ["-std=gnu99"],
     "c11": ["-std=gnu11"], "c17": ["-std=gnu17"], "c23": ["-std=gnu23"], "c2y": ["-std=gnu2y"]},
    {"gnu": [], "strict": ["-std=c17"]},
    {"not_optimized": [], "optimized": ["-O2"]},
]


def write(name, lines):
    (HERE / "macros" / f"{name}.h").write_text("".join(f"{line}\n" for line in sorted(lines)))


def write_bpf():
    common = macros(*BASE)
    for options in DIMENSIONS:
        shared, own = dimension(options)
        common &= shared
        for name, lines in own.items():
            write(name, lines)
    write("bpf", common)


HOSTS = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu", "i386": "i386-linux-gnu"}


def write_hosts():
    """The macros of each host that no option of the front end changes; those are shared with BPF."""
    changing = set()
    for options in DIMENSIONS[2:]:
        for lines in dimension(options)[1].values():
            changing |= {line.split()[1] for line in lines}
    parts = {}
    for name, target in HOSTS.items():
        lines = macros("-target", target, "-std=gnu17")
        parts[name] = {line for line in lines if line.split()[1] not in changing}
    shared = set.intersection(*parts.values())
    write("host", shared)
    for name, lines in parts.items():
        write(name, lines - shared)


def ask(macro, names, extra=()):
    """{name: value} of those that clang gives another value than 0."""
    text = "".join(f"@{i} {macro}({n})\n" for i, n in enumerate(names))
    args = [CLANG, *BASE, "-undef", "-E", "-P", "-w", "-x", "c", *extra, "-"]
    out = subprocess.run(args, input=text, capture_output=True, text=True).stdout
    found = {}
    for line in out.splitlines():
        m = re.fullmatch(r"@(\d+) (\d+)L?", line.strip())
        if m and m[2] != "0":
            found[names[int(m[1])]] = int(m[2])
    return found


def words(library):
    data = pathlib.Path(library).read_bytes()
    found = set(re.findall(rb"\0([a-z_][a-z0-9_]{1,60})(?=\0)", data))
    found |= set(re.findall(rb"\0(_[A-Z][A-Za-z0-9_]{1,60}|__[A-Za-z0-9_]{1,60})(?=\0)", data))
    return sorted(w.decode() for w in found)


def parts(library):
    """Words inside texts too: attributes are only spelled in the printer's texts."""
    data = pathlib.Path(library).read_bytes()
    found = set(re.findall(rb"(?<![A-Za-z0-9_])[a-z_][a-z0-9_]{1,45}(?![A-Za-z0-9_])", data))
    found |= set(re.findall(rb"(?<![A-Za-z0-9_])(?:objc|swift|ns|cf|os)_[A-Za-z0-9_]{1,45}", data))
    return sorted(w.decode() for w in found)


def write_names(library):
    special = re.compile(r"__(has|is_target|building|is_identifier)_|__is_identifier|__[A-Z_]+__$|__VA_|_Pragma|__pragma|__identifier")
    candidates = sorted(w for w in {*words(library), *parts(library)} if not special.match(w))
    plain = [w for w in candidates if not w.startswith("__")]
    lists = {
        "ATTRIBUTES": ask("__has_attribute", plain),
        "C_ATTRIBUTES": ask("__has_c_attribute", plain + [f"{s}::{w}" for s in ("clang", "gnu") for w in plain if len(w) < 45]),
        "DECLSPECS": ask("__has_declspec_attribute", plain),
        "BUILTINS": ask("__has_builtin", candidates),
        "FEATURES": ask("__has_feature", plain),
        "EXTENSIONS": ask("__has_extension", plain),
    }
    identifiers = ask("__is_identifier", candidates)
    keywords = [w for w in candidates if w not in identifiers]
    listing = subprocess.run([CLANG, "--autocomplete=-W"], capture_output=True, text=True).stdout
    names = {w for w in re.findall(r"^-W[a-z][^\s=,]*$", listing, re.M)}
    warnings = [w for w in ask("__has_warning", [f'"{w}"' for w in sorted(names)])]
    warnings = [w.strip('"') for w in warnings]
    lists["KEYWORDS"] = dict.fromkeys(keywords, 1)
    lists["WARNINGS"] = dict.fromkeys(warnings, 1)
    with open(HERE / "names.txt", "w") as out:
        out.write("; What clang 19 answers to __has_* for -target bpf. Made by generate.py; do not edit.\n")
        for name, values in lists.items():
            out.write(f"[{name}]\n")
            out.writelines(f"{word}\n" if value == 1 else f"{word} {value}\n" for word, value in sorted(values.items()))


write_bpf()
write_hosts()
if LIBRARY:
    write_names(LIBRARY)
