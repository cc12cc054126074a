//! Gemini's streams, written: every event is a small answer. A call is told when its arguments are whole.

use super::{
    answer::{envelope, write_part},
    signature::shown,
    write_usage,
};
use crate::provider::{
    chat::{Delta, Finish, Part, Usage},
    translate::{Reply, json::arguments, stream::put_event},
};
use bytes::BytesMut;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub(crate) struct StreamWriter {
    reply: Reply,
    id: String,
    model: String,
    calls: BTreeMap<u32, (Part, String)>,
    usage: Usage,
    finish: Option<Finish>,
}

impl StreamWriter {
    pub(crate) fn new(reply: Reply) -> Self {
        Self {
            reply,
            id: String::new(),
            model: String::new(),
            calls: BTreeMap::new(),
            usage: Usage::default(),
            finish: None,
        }
    }

    pub(crate) fn write(&mut self, delta: &Delta, out: &mut BytesMut) {
        match delta {
            Delta::Start { id, model } => {
                self.id.clone_from(id);
                self.model.clone_from(model);
            }
            Delta::Text(text) => self.put(&json!({ "text": text }), out),
            Delta::Reasoning(text) => self.put(&json!({ "text": text, "thought": true }), out),
            Delta::Signature(sealed) => self.put(
                &json!({ "text": "", "thoughtSignature": shown(sealed) }),
                out,
            ),
            Delta::ToolStart {
                index,
                id,
                name,
                signature,
            } => {
                let call = Part::ToolUse {
                    id: id.clone(),
                    name: name.clone(),
                    input: Value::Null,
                    signature: signature.clone(),
                };
                self.calls.insert(*index, (call, String::new()));
            }
            Delta::ToolArgs { index, json } => {
                if let Some((_, so_far)) = self.calls.get_mut(index) {
                    so_far.push_str(json);
                }
            }
            Delta::Usage(usage) => self.usage = *usage,
            Delta::Finish(finish) => self.finish = Some(*finish),
            Delta::Life | Delta::Error(_) | Delta::Malformed | Delta::End => {}
        }
    }

    pub(crate) fn mark(&mut self, mark: Value) {
        self.reply.mark = Some(mark);
    }

    pub(crate) fn finish(&mut self, out: &mut BytesMut) {
        let parts: Vec<Value> = std::mem::take(&mut self.calls)
            .into_values()
            .filter_map(|(mut call, json)| {
                if let Part::ToolUse { input, .. } = &mut call {
                    *input = arguments(&json);
                }
                write_part(&call)
            })
            .collect();
        self.chunk(&parts, Some(self.finish.unwrap_or(Finish::Stop)), out);
    }

    /// The calls so far need not be told at the end: the caller has them.
    pub(crate) fn has_told_calls(&mut self) {
        self.calls.clear();
    }

    fn put(&self, part: &Value, out: &mut BytesMut) {
        self.chunk(std::slice::from_ref(part), None, out);
    }

    fn chunk(&self, parts: &[Value], finish: Option<Finish>, out: &mut BytesMut) {
        let mut chunk: Value = envelope(
            parts,
            finish,
            self.reply.id_or(&self.id),
            self.reply.model_or(&self.model),
        )
        .tap(|o| o.put("usageMetadata", write_usage(&self.usage)))
        .into();
        if finish.is_some() {
            self.reply.put_mark(&mut chunk);
        }
        put_event(out, None, &chunk);
    }
}
