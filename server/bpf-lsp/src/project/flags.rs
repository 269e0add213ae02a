//! With which flags a file is compiled.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cfront::flags::{CommandLineMacro, Endian, Flags, Machine};
use ide::environment::{FileFlags, FlagsFrom};
use loader::usage::words::Mentions;

use super::{
    Disk,
    compile_commands::{self, Command, CompileCommands},
    files::{self, Kind},
    find_upwards, guess, lock,
    settings::Settings,
    stamps::Stamp,
    table::Reader,
};

impl Disk {
    /// Flags come from the first of: the command line, the compile database, `compile_flags.txt`, and what stands
    /// near the file. The settings and the project file add to each of them.
    pub(super) fn find_flags(&self, path: &Path) -> FileFlags {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let (mut flags, from) = if let Some(arguments) = &self.project.arguments {
            let here = std::env::current_dir().unwrap_or_else(|_| folder.to_owned());
            (Flags::parse(arguments, &here), FlagsFrom::CommandLine)
        } else if let Some((flags, from)) = self.database_flags(path) {
            (flags, from)
        } else if let Some(file) = find_upwards(folder, Reader::CompileFlags) {
            let text = files::text(&file, Kind::Project).unwrap_or_default();
            let arguments: Vec<String> =
                text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect();
            let here = file.parent().unwrap_or(folder);
            (Flags::parse(&arguments, here), FlagsFrom::CompileFlags(file.clone()))
        } else {
            let guess = guess::flags(path, &self.sayings);
            (Flags::parse(&guess.arguments, folder), FlagsFrom::Guessed(guess.found))
        };
        if is_loader(path) {
            set_host(&mut flags);
        }
        add_settings(&mut flags, &self.project.settings);
        if let Some((folder, file)) = self.project_file_of(path) {
            let absolute = |path: &String| folder.join(path).display().to_string();
            let settings = Settings {
                vmlinux_path: file.vmlinux.as_ref().map(absolute),
                include_paths: file.include_paths.iter().map(absolute).collect(),
                target: file.target.clone(),
                ..Settings::default()
            };
            add_settings(&mut flags, &settings);
        }
        FileFlags { flags, from }
    }

    fn database_flags(&self, path: &Path) -> Option<(Flags, FlagsFrom)> {
        let (database, command) = self.command(path)?;
        let flags = Flags::parse(&command.arguments, &command.directory);
        let from = if command.in_part {
            // What is missing may be a definition: no better than a guess.
            let why = "in part: too many arguments or response files";
            FlagsFrom::Guessed(vec![format!("{} ({why})", database.display())])
        } else {
            FlagsFrom::CompileCommands(database)
        };
        Some((flags, from))
    }

    /// The compile command of a file, and the database it stands in.
    pub(super) fn command(&self, path: &Path) -> Option<(PathBuf, Command)> {
        let (database, commands) = match &self.project.database {
            Some((database, commands)) => (database.clone(), commands.clone()),
            None => {
                let database = compile_commands::find(path)?;
                let commands = self.database(&database);
                (database, commands)
            }
        };
        Some((database, commands.command(path)?))
    }

    /// The database in that file, read when it changed.
    pub(super) fn database(&self, path: &Path) -> Arc<CompileCommands> {
        let stamp = Stamp::of(path);
        if let Some((before, known)) = lock(&self.project.databases).get(path)
            && before.proves(&stamp)
        {
            return known.clone();
        }
        let commands = CompileCommands::open(path).unwrap_or_else(|error| {
            tracing::warn!("{error}");
            CompileCommands::default()
        });
        let commands = Arc::new(commands);
        lock(&self.project.databases).insert(path.to_owned(), (stamp, commands.clone()));
        commands
    }
}

fn add_settings(flags: &mut Flags, settings: &Settings) {
    if let Some(path) = &settings.vmlinux_path {
        let path = Path::new(path);
        let folder = if path.is_file() { path.parent().unwrap_or(path) } else { path };
        flags.include_dirs.insert(0, folder.to_owned());
    }
    flags.include_dirs.extend(settings.include_paths.iter().map(PathBuf::from));
    match settings.target.as_deref() {
        Some("bpf" | "bpfel") => flags.endian = Endian::Little,
        Some("bpfeb") => flags.endian = Endian::Big,
        Some(arch) => {
            let is_arch = |m: &CommandLineMacro| match m {
                CommandLineMacro::Define(text) => text.starts_with("__TARGET_ARCH_"),
                CommandLineMacro::Undefine(_) => false,
            };
            flags.macros.retain(|m| !is_arch(m));
            let arch = guess::target_arch(arch);
            flags.macros.push(CommandLineMacro::Define(format!("__TARGET_ARCH_{arch}")));
        }
        None => {}
    }
}

/// Whether a file on disk seems to be one for user space that includes a skeleton.
fn is_loader(path: &Path) -> bool {
    if path.to_string_lossy().ends_with(".bpf.c") {
        return false;
    }
    let Ok(text) = files::read(path, Kind::Source) else { return false };
    let mentions = Mentions::read(&String::from_utf8_lossy(&text));
    !mentions.skeletons.is_empty() || !mentions.subskeletons.is_empty()
}

/// User space is compiled for this machine, unless its command says something else. Debian keeps headers
/// in a folder of the machine's, which its compilers search by themselves.
fn set_host(flags: &mut Flags) {
    flags.set_host(std::env::consts::ARCH);
    let machine = match flags.machine {
        Machine::Bpf => return,
        Machine::X86_64 => "x86_64",
        Machine::Aarch64 => "aarch64",
        Machine::I386 => "i386",
    };
    let own = PathBuf::from(format!("/usr/include/{machine}-linux-gnu"));
    let system = Path::new("/usr/include");
    if let Some(at) = flags.default_dirs.iter().position(|dir| dir == system)
        && own.is_dir()
    {
        flags.default_dirs.insert(at, own);
    }
}
