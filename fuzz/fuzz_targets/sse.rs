//! The framer against another reader of the same standard, in pieces and whole; and every dialect's reader over what
//! it frames.

#![no_main]

use breakerbox::{
    model::Dialect,
    provider::{sse::Framer, translate::StreamReader},
};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use libfuzzer_sys::fuzz_target;

type Event = (Option<String>, String);

fn framed(input: &[u8], piece: usize) -> Vec<Event> {
    let (mut framer, mut events, mut raw) = (Framer::new(), Vec::new(), Vec::new());
    for piece in input.chunks(piece) {
        framer.push(piece);
        for frame in framer.by_ref() {
            let frame = frame.expect("the input is shorter than the longest frame");
            raw.extend_from_slice(frame.raw());
            if !frame.is_comment() {
                events.push((frame.event().map(str::to_owned), frame.text().into_owned()));
            }
        }
    }
    if let Some(rest) = framer.remainder() {
        raw.extend_from_slice(rest.raw());
    }
    assert_eq!(raw, input, "the bytes that came");
    events
}

/// What the other reader says; none where it refuses what is not UTF-8.
fn oracle(input: &[u8]) -> Option<Vec<Event>> {
    let chunks = stream::iter([Ok::<_, std::io::Error>(Bytes::copy_from_slice(input))]);
    let read = sse_stream::SseByteStream::new(chunks).collect::<Vec<_>>();
    let events = read
        .now_or_never()?
        .into_iter()
        .collect::<Result<Vec<_>, _>>();
    let named = |name: Option<String>| name.filter(|n| !n.is_empty());
    Some(
        events
            .ok()?
            .into_iter()
            .filter_map(|e| Some((named(e.event), e.data?)))
            .collect(),
    )
}

fuzz_target!(|input: &[u8]| {
    let whole = framed(input, usize::MAX);
    for piece in [1, 7] {
        assert_eq!(framed(input, piece), whole, "in pieces of {piece}");
    }
    if std::str::from_utf8(input).is_ok()
        && let Some(expected) = oracle(input)
    {
        assert_eq!(whole, expected, "another reader");
    }
    for dialect in Dialect::ALL {
        let (mut reader, mut deltas) = (StreamReader::new(dialect), Vec::new());
        for (name, data) in &whole {
            reader.event(name.as_deref(), data.as_bytes(), &mut deltas);
        }
        assert!(deltas.len() >= whole.len(), "every event says something");
    }
});
