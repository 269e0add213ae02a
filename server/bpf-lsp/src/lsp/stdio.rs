//! The two ends of the pipe, each with a cure for a trap of the transport (`PROTOCOL.md`).
//!
//! [`Intake`]: the transport does not end at end of input while a request is pending, so the end of
//! input is told to whoever ends the process; and it ends at the first message that it cannot read,
//! for its head or its body, so such messages do not get there. [`Pump`]: the transport stops reading
//! when the client stops reading, so output goes through an unbounded queue to a task of its own; and it
//! panics when nobody reads any more, so that is told to whoever ends the process, not to it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    sync::{Notify, mpsc},
    task::JoinHandle,
};

use super::frames::{Frames, framed};

/// Bytes that are read at once, at most.
const CHUNK: usize = 16 << 10;

/// Input that tells when it has ended or failed, and leaves out messages that the transport cannot read:
/// it would end the session at the first.
pub(super) struct Intake<R> {
    inner: R,
    ended: Arc<Notify>,
    /// Where the refusals of broken messages go.
    refusals: mpsc::UnboundedSender<Vec<u8>>,
    /// What one call reads; kept, as to clear it for each would take longer than most messages.
    chunk: Box<[u8]>,
    frames: Frames,
    /// Good messages, each with a head of our own: the transport knows one spelling of two fields.
    good: Vec<u8>,
    /// How many bytes of `good` were handed on.
    handed_on: usize,
}

impl<R> Intake<R> {
    /// Wraps `inner`; `ended` is notified at its end, refusals go out through `pump`.
    pub(super) fn new(inner: R, ended: Arc<Notify>, pump: &Pump) -> Self {
        let (refusals, chunk) = (pump.queue.clone(), vec![0; CHUNK].into());
        let frames = Frames::default();
        Intake { inner, ended, refusals, chunk, frames, good: Vec::new(), handed_on: 0 }
    }

    /// Takes the messages out of what was read; the good ones go to `good`. With `waits`, nothing more
    /// comes for the moment.
    fn sift(&mut self, waits: bool) {
        while let Some(message) = self.frames.next(waits) {
            match message {
                Ok(body) => self.good.append(&mut framed(body)),
                Err((code, why)) => {
                    let refusal = format!(
                        r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":"{why}"}},"id":null}}"#
                    );
                    // A closed queue means that the session has ended.
                    let _ = self.refusals.send(framed(refusal.as_bytes()));
                }
            }
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Intake<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.good.len() > this.handed_on {
                let end = this.good.len().min(this.handed_on + buf.remaining());
                buf.put_slice(this.good.get(this.handed_on..end).unwrap_or_default());
                this.handed_on = end;
                return Poll::Ready(Ok(()));
            }
            // After a huge message the memory is given back.
            this.good.clear();
            this.good.shrink_to(CHUNK);
            this.handed_on = 0;
            let mut fresh = ReadBuf::new(&mut this.chunk);
            match Pin::new(&mut this.inner).poll_read(cx, &mut fresh) {
                Poll::Ready(Ok(())) if fresh.filled().is_empty() => {
                    this.ended.notify_one();
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Ok(())) => {
                    this.frames.extend(fresh.filled());
                    this.sift(false);
                }
                Poll::Ready(Err(error)) => {
                    tracing::warn!("input cannot be read: {error}");
                    this.ended.notify_one();
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => {
                    this.sift(true);
                    if this.good.is_empty() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

/// Output that never makes the writer wait, and never fails.
pub(super) struct Pump {
    queue: mpsc::UnboundedSender<Vec<u8>>,
}

impl Pump {
    /// Starts the task that writes to `out`. The task ends after the `Pump` is dropped and all it was
    /// given is written, or when writing fails; that is told to `unread`.
    pub(super) fn start<W: AsyncWrite + Unpin + Send + 'static>(
        out: W,
        unread: Arc<Notify>,
    ) -> (Pump, JoinHandle<()>) {
        let (queue, chunks) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            if write_all(out, chunks).await.is_err() {
                unread.notify_one();
            }
        });
        (Pump { queue }, task)
    }
}

async fn write_all<W: AsyncWrite + Unpin>(
    mut out: W,
    mut chunks: mpsc::UnboundedReceiver<Vec<u8>>,
) -> io::Result<()> {
    while let Some(chunk) = chunks.recv().await {
        out.write_all(&chunk).await?;
        // Whatever is queued already goes out before the flush.
        while let Ok(chunk) = chunks.try_recv() {
            out.write_all(&chunk).await?;
        }
        out.flush().await?;
    }
    Ok(())
}

impl AsyncWrite for Pump {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // A closed queue means that nobody reads; the session ends, and not by a failure in here.
        let _ = self.queue.send(bytes.to_vec());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
