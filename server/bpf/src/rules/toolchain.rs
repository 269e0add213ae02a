//! `percpu-toolchain`: a tool or kernel that is too old for `.percpu` sections.
//!
//! Nothing is run to find versions: they are configured, or stand in headers that were found.

use std::fmt;

use cfront::source::FileRange;

use super::{Input, RuleId, data_sections};
use crate::{diagnostic::Diagnostic, object::SectionKind};

const RULE: RuleId = RuleId("percpu-toolchain");

/// A version: major and minor number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version(pub u32, pub u32);

impl Version {
    /// Reads `18`, `6.12`, `v7.8.0-rc1`.
    pub fn parse(text: &str) -> Option<Version> {
        let text = text.trim().trim_start_matches('v');
        let mut parts = text.split(['.', '-', '+', ' ']);
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next().and_then(|minor| minor.parse().ok()).unwrap_or(0);
        Some(Version(major, minor))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Versions of what a program is built and run with; `None` where it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toolchain {
    /// The compiler.
    pub clang: Option<Version>,
    /// The library that loads the object.
    pub libbpf: Option<Version>,
    /// The generator of skeletons.
    pub bpftool: Option<Version>,
    /// The oldest kernel that the program is for.
    pub kernel: Option<Version>,
    /// Where libbpf's version was read, when it was found and not configured.
    pub libbpf_headers: Option<String>,
}

/// First versions with `.percpu`.
const CLANG: Version = Version(18, 0);
const LIBBPF: Version = Version(1, 8);
const BPFTOOL: Version = Version(7, 8);
const KERNEL: Version = Version(7, 3);

pub(super) fn check(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    let Some((at, section, odd)) = first_percpu(input) else { return };
    let Toolchain { clang, libbpf, bpftool, kernel, libbpf_headers } = &input.usage.toolchain;
    let mut say = |message: String| found.push(Diagnostic::new(RULE, at, message));
    // B23: variables whose sizes leave no gaps shorter than 8 bytes do not hit it.
    if let Some(version) = clang.filter(|v| *v < CLANG && odd) {
        say(format!(
            "clang {version} may abort on `{section}` (\"unable to write nop sequence\"): clang {} and later \
             do not, nor do variables whose sizes are multiples of 8",
            CLANG.0
        ));
    }
    if let Some(version) = libbpf.filter(|v| *v < LIBBPF) {
        let source = match libbpf_headers {
            Some(path) => format!(" (its headers: {path})"),
            None => String::new(),
        };
        say(format!(
            "libbpf {version}{source} does not know `{section}`: opening the object fails (bad map relocation); \
             {LIBBPF} does"
        ));
    }
    if let Some(version) = bpftool.filter(|v| *v < BPFTOOL) {
        say(format!(
            "bpftool {version} does not know `{section}`: it cannot open the object; {BPFTOOL} does"
        ));
    }
    // Who chooses what is loaded may choose by what the kernel can.
    if let Some(version) = kernel.filter(|v| *v < KERNEL && !input.usage.chooses_programs) {
        say(format!(
            "Linux {version} has no per-CPU data for `{section}`: loading the programs that use it fails; \
             {KERNEL} has, or use an explicit per-CPU array"
        ));
    }
}

/// The first variable of a per-CPU section, the section, and whether some size is no multiple of 8.
fn first_percpu<'a>(input: Input<'a>) -> Option<(FileRange, &'a str, bool)> {
    let mut sections = input.object.sections.iter().filter(|s| s.kind == SectionKind::Percpu);
    let section = sections.next()?;
    let at = section.variables.iter().find_map(data_sections::place)?;
    let odd = std::iter::once(section)
        .chain(sections)
        .flat_map(|section| &section.variables)
        .any(|variable| variable.size % 8 != 0);
    Some((at, &section.name, odd))
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions() {
        for (text, version) in [
            ("18", Some(Version(18, 0))),
            ("6.12", Some(Version(6, 12))),
            ("v7.8.0-rc1", Some(Version(7, 8))),
            ("19.1.7 (Debian)", Some(Version(19, 1))),
            ("new", None),
        ] {
            assert_eq!(Version::parse(text), version, "{text}");
        }
        assert!(Version(7, 10) > Version(7, 8));
    }
}
