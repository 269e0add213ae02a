//! Runs a program's own compile command, with everything it writes redirected into a temporary folder.
//!
//! This is the one place that starts a process ([`process`]). Who calls it has seen to it that the user
//! wants it and trusts the workspace; that nothing outside of the workspace's folders chooses the
//! program is seen to here ([`trusted`]).

pub(crate) mod process;
mod temporary;
mod trusted;

use std::{
    ffi::OsString,
    fmt,
    io::Read,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    Disk,
    compile_commands::Command,
    files::{self, Kind},
};
use process::{Compiler, Start};
pub(crate) use trusted::Trusted;

/// Between two looks at a running compiler.
const PAUSE: Duration = Duration::from_millis(20);

/// Of what a compiler says no more than this is kept, bytes.
const MAX_SAID: usize = 16 << 10;

/// Why there is no object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BuildError {
    /// No database has a command for the file.
    NoCommand,
    /// The client has named no folder.
    NoFolder,
    /// What would choose the program that runs lies outside of the folders that the client named.
    Outside(PathBuf),
    /// The command needs a shell, or may write where it should not.
    Unsuitable(String),
    /// The compiler could not be started, or what it wrote cannot be read.
    Io(String),
    /// The compiler failed, with what it said.
    Failed(String),
    /// It took too long and was ended.
    TimedOut(Duration),
    /// Nobody wants the object any more; the compiler was ended.
    Cancelled,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::NoCommand => f.write_str("compile_commands.json has no command for it"),
            BuildError::NoFolder => f.write_str("no folder is open"),
            BuildError::Outside(path) => {
                write!(
                    f,
                    "{} lies outside the workspace, so it may not decide what runs",
                    path.display()
                )
            }
            BuildError::Unsuitable(why) | BuildError::Io(why) => f.write_str(why),
            BuildError::Failed(_) => f.write_str("the compiler failed; its output is in the log"),
            BuildError::TimedOut(after) => write!(f, "the compiler took longer than {after:?}"),
            BuildError::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl Disk {
    /// Compiles a program as its compile database says, the compiler's arguments unchanged but for the
    /// files it writes. Returns the bytes of the object.
    pub(crate) fn build(
        &self,
        program: &Path,
        trusted: &Trusted,
        timeout: Duration,
        cancelled: &AtomicBool,
    ) -> Result<Vec<u8>, BuildError> {
        let (database, command) = {
            let known = self.command(program).filter(|(_, command)| !command.in_part);
            known.ok_or(BuildError::NoCommand)?
        };
        let command = trusted.judge(&database, command)?;
        run(process::own_binary().as_deref(), &command, timeout, cancelled)
    }
}

/// Runs a command that may run. `own` is this program, which watches over compilers.
fn run(
    own: Option<&Path>,
    command: &Command,
    timeout: Duration,
    cancelled: &AtomicBool,
) -> Result<Vec<u8>, BuildError> {
    let io = |error: std::io::Error| BuildError::Io(error.to_string());
    let folder = temporary::folder().map_err(io)?;
    let (compiler, arguments) = redirected(command, folder.path())?;
    let compiler = trusted::find_program(&compiler, &command.directory)?;
    if cancelled.load(Ordering::SeqCst) {
        return Err(BuildError::Cancelled);
    }
    let start = Instant::now();
    let mut running = Compiler::start(&Start {
        own,
        compiler: &compiler,
        arguments: &arguments,
        directory: &command.directory,
        path: trusted::search_path(),
        folder: folder.path(),
    })
    .map_err(|error| {
        BuildError::Io(format!("{} could not be started: {error}", compiler.display()))
    })?;
    // Whichever way this returns, the compiler and what it started are ended: `running` is dropped.
    while !running.has_ended().map_err(io)? {
        if cancelled.load(Ordering::SeqCst) {
            return Err(BuildError::Cancelled);
        }
        if start.elapsed() >= timeout {
            return Err(BuildError::TimedOut(timeout));
        }
        thread::sleep(PAUSE);
    }
    let status = running.end().map_err(io)?;
    if !status.success() {
        let mut text = Vec::new();
        if let Ok(said) = files::stream(&folder.path().join(process::SAID), Kind::Object) {
            let _ = said.take(MAX_SAID as u64).read_to_end(&mut text);
        }
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        return Err(BuildError::Failed(format!("{status}\n{text}")));
    }
    files::read(&folder.path().join(OBJECT), Kind::Object)
        .map_err(|error| BuildError::Io(format!("the compiler wrote no object: {error}")))
}

/// The object's name in the temporary folder.
const OBJECT: &str = "out.o";

/// Options with a file that the compiler writes, in a word of its own or joined, and the name that the file
/// gets in the temporary folder.
const WRITES: &[(&str, &str)] = &[
    ("-o", OBJECT),
    ("--output", OBJECT),
    ("-MF", "out.d"),
    ("-MJ", "out.json"),
    ("-dependency-file", "out.d"),
    ("--serialize-diagnostics", "out.dia"),
    ("-serialize-diagnostics", "out.dia"),
];

