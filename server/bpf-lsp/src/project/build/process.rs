//! A compiler that runs, and its end.
//!
//! It ends when its time is up, when nobody wants its object, and with the server, whichever way that
//! ends. Signals need no handler for it:
//!
//! - The compiler leads a process group, and what it starts is in that group (`sh -c 'cc & cc'`). The
//!   group is ended as a whole, also when its leader has ended by itself.
//! - Beside it runs a watcher, which is this program once more ([`watch`]). Its input is a pipe from the
//!   server that nobody writes to: when it ends, so has the server, and the watcher ends the group and
//!   removes the temporary folder. It is in a group of its own, where no Ctrl-C reaches it.
//! - On Linux the compiler itself is ended by the kernel (parent-death signal) when the thread that
//!   started it is gone, also where the server and the watcher are killed at once. The signal is asked
//!   for by the process that becomes the compiler ([`become_compiler`]): it outlives `exec`, and so
//!   no code has to run between `fork` and `exec`.
//!
//! Not reached: what leaves the group on purpose, such as the daemon of a compiler cache, which is to
//! stay; and, where server and watcher are killed at once, what the compiler has started in turn, which
//! then runs to its end. The folder that is left is removed by a later build (see [`super::temporary`]).

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io,
    path::{Path, PathBuf},
    process::{Child, Command as Process, ExitCode, ExitStatus, Stdio},
};

use super::temporary;
pub(super) use platform::{is_executable, is_own};

/// The command of this program that becomes a compiler.
pub(crate) const COMPILE: &str = "internal-compile";
/// The command of this program that watches over a compiler.
pub(crate) const WATCH: &str = "internal-watch";

/// What the compiler says goes to this file of the temporary folder.
pub(super) const SAID: &str = "said.txt";

/// What is started, and how.
pub(super) struct Start<'a> {
    /// This program; without it nobody watches over the compiler.
    pub(super) own: Option<&'a Path>,
    /// Absolute path.
    pub(super) compiler: &'a Path,
    pub(super) arguments: &'a [OsString],
    /// Where it runs.
    pub(super) directory: &'a Path,
    /// Its `PATH`.
    pub(super) path: OsString,
    /// Where it writes.
    pub(super) folder: &'a Path,
}

/// A running compiler; ended, with all that it started, when dropped.
///
/// The thread that starts it must live as long: the parent-death signal comes with the thread's end.
pub(super) struct Compiler {
    child: Child,
    watcher: Option<Child>,
    ended: bool,
}

impl Compiler {
    /// Starts a compiler.
    pub(super) fn start(start: &Start<'_>) -> io::Result<Compiler> {
        let log = File::create(start.folder.join(SAID))?;
        let mut process = match start.own {
            Some(own) => {
                let mut process = Process::new(own);
                process.arg(COMPILE).arg(std::process::id().to_string());
                // Of the compiler's options none is ours.
                process.arg("--").arg(start.compiler);
                process
            }
            None => Process::new(start.compiler),
        };
        process.args(start.arguments).current_dir(start.directory).env("PATH", &start.path);
        process.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        platform::lead_group(&mut process);
        let mut running = Compiler { child: process.spawn()?, watcher: None, ended: false };
        if let Some(own) = start.own {
            let mut watcher = Process::new(own);
            watcher.arg(WATCH).arg(running.child.id().to_string()).arg(start.folder);
            // Nothing of the server's is kept open: a client may wait for the end of its output.
            watcher.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            watcher.current_dir("/");
            platform::lead_group(&mut watcher);
            running.watcher = Some(watcher.spawn()?);
        }
        Ok(running)
    }

    /// Whether the compiler has ended by itself.
    pub(super) fn has_ended(&mut self) -> io::Result<bool> {
        platform::has_ended(&mut self.child)
    }

    /// Ends the compiler, if it still runs, and what it started.
    pub(super) fn end(&mut self) -> io::Result<ExitStatus> {
        if !std::mem::replace(&mut self.ended, true) {
            // Until someone has waited for the leader, the group's number is no other group's.
            platform::end_group(&self.child);
            let _ = self.child.kill();
            if let Some(watcher) = &mut self.watcher {
                let _ = watcher.kill();
                let _ = watcher.wait();
            }
        }
        self.child.wait()
    }
}

