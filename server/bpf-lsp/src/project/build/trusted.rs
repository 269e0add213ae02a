//! What may choose a program that runs.
//!
//! The user trusts the folders of the workspace, as the client named them. Whoever can write elsewhere
//! (a database in `/tmp` above a checkout, a link that leads out of it) has no say: the database, the
//! folder that its command runs in and the files that arguments come from lie in these folders, by
//! their real paths. What they say is believed: the compiler, or a script, plugin or configuration in
//! its arguments, may be any by its absolute path, one that `PATH` finds, or one of the workspace. What
//! is named as if it were the workspace's, by a relative path or inside of it, has to be that really.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use super::{BuildError, Command, process};

/// The folders that the user trusts, by their real paths.
pub(crate) struct Trusted(Vec<PathBuf>);

impl Trusted {
    /// The folders of the workspace, as the client named them.
    pub(crate) fn new(roots: &[PathBuf]) -> Trusted {
        Trusted(roots.iter().filter_map(|root| fs::canonicalize(root).ok()).collect())
    }

    /// The command, with the real path of its folder, when nothing but what the user trusts chose it.
    pub(super) fn judge(&self, database: &Path, command: Command) -> Result<Command, BuildError> {
        if self.0.is_empty() {
            return Err(BuildError::NoFolder);
        }
        self.inside(database)?;
        for file in &command.response_files {
            self.inside(file)?;
        }
        let directory = self.inside(&command.directory)?;
        for (index, argument) in command.arguments.iter().enumerate() {
            let named = match (index, option_value(argument)) {
                (0, _) if !is_path(Path::new(argument)) => continue,
                (0, _) => argument,
                (_, Some(value)) => value,
                // A launcher (`sh cc.sh`), or the value of the option before it.
                _ if argument.starts_with('-') || is_input(argument, &directory) => continue,
                _ => argument,
            };
            if self.is_named_inside(named, &directory) {
                self.inside(&directory.join(named))?;
            }
        }
        Ok(Command { directory, ..command })
    }

    /// Whether an argument names something as if it were the workspace's.
    fn is_named_inside(&self, named: &str, directory: &Path) -> bool {
        let named = Path::new(named);
        let folder = || directory.join(named).parent().and_then(|f| fs::canonicalize(f).ok());
        let is_here = |folder: PathBuf| self.0.iter().any(|root| folder.starts_with(root));
        named.is_relative() || folder().is_some_and(is_here)
    }

    fn inside(&self, path: &Path) -> Result<PathBuf, BuildError> {
        let real = fs::canonicalize(path)
            .map_err(|error| BuildError::Io(format!("{}: {error}", path.display())))?;
        if self.0.iter().any(|root| real.starts_with(root)) {
            Ok(real)
        } else {
            Err(BuildError::Outside(path.to_owned()))
        }
    }
}

/// Options of clang and gcc whose value is run, is loaded, or says what is.
const RUNS: &[&str] = &[
    "--config=",
    "--config-system-dir=",
    "--config-user-dir=",
    "--gcc-toolchain=",
    "--ld-path=",
    "--specs=",
    "-B",
    "-fpass-plugin=",
    "-fplugin=",
    "-fuse-ld=",
    "-specs=",
];

/// The file or folder in the same word as an option that runs or loads it.
fn option_value(argument: &str) -> Option<&str> {
    let value = RUNS.iter().find_map(|option| argument.strip_prefix(option))?;
    // `-fuse-ld=lld` is found by `PATH`; a value in a word of its own is judged by itself.
    value.contains(['/', '\\']).then_some(value)
}

/// Whether an argument is nothing that runs: C text, a folder to search, or no path of anything.
fn is_input(argument: &str, directory: &Path) -> bool {
    let path = directory.join(argument);
    let is_c = path.extension().is_some_and(|extension| extension == "c" || extension == "h");
    is_c || !path.is_file()
}

/// Whether a compiler is named by a path, and not to be found by `PATH`.
fn is_path(compiler: &Path) -> bool {
    compiler.components().count() > 1
}

/// The absolute path of a compiler; relative ones are those of the folder that the command runs in.
pub(super) fn find_program(compiler: &OsStr, directory: &Path) -> Result<PathBuf, BuildError> {
    let name = Path::new(compiler);
    let found = if is_path(name) {
        Some(directory.join(name)).filter(|path| process::is_executable(path))
    } else {
        let folders = search_path();
        let candidates = std::env::split_paths(&folders).flat_map(|folder| {
            let path = folder.join(name);
            let mut with_suffix = path.clone().into_os_string();
            with_suffix.push(std::env::consts::EXE_SUFFIX);
            [path, with_suffix.into()]
        });
        candidates.into_iter().find(|path| process::is_executable(path))
    };
    found.ok_or_else(|| {
        let name = compiler.to_string_lossy();
        BuildError::Io(format!("{name} could not be started: no such program"))
    })
}

/// `PATH` without its empty and relative entries: they mean the folder that the compiler runs in, which
/// is the workspace's.
pub(super) fn search_path() -> OsString {
    absolute_entries(&std::env::var_os("PATH").unwrap_or_default())
}

