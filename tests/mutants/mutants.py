"""Samples mutants by a fixed rule, runs the tests against each, and fails where one survives unexplained."""

import argparse
import csv
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import switches

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUT = ROOT / "target/mutants"
TREE = OUT / "tree"
EXPLAINED = HERE / "explained.tsv"


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/mutants/run")
    parser.add_argument("--area", action="append", help="only this area of areas.toml")
    parser.add_argument("--seed", default="1", help="another sample (default: 1)")
    parser.add_argument("--count", type=int, help="so many mutants an area, instead of areas.toml's numbers")
    parser.add_argument("--only", default="", help="only mutants whose name has this text")
    parser.add_argument("--list", action="store_true", help="print the sample and run nothing")
    arguments = parser.parse_args()

    areas = tomllib.loads((HERE / "areas.toml").read_text())
    splits = areas.pop("split")
    chosen = {name: area for name, area in areas.items() if not arguments.area or name in arguments.area}
    mutants = sample(listed(), chosen, arguments.seed, arguments.count)
    mutants = [mutant for mutant in mutants if arguments.only in mutant["key"]]
    if arguments.list:
        for mutant in mutants:
            print(mutant["area"], mutant["key"], sep="\t")
        return 0
    run(mutants, chosen, splits)
    return report(mutants)


def listed() -> list:
    """All mutants of the workspace, each with its key: file, description, and which of those it is."""
    # fmt: the columns are those of the files as they are.
    command = ["cargo", "mutants", "--list", "--json", "--workspace"]
    mutants = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    seen = Counter()
    for mutant in mutants:
        # `file:line:column: what is done in which function`, without the place: that moves with edits.
        what = mutant["name"].split(": ", 1)[1]
        key = f"{mutant['file']}: {what}"
        seen[key] += 1
        mutant["key"] = key if seen[key] == 1 else f"{key} #{seen[key]}"
    return mutants


def sample(mutants: list, areas: dict, seed: str, count: int | None) -> list:
    """The first of each area in the order of the hashes of seed and key."""
    rank = lambda mutant: hashlib.sha256(f"{seed} {mutant['key']}".encode()).hexdigest()
    chosen = []
    for name, area in areas.items():
        matches = lambda file, globs: any(fnmatch(file, glob) for glob in globs)
        own = [m for m in mutants if matches(m["file"], area["files"]) and not matches(m["file"], area.get("without", []))]
        chosen += [{**mutant, "area": name} for mutant in sorted(own, key=rank)[: count or area["count"]]]
    return chosen


