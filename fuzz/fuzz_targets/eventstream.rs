//! The framer of Amazon's event streams: in pieces and whole the same, the bytes that came, and no panic whatever
//! stands in a message whose checksums are right.

#![no_main]

use breakerbox::{
    model::Dialect,
    provider::{eventstream::Framer, translate::StreamReader},
};
use libfuzzer_sys::fuzz_target;

type Event = (Option<String>, Vec<u8>);

fn framed(input: &[u8], piece: usize) -> (Vec<Event>, bool) {
    let (mut framer, mut events, mut raw) = (Framer::new(), Vec::new(), Vec::new());
    for piece in input.chunks(piece) {
        framer.push(piece);
        for frame in framer.by_ref() {
            let Ok(frame) = frame else {
                return (events, true);
            };
            raw.extend_from_slice(frame.raw());
            events.push((frame.event().map(str::to_owned), frame.data().to_vec()));
        }
    }
    raw.extend_from_slice(&framer.remainder().unwrap_or_default());
    assert_eq!(raw, input, "the bytes that came");
    (events, false)
}

/// A message with these headers and this payload that are not looked at before its checksums are.
fn message(input: &[u8]) -> Vec<u8> {
    let (headers, body) = input.split_first().map_or((0, input), |(n, rest)| (*n, rest));
    let mut out = u32::try_from(body.len() + 16)
        .expect("inputs are short")
        .to_be_bytes()
        .to_vec();
    out.extend(u32::from(headers).to_be_bytes());
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out.extend(body);
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out
}

fuzz_target!(|input: &[u8]| {
    for stream in [input.to_vec(), message(input)] {
        let whole = framed(&stream, usize::MAX);
        for piece in [1, 7] {
            assert_eq!(framed(&stream, piece), whole, "in pieces of {piece}");
        }
        let (mut reader, mut deltas) = (StreamReader::new(Dialect::Bedrock), Vec::new());
        for (name, data) in &whole.0 {
            reader.event(name.as_deref(), data, &mut deltas);
        }
        assert!(deltas.len() >= whole.0.len(), "every event says something");
    }
});
