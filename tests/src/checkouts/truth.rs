//! What `tests/checkouts/truth.py` wrote of a checkout.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::skeleton_extract::declaration_part;

/// What clang and bpftool make of a C file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// bpftool prints a skeleton.
    Skeleton,
    /// bpftool does not open the object.
    Refused,
    /// bpftool does not open it alone: another object of the link has what it names `extern`.
    Part,
    /// It compiles, and holds neither program nor map.
    NoProgram,
    /// clang refuses it, or it was not tried: nothing is known of it.
    Unknown,
    /// Other files include it.
    Fragment,
}

/// A C file of a checkout that may be a BPF program.
#[derive(Clone, Debug)]
pub struct Program {
    /// Path in the checkout.
    pub source: String,
    /// What it is.
    pub status: Status,
    /// The name that the build or a loader gives its object.
    pub name: Option<String>,
    /// Where clang's object and the compile command lie.
    pub folder: PathBuf,
}

impl Program {
    /// The declaration part of bpftool's skeleton, and the name that it was made with.
    pub fn skeleton(&self) -> Option<(String, String)> {
        let header = fs::read_to_string(self.folder.join("skel.h")).ok()?;
        let guard = header.lines().find_map(|line| line.strip_prefix("#ifndef __"))?;
        let name = header.lines().find_map(|line| {
            let name = line.strip_prefix("struct ")?.strip_suffix(" {")?;
            guard.eq_ignore_ascii_case(&format!("{name}_SKEL_H__")).then(|| name.to_owned())
        })?;
        Some((declaration_part(&header), name))
    }

    /// Where its compile command is.
    pub fn command(&self) -> PathBuf {
        self.folder.join("flags.json")
    }
}

/// Reads the truth of a checkout from its folder.
pub fn read(folder: &Path) -> Result<Vec<Program>, String> {
    let file = folder.join("truth.tsv");
    let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    text.lines().skip(1).map(|line| program(line, folder)).collect()
}

fn program(line: &str, folder: &Path) -> Result<Program, String> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [source, status, _means, name, ..] = columns[..] else {
        return Err(format!("{}: too few columns: {line}", folder.display()));
    };
    let status = match status {
        "skeleton" => Status::Skeleton,
        "refused" => Status::Refused,
        "part" => Status::Part,
        "no-program" => Status::NoProgram,
        "fragment" => Status::Fragment,
        _ => Status::Unknown,
    };
    let stem = source.strip_suffix(".c").unwrap_or(source).replace('/', "__");
    let kept = |c: char| c.is_ascii_alphanumeric() || "_.+-".contains(c);
    let id: String = stem.chars().map(|c| if kept(c) { c } else { '_' }).collect();
    Ok(Program {
        source: source.to_owned(),
        status,
        name: (name != "-").then(|| name.to_owned()),
        folder: folder.join(id),
    })
}