fn absolute_entries(path: &OsStr) -> OsString {
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    // It fails on entries that hold a separator, which came apart above.
    std::env::join_paths(folders).unwrap_or_default()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace and a folder beside it; what is judged of a command there.
    fn judged(
        change: impl FnOnce(&Path, &Path, &mut PathBuf, &mut Command),
    ) -> Result<PathBuf, String> {
        let top = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(top.path()).unwrap();
        let (inside, outside) = (top.join("in"), top.join("out"));
        for folder in [&inside, &outside] {
            fs::create_dir_all(folder).unwrap();
            for file in ["compile_commands.json", "cc", "args"] {
                fs::write(folder.join(file), "").unwrap();
            }
        }
        let mut database = inside.join("compile_commands.json");
        let mut command = Command {
            directory: inside.clone(),
            arguments: vec!["cc".into()],
            output: None,
            response_files: Vec::new(),
            in_part: false,
        };
        change(&inside, &outside, &mut database, &mut command);
        // The client may name the folder through a link.
        let link = top.join("link");
        std::os::unix::fs::symlink(&inside, &link).unwrap();
        match Trusted::new(&[link]).judge(&database, command) {
            Ok(command) => Ok(command.directory.strip_prefix(&top).unwrap().to_owned()),
            Err(error) => Err(error.to_string().replace(&top.display().to_string(), "")),
        }
    }

    fn refused(change: impl FnOnce(&Path, &Path, &mut PathBuf, &mut Command)) -> String {
        let error = judged(change).unwrap_err();
        let (path, why) = error.split_once(' ').unwrap();
        let outside = "lies outside the workspace, so it may not decide what runs";
        assert_eq!(why, outside, "{error}");
        path.to_owned()
    }

    #[test]
    fn what_lies_in_the_workspace_may_choose() {
        assert_eq!(judged(|_, _, _, _| ()), Ok("in".into()));
        let absolute = judged(|_, _, _, command| command.arguments = vec!["/usr/bin/cc".into()]);
        assert_eq!(absolute, Ok("in".into()));
        let own = judged(|_, _, _, command| command.arguments = vec!["./cc".into()]);
        assert_eq!(own, Ok("in".into()));
        let args = judged(|inside, _, _, c| c.response_files.push(inside.join("args")));
        assert_eq!(args, Ok("in".into()));
    }

    #[test]
    fn what_lies_elsewhere_may_not() {
        let json = "compile_commands.json";
        assert_eq!(
            refused(|_, out, database, _| *database = out.join(json)),
            format!("/out/{json}")
        );
        assert_eq!(refused(|_, out, _, command| command.directory = out.to_owned()), "/out");
        assert_eq!(
            refused(|_, out, _, command| command.response_files.push(out.join("args"))),
            "/out/args"
        );
        let up = refused(|_, _, _, command| command.arguments = vec!["../out/cc".into()]);
        assert_eq!(up, "/in/../out/cc");
    }

    #[test]
    fn what_else_an_argument_may_run_is_judged_too() {
        let with = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            judged(|inside, out, _, command| {
                std::os::unix::fs::symlink(out.join("cc"), inside.join("link")).unwrap();
                std::os::unix::fs::symlink(out, inside.join("folder")).unwrap();
                fs::write(inside.join("a.c"), "").unwrap();
                command.arguments = arguments;
                let absolute = |a: &mut String| *a = a.replace("IN", &inside.display().to_string());
                command.arguments.iter_mut().for_each(absolute);
            })
        };
        for refused in [
            &["/bin/sh", "link"][..],
            &["/bin/sh", "-e", "IN/link"],
            &["IN/link"],
            &["ccache", "../out/cc"],
            &["cc", "-fplugin=./link"],
            &["cc", "-B../out"],
            &["cc", "-Bfolder/"],
            &["cc", "--config", "link"],
            &["cc", "-specs=../out/args"],
            &["cc", "-Xclang", "-load", "-Xclang", "link"],
        ] {
            let error = with(refused).unwrap_err();
            assert!(error.contains("lies outside the workspace"), "{refused:?}: {error}");
        }
        for taken in [
            &["/bin/sh", "cc"][..],
            &["cc", "-fuse-ld=lld", "-Ifolder", "-I", "folder", "-I../out", "a.c", "-o", "a.o"],
            &["cc", "-B./", "--config=./args", "-fplugin=/usr/lib/plugin.so"],
            &["cc", "../out/a.c", "-include", "../out/a.h", "-D", "args"],
        ] {
            assert_eq!(with(taken), Ok("in".into()), "{taken:?}");
        }
    }

    #[test]
    fn links_are_judged_by_where_they_lead() {
        let link = |from: PathBuf, to: PathBuf| {
            let _ = fs::remove_file(&from);
            std::os::unix::fs::symlink(to, from).unwrap();
        };
        let json = "compile_commands.json";
        assert_eq!(
            refused(|inside, out, _, _| link(inside.join(json), out.join(json))),
            format!("/in/{json}")
        );
        let compiler = refused(|inside, out, _, command| {
            link(inside.join("cc"), out.join("cc"));
            command.arguments = vec!["./cc".into()];
        });
        assert_eq!(compiler, "/in/./cc");
        let folder = refused(|inside, out, _, command| {
            link(inside.join("build"), out.to_owned());
            command.directory = inside.join("build");
        });
        assert_eq!(folder, "/in/build");
    }

    #[test]
    fn without_a_folder_nothing_may() {
        let command = Command {
            directory: "/".into(),
            arguments: vec!["cc".into()],
            output: None,
            response_files: Vec::new(),
            in_part: false,
        };
        assert_eq!(
            Trusted::new(&[]).judge(Path::new("/compile_commands.json"), command),
            Err(BuildError::NoFolder)
        );
    }

    #[test]
    fn programs_are_found_in_absolute_folders_of_the_path() {
        assert_eq!(absolute_entries(OsStr::new(":/bin:.:bin:/usr/bin::")), "/bin:/usr/bin");
        assert_eq!(absolute_entries(OsStr::new("")), "");
        let found = find_program(OsStr::new("sh"), Path::new("/")).unwrap();
        assert!(found.is_absolute() && found.ends_with("sh"), "{}", found.display());
        assert!(find_program(OsStr::new("no-such-compiler"), Path::new("/bin")).is_err());
    }
}
