//! The two ends of the pipe, each with a cure for a trap of the transport (`PROTOCOL.md`).
//!
//! [`Intake`]: the transport does not end at end of input while a request is pending, so the end of
//! input is told to whoever ends the process; and it ends at the first message that it cannot read,
//! for its head or its body, so such messages do not get there. [`Pump`]: the transport stops reading
//! when the client stops reading, so output goes through an unbounded queue to a task of its own.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use serde::Deserialize;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    sync::{Notify, mpsc},
    task::JoinHandle,
};
use tower_lsp::jsonrpc::{Request, Response};

/// Longest head of a message, and longest body, in bytes: what claims more is no message.
const HEAD_LIMIT: usize = 1 << 16;
const BODY_LIMIT: usize = 1 << 30;
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
    /// Bytes read that are no whole message yet.
    raw: Vec<u8>,
    /// Good messages, each with a head of our own: the transport knows one spelling of two fields.
    good: Vec<u8>,
    /// How many bytes of `good` were handed on.
    handed_on: usize,
}

impl<R> Intake<R> {
    /// Wraps `inner`; `ended` is notified at its end, refusals go out through `pump`.
    pub(super) fn new(inner: R, ended: Arc<Notify>, pump: &Pump) -> Self {
        let refusals = pump.queue.clone();
        let chunk = vec![0; CHUNK].into();
        Intake { inner, ended, refusals, chunk, raw: Vec::new(), good: Vec::new(), handed_on: 0 }
    }

    /// Takes the complete messages out of `raw`; the good ones go to `good`.
    fn sift(&mut self) {
        let mut done = 0;
        loop {
            let rest = self.raw.get(done..).unwrap_or_default();
            let (head, body) = match first_frame(rest) {
                Frame::Whole(head, body) => (head, body),
                Frame::Part => break,
                Frame::Unreadable(head) => {
                    done += head;
                    continue;
                }
            };
            let body = rest.get(head..head + body).unwrap_or_default();
            done += head + body.len();
            let Err((code, why)) = judge(body) else {
                self.good.extend_from_slice(framed(body).as_slice());
                continue;
            };
            let refusal = format!(
                r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":"{why}"}},"id":null}}"#
            );
            // A closed queue means that the session has ended.
            let _ = self.refusals.send(framed(refusal.as_bytes()));
        }
        self.raw.drain(..done);
    }
}

/// A message with its head.
fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    frame.extend_from_slice(body);
    frame
}

/// What the transport reads, as it reads it: that refuses deep nesting, for one, and numbers out of range,
/// also in fields that a [`Request`] alone would skip.
#[derive(Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is only read for whether it can be")]
enum Message {
    Response(Response),
    Request(Request),
}

/// Whether the transport can read a message; else the code and the words of the protocol's refusal.
fn judge(body: &[u8]) -> Result<(), (i32, &'static str)> {
    match serde_json::from_slice::<Message>(body) {
        Ok(_) => Ok(()),
        Err(error) if error.is_data() => Err((-32600, "Invalid request")),
        Err(_) => Err((-32700, "Parse error")),
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
    let start = bytes.get(..HEAD_LIMIT).unwrap_or(bytes);
    let Some(end) = start.windows(4).position(|w| w == b"\r\n\r\n") else {
        return if start.len() == HEAD_LIMIT { Frame::Unreadable(HEAD_LIMIT) } else { Frame::Part };
    };
    let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    match length.filter(|length| *length <= BODY_LIMIT) {
        Some(length) if bytes.len() - (end + 4) >= length => Frame::Whole(end + 4, length),
        Some(_) => Frame::Part,
        None => Frame::Unreadable(end + 4),
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
            this.good.clear();
            this.handed_on = 0;
            let mut fresh = ReadBuf::new(&mut this.chunk);
            match Pin::new(&mut this.inner).poll_read(cx, &mut fresh) {
                Poll::Ready(Ok(())) if fresh.filled().is_empty() => {
                    this.ended.notify_one();
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Ok(())) => {
                    this.raw.extend_from_slice(fresh.filled());
                    this.sift();
                }
                Poll::Ready(Err(error)) => {
                    this.ended.notify_one();
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
