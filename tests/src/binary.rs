//! The `bpf-lsp` binary under test.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/"))
}

/// The per-CPU example's folder.
pub fn example() -> PathBuf {
    root().join("tests/examples/percpu")
}

/// Path of the binary, built first when it is out of date. `BPF_LSP_BINARY` names another one.
pub fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        if let Some(path) = std::env::var_os("BPF_LSP_BINARY") {
            return path.into();
        }
        // Tests lie in `target/PROFILE/deps`; the profile of the binary is the same.
        let exe = std::env::current_exe().expect("the test has a path");
        let profile = exe.ancestors().nth(2).expect("the test lies in a target folder");
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "bpf-lsp", "--bin", "bpf-lsp"]);
        build.arg("--target-dir").arg(profile.parent().expect("a target folder"));
        if profile.file_name().is_some_and(|name| name == "release") {
            build.arg("--release");
        }
        let status = build.current_dir(root()).status().expect("cargo runs");
        assert!(status.success(), "the binary does not build");
        profile.join("bpf-lsp")
    })
}

/// Runs the binary in a folder.
pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(path()).args(arguments).current_dir(folder).output().expect("the binary runs")
}
