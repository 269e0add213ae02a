//! The versions of the tools that build and load a program. Nothing is run to find them: they are configured,
//! or stand in headers that were found.

use std::fmt;

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
