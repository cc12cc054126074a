//! Streams, written, as messages of an event stream: `messageStart`, the blocks each under its own number,
//! `messageStop` with the reason, and `metadata` with the usage.

use super::{
    block::{REDACTED, shown},
    stop_reason, write_usage,
};
use crate::provider::{
    chat::{Delta, Finish, Usage},
    eventstream,
    translate::{json::Object, media},
};
use bytes::BytesMut;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default)]
pub(crate) struct StreamWriter {
    started: bool,
    next: u32,
    /// The block of text or reasoning that is being told.
    open: Option<(Kind, u32)>,
    /// The block of each call; calls may be told by turns, and all end at the end.
    calls: BTreeMap<u32, u32>,
    usage: Usage,
    finish: Option<Finish>,
    /// What the last event says besides.
    mark: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Reasoning,
}

impl StreamWriter {
    pub(crate) fn write(&mut self, delta: &Delta, out: &mut BytesMut) {
        match delta {
            Delta::Text(text) => self.tell(Kind::Text, &json!({ "text": text }), out),
            Delta::Reasoning(text) => self.reason(&json!({ "text": text }), out),
            Delta::Signature(sealed) => self.sign(sealed, out),
            Delta::ToolStart {
                index,
                id,
                name,
                signature,
            } => {
                if let Some(sealed) = signature {
                    self.sign(sealed, out);
                }
                self.close(out);
                let block = self.number(out);
                self.calls.insert(*index, block);
                let call = json!({ "toolUseId": media::tool_id(id), "name": name });
                let start = json!({ "contentBlockIndex": block, "start": { "toolUse": call } });
                put(out, "contentBlockStart", &start);
            }
            Delta::ToolArgs { index, json } => {
                if let Some(block) = self.calls.get(index) {
                    let delta = json!({ "toolUse": { "input": json } });
                    put_delta(out, *block, &delta);
                }
            }
            Delta::Usage(usage) => self.usage = *usage,
            Delta::Finish(finish) => self.finish = Some(*finish),
            Delta::Start { .. } | Delta::Life | Delta::Error(_) | Delta::Malformed | Delta::End => {
            }
        }
    }

    pub(crate) fn mark(&mut self, mark: Value) {
        self.mark = Some(mark);
    }

    pub(crate) fn finish(&mut self, out: &mut BytesMut) {
        self.start(out);
        self.close(out);
        for block in std::mem::take(&mut self.calls).into_values() {
            put_stop(out, block);
        }
        let reason = stop_reason(self.finish.unwrap_or(Finish::Stop));
        put(out, "messageStop", &json!({ "stopReason": reason }));
        let mut metadata = Object::default();
        metadata.put("usage", write_usage(&self.usage));
        metadata.put_some("breakerbox", self.mark.take());
        put(out, "metadata", &metadata.into());
    }

    fn start(&mut self, out: &mut BytesMut) {
        if !std::mem::replace(&mut self.started, true) {
            put(out, "messageStart", &json!({ "role": "assistant" }));
        }
    }

    fn number(&mut self, out: &mut BytesMut) -> u32 {
        self.start(out);
        let number = self.next;
        self.next = self.next.saturating_add(1);
        number
    }

    fn reason(&mut self, said: &Value, out: &mut BytesMut) {
        self.tell(Kind::Reasoning, &json!({ "reasoningContent": said }), out);
    }

    /// A signature ends the reasoning that it signs.
    fn sign(&mut self, sealed: &str, out: &mut BytesMut) {
        let signature = shown(sealed);
        match signature.strip_prefix(REDACTED) {
            Some(data) => self.reason(&json!({ "redactedContent": data }), out),
            None => self.reason(&json!({ "signature": signature }), out),
        }
        self.close(out);
    }

    fn tell(&mut self, kind: Kind, delta: &Value, out: &mut BytesMut) {
        let block = match self.open {
            Some((open, block)) if open == kind => block,
            _ => {
                self.close(out);
                let block = self.number(out);
                self.open = Some((kind, block));
                block
            }
        };
        put_delta(out, block, delta);
    }

    fn close(&mut self, out: &mut BytesMut) {
        if let Some((_, block)) = self.open.take() {
            put_stop(out, block);
        }
    }
}

fn put_delta(out: &mut BytesMut, block: u32, delta: &Value) {
    let event = json!({ "contentBlockIndex": block, "delta": delta });
    put(out, "contentBlockDelta", &event);
}

fn put_stop(out: &mut BytesMut, block: u32) {
    let event = json!({ "contentBlockIndex": block });
    put(out, "contentBlockStop", &event);
}

fn put(out: &mut BytesMut, name: &str, event: &Value) {
    eventstream::put_event(out, name, event.to_string().as_bytes());
}
