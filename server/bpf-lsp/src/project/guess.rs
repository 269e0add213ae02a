//! Flags for a file that nobody has written flags down for: from what stands near it in the tree.

mod options;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    files::{self, Kind},
    lock,
    make::Makefiles,
};
use options::Said;

/// How far up the tree is looked at.
const MAX_LEVELS: usize = 8;

/// So many of the headers that a file names are looked for.
const MAX_HEADERS: usize = 1024;

/// What the Makefiles of folders say, each asked once.
#[derive(Default)]
pub(super) struct Sayings {
    makefiles: Arc<Makefiles>,
    folders: Mutex<FxHashMap<PathBuf, Option<Arc<Said>>>>,
}

impl Sayings {
    /// What these Makefiles say.
    pub(super) fn of_all(makefiles: Arc<Makefiles>) -> Sayings {
        Sayings { makefiles, ..Sayings::default() }
    }

    /// What the Makefile of a folder says.
    pub(super) fn of(&self, folder: &Path) -> Option<Arc<Said>> {
        if let Some(known) = lock(&self.folders).get(folder) {
            return known.clone();
        }
        let found = self.makefiles.of(folder).map(|file| Arc::new(Said::by(&file)));
        lock(&self.folders).insert(folder.to_owned(), found.clone());
        found
    }
}

/// A guess: arguments, and what they were taken from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Guess {
    /// Arguments with absolute paths.
    pub(super) arguments: Vec<String>,
    /// What was found, for the user.
    pub(super) found: Vec<String>,
}

/// Guesses the flags of a file.
pub(super) fn flags(file: &Path, sayings: &Sayings) -> Guess {
    let mut guess = Guess::default();
    let mut arch = None;
    let mut vmlinux = false;
    let mut libbpf = false;
    let mut makefile = false;
    let mut elsewhere = headers_elsewhere(file);
    let mut roots = Vec::new();
    for (level, folder) in file.ancestors().skip(1).take(MAX_LEVELS).enumerate() {
        // Above a repository's root everything belongs to others, as do the system's folders.
        if level > 0 && (folder.parent().is_none() || folder == Path::new("/usr")) {
            break;
        }
        if !makefile && let Some(said) = sayings.of(folder) {
            makefile = true;
            for option in &said.options {
                if let Some(name) = option.strip_prefix("-D__TARGET_ARCH_") {
                    arch = Some(name.to_owned());
                } else {
                    guess.arguments.push(absolute(option, folder));
                }
            }
            let part = if said.in_part { " (in part: too much work)" } else { "" };
            guess.found.push(format!("{}{part}", said.path.display()));
        }
        if !vmlinux && let Some(header) = find_vmlinux(folder) {
            vmlinux = true;
            guess.include(header.parent());
            guess.found.push(header.display().to_string());
        }
        if !libbpf && let Some(include) = find_libbpf(folder) {
            libbpf = true;
            guess.include(Some(&include));
            guess.found.push(include.join("bpf").display().to_string());
        }
        let named = elsewhere.len();
        elsewhere.retain(|header| !folder.join(header).is_file());
        if elsewhere.len() < named {
            roots.push(folder);
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    for root in roots {
        guess.arguments.extend(["-idirafter".to_owned(), root.display().to_string()]);
        guess.found.push(root.display().to_string());
    }
    if !libbpf && Path::new("/usr/include/bpf/bpf_helpers.h").is_file() {
        guess.found.push("/usr/include/bpf".to_owned());
    }
    // Debian keeps `asm/` in a folder that `-target bpf` does not search by itself.
    let multiarch = format!("/usr/include/{}-linux-gnu", std::env::consts::ARCH);
    if Path::new(&multiarch).is_dir() {
        guess.arguments.extend(["-idirafter".to_owned(), multiarch]);
    }
    let arch = arch.unwrap_or_else(|| target_arch(std::env::consts::ARCH).to_owned());
    guess.arguments.push(format!("-D__TARGET_ARCH_{arch}"));
    guess.arguments.extend(["-O2".to_owned(), "-g".to_owned()]);
    guess
}

/// The name in `__TARGET_ARCH_*` of a machine.
pub(super) fn target_arch(machine: &str) -> &str {
    match machine {
        "x86_64" | "x86" | "i686" => "x86",
        "aarch64" => "arm64",
        "powerpc64" | "powerpc64le" => "powerpc",
        "s390x" => "s390",
        "riscv64" => "riscv",
        "loongarch64" => "loongarch",
        other => other,
    }
}

impl Guess {
    fn include(&mut self, folder: Option<&Path>) {
        if let Some(folder) = folder {
            self.arguments.push(format!("-I{}", folder.display()));
        }
    }
}

/// The headers that a file names and that do not lie beside it. Builds that are no Makefile (CMake, bazel) have
/// sources name headers from a folder above.
fn headers_elsewhere(file: &Path) -> Vec<String> {
    let text = files::text(file, Kind::Source).unwrap_or_default();
    let folder = file.parent().unwrap_or(file);
    let lines = text.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("include")?;
        let name = rest.trim_start().strip_prefix(['<', '"'])?;
        name.split_once(['>', '"']).map(|(name, _)| name)
    });
    let mut known = FxHashSet::default();
    let names = lines.filter(|name| !name.starts_with('/') && known.insert(*name));
    let names = names.take(MAX_HEADERS).filter(|name| !folder.join(name).is_file());
    names.map(str::to_owned).collect()
}

