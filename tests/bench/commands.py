"""The command line against the tools it stands in for: cold processes, the same files, in turn."""
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
    return [("skeleton of a program, cold process", statistics.median(ratios), 15)]


def check(clang, ours, database, entries):
    """`bpf-lsp check` of all programs at once against `clang -fsyntax-only` of each."""
    theirs = 0.0
    for entry in entries:
        arguments = [clang] + entry["arguments"][1:-4] + ["-w", "-fsyntax-only", entry["file"]]
        theirs += timed(arguments, entry["directory"], stdout=subprocess.DEVNULL)[0]
    files = [entry["file"] for entry in entries]
    mine, _ = timed([ours, "check", "-p", database] + files, entries[0]["directory"],
                    stdout=subprocess.DEVNULL)
    print("check of %d programs: clang -fsyntax-only %.0f ms, bpf-lsp %.0f ms" % (
        len(files), theirs, mine))
    return [("check of a tree of programs", theirs / mine, 10)]
