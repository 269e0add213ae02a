#!/usr/bin/env python3
"""Compiles the corpus with clang and records what bpftool makes of each object.

    build.py FOLDER [--every N] [--jobs N] [--big-endian]

FOLDER is what `fetch` filled. Writes FOLDER/out/selftests/<id>/ with obj.o, skel.h, subskel.h,
lskel.h, btf.txt (raw dump) and cflags.json, and FOLDER/out/selftests/compile_commands.json.
--every N takes each Nth program (in name order), so that a small run still sees all kinds.
--big-endian compiles for bpfeb, into FOLDER/out/bpfeb.
Objects that are there already are kept.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys

CLANG = os.environ.get("CLANG", "clang-19")
BPFTOOL = os.environ.get("BPFTOOL", "bpftool")


def output_of(command, path):
    """Writes a command's output to a file; says whether it succeeded."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=300)
    if done.returncode == 0:
        with open(path, "wb") as file:
            file.write(done.stdout)
    return done.returncode == 0


def object_name(source):
    """The object name that the selftests' Makefile gives: the base name without `.c`."""
    return re.sub(r"[^A-Za-z0-9_]", "_", re.sub(r"(\.bpf)?\.c$", "", os.path.basename(source)))


def flags(folder, resources, target):
    """The selftests' compiler flags."""
    linux = os.path.join(folder, "linux")
    selftests = os.path.join(linux, "tools/testing/selftests/bpf")
    result = ["-target", target, "-mcpu=v3", "-g", "-O2", "-D__TARGET_ARCH_x86", "-std=gnu11",
              "-fno-strict-aliasing", "-I" + selftests, "-I" + os.path.join(folder, "headers"),
              "-I" + os.path.join(linux, "tools/include/uapi"), "-I" + os.path.join(linux, "tools/include"),
              "-DENABLE_ATOMICS_TESTS"]
    for after in (os.path.join(resources, "include"), "/usr/local/include",
                  "/usr/include/x86_64-linux-gnu", "/usr/include"):
        result += ["-idirafter", after]
    return result + ["-I" + os.path.join(folder, "vmlinux")]


def build(folder, out, source, options):
    """Compiles one program; returns its compile command, or None where clang refuses it."""
    name = object_name(source)
    place = os.path.join(out, re.sub(r"\.c$", "", os.path.basename(source)))
    os.makedirs(place, exist_ok=True)
    obj = os.path.join(place, "obj.o")
    entry = {
        "directory": os.path.join(folder, "linux/tools/testing/selftests/bpf"),
        "file": source,
        "arguments": [CLANG] + options + ["-c", source, "-o", obj],
    }
    if not os.path.exists(os.path.join(place, "btf.txt")):
        done = subprocess.run([CLANG] + options + ["-w", "-c", source, "-o", obj], cwd=entry["directory"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
        if done.returncode:
            return None
        for command, file in (
            (["gen", "skeleton", obj, "name", name], "skel.h"),
            (["gen", "subskeleton", obj, "name", name], "subskel.h"),
            (["-L", "gen", "skeleton", obj, "name", name], "lskel.h"),
            (["btf", "dump", "file", obj, "format", "raw"], "btf.txt"),
        ):
            output_of([BPFTOOL] + command, os.path.join(place, file))
    with open(os.path.join(place, "cflags.json"), "w") as file:
        json.dump(entry, file, indent=1)
    return entry


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--big-endian", action="store_true")
    arguments = parser.parse_args()
    folder = os.path.abspath(arguments.folder)
    sources = sorted(glob.glob(os.path.join(folder, "linux/tools/testing/selftests/bpf/progs/*.c")))
    sources = sources[::arguments.every]
    if not sources:
        sys.exit("%s: no programs; run fetch first" % folder)
    resources = subprocess.run([CLANG, "-print-resource-dir"], stdout=subprocess.PIPE, text=True).stdout.strip()
    options = flags(folder, resources, "bpfeb" if arguments.big_endian else "bpf")
    out = os.path.join(folder, "out", "bpfeb" if arguments.big_endian else "selftests")
    os.makedirs(out, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        entries = list(pool.map(lambda source: build(folder, out, source, options), sources))
    kept = [entry for entry in entries if entry]
    with open(os.path.join(out, "compile_commands.json"), "w") as file:
        json.dump(kept, file, indent=1)
    print("corpus: %d programs, %d compiled" % (len(sources), len(kept)))


main()
