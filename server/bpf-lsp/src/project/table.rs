//! The files of a project that answers rest on: what they are called, who reads them, and where they may stand.
//! Readers take their names from here, and so do the requests to clients to watch files (`watched`).

/// Who reads a project file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// `compile_commands`
    CompileCommands,
    /// One argument a line.
    CompileFlags,
    /// `ide::project_file`
    ProjectFile,
    /// `make`: the first that a folder has, as make does; what these include has any name.
    Make,
    /// `skeleton_rules::cmake`
    CMake,
    /// `skeleton_rules::meson`
    Meson,
    /// `skeleton_rules::xmake`
    XMake,
}

/// Names and readers of project files. Of those for one reader the first is preferred.
pub(super) const FILES: [(&str, Reader); 9] = [
    ("compile_commands.json", Reader::CompileCommands),
    ("compile_flags.txt", Reader::CompileFlags),
    (ide::project_file::NAME, Reader::ProjectFile),
    ("GNUmakefile", Reader::Make),
    ("makefile", Reader::Make),
    ("Makefile", Reader::Make),
    ("CMakeLists.txt", Reader::CMake),
    ("meson.build", Reader::Meson),
    ("xmake.lua", Reader::XMake),
];

impl Reader {
    /// Whether files that are read so may stand in any folder above a source. Build files count near it only.
    pub(super) fn reaches_all_below(self) -> bool {
        matches!(self, Reader::CompileCommands | Reader::CompileFlags | Reader::ProjectFile)
    }
}

/// The names of the files that are read so, the preferred first.
pub(super) fn named(reader: Reader) -> impl Iterator<Item = &'static str> {
    FILES.iter().filter(move |(_, by)| *by == reader).map(|(name, _)| *name)
}

/// Where a compile database may also stand, seen from a folder above a source.
pub(super) const BUILD_FOLDER: &str = "build";

/// Endings of the other files that are read: headers, programs and loaders, objects, and what Makefiles include.
pub(super) const ENDINGS: [&str; 4] = ["h", "c", "o", "mk"];

/// Other names of what Makefiles include.
pub(super) const INCLUDED: [&str; 2] = ["Makefile.*", "*.include"];
