//! Inputs of the command line: the analysis over files on disk, and objects from source or ELF.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bpf::{elf, object::Object, section};
use btf::{Btf, TypeId};
use cfront::unit::Unit;
use ide::{Analysis, AnalysisHost, FileAnalysis, Role, environment::FlagsFrom};

use super::{FlagArgs, terminal};
use crate::project::{
    Disk, Project,
    files::{self, Kind},
};

/// An analysis over the disk, with the flags of the command line.
pub(super) fn analysis(flags: &FlagArgs) -> Result<Analysis, String> {
    let disk = disk(flags)?;
    Ok(AnalysisHost::new(disk).analysis())
}

/// The project on disk, with the flags of the command line.
pub(super) fn disk(flags: &FlagArgs) -> Result<Arc<Disk>, String> {
    let mut project = Project::default();
    if let Some(database) = &flags.database {
        project.set_database(database.clone())?;
    }
    if !flags.arguments.is_empty() {
        project.set_arguments(flags.arguments.clone());
    }
    Ok(project.environment())
}

/// The absolute path of an argument, without `.` and `..`.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, String> {
    let absolute =
        std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(cfront::flags::normalize(&absolute))
}

/// A BPF object from the file the user named.
pub(super) enum Input {
    /// An ELF object: its bytes and model.
    Elf(Vec<u8>, Box<Object>),
    /// A source file.
    Source(Arc<FileAnalysis>),
}

impl Input {
    /// Reads a file; ELF is told by its first bytes, whatever its name. Notes go to stderr.
    pub(super) fn read(path: &Path, flags: &FlagArgs) -> Result<Input, String> {
        let shown = path.display();
        let bytes =
            files::read(path, Kind::Argument).map_err(|error| format!("{shown}: {error}"))?;
        if bytes.starts_with(b"\x7fELF") {
            let object = open(&bytes, path, None)?;
            return Ok(Input::Elf(bytes, Box::new(object)));
        }
        if bytes.contains(&0) {
            return Err(format!("{shown}: neither C source nor an ELF object"));
        }
        let analysis = analysis(flags)?;
        let file = analysis.file(&absolute(path)?).ok().flatten();
        let file = file.ok_or_else(|| format!("{shown}: cannot be read"))?;
        if file.role != Role::Bpf {
            return Err(format!(
                "{shown}: not a BPF program: its name does not end in .bpf.c and it does not include bpf/bpf_helpers.h"
            ));
        }
        for note in notes(&file) {
            terminal::note(&format!("{shown}: {note}"));
        }
        // The process ends with this file: taking its types and headers apart would be a tenth of
        // the time it runs.
        std::mem::forget((analysis, file.clone()));
        Ok(Input::Source(file))
    }

    /// The bytes and the model of a compiled object, with another name when one is given; of any other
    /// file nothing.
    pub(super) fn compiled(
        path: &Path,
        name: Option<&str>,
    ) -> Result<Option<(Vec<u8>, Object)>, String> {
        let bytes = files::read(path, Kind::Argument)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        if !bytes.starts_with(b"\x7fELF") {
            return Ok(None);
        }
        let object = open(&bytes, path, name)?;
        Ok(Some((bytes, object)))
    }

    /// The types of an ELF object as its `.BTF` has them, or else the input.
    pub(super) fn read_raw(path: &Path, flags: &FlagArgs) -> Result<Result<Btf, Input>, String> {
        let shown = path.display();
        let bytes =
            files::read(path, Kind::Argument).map_err(|error| format!("{shown}: {error}"))?;
        if bytes.starts_with(b"\x7fELF") {
            // Also for objects that libbpf would refuse to open.
            return elf::raw_btf(&bytes).map(Ok).map_err(|error| format!("{shown}: {error}"));
        }
        Input::read(path, flags).map(Err)
    }

    /// The translation unit of a source.
    pub(super) fn unit(&self) -> Option<&Unit> {
        match self {
            Input::Elf(..) => None,
            Input::Source(file) => Some(&file.unit),
        }
    }

    /// The object model with every type that the object's BTF would describe, and the ids of the static
    /// functions that may be inlined everywhere, so that the object has none of them.
    pub(super) fn whole_object(self) -> (Object, Vec<TypeId>) {
        match self {
            Input::Elf(_, object) => (*object, Vec::new()),
            Input::Source(file) => {
                let name = file.source().map_or("", |s| s.object.name.as_str());
                let (mut source, may_be_inlined) = bpf::source::build_whole(&file.unit, name);
                source.object.complete &= file.preprocessed.complete;
                (source.object, may_be_inlined)
            }
        }
    }

    /// The object model, with another name when one is given.
    pub(super) fn object(self, name: Option<&str>) -> Object {
        let name = name.map(section::identifier);
        match self {
            Input::Elf(bytes, object) => match name {
                // Names of internal maps depend on the object's.
                Some(name) => elf::open(&bytes, &name).unwrap_or(*object),
                None => *object,
            },
            Input::Source(file) => match (name, file.source()) {
                (None, Some(source)) => source.object.clone(),
                (Some(name), _) => bpf::source::object(&file.unit, &name),
                (None, None) => bpf::source::object(&file.unit, ""),
            },
        }
    }
}

/// The model of an object from its bytes.
fn open(bytes: &[u8], path: &Path, name: Option<&str>) -> Result<Object, String> {
    let name = match name {
        Some(name) => section::identifier(name),
        None => {
            let file = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
            section::object_name_of_file(&file)
        }
    };
    elf::open(bytes, &name).map_err(|error| format!("{}: {error}", path.display()))
}

/// What the user should know of how a source was read.
pub(super) fn notes(file: &FileAnalysis) -> Vec<String> {
    let mut notes = Vec::new();
    if let FlagsFrom::Guessed(_) = file.flags.from {
        notes.push(format!("note: {}", file.flags.from));
    }
    for include in &file.preprocessed.includes {
        let note = match (include.resolved, include.stand_in) {
            (None, _) => format!("warning: header not found: {}", include.path),
            (Some(_), true) => {
                format!("note: {} not found, using a built-in one", include.path)
            }
            _ => continue,
        };
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    if let Some(source) = file.source() {
        let refusals = source.refusals.iter();
        notes.extend(refusals.map(|r| format!("warning: libbpf would refuse this object: {r}")));
    }
    notes
}
