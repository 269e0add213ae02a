//! The binary under limits, and what it used.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::binary;

/// The most memory that the binary had at once while it ran with these arguments, in KiB, and its exit code.
/// What it says goes nowhere.
///
/// The kernel's own figure (`VmHWM`) is read while it runs: it never falls, so the last one read is the peak
/// but for the last moment.
pub fn peak(folder: &Path, arguments: &[&str]) -> (u64, Option<i32>) {
    let mut run = Command::new(binary::path());
    run.args(arguments).current_dir(folder).stdin(Stdio::null());
    run.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = run.spawn().expect("the binary runs");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let now = fs::read_to_string(&status).unwrap_or_default();
        let line = now.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let figure = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        peak = peak.max(figure.unwrap_or(0));
        if let Some(status) = child.try_wait().expect("it is ours") {
            return (peak, status.code());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs the binary so that it cannot write a byte to any file: as on a full disk.
pub fn run_without_room(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg("trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"");
    shell.arg(binary::path()).args(arguments).current_dir(folder).output().expect("a shell runs")
}
