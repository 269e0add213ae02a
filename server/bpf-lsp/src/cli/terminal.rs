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

/// Tells what is wrong with the arguments, or what was asked about them, and ends the process.
pub(super) fn end_with(error: &clap::Error) -> ! {
    if !error.use_stderr() {
        error.exit();
    }
    // Arguments may be names of files.
    eprint!("{}", shown::lines(&error.render().to_string()));
    std::process::exit(error.exit_code());
}

/// Lines of the server's log: whoever formats one writes all of it at once.
pub(super) struct LogLines<W>(pub(super) W);

impl<W: Write> Write for LogLines<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        writeln!(self.0, "{}", shown::line(text))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_is_one_line() {
        let mut out = Vec::new();
        let line = "WARN a\n::error::\u{1b}[31mx\n";
        assert_eq!(LogLines(&mut out).write(line.as_bytes()).unwrap(), line.len());
        assert_eq!(String::from_utf8(out).unwrap(), "WARN a\\n\\u{3a}:error::\\u{1b}[31mx\n");
    }
}