/// Relative folders of a Makefile's options are taken from its own folder.
fn absolute(option: &str, folder: &Path) -> String {
    for flag in ["-isystem", "-idirafter", "-iquote", "-I"] {
        if let Some(path) = option.strip_prefix(flag) {
            return format!("{flag}{}", folder.join(path).display());
        }
    }
    option.to_owned()
}

/// `vmlinux.h` in a folder or where projects like to keep it.
fn find_vmlinux(folder: &Path) -> Option<PathBuf> {
    let arch = target_arch(std::env::consts::ARCH);
    let places = [
        PathBuf::from("vmlinux.h"),
        "include/vmlinux.h".into(),
        "vmlinux/vmlinux.h".into(),
        "headers/vmlinux.h".into(),
        "bpf/vmlinux.h".into(),
        "src/bpf/vmlinux.h".into(),
        ".output/vmlinux.h".into(),
        "tools/include/vmlinux.h".into(),
        Path::new(arch).join("vmlinux.h"),
        Path::new("vmlinux").join(arch).join("vmlinux.h"),
        Path::new("vmlinux.h/include").join(arch).join("vmlinux.h"),
    ];
    places.iter().map(|place| folder.join(place)).find(|path| path.is_file())
}

/// The folder that holds `bpf/bpf_helpers.h`.
fn find_libbpf(folder: &Path) -> Option<PathBuf> {
    [".", "include", "headers", ".output", "libbpf/include", "tools/include", "src"]
        .iter()
        .map(|place| folder.join(place))
        .find(|path| path.join("bpf/bpf_helpers.h").is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The guess for a file of a tree; the tree's root is shown as `/r`.
    fn check(files: &[(&str, &str)], file: &str) -> (String, usize) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let guess = flags(&root.join(file), &Sayings::default());
        let of_tree = guess.found.iter().filter(|found| Path::new(found).starts_with(root));
        (guess.arguments.join(" ").replace(&root.display().to_string(), "/r"), of_tree.count())
    }

    #[test]
    fn makefile_vmlinux_and_libbpf_near_the_file() {
        let files = [
            (".git/HEAD", ""),
            ("src/Makefile", "all:\n\tclang -Iinc -D__TARGET_ARCH_arm64 -DY\n"),
            ("vmlinux/vmlinux.h", ""),
            ("include/bpf/bpf_helpers.h", ""),
        ];
        let (shown, found) = check(&files, "src/a.bpf.c");
        assert!(shown.starts_with("-I/r/src/inc -DY -I/r/vmlinux -I/r/include"), "{shown}");
        assert!(shown.contains("-D__TARGET_ARCH_arm64"), "{shown}");
        assert_eq!(found, 3);
    }

    #[test]
    fn folders_above_that_a_file_names_headers_from() {
        let text = "#include <helpers/base.h>\n # include \"x.h\" /* */\n#include \"own.h\"\n#include <none.h>\n";
        let files = [
            (".git/HEAD", ""),
            ("helpers/base.h", ""),
            ("driver/x.h", ""),
            ("driver/progs/own.h", ""),
            ("own.h", ""),
            ("driver/progs/a.bpf.c", text),
        ];
        let (shown, found) = check(&files, "driver/progs/a.bpf.c");
        assert!(shown.starts_with("-idirafter /r/driver -idirafter /r "), "{shown}");
        assert_eq!(found, 2);
    }
}