impl Drop for Compiler {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// This program, to be started once more; `None` where it cannot tell.
pub(super) fn own_binary() -> Option<PathBuf> {
    platform::own_binary()
}

/// What `internal-compile` does: asks to end with the server, and becomes the compiler.
pub(crate) fn become_compiler(
    server: u32,
    compiler: &OsStr,
    arguments: &[OsString],
) -> Result<ExitCode, String> {
    platform::end_with(server)?;
    let mut process = Process::new(compiler);
    process.args(arguments);
    let error = platform::become_process(process);
    Err(format!("{} could not be started: {error}", compiler.to_string_lossy()))
}

/// What `internal-watch` does: waits for the server's end, then ends a process group and removes the
/// folder that it wrote to.
pub(crate) fn watch(group: u32, folder: &Path) -> Result<ExitCode, String> {
    // Also when it cannot be read: then nobody can tell that the server lives.
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    // By hand, anything may be named.
    if temporary::is_ours(folder) {
        platform::end_group_of(group);
        std::fs::remove_dir_all(folder).map_err(|error| error.to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(unix)]
mod platform {
    use std::{
        fs::{self, Metadata},
        io,
        os::unix::{
            fs::{MetadataExt, PermissionsExt},
            process::CommandExt,
        },
        path::{Path, PathBuf},
        process::{Child, Command as Process},
    };

    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getuid, kill_process_group, waitid};

    pub(crate) fn is_executable(path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    }

    pub(crate) fn is_own(metadata: &Metadata) -> bool {
        metadata.uid() == getuid().as_raw()
    }

    pub(super) fn lead_group(process: &mut Process) {
        process.process_group(0);
    }

    /// Whether a child has ended; it stays to be waited for.
    pub(super) fn has_ended(child: &mut Child) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match pid(child.id()) {
            Some(pid) => Ok(waitid(WaitId::Pid(pid), options)?.is_some()),
            None => Ok(child.try_wait()?.is_some()),
        }
    }

    pub(super) fn end_group(leader: &Child) {
        end_group_of(leader.id());
    }

    pub(super) fn end_group_of(leader: u32) {
        // Number 1 would stand for all processes.
        if let Some(group) = pid(leader).filter(|group| !group.is_init()) {
            // It fails when all of them have ended, which is as well.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    fn pid(id: u32) -> Option<Pid> {
        Pid::from_raw(i32::try_from(id).ok()?)
    }

    /// Under Linux by the link to the file that runs, which stays when an update replaces the path.
    pub(super) fn own_binary() -> Option<PathBuf> {
        let link = PathBuf::from("/proc/self/exe");
        if cfg!(target_os = "linux") && link.exists() {
            return Some(link);
        }
        std::env::current_exe().ok()
    }

    pub(super) fn end_with(server: u32) -> Result<(), String> {
        #[cfg(target_os = "linux")]
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(|error| error.to_string())?;
        // It may have ended before the signal was asked for.
        match rustix::process::getppid() {
            Some(parent) if Some(parent) == pid(server) => Ok(()),
            _ => Err("the server has ended".to_owned()),
        }
    }

    pub(super) fn become_process(mut process: Process) -> io::Error {
        process.exec()
    }
}

/// Elsewhere a compiler is ended without what it started, and nobody watches.
#[cfg(not(unix))]
mod platform {
    use std::{
        fs::Metadata,
        io,
        path::{Path, PathBuf},
        process::{Child, Command as Process},
    };

    pub(crate) fn is_executable(path: &Path) -> bool {
        path.is_file()
    }

    pub(crate) fn is_own(_: &Metadata) -> bool {
        true
    }

    pub(super) fn lead_group(_: &mut Process) {}

    pub(super) fn has_ended(child: &mut Child) -> io::Result<bool> {
        Ok(child.try_wait()?.is_some())
    }

    pub(super) fn end_group(_: &Child) {}

    pub(super) fn end_group_of(_: u32) {}

    pub(super) fn own_binary() -> Option<PathBuf> {
        None
    }

    pub(super) fn end_with(_: u32) -> Result<(), String> {
        Ok(())
    }

    pub(super) fn become_process(_: Process) -> io::Error {
        io::ErrorKind::Unsupported.into()
    }
}
