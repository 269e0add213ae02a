//! `.bpf-lsp.toml`: what a project says about itself, for editors and for CI alike.
//!
//! ```toml
//! include-paths = ["include"]        # searched after those of the build; relative to this file
//! vmlinux = "vmlinux"                # folder or file of the vmlinux.h to use
//! target = "arm64"                   # bpfel, bpfeb, or an architecture for __TARGET_ARCH_*
//!
//! [rules]
//! kernel-name-clash = "off"          # error, warning, information, hint or off
//!
//! [toolchain]                        # versions that the project is built and run with
//! clang = "17"
//! libbpf = "1.4"
//! bpftool = "7.4"
//! kernel = "6.8"
//!
//! [skeletons]                        # skeleton name = the BPF source, or sources, it is made of
//! hits = "src/bpf/counter.bpf.c"
//! both = ["src/bpf/a.bpf.c", "src/bpf/b.bpf.c"]
//! ```

use std::collections::BTreeMap;

use bpf::{
    diagnostic::Severity,
    toolchain::{Toolchain, Version},
};
use toml::{Table, Value};

use crate::rules;

/// Name of the file; the nearest one above a source counts.
pub const NAME: &str = ".bpf-lsp.toml";

/// Include paths, skeletons and sources of one of them, and warnings: what comes later is left out.
const MAX_PATHS: usize = 256;
const MAX_SKELETONS: usize = 4096;
const MAX_SOURCES: usize = 64;
const MAX_WARNINGS: usize = 16;

/// What the file says. Paths are as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectFile {
    /// `include-paths`
    pub include_paths: Vec<String>,
    /// `vmlinux`
    pub vmlinux: Option<String>,
    /// `target`
    pub target: Option<String>,
    /// `[rules]`: severities by rule id; `None` for `off`.
    pub rules: BTreeMap<String, Option<Severity>>,
    /// `[toolchain]`
    pub toolchain: Toolchain,
    /// `[skeletons]`: sources by skeleton name, in the order in which they are linked.
    pub skeletons: BTreeMap<String, Vec<String>>,
    /// What was not understood.
    pub warnings: Vec<String>,
}

impl ProjectFile {
    /// Reads a file's text. What is not understood gives one warning each, and left at its default;
    /// so is all of a text that is no TOML.
    pub fn read(text: &str) -> ProjectFile {
        let mut file = ProjectFile::default();
        let mut warnings = Vec::new();
        match text.parse::<Table>() {
            Ok(table) => {
                for (key, value) in &table {
                    file.key(key, value, &mut warnings);
                }
            }
            Err(error) => warnings.push(error.message().to_owned()),
        }
        if file.include_paths.len() > MAX_PATHS {
            file.include_paths.truncate(MAX_PATHS);
            warnings.push(format!("`include-paths` has more than {MAX_PATHS} folders"));
        }
        let more = warnings.len().saturating_sub(MAX_WARNINGS);
        if more > 0 {
            warnings.truncate(MAX_WARNINGS);
            warnings.push(format!("{more} more mistakes"));
        }
        file.warnings = warnings;
        file
    }

    fn key(&mut self, key: &str, value: &Value, warnings: &mut Vec<String>) {
        let wrong = |wanted: &str| format!("`{key}` must be {wanted}");
        match (key, value) {
            ("include-paths", Value::Array(items)) => {
                let texts: Option<Vec<_>> =
                    items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
                match texts {
                    Some(texts) => self.include_paths = texts,
                    None => warnings.push(wrong("a list of strings")),
                }
            }
            ("vmlinux", Value::String(text)) => self.vmlinux = Some(text.clone()),
            ("target", Value::String(text)) => self.target = Some(text.clone()),
            ("rules", Value::Table(table)) => {
                for (id, value) in table {
                    self.rule(id, value, warnings);
                }
            }
            ("toolchain", Value::Table(table)) => {
                for (tool, value) in table {
                    self.tool(tool, value, warnings);
                }
            }
            ("skeletons", Value::Table(table)) => {
                if table.len() > MAX_SKELETONS {
                    warnings.push(format!("`skeletons` has more than {MAX_SKELETONS} names"));
                }
                for (name, value) in table.iter().take(MAX_SKELETONS) {
                    let paths: Option<Vec<String>> = match value {
                        Value::String(path) => Some(vec![path.clone()]),
                        Value::Array(paths) if (1..=MAX_SOURCES).contains(&paths.len()) => {
                            paths.iter().map(|path| path.as_str().map(str::to_owned)).collect()
                        }
                        _ => None,
                    };
                    match paths {
                        Some(paths) => {
                            self.skeletons.insert(name.clone(), paths);
                        }
                        None => warnings
                            .push(format!("`skeletons.{name}` must be a path, or a list of paths")),
                    }
                }
            }
            ("include-paths", _) => warnings.push(wrong("a list of strings")),
            ("vmlinux" | "target", _) => warnings.push(wrong("a string")),
            ("rules" | "toolchain" | "skeletons", _) => warnings.push(wrong("a table")),
            _ => warnings.push(format!("unknown key `{key}`")),
        }
    }

    fn rule(&mut self, id: &str, value: &Value, warnings: &mut Vec<String>) {
        if rules::find(id).is_none() {
            warnings.push(format!("unknown rule `{id}`"));
            return;
        }
        let severity = match value.as_str() {
            Some("off") => None,
            Some("error") => Some(Severity::Error),
            Some("warning") => Some(Severity::Warning),
            Some("information") => Some(Severity::Information),
            Some("hint") => Some(Severity::Hint),
            _ => {
                warnings.push(format!(
                    "`rules.{id}` must be \"error\", \"warning\", \"information\", \"hint\" or \"off\""
                ));
                return;
            }
        };
        self.rules.insert(id.to_owned(), severity);
    }

