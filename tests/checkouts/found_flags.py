"""What a checkout's build files say of how its BPF programs are compiled.

Read, not run: bpf2go directives, Makefiles, and lines near a `-target bpf` in other build files. What cannot
be told (a word with `$(shell ...)`) is left out.
"""
import os
import re
import shlex

ASSIGNMENT = re.compile(r"^\s*(?:export\s+|override\s+)*([A-Za-z_][\w.]*)\s*(\?=|:=|::=|\+=|=)\s*(.*)$")
DIRECTIVE = re.compile(r"^//go:generate\s+(.*\bbpf2go\b.*)$", re.M)
BPF_TARGET = re.compile(r"-?-target[= ,\"']+bpf|clang_args|BPF_CLANG|bpf_object\(")
FLAG = re.compile(r"-(?:D\s?[A-Za-z_]\w*(?:=[^\s\"',;)\]]+)?|I\s?[^\s\"',;)\]]+)")
MAKEFILES = ("Makefile", "GNUmakefile", "makefile", "Makefile.am", "Kbuild")
OTHERS = ("CMakeLists.txt", "meson.build", "build.rs", "Taskfile.yml", "Dockerfile", "BUILD.bazel", "BUILD")


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def folders_up(folder, root):
    """A folder and those above it, up to the root of the checkout."""
    while True:
        yield folder
        if folder == root or len(folder) <= len(root):
            return
        folder = os.path.dirname(folder)


def variables_of(text, known):
    """Adds a Makefile's variables to those known; what is appended is appended."""
    for line in text.replace("\\\n", " ").splitlines():
        found = ASSIGNMENT.match(line)
        if not found or line.startswith("\t"):
            continue
        name, how, value = found.groups()
        if how == "+=":
            known[name] = known.get(name, "") + " " + value
        elif how != "?=" or name not in known:
            known[name] = value


def expand(text, known, folder, root, depth=0):
    """Replaces what is known of `$(X)`, `${X}` and `$X`; the rest stays as it stands."""
    if depth > 8:
        return text

    def value(found):
        name = next(group for group in found.groups() if group)
        if name in ("CURDIR", "PWD", "CMAKE_CURRENT_SOURCE_DIR", "shell pwd"):
            return folder
        if name in ("CMAKE_SOURCE_DIR", "PROJECT_SOURCE_DIR") or name.endswith("ROOT") and name not in known:
            return root
        if name not in known:
            return found.group(0)
        # A variable may name itself.
        rest = {key: text for key, text in known.items() if key != name}
        return expand(known[name], rest, folder, root, depth + 1)

    return re.sub(r"\$\(([\w. ]+)\)|\$\{([\w.]+)\}|\$([A-Za-z_]\w*)", value, text)


def wanted(words, folder):
    """The words that choose headers and macros, with absolute folders; words with unknown parts go."""
    result, words = [], list(words)
    while words:
        word = words.pop(0)
        if word in ("-I", "-D", "-U", "-include", "-isystem", "-idirafter", "-iquote") and words:
            word, separate = word, words.pop(0)
        else:
            found = re.match(r"(-isystem|-idirafter|-include|-iquote|-I|-D|-U)(.+)", word)
            if not found:
                continue
            word, separate = found.groups()
        if "$" in separate or "`" in separate or "@" in separate or "%" in separate:
            continue
        if word not in ("-D", "-U"):
            separate = os.path.normpath(os.path.join(folder, separate))
            if not os.path.exists(separate):
                continue
        result.append((word, separate))
    return result


def split(text):
    try:
        return shlex.split(text, posix=True)
    except ValueError:
        return text.split()


class BuildFiles:
    """Of one checkout; everything is read once."""

    def __init__(self, root, paths):
        self.root = root
        self.by_folder = {}
        self.directives = {}
        exported = {}
        for path in paths:
            name = os.path.basename(path)
            if name in MAKEFILES or name.endswith(".mk") or name in OTHERS or name.endswith(".cmake"):
                self.by_folder.setdefault(os.path.dirname(path), []).append(path)
            if name in MAKEFILES or name.endswith(".mk"):
                text = read(path)
                variables_of("\n".join(re.findall(r"^\s*export .*=.*$", text, re.M)), exported)
                variables_of("\n".join(re.findall(r"^\s*\w*CFLAGS\s*:?=.*$", text, re.M)), exported)
        for path in paths:
            if path.endswith(".go"):
                for line in DIRECTIVE.findall(read(path)):
                    self.directive(path, line, exported)

    def directive(self, path, line, exported):
        folder = os.path.dirname(path)
        words = split(expand(line, exported, folder, self.root))
        at = next(i for i, word in enumerate(words) if "bpf2go" in word)
        words, clang = words[at + 1:], []
        if "--" in words:
            clang = words[words.index("--") + 1:]
            words = words[:words.index("--")]
        names, cflags = [], []
        booleans = ("strip", "no-strip", "no-global-types", "verbose")
        while words:
            word = words.pop(0)
            if word.startswith("-") and not names:
                name, equals, value = word.lstrip("-").partition("=")
                if not equals and name not in booleans and words:
                    value = words.pop(0)
                if name == "cflags":
                    cflags += split(value)
            else:
                names.append(word)
        if len(names) > 1:
            source = os.path.normpath(os.path.join(folder, names[1]))
            self.directives.setdefault(source, wanted(cflags + clang, folder))

    def makefile_flags(self, source):
        """Of the first line that compiles for BPF in the Makefiles above a source, nearest first: further ones
        are for other variants."""
        for folder in folders_up(os.path.dirname(source), self.root):
            files = [p for p in self.by_folder.get(folder, ()) if os.path.basename(p) not in OTHERS
                     and not p.endswith(".cmake")]
            if not files:
                continue
            known, text = {}, ""
            for path in files:
                text += read(path).replace("\\\n", " ") + "\n"
            for included in re.findall(r"^-?include\s+(\S+)", text, re.M):
                variables_of(read(os.path.join(folder, included)), known)
            variables_of(text, known)
            words = []
            for line in text.splitlines():
                if re.match(r"\t", line):
                    line = expand(line, known, folder, self.root)
                    if re.search(r"-?-target[= ]bpf", line):
                        words = split(line)
                        break
            if words:
                return unique(wanted(words, folder))
        return []

    def other_flags(self, source):
        """Flags that stand near a BPF target in the build files of other kinds above a source."""
        result = []
        for folder in folders_up(os.path.dirname(source), self.root):
            for path in self.by_folder.get(folder, ()):
                if os.path.basename(path) not in OTHERS and not path.endswith(".cmake"):
                    continue
                lines = read(path).splitlines()
                # In lists, a word a line.
                pairs = [line + " " + following.strip() for line, following in zip(lines, lines[1:] + [""])]
                near = {i for i, line in enumerate(pairs) if BPF_TARGET.search(line)}
                near = sorted({j for i in near for j in range(max(0, i - 12), min(len(lines), i + 13))})
                text = expand("\n".join(lines[j] for j in near), {}, folder, self.root)
                words = [re.sub(r"^-([DI])\s", r"-\1", word) for word in FLAG.findall(text)]
                result += wanted([word for word in words if "{" not in word], folder)
            if result:
                break
        return unique(result)


def unique(flags):
    return list(dict.fromkeys(flags))


def words(flags):
    """Pairs as words of a command line."""
    return [word + value if word in ("-D", "-U", "-I") else word + " " + value for word, value in flags]
