"""clangd and bpf-lsp in an editor's session: the same files, edits and questions, in turn."""
import re
import statistics
import time

from lsp_client import Client

TYPED = "int zz = 1; zz += 2; zz += 3; zz ^= 4; zz -= 5; zz *= 6; "


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, round(share * (len(values) - 1)))]


def lines_of_bodies(lines):
    """Numbers of the lines inside function bodies; structs and initialisers are none."""
    found, inside = [], False
    for number, line in enumerate(lines):
        if line.startswith("}"):
            inside = False
        elif inside:
            found.append(number)
        elif line == "{" or re.match(r"^[^\s#].*\).*\{$", line):
            inside = True
    return found


def place_in_body(lines):
    """Line and column behind a local declaration of a function in the middle of the file."""
    bodies = lines_of_bodies(lines)
    inside = [number for number in bodies if re.match(r"^\t[\w*& ]+;$", lines[number])]
    if not inside:
        inside = [number for number in bodies if re.match(r"^\t\S.*;$", lines[number])]
    line = inside[len(inside) // 2]
    return line, len(lines[line])


def place_of_global(lines):
    """Line and column of a name declared at file scope."""
    for number, line in enumerate(lines):
        found = re.match(r"^(?:static |const |volatile )*(?:struct )?\w+ \*?(\w+)(?:\[.*\])?(?: =.*)?;", line)
        if found:
            return number, found.start(1)
        found = re.match(r"^(?:static )?(?:__\w+ )*(?:struct )?\w+ \*?(\w+)\(", line)
        if found:
            return number, found.start(1)
    return 0, 0


def session(command, root, path, edits, settle):
    """One session: times in milliseconds, memory in MiB."""
    client = Client(command, root, path)
    try:
        result = {"open": client.open()}
        time.sleep(max(settle, 0.3))
        result["memory"] = client.resident()
        line, column = place_in_body(client.lines)
        asked = place_of_global(client.lines)
        times, hovers = [], []
        for number in range(edits):
            sent = client.type(line, column, TYPED[number % len(TYPED)])
            column += 1
            times.append((client.wait_diagnostics(client.version) - sent) * 1e3)
            time.sleep(settle)
        idle = [client.hover(*asked) for _ in range(edits)]
        for number in range(edits):
            client.type(line, column, TYPED[(edits + number) % len(TYPED)])
            column += 1
            hovers.append(client.hover(*asked))
            time.sleep(settle)
        result["edit p50"] = percentile(times, 0.5)
        result["edit p95"] = percentile(times, 0.95)
        result["hover idle"] = percentile(idle, 0.5)
        result["hover p50"] = percentile(hovers, 0.5)
        result["hover p95"] = percentile(hovers, 0.95)
        result["memory"] = max(result["memory"], client.resident())
        return result
    finally:
        client.close()


def growth(command, root, path, edits):
    """How memory grew from the 50th edit to the last, as a factor."""
    client = Client(command, root, path)
    try:
        client.open()
        line, column = place_in_body(client.lines)
        early = None
        for number in range(edits):
            client.type(line, column, TYPED[number % len(TYPED)])
            column += 1
            client.wait_diagnostics(client.version)
            if number == 50:
                early = client.resident()
        return client.resident() / early
    finally:
        client.close()


def compare(clangd, ours, root, paths, edits, settle, rounds):
    """Runs both servers on each file in turn and prints medians; a list of (path, clangd's, ours)."""
    rows = []
    for path in paths:
        for _ in range(rounds):
            theirs = session(clangd, root, path, edits, settle)
            rows.append((path, theirs, session(ours, root, path, edits, settle)))
    keys = ["open", "edit p50", "edit p95", "hover p50", "hover p95", "hover idle", "memory"]
    print("%-28s %-12s %10s %10s %8s" % ("file", "what", "clangd", "bpf-lsp", "ratio"))
    for path in paths:
        mine = [row for row in rows if row[0] == path]
        for key in keys:
            a = statistics.median(row[1][key] for row in mine)
            b = statistics.median(row[2][key] for row in mine)
            unit = "MiB" if key == "memory" else "ms"
            print("%-28s %-12s %7.1f %-3s %6.2f %-3s %7.1f" % (
                path.rsplit("/", 1)[-1], key, a, unit, b, unit, a / b))
    return rows


def ratio(rows, one, other):
    """clangd's to ours."""
    return statistics.median(row[1][one] / row[2][other] for row in rows)


def corpus_results(rows):
    """Programs with the kernel's vmlinux.h: what, value, bar, unit ("x": at least)."""
    return [
        ("cold open to first diagnostics", ratio(rows, "open", "open"), 15, "x"),
        ("edit in a body to diagnostics (p50)", ratio(rows, "edit p50", "edit p50"), 20, "x"),
        ("hover right after an edit to clangd's idle one", ratio(rows, "hover idle", "hover p50"), 1, "x"),
        ("hover right after an edit, both", ratio(rows, "hover p50", "hover p50"), 1, "x"),
        ("resident memory", ratio(rows, "memory", "memory"), 10, "x"),
    ]


def large_results(rows, ours, root, paths):
    """Programs of 10,000 own lines with few headers."""
    edit = statistics.median(row[2]["edit p50"] for row in rows)
    grown = max(growth(ours, root, path, 1000) for path in paths)
    return [
        ("large program: cold open to first diagnostics", ratio(rows, "open", "open"), 12, "x"),
        ("large program: edit in a body (p50), at most", edit, 3, "ms"),
        ("large program: resident memory", ratio(rows, "memory", "memory"), 4, "x"),
        ("large program: memory after 1,000 edits, at most", grown, 1.1, "of"),
    ]
