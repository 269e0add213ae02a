//! Units of files on disk, with the flags of a compile command.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cfront::{
    flags::{Endian, Flags},
    pp::preprocess,
    session::{FileSystem, Session},
    source::Text,
    unit::Unit,
};

/// The disk.
#[derive(Debug, Default)]
pub struct Disk;

impl FileSystem for Disk {
    fn read(&self, path: &Path) -> Option<Text> {
        let bytes = std::fs::read(path).ok()?;
        Some(String::from_utf8_lossy(&bytes).into())
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }
}

/// A compile command of a corpus.
#[derive(Clone, Debug)]
pub struct Command {
    /// Name of the folder of the output.
    pub id: String,
    /// What clang makes.
    pub object: PathBuf,
    /// The source file.
    pub file: PathBuf,
    /// Where the compiler runs.
    pub directory: PathBuf,
    /// The command line.
    pub arguments: Vec<String>,
}

/// Reads `compile_commands.json` of a corpus folder, or such a file itself. Commands without an output
/// are left out; files are absolute.
pub fn commands(corpus: &Path) -> Result<Vec<Command>, String> {
    let file = match corpus.is_dir() {
        true => corpus.join("compile_commands.json"),
        false => corpus.to_path_buf(),
    };
    let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let mut out = Vec::new();
    for command in value.as_array().into_iter().flatten() {
        let text = |key: &str| command.get(key).and_then(|v| v.as_str()).map(PathBuf::from);
        let arguments = command.get("arguments").and_then(|v| v.as_array());
        let arguments: Vec<String> =
            arguments.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect();
        let output = arguments.iter().position(|a| a == "-o").and_then(|i| arguments.get(i + 1));
        let (Some(file), Some(directory), Some(output)) = (text("file"), text("directory"), output)
        else {
            continue;
        };
        let object = PathBuf::from(output);
        let id = object.parent().and_then(|p| p.file_name()).unwrap_or_default();
        let id = id.to_string_lossy().into_owned();
        out.push(Command { id, object, file: directory.join(file), directory, arguments });
    }
    Ok(out)
}

/// Preprocesses and indexes a file.
pub fn unit_of(
    session: &Session,
    file: &Path,
    arguments: &[String],
    directory: &Path,
) -> Option<Unit> {
    let flags = Flags::parse(arguments, directory);
    let text = Disk.read(file)?;
    let pp = preprocess(session, &Disk, file, text, &flags);
    Some(Unit::build(Arc::new(pp), None, flags.endian == Endian::Big))
}
