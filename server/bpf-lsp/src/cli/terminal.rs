//! What goes to the process's output: the one place that writes to it. Whatever files say, no text of
//! theirs reaches a terminal or the log of a CI service as a control character, or as a line of its own.

#![allow(clippy::print_stderr, reason = "this is where it is printed")]

use std::io::{self, Write};

use btf::shown;

/// Says something about the run, in one line on stderr.
pub(super) fn note(text: &str) {
    eprintln!("bpf-lsp: {}", shown::line(text));
}

/// Prints lines to stdout. Names in them have no line ends any more: what makes lines of names sees to
/// it ([`shown::Shown`]).
pub(super) fn print(text: &str) -> Result<(), String> {
    write(&shown::lines(text))
}

/// Prints JSON to stdout.
pub(super) fn print_json(text: &str) -> Result<(), String> {
    write(&shown::json(text))
}

/// A reader that went away (`| head`) ends the program quietly.
fn write(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("cannot write: {error}"))
        }
        _ => Ok(()),
    }
}

/// A line of the server's log, on stderr: whoever formats it writes all of it at once.
pub(super) struct LogLine;

impl Write for LogLine {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        writeln!(io::stderr(), "{}", shown::line(text))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