    fn tool(&mut self, tool: &str, value: &Value, warnings: &mut Vec<String>) {
        let slot = match tool {
            "clang" => &mut self.toolchain.clang,
            "libbpf" => &mut self.toolchain.libbpf,
            "bpftool" => &mut self.toolchain.bpftool,
            "kernel" => &mut self.toolchain.kernel,
            _ => {
                warnings.push(format!("unknown key `toolchain.{tool}`"));
                return;
            }
        };
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Integer(major) => major.to_string(),
            _ => String::new(),
        };
        *slot = Version::parse(&text);
        if slot.is_none() {
            warnings.push(format!("`toolchain.{tool}` must be a version such as \"6.12\""));
        }
    }
}

/// The version that libbpf's `libbpf_version.h` defines.
pub(crate) fn libbpf_version(header: &str) -> Option<Version> {
    let number = |name: &str| {
        header.lines().find_map(|line| {
            let line = line.trim().strip_prefix('#')?.trim_start().strip_prefix("define")?;
            line.trim_start().strip_prefix(name)?.trim().parse().ok()
        })
    };
    Some(Version(number("LIBBPF_MAJOR_VERSION")?, number("LIBBPF_MINOR_VERSION")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_project_says() {
        let text = include_str!("project_file.rs");
        let example: String = text
            .lines()
            .filter_map(|line| line.strip_prefix("//! "))
            .skip_while(|line| *line != "```toml")
            .skip(1)
            .take_while(|line| *line != "```")
            .map(|line| format!("{line}\n"))
            .collect();
        let file = ProjectFile::read(&example);
        assert_eq!(file.warnings, [""; 0]);
        assert_eq!(file.include_paths, ["include"]);
        assert_eq!(file.rules.get("kernel-name-clash"), Some(&None));
        assert_eq!(file.toolchain.kernel, Some(Version(6, 8)));
        assert_eq!(file.skeletons["hits"], ["src/bpf/counter.bpf.c"]);
        assert_eq!(file.skeletons["both"], ["src/bpf/a.bpf.c", "src/bpf/b.bpf.c"]);
    }

    #[test]
    fn what_is_not_understood_gives_warnings() {
        let text = "colour = 1\nvmlinux = 3\n[rules]\nno-such-rule = \"off\"\nunknown-section = \"loud\"\n\
                    [toolchain]\ngcc = \"1\"\nkernel = \"new\"\n\
                    [skeletons]\na = 1\nb = [2]\n";
        let file = ProjectFile::read(text);
        assert_eq!(file, ProjectFile { warnings: file.warnings.clone(), ..Default::default() });
        assert_eq!(
            file.warnings,
            [
                "unknown key `colour`",
                "unknown rule `no-such-rule`",
                "`rules.unknown-section` must be \"error\", \"warning\", \"information\", \"hint\" or \"off\"",
                "`skeletons.a` must be a path, or a list of paths",
                "`skeletons.b` must be a path, or a list of paths",
                "unknown key `toolchain.gcc`",
                "`toolchain.kernel` must be a version such as \"6.12\"",
                "`vmlinux` must be a string",
            ]
        );
        assert_eq!(ProjectFile::read("= 3").warnings.len(), 1);
    }

    #[test]
    fn more_than_a_project_has() {
        use std::fmt::Write;
        let many = |n: usize| (0..n).map(|i| format!("\"d{i}\",")).collect::<String>();
        let mut text = format!("include-paths = [{}]\n[skeletons]\n", many(50_000));
        for i in 0..20_000 {
            let _ = writeln!(text, "s{i} = \"a.c\"");
        }
        let file = ProjectFile::read(&text);
        assert_eq!((file.include_paths.len(), file.skeletons.len()), (MAX_PATHS, MAX_SKELETONS));
        assert_eq!(file.warnings.len(), 2);
        let text = format!("[skeletons]\na = [{}]\n", many(MAX_SOURCES + 1));
        let file = ProjectFile::read(&text);
        assert_eq!((file.skeletons.len(), file.warnings.len()), (0, 1));
        let unknown: String = (0..50_000).map(|i| format!("k{i} = 1\n")).collect();
        assert_eq!(ProjectFile::read(&unknown).warnings.len(), MAX_WARNINGS + 1);
    }

    #[test]
    fn values_in_values() {
        for (open, close) in [("[", "]"), ("{a=", "}"), ("[{a=", "}]")] {
            let text = format!("a = {}1{}", open.repeat(100_000), close.repeat(100_000));
            assert_eq!(ProjectFile::read(&text).warnings.len(), 1, "{open}");
        }
        let text = format!("{}b = 1", "a.".repeat(100_000));
        assert_eq!(ProjectFile::read(&text).warnings.len(), 1);
        let text = format!("[{}b]", "a.".repeat(100_000));
        assert_eq!(ProjectFile::read(&text).warnings.len(), 1);
    }

    #[test]
    fn versions_of_headers() {
        let text =
            "#pragma once\n#define LIBBPF_MAJOR_VERSION 1\n# define LIBBPF_MINOR_VERSION\t6\n";
        assert_eq!(libbpf_version(text), Some(Version(1, 6)));
        assert_eq!(libbpf_version("#define LIBBPF_MAJOR_VERSION 1"), None);
    }
}
