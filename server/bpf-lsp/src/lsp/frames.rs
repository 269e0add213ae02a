//! Messages out of a stream of bytes, also where their heads lie about them.
//!
//! Two facts of JSON make up for a wrong length. An object ends by itself: what stands behind it is no
//! part of the message. And no string holds a line end as it is, so the bytes of a head never stand in a
//! message: where they do, the next message begins, however long this one was to be. So a frame that
//! claims too much ends at the next head at the latest, and after one that cannot be read the reader goes on
//! at the first head behind its own. What lies between is refused once and left out.

use memchr::memchr;
use serde::Deserialize;
use tower_lsp::jsonrpc::{Request, Response};

/// Longest head of a message, in bytes.
const HEAD_LIMIT: usize = 1 << 13;
/// Longest body, in bytes; what claims more is no message. Editors send files of 50 MB at most, and text is
/// rarely twice as long in JSON. Memory is taken for what came, not for what is claimed.
const BODY_LIMIT: usize = 1 << 28;
/// A buffer that was larger is given back when it is empty.
const KEPT: usize = 1 << 20;

/// Bytes that were read, taken apart into messages.
#[derive(Default)]
pub(super) struct Frames {
    raw: Vec<u8>,
    /// Everything before was handed out or left out.
    at: usize,
    /// No head ends before, behind `at`.
    searched: usize,
    /// The length of the message that begins at `at`; none where a head is to come.
    length: Option<usize>,
    /// So many bytes of that message are no whole one.
    tried: usize,
    /// What was left out last was refused already.
    refused: bool,
}

/// Why a message is refused: the protocol's code and words.
pub(super) type Refusal = (i32, &'static str);

const NO_JSON: Refusal = (-32700, "Parse error");
const NO_MESSAGE: Refusal = (-32600, "Invalid request");

impl Frames {
    /// Adds what was read.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.raw.drain(..self.at);
        self.searched -= self.at;
        self.at = 0;
        if self.raw.is_empty() && self.raw.capacity() > KEPT {
            self.raw = Vec::new();
        }
        self.raw.extend_from_slice(bytes);
    }

    /// The next message that can be read, or why there is none in some bytes. `None` when more has to be
    /// read first. With `waits`, nothing more comes for the moment: a whole message is not kept until
    /// the rest of its length has come.
    pub(super) fn next(&mut self, waits: bool) -> Option<Result<&[u8], Refusal>> {
        let Some(length) = self.length else {
            let head = find_head(&self.raw, self.at, &mut self.searched);
            let end = head.as_ref().map_or_else(
                // What may be the beginning of a head stays.
                || self.raw.len().saturating_sub(HEAD_LIMIT).max(self.at),
                |head| head.start,
            );
            let left_out = !is_blank(self.raw.get(self.at..end).unwrap_or_default());
            self.at = end;
            let refuse = left_out && !std::mem::replace(&mut self.refused, true);
            if let Some(head) = head {
                (self.at, self.searched, self.tried) = (head.end, head.end, 0);
                (self.length, self.refused) = (Some(head.length), false);
            }
            return match (refuse, self.length) {
                (true, _) => Some(Err(NO_JSON)),
                (false, Some(_)) => self.next(waits),
                (false, None) => None,
            };
        };
        let come = self.raw.len() - self.at;
        let (end, whole) = if come >= length {
            (self.at + length, true)
        } else if let Some(head) = find_head(&self.raw, self.at, &mut self.searched) {
            (head.start, true)
        } else if waits && come >= 2 * self.tried && self.raw.ends_with(b"}") {
            self.tried = come;
            (self.raw.len(), false)
        } else {
            return None;
        };
        let body = self.raw.get(self.at..end).unwrap_or_default();
        match judge(body) {
            Ok((start, past)) => {
                let message = self.at + start..self.at + past;
                let rest = body.get(past..).unwrap_or_default();
                self.at = if is_blank(rest) { end } else { message.end };
                (self.searched, self.length) = (self.at, None);
                Some(Ok(self.raw.get(message).unwrap_or_default()))
            }
            Err(_) if !whole => None,
            Err(why) => {
                // A head that the body should not hold is looked for from its beginning.
                (self.searched, self.length, self.refused) = (self.at, None, true);
                Some(Err(why))
            }
        }
    }
}

