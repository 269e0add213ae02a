//! Any text as the files of a project: compile database, project file, baseline, build files. Each
//! begins with a line `//- NAME`; the command line checks a program and its loader beside them.
#![no_main]

use std::{ffi::OsString, fs, path::Path};

use bpf_lsp::cli;
use libfuzzer_sys::fuzz_target;

const FILES: &[&str] = &[
    "compile_commands.json",
    "compile_flags.txt",
    ".bpf-lsp.toml",
    "baseline.json",
    "Makefile",
    "CMakeLists.txt",
    "meson.build",
    "xmake.lua",
    "args.rsp",
];

const PROGRAM: &str = "#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n\
    struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, long); } m SEC(\".maps\");\n\
    int total; SEC(\"tp/a/b\") int run(void *ctx) { return total++; }\n";

const LOADER: &str = "#include \"a.skel.h\"\n\
    int main(void) { struct a *skel = a__open(); skel->rodata->x = 1; return a__load(skel); }\n";

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    // Memory, where the system has such a folder: a disk would be most of the time.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a temporary folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    write("a.bpf.c", PROGRAM);
    write("a.c", LOADER);
    for part in text.split("//- ").skip(1) {
        let (name, text) = part.split_once('\n').unwrap_or((part, ""));
        if FILES.contains(&name) {
            write(name, text);
        }
    }
    let mut arguments: Vec<OsString> = vec!["bpf-lsp".into(), "check".into(), "--objects".into()];
    for argument in ["--format=json", "--baseline"] {
        arguments.push(argument.into());
    }
    arguments.push(folder.path().join("baseline.json").into());
    for name in ["a.bpf.c", "a.c"] {
        arguments.push(folder.path().join(name).into());
    }
    cli::run_with(arguments);
});
