"""The command line against the tools it stands in for: cold processes, the same files, in turn."""
import json
import os
import statistics
import subprocess
import tempfile
import time


def timed(command, cwd, **options):
    """Wall time in milliseconds, and whether the command succeeded."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, stderr=subprocess.DEVNULL, **options)
    return (time.perf_counter() - started) * 1e3, done.returncode


def skeletons(clang, bpftool, ours, database, entries):
    """`bpf-lsp skeleton` against compiling and `bpftool gen skeleton`, a program at a time."""
    ratios, theirs_all, ours_all = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "obj.o")
        for entry in entries:
            arguments = [clang] + entry["arguments"][1:-1] + [target]
            compiling, failed = timed(arguments, entry["directory"], stdout=subprocess.DEVNULL)
            if failed:
                continue
            printing, failed = timed([bpftool, "gen", "skeleton", target], folder,
                                     stdout=subprocess.DEVNULL)
            if failed:
                continue
            command = [ours, "skeleton", "-p", database, entry["file"]]
            once, _ = timed(command, entry["directory"], stdout=subprocess.DEVNULL)
            again, _ = timed(command, entry["directory"], stdout=subprocess.DEVNULL)
            mine = min(once, again)
            theirs_all.append(compiling + printing)
            ours_all.append(mine)
            ratios.append((compiling + printing) / mine)
    print("skeleton of %d programs, median: clang + bpftool %.0f ms, bpf-lsp %.0f ms" % (
        len(ratios), statistics.median(theirs_all), statistics.median(ours_all)))
    return [("skeleton of a program, cold process", statistics.median(ratios), 25, "x")]


def check(clang, ours, database, entries, loaders):
    """`bpf-lsp check` of programs and loaders in one run against `clang -fsyntax-only` of each.

    Loaders are compiled for the host with the skeletons that bpftool made beside the objects; those
    that clang refuses are left out on both sides."""
    theirs = 0.0
    files = []
    for entry in entries:
        arguments = [clang] + entry["arguments"][1:-4] + ["-w", "-fsyntax-only", entry["file"]]
        theirs += timed(arguments, entry["directory"], stdout=subprocess.DEVNULL)[0]
        files.append(entry["file"])
    with tempfile.TemporaryDirectory() as skeletons:
        for name, header in headers(database):
            os.symlink(header, os.path.join(skeletons, name))
        for directory, loader in loaders:
            arguments = [clang, "-w", "-fsyntax-only", "-I" + skeletons] + host_flags(directory) + [loader]
            time_taken, failed = timed(arguments, directory, stdout=subprocess.DEVNULL)
            if not failed:
                theirs += time_taken
                files.append(loader)
    mine, _ = timed([ours, "check", "-p", database] + files, entries[0]["directory"],
                    stdout=subprocess.DEVNULL)
    print("check of %d programs and %d loaders: clang -fsyntax-only %.0f ms, bpf-lsp %.0f ms" % (
        len(entries), len(files) - len(entries), theirs, mine))
    return [("check of a tree of programs and loaders", theirs / mine, 10, "x")]


def headers(database):
    """What loaders include (`NAME.skel.h` and its kin), each with the file that bpftool printed."""
    with open(os.path.join(database, "compile_commands.json")) as file:
        for entry in json.load(file):
            name = os.path.basename(entry["file"]).removesuffix(".c").removesuffix(".bpf")
            place = os.path.dirname(entry["arguments"][-1])
            for kind in ("skel.h", "lskel.h", "subskel.h"):
                header = os.path.join(place, kind)
                if os.path.exists(header):
                    yield name + "." + kind, header


def host_flags(directory):
    """The flags that the selftests' Makefile compiles loaders with in `directory`, for x86."""
    tools = os.path.normpath(os.path.join(directory, "../../.."))
    folders = [directory, os.path.join(tools, "../../headers"), os.path.join(tools, "lib"),
               os.path.join(tools, "include"), os.path.join(tools, "include/uapi"),
               os.path.join(tools, "arch/x86/include")]
    return ["-D_GNU_SOURCE"] + ["-I" + folder for folder in folders]
