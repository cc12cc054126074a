//! Amazon's framing: bytes as they are, and the same as messages whose lengths and checksums are right.

#![no_main]

use breakerbox::{
    model::Dialect,
    provider::{eventstream::Framer, translate::StreamReader},
};
use libfuzzer_sys::fuzz_target;

/// The frames as event and data, and whether it went wrong.
type Framed = (Vec<(Option<String>, Vec<u8>)>, bool);

fn framed(input: &[u8], piece: usize) -> Framed {
    let (mut framer, mut raw) = (Framer::new(), Vec::new());
    let (mut frames, mut failed) = (Vec::new(), false);
    for piece in input.chunks(piece) {
        framer.push(piece);
        for frame in framer.by_ref() {
            assert!(!failed, "nothing comes after a failure");
            let Ok(frame) = frame else {
                failed = true;
                continue;
            };
            raw.extend_from_slice(frame.raw());
            frames.push((frame.event().map(str::to_owned), frame.data().to_vec()));
        }
    }
    raw.extend_from_slice(&framer.remainder().unwrap_or_default());
    assert!(input.starts_with(&raw), "the bytes that came");
    assert!(failed || raw == input, "all the bytes that came");
    (frames, failed)
}

/// A message of these headers and this payload.
fn message(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes();
    let mut out = Vec::from(number(16 + headers.len() + payload.len()));
    out.extend(number(headers.len()));
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out.extend(headers);
    out.extend(payload);
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out
}

/// A header with a text.
fn header(name: &str, value: &[u8]) -> Vec<u8> {
    let value = value.get(..60).unwrap_or(value);
    let lengths = (name.len() as u8, (value.len() as u16).to_be_bytes());
    [&[lengths.0], name.as_bytes(), &[7], &lengths.1, value].concat()
}

/// Each line is a message: a digit that says what is before the bar, and what it says.
fn messages(input: &[u8]) -> Vec<u8> {
    let lines = input.split(|b| *b == b'\n').filter_map(|line| {
        let (kind, line) = line.split_first()?;
        let bar = line.iter().position(|b| *b == b'|').unwrap_or(line.len());
        let (name, rest) = line.split_at(bar);
        let payload = rest.get(1..).unwrap_or_default();
        let headers = match kind {
            b'0' => header(":event-type", name),
            b'1' => [
                header(":message-type", b"exception"),
                header(":exception-type", name),
            ]
            .concat(),
            b'2' => [
                header(":message-type", b"error"),
                header(":error-code", name),
            ]
            .concat(),
            _ => name.to_vec(),
        };
        Some(message(&headers, payload))
    });
    lines.collect::<Vec<_>>().concat()
}

fn check(input: &[u8]) {
    let whole = framed(input, usize::MAX);
    for piece in [1, 7] {
        assert_eq!(framed(input, piece), whole, "in pieces of {piece}");
    }
    let (mut reader, mut deltas) = (StreamReader::new(Dialect::Bedrock), Vec::new());
    for (name, data) in &whole.0 {
        reader.event(name.as_deref(), data, &mut deltas);
    }
    assert!(deltas.len() >= whole.0.len(), "every event says something");
}

fuzz_target!(|input: &[u8]| {
    check(input);
    check(&messages(input));
});
