//! Heads that are wrong in every way.

use proptest::prelude::*;

use super::*;

const HOVER: &str = r#"{"jsonrpc":"2.0","id":1,"method":"hover"}"#;
const OTHER: &str = r#"{"jsonrpc":"2.0","id":2,"method":"other","params":["é😀\r\n\r\n"]}"#;

/// What comes out of some bytes, read in pieces of that size, with pauses between all of them.
fn read(bytes: &[u8], piece: usize) -> Vec<String> {
    let mut frames = Frames::default();
    let mut seen = Vec::new();
    for piece in bytes.chunks(piece) {
        frames.extend(piece);
        for waits in [false, true] {
            while let Some(message) = frames.next(waits) {
                seen.push(match message {
                    Ok(body) => String::from_utf8(body.to_vec()).unwrap(),
                    Err((code, _)) => code.to_string(),
                });
            }
        }
    }
    seen
}

/// Some bytes and a good message behind them: what comes out before that message does.
#[track_caller]
fn check(bytes: impl AsRef<[u8]>, expected: &[&str]) {
    let bytes = [bytes.as_ref(), &framed(OTHER.as_bytes())].concat();
    let expected: Vec<&str> = expected.iter().copied().chain([OTHER]).collect();
    for piece in [1, 2, 3, 7, bytes.len()] {
        assert_eq!(read(&bytes, piece), expected, "in pieces of {piece}");
    }
}

fn with_length(length: impl std::fmt::Display) -> String {
    format!("Content-Length: {length}\r\n\r\n{HOVER}")
}

#[test]
fn too_short() {
    check(with_length(HOVER.len() - 1), &["-32700"]);
    check(with_length(1), &["-32700"]);
    check(with_length(0), &["-32700"]);
}

#[test]
fn too_long() {
    // Into the next head, behind it, into the next body, behind all that ever comes.
    for more in [1, 5, 14, 20, 22, 30, 80, 4000, BODY_LIMIT - HOVER.len()] {
        check(with_length(HOVER.len() + more), &[HOVER]);
    }
}

#[test]
fn too_long_and_nothing_behind() {
    let bytes = with_length(HOVER.len() + 9);
    assert_eq!(read(bytes.as_bytes(), bytes.len()), [HOVER]);
}

#[test]
fn no_length_that_counts() {
    for length in
        ["-5", "+5", "", "x", "5, 5", "0x10", "18446744073709551616", &(BODY_LIMIT + 1).to_string()]
    {
        check(with_length(length), &["-32700"]);
    }
    check(format!("Content-Type: x\r\n\r\n{HOVER}"), &["-32700"]);
    check(format!("\r\n\r\n{HOVER}"), &["-32700"]);
}

#[test]
fn twice() {
    let (good, bad) = (HOVER.len(), HOVER.len() + 1);
    let twice = |a, b| format!("Content-Length: {a}\r\nA: b\r\ncontent-length: {b}\r\n\r\n{HOVER}");
    check(twice(good, good), &[HOVER]);
    check(twice(good, bad), &["-32700"]);
    check(twice(bad, good), &["-32700"]);
}

#[test]
fn spelled_in_other_ways() {
    let length = HOVER.len();
    for head in [
        format!("CONTENT-LENGTH:{length}\r\n\r\n"),
        format!("content-length :   {length}  \r\n\r\n"),
        format!("Content-Length: {length}\n\n"),
        format!("Content-Length: {length}\n\r\n"),
        format!(
            "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: {length}\r\n\r\n"
        ),
        format!("Content-Length: {length}\r\nContent-Type: utf8\r\n\r\n"),
        format!("X-Content-Length: 99\r\nContent-Length: {length}\r\n\r\n"),
        format!("\r\n\r\n \tContent-Length: {length}\r\n\r\n"),
        format!("\u{feff}Content-Length: {length}\r\n\r\n"),
    ] {
        check(format!("{head}{HOVER}"), &[HOVER]);
    }
}

#[test]
fn bodies_that_are_no_message() {
    for (body, code) in [
        ("", "-32700"),
        ("{{{{{", "-32700"),
        ("42 ", "-32600"),
        (r#"{"jsonrpc":"1.0"}"#, "-32600"),
        ("Content-Length: 7", "-32700"),
        ("\u{feff}", "-32700"),
    ] {
        check(framed(body.as_bytes()), &[code]);
    }
    check(framed(b"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\xfe\"}"), &["-32700"]);
    check(framed(format!("\u{feff}{HOVER}\r\n").as_bytes()), &[HOVER]);
    let utf16: Vec<u8> = HOVER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(framed(&utf16), &["-32700"]);
}

#[test]
fn garbage_between() {
    let good = framed(HOVER.as_bytes());
    for garbage in
        ["x", "Content-Length", "}\r\n\r\n", "abc: d\r\n\r\n\r\n", "Content-Length: 5\r\n"]
    {
        check(
            [garbage.as_bytes(), &good].concat(),
            match garbage {
                // Two lengths that differ: the whole message goes with its head.
                "Content-Length: 5\r\n" => &["-32700"],
                _ => &["-32700", HOVER],
            },
        );
    }
    let log = "[info] a line of a log\n\nand another: 5\n".repeat(5000);
    check([log.as_bytes(), &good].concat(), &["-32700", HOVER]);
    // A message and more in one frame.
    check(framed(format!("{HOVER}{HOVER}").as_bytes()), &[HOVER, "-32700"]);
}

#[test]
fn what_is_left_out_takes_no_memory() {
    let mut frames = Frames::default();
    frames.extend(format!("Content-Length: {}\r\n\r\n", BODY_LIMIT + 1).as_bytes());
    let mut refusals = 0;
    for _ in 0..1000 {
        frames.extend(&[b'x'; 10_000]);
        while let Some(message) = frames.next(true) {
            refusals += usize::from(message.is_err());
        }
        assert!(frames.raw.capacity() <= 1 << 16);
    }
    assert_eq!(refusals, 1);
}

#[test]
fn a_long_message_is_looked_at_once_as_it_comes() {
    let text = r#"}\n"#.repeat(1 << 20);
    let body = format!(r#"{{"jsonrpc":"2.0","method":"x","params":["{text}"]}}"#);
    let mut frames = Frames::default();
    let mut tries = 0;
    for piece in framed(body.as_bytes()).chunks(4096) {
        let before = frames.tried;
        frames.extend(piece);
        if let Some(message) = frames.next(true) {
            assert_eq!(message, Ok(body.as_bytes()));
            // Each is at least as long again as all of what was tried before.
            assert!(tries <= 12, "{tries}");
            return;
        }
        tries += usize::from(frames.tried != before);
        assert_eq!(frames.searched, frames.raw.len());
    }
    panic!("no message");
}

proptest! {
    #[test]
    fn a_message_behind_anything_is_read(
        pieces in prop::collection::vec(prop_oneof![
            "[ -~\r\n]{0,40}",
            Just(HOVER.to_owned()),
            Just("\r\n\r\n".to_owned()),
            Just("Content-Length:".to_owned()),
            (0usize..200).prop_map(|n| format!("Content-Length: {n}\r\n\r\n")),
            (0usize..200).prop_map(with_length),
        ], 0..8),
        piece in 1usize..50,
    ) {
        // The last head must not have become a field of one before.
        let bytes = [pieces.concat().as_bytes(), b"\n\n", &framed(OTHER.as_bytes())].concat();
        let seen = read(&bytes, piece);
        prop_assert_eq!(seen.last().map(String::as_str), Some(OTHER));
    }
}
