//! Compares the previews of the per-CPU example with what clang and bpftool make of it, to the letter.
//!
//!     oracle_percpu BPF_LSP EXAMPLE_FOLDER
//!
//! No packaged bpftool knows `.percpu` yet (it came in August 2026). So the example is compiled with
//! its `.percpu` sections called `.data.pcpu`, bpftool prints the header, and the names are put back.
//! bpftool of 2026-08 treats a per-CPU section like a data section but for two things: the identifier
//! comes from the section name, and a subskeleton has no struct for it. Needs clang-19 and bpftool
//! 7.5 (`tests/tools/setup oracle`); exit code 1 when a preview differs.

use std::{path::Path, process::Command, process::ExitCode};

use bpf_lsp_tests::{first_difference, skeleton_extract::declaration_part};

/// What `bpf-lsp skeleton --kind` is called, and how bpftool is asked for the same.
const KINDS: [(&str, &[&str]); 3] = [
    ("skeleton", &["gen", "skeleton"]),
    ("subskeleton", &["gen", "subskeleton"]),
    ("lskel", &["-L", "gen", "skeleton"]),
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(bpf_lsp), Some(example)) = (args.next(), args.next()) else {
        eprintln!("usage: oracle_percpu BPF_LSP EXAMPLE_FOLDER");
        return ExitCode::from(2);
    };
    match compare(&bpf_lsp, Path::new(&example)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("oracle_percpu: {message}");
            ExitCode::from(2)
        }
    }
}

/// Prints a line for each kind; returns how many differ.
fn compare(bpf_lsp: &str, example: &Path) -> Result<usize, String> {
    let source = example.join("hits.bpf.c");
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let text =
        std::fs::read_to_string(&source).map_err(|e| format!("{}: {e}", source.display()))?;
    let renamed = folder.path().join("hits.bpf.c");
    std::fs::write(&renamed, text.replace("\".percpu", "\".data.pcpu"))
        .map_err(|e| e.to_string())?;
    let object = folder.path().join("hits.bpf.o");
    run(Command::new("clang-19")
        .args(["-target", "bpf", "-g", "-O2", "-idirafter", "/usr/include/x86_64-linux-gnu"])
        .arg("-I")
        .arg(example)
        .arg("-c")
        .arg(&renamed)
        .arg("-o")
        .arg(&object))?;
    let mut different = 0;
    for (kind, generate) in KINDS {
        let header =
            run(Command::new("bpftool").args(generate).arg(&object).args(["name", "hits"]))?;
        let header = if kind == "subskeleton" { drop_percpu_structs(&header) } else { header };
        let expected = declaration_part(&header.replace("data_pcpu", "percpu"));
        let got = run(Command::new(bpf_lsp)
            .args(["skeleton", "--kind", kind, "--name", "hits"])
            .arg(&source))?;
        match first_difference(&expected, &got) {
            None => println!("ok   {kind}: {} lines equal", expected.lines().count()),
            Some(difference) => {
                println!("FAIL {kind}: {difference}");
                different += 1;
            }
        }
    }
    println!("{} passed, {different} failed", KINDS.len() - different);
    Ok(different)
}

/// The standard output of a command that must succeed.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{command:?}: {}\n{error}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A subskeleton of 2026-08 has no struct for per-CPU sections.
fn drop_percpu_structs(header: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for line in header.lines() {
        if line.starts_with("\tstruct ") && line.contains("__data_pcpu") && line.ends_with('{') {
            inside = true;
        }
        if !inside {
            out.push_str(line);
            out.push('\n');
        }
        if inside && line.starts_with("\t} ") {
            inside = false;
        }
    }
    out
}
