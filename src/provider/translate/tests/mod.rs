//! Translation as a whole: recorded traffic, round trips, and what only shows between two dialects.

mod fixtures;
mod halves;
mod responses;
mod round_trip;
mod streams;

use super::{Collector, Reply, StreamReader, StreamWriter};
use crate::{
    model::Dialect,
    provider::{
        chat::{Answer, Delta, Part},
        frames::Framer,
    },
};
use bytes::BytesMut;

/// Server-sent events of a whole text: name and data.
pub(crate) fn events(text: &str) -> Vec<(Option<String>, String)> {
    let field = |block: &str, name: &str| {
        let values: Vec<_> = block
            .lines()
            .filter_map(|l| l.strip_prefix(name))
            .map(|v| v.trim_start().to_owned())
            .collect();
        (!values.is_empty()).then(|| values.join("\n"))
    };
    text.replace("\r\n", "\n")
        .split("\n\n")
        .filter_map(|block| Some((field(block, "event:"), field(block, "data:")?)))
        .collect()
}

/// The events of a whole stream, however its dialect frames them.
pub(crate) fn framed(dialect: Dialect, stream: &[u8]) -> Vec<(Option<String>, String)> {
    let mut framer = Framer::new(dialect);
    framer.push(stream);
    let whole: Vec<_> = framer.by_ref().map(Result::unwrap).collect();
    assert!(
        framer.remainder().is_none(),
        "{dialect}: ends inside an event"
    );
    let text = |data: &[u8]| String::from_utf8_lossy(data).into_owned();
    whole
        .iter()
        .filter(|f| !f.is_comment())
        .map(|f| (f.event().map(str::to_owned), text(f.data())))
        .collect()
}

pub(crate) fn read(dialect: Dialect, events: &[(Option<String>, String)]) -> Vec<Delta> {
    let mut reader = StreamReader::new(dialect);
    let mut out = Vec::new();
    for (name, data) in events {
        reader.event(name.as_deref(), data.as_bytes(), &mut out);
    }
    out
}

/// The stream of a dialect that is text.
pub(crate) fn write(dialect: Dialect, deltas: &[Delta]) -> String {
    String::from_utf8(bytes(dialect, deltas)).unwrap()
}

pub(crate) fn bytes(dialect: Dialect, deltas: &[Delta]) -> Vec<u8> {
    let mut writer = StreamWriter::new(dialect, Reply::default(), true);
    let mut out = BytesMut::new();
    for delta in deltas {
        writer.write(delta, &mut out);
    }
    writer.finish(&mut out);
    out.to_vec()
}

pub(crate) fn collect(deltas: &[Delta]) -> Answer {
    let mut collector = Collector::default();
    for delta in deltas {
        collector.push(delta);
    }
    collector.answer()
}

/// What a caller acts on: names and arguments of the calls, in order.
pub(crate) fn calls(answer: &Answer) -> Vec<(String, serde_json::Value)> {
    answer
        .parts
        .iter()
        .filter_map(|p| match p {
            Part::ToolUse { name, input, .. } => Some((name.clone(), input.clone())),
            _ => None,
        })
        .collect()
}

/// The payloads of a stream, in order, without the end mark.
pub(crate) fn data(stream: &str) -> Vec<serde_json::Value> {
    events(stream)
        .iter()
        .filter(|(_, d)| d != "[DONE]")
        .map(|(_, d)| serde_json::from_str(d).unwrap())
        .collect()
}