def lay_tree(switched: set):
    """Copies the files that git knows, as they are now, but for those that get switches; others go. What is the
    same keeps its time."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True)
    known = {name for name in names.stdout.splitlines() if (ROOT / name).is_file()}
    for old in [path for path in TREE.rglob("*") if path.is_file() and str(path.relative_to(TREE)) not in known]:
        old.unlink()
    for name in known - switched:
        write(TREE / name, (ROOT / name).read_bytes(), (ROOT / name).stat().st_mode)


def write(path: Path, text: bytes, mode: int | None = None):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != text:
        path.write_bytes(text)
        if mode is not None:
            path.chmod(mode)


def run(mutants: list, areas: dict, splits: list):
    """Sets the outcome of each: caught, missed, timeout, unviable, or `alone` where it needs a build of its own."""
    binaries = build(mutants, sorted({test for area in areas.values() for test in area["tests"]}))
    tests = reaches(binaries, {n for n, mutant in enumerate(mutants) if "outcome" not in mutant}, splits)
    for number, mutant in enumerate(mutants):
        if "outcome" not in mutant:
            own = [t for t in tests if number in t["reaches"] and fits(t["binary"], areas[mutant["area"]])]
            mutant["outcome"], seconds = judge(own, number)
            print(f"{mutant['outcome']:8} {seconds:6.1f} s of {len(own):4} tests  {mutant['key']}", flush=True)
    for mutant in mutants:
        if mutant["outcome"] == "alone":
            mutant["outcome"] = judge_alone(mutant, areas[mutant["area"]])
            print(f"{mutant['outcome']:8} with a build of its own  {mutant['key']}", flush=True)


def judge_alone(mutant: dict, area: dict) -> str:
    """The outcome for a mutant that no switch can express: it is written into its file, as cargo-mutants does."""
    text = (ROOT / mutant["file"]).read_bytes()
    start, end = (switches.File(text).offset(mutant["span"][side]) for side in ("start", "end"))
    switched = (TREE / mutant["file"]).read_bytes()
    write(TREE / mutant["file"], text[:start] + mutant["replacement"].encode() + text[end:])
    try:
        messages, ok = build_tests(area["tests"])
        if not ok:
            return "unviable"
        whole = [{"binary": binary, "name": None, "part": {}} for binary in executables(messages)]
        ends = (run_tests([test], 600, None)[0] for test in whole)
        return next((ended for ended in ends if ended != "passed"), "missed")
    finally:
        write(TREE / mutant["file"], switched)


def judge(tests: list, number: int) -> tuple[str, float]:
    """Runs the tests that come to a mutant, the quick ones first, until one notices."""
    started = time.monotonic()
    tests = sorted(tests, key=lambda test: test["seconds"])
    while tests:
        # As many of one binary as take about as long as the first, or a second.
        first, batch, left = tests[0], [], max(1.0, tests[0]["seconds"])
        for test in tests:
            together = test is first or test["binary"] is first["binary"] and not test["part"] and not first["part"]
            if together and left >= test["seconds"]:
                left -= test["seconds"]
                batch.append(test)
        ended, _ = run_tests(batch, sum(test["seconds"] for test in batch), number)
        if ended != "passed":
            return ended, time.monotonic() - started
        tests = [test for test in tests if test not in batch]
    return "missed", time.monotonic() - started


def reaches(binaries: list, alive: set, splits: list) -> list:
    """Each test with its seconds and the mutants whose code it comes to."""
    parts = {split["test"]: [{split["variable"]: file.stem} for file in sorted(ROOT.glob(split["files"]))] for split in splits}
    tests = []
    for binary in binaries:
        listed = subprocess.run([binary["path"], "--list", "--format=terse"], capture_output=True, text=True, cwd=binary["cwd"]).stdout
        for name in (line.removesuffix(": test") for line in listed.splitlines() if line.endswith(": test")):
            for part in parts.get(f"{binary['name']} {name}", [{}]):
                test, log = {"binary": binary, "name": name, "part": part}, OUT / "reached"
                log.unlink(missing_ok=True)
                ended, test["seconds"] = run_tests([test], 600, None, log)
                if ended != "passed":
                    print(f"left out, fails without any mutant: {binary['name']} {name}", *part.values(), flush=True)
                    continue
                test["reaches"] = {int(line) for line in log.read_text().split()} if log.exists() else set()
                if test["reaches"] & alive:
                    tests.append(test)
    return tests


def build(mutants: list, tested: list) -> list:
    """Builds all mutants into one tree of tests. Those that do not compile are marked and left out."""
    files = {}
    for number, mutant in enumerate(mutants):
        file = files.get(mutant["file"]) or files.setdefault(mutant["file"], switches.File((ROOT / mutant["file"]).read_bytes()))
        try:
            if not file.add(mutant, number):
                mutant["outcome"] = "alone"
        except switches.Unviable:
            mutant["outcome"] = "unviable"
    for crate in ["btf", "cfront", "bpf", "loader", "ide", "bpf-lsp"]:
        name = f"server/{crate}/src/lib.rs"
        files.setdefault(name, switches.File((ROOT / name).read_bytes()))
    lay_tree(set(files))
    without = set()
    while True:
        spans = {}
        for name, file in files.items():
            text, spans[name] = file.switched(without)
            if name.endswith("/src/lib.rs"):
                text += switches.RUNTIME.replace("COUNT", str(len(mutants))).encode()
            write(TREE / name, text)
        messages, ok = build_tests(tested)
        if ok:
            break
        wrong = {}
        for message in messages:
            if message.get("reason") == "compiler-message" and message["message"]["level"] == "error":
                told = message["message"]
                for span in told["spans"]:
                    for start, end, number in spans.get(span["file_name"], []):
                        if start <= span["byte_start"] and span["byte_end"] <= end:
                            wrong[number] = told["message"]
        if not wrong:
            shown = [m["message"]["rendered"] for m in messages if m.get("reason") == "compiler-message"]
            sys.exit("the tree does not build:\n" + "\n".join(shown[-5:]))
        for number, why in wrong.items():
            without.add(number)
            mutants[number]["outcome"] = "unviable"
            mutants[number]["by"] = why
            print(f"unviable           {mutants[number]['key']}: {why}", flush=True)
    if any(":" in test for test in tested):
        # Tests over pipes start the server.
        cargo(["build", "-p=bpf-lsp"])
    return executables(messages)


def executables(messages: list) -> list:
    """The test binaries that cargo speaks of."""
    return [
        {"name": f"{package_of(m)}:{m['target']['name']}", "path": m["executable"], "cwd": Path(m["manifest_path"]).parent}
        for m in messages
        if m.get("reason") == "compiler-artifact" and m["profile"]["test"] and m["executable"]
    ]


def build_tests(tested: list):
    """What cargo says of building these tests, and whether it did."""
    messages = []
    whole = [f"-p={test}" for test in tested if ":" not in test]
    for arguments in [whole] * bool(whole) + [[f"-p={p}", f"--test={t}"] for p, t in (t.split(":") for t in tested if ":" in t)]:
        more, ok = cargo(["test", "--no-run", *arguments])
        messages += more
        if not ok:
            return messages, False
    return messages, True


def fits(binary: dict, area: dict) -> bool:
    """Whether an area's tests are in this binary, called `package:target`."""
    return any(fnmatch(binary["name"], test if ":" in test else f"{test}:*") for test in area["tests"])


