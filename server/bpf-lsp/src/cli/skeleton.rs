//! `bpf-lsp skeleton`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use bpf::{
    object::{MapKind, Object, Origin},
    skeleton::{self, LoaderProgram, SkeletonKind},
};

use super::{
    FlagArgs,
    input::Input,
    terminal::{self, print},
};
use crate::project::files::{self, Kind};

/// Prints the declaration part of a skeleton header.
pub(super) fn declared(
    kind: SkeletonKind,
    name: Option<&str>,
    path: &Path,
    flags: &FlagArgs,
) -> Result<ExitCode, String> {
    let object = Input::read(path, flags)?.object(name);
    let preview = skeleton::preview(&object, kind);
    print(&preview.text)?;
    for doubt in object.uncertainties() {
        terminal::note(&format!("{}: note: {doubt}", path.display()));
    }
    note_missing_types(&object, path);
    match preview.note {
        Some(note) if preview.text.is_empty() => Err(format!("{}: {note}", path.display())),
        Some(note) => {
            terminal::note(&format!("{}: {note}", path.display()));
            Ok(ExitCode::SUCCESS)
        }
        None => Ok(ExitCode::SUCCESS),
    }
}

/// Prints a header that a loader can be built with.
pub(super) fn full(
    kind: SkeletonKind,
    name: Option<&str>,
    loader: Option<&[PathBuf]>,
    path: &Path,
) -> Result<ExitCode, String> {
    let shown = path.display();
    let read = |path: &PathBuf| {
        files::read(path, Kind::Argument).map_err(|error| format!("{}: {error}", path.display()))
    };
    let program = match loader {
        None => None,
        Some([data, instructions]) if kind == SkeletonKind::Light => {
            Some((read(data)?, read(instructions)?))
        }
        Some(_) => return Err("only light skeletons (--kind lskel) hold a loader program".into()),
    };
    let (bytes, object) = Input::compiled(path, name)?.ok_or_else(|| {
        format!(
            "{shown}: --full puts the object's bytes into the header: name the object built of it"
        )
    })?;
    let program = program.as_ref().map(|(data, instructions)| LoaderProgram { data, instructions });
    let text =
        skeleton::full(&object, kind, &bytes, program).map_err(|why| format!("{shown}: {why}"))?;
    print(&text)?;
    note_missing_types(&object, path);
    Ok(ExitCode::SUCCESS)
}

/// Says why the data of an object has no structs.
fn note_missing_types(object: &Object, path: &Path) {
    let data = object.maps.iter().any(|map| matches!(map.kind, MapKind::Internal(_)));
    if object.origin == Origin::Elf && data && !object.has_btf() {
        terminal::note(&format!(
            "{}: note: no BTF (built without -g), so the skeleton has no structs of its data",
            path.display()
        ));
    }
}