/// A message with its head.
pub(super) fn framed(body: &[u8]) -> Vec<u8> {
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

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Where in a body the message begins and ends that the transport can read; else why there is none.
fn judge(body: &[u8]) -> Result<(usize, usize), Refusal> {
    let text = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let start = body.len() - text.len();
    let mut messages = serde_json::Deserializer::from_slice(text).into_iter::<Message>();
    match messages.next() {
        Some(Ok(_)) => Ok((start, start + messages.byte_offset())),
        Some(Err(error)) if error.is_data() => Err(NO_MESSAGE),
        _ => Err(NO_JSON),
    }
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii().is_empty()
}

/// The head of a message: where it lies, with the blank line at its end, and the length that it gives.
#[derive(PartialEq, Eq, Debug)]
struct Head {
    start: usize,
    end: usize,
    length: usize,
}

/// The first whole head behind `from` that gives a length. Line ends before `searched` were looked at; it is
/// moved on.
fn find_head(bytes: &[u8], from: usize, searched: &mut usize) -> Option<Head> {
    while let Some(line) = memchr(b'\n', bytes.get(*searched..)?) {
        *searched += line + 1;
        let end = *searched;
        let head = head_before(bytes.get(from.max(end.saturating_sub(HEAD_LIMIT))..end)?);
        if let Some((size, length)) = head {
            return Some(Head { start: end - size, end, length });
        }
    }
    *searched = bytes.len();
    None
}

/// The head at the end of some bytes, if there is one: its size, and the length that it gives.
///
/// It is read from its end, because what comes before may be anything. Lengths that differ are none.
fn head_before(bytes: &[u8]) -> Option<(usize, usize)> {
    let block = without_line_end(without_line_end(bytes)?)?;
    let (mut end, mut head) = (block.len(), None);
    for line in block.rsplit(|byte| *byte == b'\n') {
        let start = end - line.len();
        end = start.saturating_sub(1);
        let Some((behind, value)) = field(line) else { break };
        head = match (head, value) {
            (head, None) => head.map(|(_, length)| (start, length)),
            // What only ends in the name is another field, or the end of something else.
            (Some((next, length)), Some(_)) if behind > 0 => {
                Some((if is_name(line.get(..behind)?) { start } else { next }, length))
            }
            (Some((_, length)), Some(value)) if number(value)? != length => return None,
            (_, Some(value)) => Some((start + behind, number(value)?)),
        };
        if behind > 0 {
            break;
        }
    }
    head.map(|(start, length)| (bytes.len() - start, length))
}

const LENGTH: &[u8] = b"content-length";

/// A field of a head: where in the line it begins, and its value if it is the length.
fn field(line: &[u8]) -> Option<(usize, Option<&[u8]>)> {
    let named = line.windows(LENGTH.len()).rposition(|name| name.eq_ignore_ascii_case(LENGTH));
    if let Some(at) = named
        && let Some(value) = line.get(at + LENGTH.len()..)?.trim_ascii_start().strip_prefix(b":")
    {
        return Some((at, Some(value)));
    }
    let name = line.get(..memchr(b':', line)?)?;
    (!name.is_empty() && is_name(name)).then_some((0, None))
}

fn is_name(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

fn number(value: &[u8]) -> Option<usize> {
    let digits = std::str::from_utf8(value.trim_ascii()).ok()?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|length| is_number && *length <= BODY_LIMIT)
}

fn without_line_end(bytes: &[u8]) -> Option<&[u8]> {
    let bytes = bytes.strip_suffix(b"\n")?;
    Some(bytes.strip_suffix(b"\r").unwrap_or(bytes))
}

#[cfg(test)]
mod tests;
