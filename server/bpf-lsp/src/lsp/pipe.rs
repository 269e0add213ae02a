//! The process's own pipes, read and written by the thread that also decodes messages.
//!
//! tokio's standard streams hand each read and each write to a thread of their own, and waking a thread
//! that sleeps on an idle core takes longer than most answers do. Pipes, sockets and terminals tell
//! when they are ready, so no thread needs to wait for them; regular files keep nobody waiting.
//!
//! The descriptors are left blocking: the flag belongs to the open file, which other processes (a shell,
//! the client) may share. So readiness is asked of the system before each call, and a call moves no more
//! than what it can then move at once.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    pin::Pin,
    task::{Context, Poll, ready},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, unix::AsyncFd};

/// A ready pipe takes this many bytes without blocking: `PIPE_BUF` of Linux, the smallest of POSIX is 512.
const AT_ONCE: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

/// One end of a pipe, socket or terminal, or a file in its place.
pub(super) enum Pipe {
    /// It tells when it is ready.
    Registered(AsyncFd<OwnedFd>),
    /// It always is.
    File(OwnedFd),
}

impl Pipe {
    /// Takes an end that is open for reading; what is given stays open beside it.
    ///
    /// # Errors
    ///
    /// When it is closed, or the system cannot tell its readiness; the caller reads it otherwise.
    pub(super) fn reading(end: impl AsFd) -> io::Result<Pipe> {
        register(&end, Interest::READABLE)
    }

    /// Takes an end that is open for writing; errors as [`Pipe::reading`].
    pub(super) fn writing(end: impl AsFd) -> io::Result<Pipe> {
        register(&end, Interest::WRITABLE)
    }

    /// What can be read or written now, once something can.
    fn poll_ready(&self, cx: &mut Context<'_>, flags: PollFlags) -> Poll<io::Result<&OwnedFd>> {
        let end = match self {
            Pipe::Registered(end) => end,
            Pipe::File(file) => return Poll::Ready(Ok(file)),
        };
        loop {
            let mut guard = match flags {
                PollFlags::IN => ready!(end.poll_read_ready(cx))?,
                _ => ready!(end.poll_write_ready(cx))?,
            };
            if is_ready(end.get_ref(), flags)? {
                return Poll::Ready(Ok(end.get_ref()));
            }
            guard.clear_ready();
        }
    }
}

/// Whether a call would return at once. At the other end's end it does: with what is left, or an error.
fn is_ready(end: &OwnedFd, flags: PollFlags) -> io::Result<bool> {
    let mut ends = [PollFd::new(end, flags)];
    let ready = poll(&mut ends, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    Ok(ready > 0)
}

/// tokio's safe way to do this is deprecated; the way over its threads costs more than an answer: a hover
/// right after an edit takes 1.2 to 1.5 ms with them and 0.5 to 0.6 ms without.
#[expect(unsafe_code, reason = "the measured need above")]
fn register(end: &impl AsFd, interest: Interest) -> io::Result<Pipe> {
    let end = end.as_fd().try_clone_to_owned()?;
    // SAFETY: an `OwnedFd` has one number and keeps it open until it is dropped.
    let registered = unsafe { AsyncFd::register_with_interest(end, interest) };
    registered.map(Pipe::Registered).or_else(|error| match error.into_parts() {
        // What epoll does not take for its kind.
        (file, error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(Pipe::File(file)),
        (_, error) => Err(error),
    })
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let end = ready!(self.poll_ready(cx, PollFlags::IN))?;
        let count = rustix::io::read(end, buf.initialize_unfilled())?;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let end = ready!(self.poll_ready(cx, PollFlags::OUT))?;
        let some = bytes.get(..AT_ONCE).unwrap_or(bytes);
        Poll::Ready(Ok(rustix::io::write(end, some)?))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn all_that_is_written_is_read_in_order_and_the_end_is_seen() {
        let (reader, writer) = io::pipe().unwrap();
        let (mut reader, mut writer) =
            (Pipe::reading(reader).unwrap(), Pipe::writing(writer).unwrap());
        // More than a pipe holds: writer and reader have to wait for each other, on one thread.
        let sent: Vec<u8> = (0..1_000_000u32).map(|n| (n / 7) as u8).collect();
        let mut got = Vec::new();
        let write = async {
            writer.write_all(&sent).await.unwrap();
            drop(writer);
        };
        let (_, read) = tokio::join!(write, reader.read_to_end(&mut got));
        assert_eq!(read.unwrap(), sent.len());
        assert!(got == sent);
    }

    #[tokio::test]
    async fn an_empty_pipe_keeps_nobody_waiting_but_its_reader() {
        let (reader, mut writer) = io::pipe().unwrap();
        let mut reader = Pipe::reading(reader).unwrap();
        let mut got = [0; 8];
        // The first of each pair finds readiness left over from the read before.
        for message in [b"one", b"two"] {
            tokio::select! {
                biased;
                _ = reader.read(&mut got) => panic!("nothing was written"),
                () = tokio::task::yield_now() => {}
            }
            io::Write::write_all(&mut writer, message).unwrap();
            assert_eq!(reader.read(&mut got).await.unwrap(), 3);
            assert_eq!(&got[..3], message);
        }
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_is_an_error_and_a_file_needs_no_thread() {
        let (reader, writer) = io::pipe().unwrap();
        let mut writer = Pipe::writing(writer).unwrap();
        drop(reader);
        assert!(writer.write_all(b"text").await.is_err());
        let mut file = tempfile::tempfile().unwrap();
        Pipe::writing(&file).unwrap().write_all(b"text").await.unwrap();
        io::Seek::rewind(&mut file).unwrap();
        let (mut reader, mut got) = (Pipe::reading(file).unwrap(), String::new());
        assert!(matches!(reader, Pipe::File(_)));
        reader.read_to_string(&mut got).await.unwrap();
        assert_eq!(got, "text");
    }
}