def package_of(message: dict) -> str:
    return tomllib.loads(Path(message["manifest_path"]).read_text())["package"]["name"]


def cargo(arguments: list):
    command = ["cargo", *arguments, "--message-format=json", "--locked"]
    done = subprocess.run(command, cwd=TREE, env={**os.environ, "CARGO_TARGET_DIR": str(OUT / "build"), "CARGO_PROFILE_DEV_DEBUG": "0"}, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")], done.returncode == 0


def run_tests(tests: list, seconds: float, mutant: int | None, log: Path | None = None):
    """Runs tests of one binary that are expected to take `seconds`: `passed`, `caught` or `timeout`, and the
    processor's seconds, which do not depend on who else works here."""
    binary = tests[0]["binary"]
    environment = {**os.environ, **tests[0]["part"], "BPF_LSP_BINARY": str(OUT / "build/debug/bpf-lsp"), "CARGO_MANIFEST_DIR": str(binary["cwd"])}
    if mutant is not None:
        environment["BPF_LSP_MUTANT"] = str(mutant)
    if log:
        environment["BPF_LSP_MUTANTS_REACHED"] = str(log)
    work = 20 + int(seconds * 5)

    def limits():
        os.setpgrp()
        resource.setrlimit(resource.RLIMIT_CPU, (work, work))
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    names = ["--exact", *(test["name"] for test in tests)] if tests[0]["name"] else []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [binary["path"], "--quiet", "--test-threads=2", *names]
    child = subprocess.Popen(
        command, cwd=binary["cwd"], env=environment, preexec_fn=limits, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        code = child.wait(timeout=20 * work)
    except subprocess.TimeoutExpired:
        code = -24
    finally:
        try:
            os.killpg(child.pid, 9)
        except ProcessLookupError:
            pass
        child.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = "passed" if code == 0 else "timeout" if code in (-24, -9) else "caught"
    return ended, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(mutants: list) -> int:
    explained = {}
    with EXPLAINED.open() as file:
        explained = {row["mutant"]: row["reason"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    (OUT / "outcomes.json").write_text(json.dumps(mutants, indent=1))
    counts = {}
    open_ones = []
    for mutant in mutants:
        counts.setdefault(mutant["area"], Counter())[mutant["outcome"]] += 1
        if mutant["outcome"] == "missed":
            if mutant["key"] in explained:
                counts[mutant["area"]]["explained"] += 1
            else:
                open_ones.append(mutant)
    for area, count in counts.items():
        print(f"{area}: " + ", ".join(f"{number} {outcome}" for outcome, number in sorted(count.items())))
    for mutant in open_ones:
        line = mutant["span"]["start"]["line"]
        print(f"{mutant['outcome']}: {mutant['key']} (line {line})")
    print(f"{len(mutants)} mutants, {len(open_ones)} survive without an explanation")
    return 1 if open_ones else 0


if __name__ == "__main__":
    sys.exit(main())
