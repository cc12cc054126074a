//! Translation as a whole: recorded traffic, round trips, and what only shows between two dialects.

mod fixtures;
mod halves;
mod round_trip;
mod streams;

use super::{Collector, Reply, StreamReader, StreamWriter};
use crate::{
    model::Dialect,
    provider::chat::{Answer, Delta, Part},
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

pub(crate) fn read(dialect: Dialect, events: &[(Option<String>, String)]) -> Vec<Delta> {
    let mut reader = StreamReader::new(dialect);
    let mut out = Vec::new();
    for (name, data) in events {
        reader.event(name.as_deref(), data.as_bytes(), &mut out);
    }
    out
}

pub(crate) fn write(dialect: Dialect, deltas: &[Delta]) -> String {
    let mut writer = StreamWriter::new(dialect, Reply::default(), true);
    let mut out = BytesMut::new();
    for delta in deltas {
        writer.write(delta, &mut out);
    }
    writer.finish(&mut out);
    String::from_utf8(out.to_vec()).unwrap()
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
