//! A stream of one dialect, written in every other and read back: it says the same, as events of whole JSON.

#![no_main]

use breakerbox::{
    model::Dialect,
    provider::{
        chat::Delta,
        frames::Framer,
        translate::{Reply, StreamReader, StreamWriter},
    },
};
use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fn read(dialect: Dialect, input: &[u8]) -> Vec<Delta> {
    let (mut framer, mut reader) = (Framer::new(dialect), StreamReader::new(dialect));
    let mut deltas = Vec::new();
    framer.push(input);
    for frame in framer.by_ref().map_while(Result::ok) {
        if !frame.is_comment() {
            reader.event(frame.event(), frame.data(), &mut deltas);
        }
    }
    deltas
}

fn text(deltas: &[Delta]) -> String {
    deltas
        .iter()
        .map(|d| match d {
            Delta::Text(text) => text.as_str(),
            _ => "",
        })
        .collect()
}

fn written(to: Dialect, deltas: &[Delta]) -> BytesMut {
    let (mut writer, mut out) = (
        StreamWriter::new(to, Reply::default(), true),
        BytesMut::new(),
    );
    deltas.iter().for_each(|d| writer.write(d, &mut out));
    writer.finish(&mut out);
    out
}

fn is_whole(to: Dialect, stream: &[u8]) {
    let mut framer = Framer::new(to);
    framer.push(stream);
    for frame in framer.by_ref() {
        let frame = frame.expect("the input is shorter than the longest frame");
        let is_end = frame.data() == b"[DONE]";
        let is_json = serde_json::from_slice::<Value>(frame.data()).is_ok();
        assert!(
            frame.is_comment() || is_end || is_json,
            "{to}: {}",
            String::from_utf8_lossy(frame.data())
        );
    }
    assert!(framer.remainder().is_none(), "{to}: half an event");
}

fuzz_target!(|input: &[u8]| {
    for from in Dialect::ALL {
        let deltas = read(from, input);
        for to in Dialect::ALL {
            let out = written(to, &deltas);
            is_whole(to, &out);
            assert_eq!(text(&read(to, &out)), text(&deltas), "{from} to {to}");
        }
    }
});