/// The compiler and its arguments with all output going to `folder`.
fn redirected(command: &Command, folder: &Path) -> Result<(OsString, Vec<OsString>), BuildError> {
    let unsuitable = |why: &str| Err(BuildError::Unsuitable(why.to_owned()));
    let Some((compiler, arguments)) = command.arguments.split_first() else {
        return Err(BuildError::NoCommand);
    };
    let operators = ["&&", "||", ";", "|", "&", ">", ">>", "<", "2>", "2>&1"];
    if arguments.iter().any(|argument| operators.contains(&argument.as_str())) {
        return unsuitable("its compile command needs a shell");
    }
    if arguments.iter().any(|argument| argument.starts_with('@')) {
        return unsuitable("its compile command has a file of arguments");
    }
    let mut out: Vec<OsString> = Vec::new();
    let mut has_output = false;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        // They write into the folder where they run, or into another that they name.
        if ["-save-temps", "--save-temps", "-ftime-trace", "-Wp,-MD", "-Wp,-MMD", "-Wp,-MF"]
            .iter()
            .any(|option| argument.starts_with(option))
        {
            continue;
        }
        let Some((option, file)) = WRITES.iter().find(|(option, _)| writes(argument, option))
        else {
            out.push(argument.into());
            continue;
        };
        if argument == option {
            rest.next();
        }
        has_output |= *file == OBJECT;
        out.push((*option).into());
        out.push(folder.join(file).into());
    }
    if !has_output {
        out.extend(["-o".into(), folder.join(OBJECT).into()]);
    }
    Ok((compiler.into(), out))
}

/// Whether an argument is the option, with its file in the same word or in the next.
fn writes(argument: &str, option: &str) -> bool {
    let Some(file) = argument.strip_prefix(option) else { return false };
    if option.starts_with("--") {
        return file.is_empty() || file.starts_with('=');
    }
    match option {
        // Other options begin like it.
        "-o" => file.is_empty() || !file.starts_with("bj"),
        "-MF" | "-MJ" => true,
        _ => file.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn command(line: &str, directory: &Path) -> Command {
        let arguments = super::super::compile_commands::split_shell(line);
        Command {
            directory: directory.to_owned(),
            arguments,
            output: None,
            response_files: Vec::new(),
            in_part: false,
        }
    }

    fn shown(folder: &Path, words: (OsString, Vec<OsString>)) -> String {
        let words = [words.0].into_iter().chain(words.1);
        let words: Vec<String> = words.map(|w| w.to_string_lossy().into_owned()).collect();
        words.join(" ").replace(&folder.display().to_string(), "TMP")
    }

    fn check(line: &str, expected: Expect) {
        let folder = Path::new("/tmp/x");
        expected.assert_eq(&match redirected(&command(line, Path::new("/w")), folder) {
            Ok(words) => shown(folder, words),
            Err(error) => format!("error: {error}"),
        });
    }

    #[test]
    fn all_that_is_written_goes_to_the_folder() {
        check(
            "clang -target bpf -O2 -g -c a.bpf.c -o out/a.o",
            expect!["clang -target bpf -O2 -g -c a.bpf.c -o TMP/out.o"],
        );
        check("clang -c a.bpf.c", expect!["clang -c a.bpf.c -o TMP/out.o"]);
        check(
            "./cc -oa.o -MMD -MF.a.d -Wp,-MD,.a.o.d -MJ a.json -save-temps=cwd -c a.c",
            expect!["./cc -o TMP/out.o -MMD -MF TMP/out.d -MJ TMP/out.json -c a.c"],
        );
        check("cc --output=a.o -objx a.c", expect!["cc --output TMP/out.o -objx a.c"]);
    }

    #[test]
    fn what_needs_a_shell_is_left_alone() {
        check("cc a.c -o a.o && rm -r x", expect!["error: its compile command needs a shell"]);
        check("cc @args", expect!["error: its compile command has a file of arguments"]);
        check("", expect!["error: compile_commands.json has no command for it"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_compiler_runs_where_its_command_says_and_may_fail_or_stay() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let compiler = folder.path().join("cc");
        let script = |text: &str| {
            std::fs::write(&compiler, format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(&compiler, std::fs::Permissions::from_mode(0o755)).unwrap();
            let command = command("./cc -c a.c -o a.o", folder.path());
            let limit = if text.starts_with("sleep") { 0 } else { 60 };
            run(None, &command, Duration::from_secs(limit), &AtomicBool::new(text == "exit"))
        };
        assert_eq!(script("pwd >\"$4\"").map(|b| b.len()), Ok(folder.path().as_os_str().len() + 1));
        let failed = script("echo no good >&2; exit 3");
        assert_eq!(failed, Err(BuildError::Failed("exit status: 3\nno good".to_owned())));
        assert_eq!(script("sleep 100"), Err(BuildError::TimedOut(Duration::ZERO)));
        assert_eq!(script("exit"), Err(BuildError::Cancelled));
        assert!(matches!(script("true"), Err(BuildError::Io(_))));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is written");
    }
}
