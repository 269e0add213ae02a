#!/usr/bin/env python3
"""Measures bpf-lsp against clangd, clang and bpftool and prints the ratios.

    bench.py CORPUS BPF_LSP [--programs N] [--edits N] [--rounds N] [--settle SECONDS]
             [--only editing,large,skeleton,check] [--file NAME]... [--large-program COMMAND]

CORPUS is the folder that tests/corpus/fetch and build.py filled; COMMAND writes a large program, given its lines and a
seed. It is no test: times depend on
the machine, so both sides run here, in turn, and only the ratios mean something.
"""
import argparse
import glob
import json
import os
import subprocess

import commands
import editing

# Programs that include the kernel's vmlinux.h, small and large.
EDITED = ["bpf_cubic.c", "xdp_synproxy_kern.c", "map_kptr.c", "test_tunnel_kern.c"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("server")
    parser.add_argument("--programs", type=int, default=30)
    parser.add_argument("--edits", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--settle", type=float, default=0.1)
    parser.add_argument("--only", default="editing,large,skeleton,check")
    parser.add_argument("--file", action="append")
    parser.add_argument("--large-program")
    arguments = parser.parse_args()
    ours = os.path.abspath(arguments.server)
    database = os.path.join(os.path.abspath(arguments.corpus), "out", "selftests")
    clang = os.environ.get("CLANG", "clang-19")
    clangd = os.environ.get("CLANGD", "clangd-19")
    bpftool = os.environ.get("BPFTOOL", "bpftool")
    with open(os.path.join(database, "compile_commands.json")) as file:
        entries = json.load(file)
    step = max(1, len(entries) // arguments.programs)
    sample = entries[::step][:arguments.programs]
    parts = arguments.only.split(",")

    results = []
    if "editing" in parts:
        wanted = arguments.file or EDITED
        paths = [e["file"] for e in entries if os.path.basename(e["file"]) in wanted]
        results += editing.corpus_results(editing.compare(
            [clangd, "--compile-commands-dir=" + database], [ours, "--stdio"],
            database, paths, arguments.edits, arguments.settle, arguments.rounds))
    if "large" in parts and arguments.large_program:
        root = os.path.join(os.path.abspath(arguments.corpus), "out", "large")
        paths = large_programs(arguments.large_program, root, entries[0])
        rows = editing.compare([clangd, "--compile-commands-dir=" + root], [ours, "--stdio"],
                               root, paths, arguments.edits, arguments.settle, arguments.rounds)
        results += editing.large_results(rows, [ours, "--stdio"], root, paths)
    if "skeleton" in parts:
        results += commands.skeletons(clang, bpftool, ours, database, sample)
    if "check" in parts:
        folder = entries[0]["directory"]
        loaders = sorted(glob.glob(os.path.join(folder, "prog_tests", "*.c")))[::step]
        results += commands.check(clang, ours, database, sample, [(folder, file) for file in loaders])
    print("\n%-50s %8s %8s" % ("clangd, clang and bpftool to bpf-lsp", "value", "bar"))
    for what, value, bar, unit in results:
        met = value >= bar if unit == "x" else value <= bar
        print("%-50s %7.1f %7.4g %s %s" % (what, value, bar, unit, "" if met else "MISSED"))


def large_programs(command, root, entry):
    """Writes two large programs with a compile database; they are compiled as `entry` is. Returns their paths."""
    os.makedirs(root, exist_ok=True)
    paths, database = [], []
    for seed in (1, 2):
        path = os.path.join(root, "large%d.bpf.c" % seed)
        with open(path, "wb") as file:
            subprocess.run([command, "10000", str(seed)], stdout=file, check=True)
        arguments = entry["arguments"][:entry["arguments"].index("-c")]
        arguments += ["-c", path, "-o", path[:-2] + ".o"]
        database.append({"directory": root, "file": path, "arguments": arguments})
        paths.append(path)
    with open(os.path.join(root, "compile_commands.json"), "w") as file:
        json.dump(database, file)
    return paths


main()
