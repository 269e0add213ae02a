//! The two ends of the pipe, each with a cure for a trap of the transport (`PROTOCOL.md`).
//!
//! [`Intake`]: the transport does not end at end of input while a request is pending, so the end of
//! input is told to whoever ends the process; and it ends at a message that is no JSON. [`Pump`]: the transport stops reading when the client
//! stops reading, so output goes through an unbounded queue to a task of its own.

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

/// Input that tells when it has ended or failed, and leaves out messages that are no JSON: the transport
/// ends the session at the first such message.
pub(super) struct Intake<R> {
    inner: R,
    ended: Arc<Notify>,
    /// Where the refusals of broken messages go.
    refusals: mpsc::UnboundedSender<Vec<u8>>,
    /// Bytes read; those before `handed_on` are done with.
    raw: Vec<u8>,
    /// How many bytes of `raw` were handed on.
    handed_on: usize,
    /// How many bytes of `raw` may be handed on.
    good: usize,
}

impl<R> Intake<R> {
    /// Wraps `inner`; `ended` is notified at its end, refusals go out through `pump`.
    pub(super) fn new(inner: R, ended: Arc<Notify>, pump: &Pump) -> Self {
        Intake {
            inner,
            ended,
            refusals: pump.queue.clone(),
            raw: Vec::new(),
            handed_on: 0,
            good: 0,
        }
    }

    /// Moves `good` over the complete messages of `raw`, and takes broken ones out.
    fn sift(&mut self) {
        loop {
            let rest = self.raw.get(self.good..).unwrap_or_default();
            let (head, body) = match first_frame(rest) {
                Frame::Whole(head, body) => (head, body),
                Frame::Part => return,
                Frame::Unreadable(head) => {
                    self.raw.drain(self.good..self.good + head);
                    continue;
                }
            };
            let text = rest.get(head..head + body).unwrap_or_default();
            if serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok() {
                self.good += head + body;
                continue;
            }
            let start = self.good;
            self.raw.drain(start..start + head + body);
            let refusal = concat!(
                r#"{"jsonrpc":"2.0","error":{"code":-32700,"#,
                r#""message":"Parse error"},"id":null}"#
            );
            let frame = format!("Content-Length: {}\r\n\r\n{refusal}", refusal.len());
            // A closed queue means that the session has ended.
            let _ = self.refusals.send(frame.into_bytes());
        }
    }
}

/// What stands at the start of some bytes.
enum Frame {
    /// A message: lengths of head and body.
    Whole(usize, usize),
    /// The beginning of a message.
    Part,
    /// A head without a length: its own length.
    Unreadable(usize),
}

fn first_frame(bytes: &[u8]) -> Frame {
    let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { return Frame::Part };
    let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    match length {
        Some(length) if bytes.len() - (end + 4) >= length => Frame::Whole(end + 4, length),
        Some(_) => Frame::Part,
        None => Frame::Unreadable(end + 4),
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Intake<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.good > self.handed_on {
                let end = self.good.min(self.handed_on + buf.remaining());
                buf.put_slice(self.raw.get(self.handed_on..end).unwrap_or_default());
                self.handed_on = end;
                return Poll::Ready(Ok(()));
            }
            let done = std::mem::take(&mut self.handed_on);
            self.raw.drain(..done);
            self.good = 0;
            let mut chunk = [0; 16 * 1024];
            let mut fresh = ReadBuf::new(&mut chunk);
            match Pin::new(&mut self.inner).poll_read(cx, &mut fresh) {
                Poll::Ready(Ok(())) if fresh.filled().is_empty() => {
                    self.ended.notify_one();
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Ok(())) => {
                    self.raw.extend_from_slice(fresh.filled());
                    self.sift();
                }
                Poll::Ready(Err(error)) => {
                    self.ended.notify_one();
                    return Poll::Ready(Err(error));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Output that never makes the writer wait.
pub(super) struct Pump {
    queue: mpsc::UnboundedSender<Vec<u8>>,
}

impl Pump {
    /// Starts the task that writes to `out`. The task ends after the `Pump` is dropped and all it was
    /// given is written, or when writing fails.
    pub(super) fn start<W: AsyncWrite + Unpin + Send + 'static>(
        mut out: W,
    ) -> (Pump, JoinHandle<()>) {
        let (queue, mut chunks) = mpsc::unbounded_channel::<Vec<u8>>();
        let task = tokio::spawn(async move {
            while let Some(chunk) = chunks.recv().await {
                if out.write_all(&chunk).await.is_err() {
                    return;
                }
                // Whatever is queued already goes out before the flush.
                while let Ok(chunk) = chunks.try_recv() {
                    if out.write_all(&chunk).await.is_err() {
                        return;
                    }
                }
                if out.flush().await.is_err() {
                    return;
                }
            }
        });
        (Pump { queue }, task)
    }
}

impl AsyncWrite for Pump {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = self.queue.send(bytes.to_vec());
        Poll::Ready(sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
