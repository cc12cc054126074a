//! OpenAI's streams, written: the role first, then content, the finish reason, the usage if asked for, `[DONE]`.

use super::{answer, finish_reason, write_usage};
use crate::provider::{
    chat::{Delta, Finish, Usage},
    translate::{Reply, json::Object, stream::put_event},
};
use bytes::BytesMut;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(crate) struct StreamWriter {
    reply: Reply,
    include_usage: bool,
    id: String,
    model: String,
    role_sent: bool,
    called_tools: bool,
    usage: Usage,
    finish: Option<Finish>,
}

impl StreamWriter {
    pub(crate) fn new(reply: Reply, include_usage: bool) -> Self {
        Self {
            reply,
            include_usage,
            id: String::new(),
            model: String::new(),
            role_sent: false,
            called_tools: false,
            usage: Usage::default(),
            finish: None,
        }
    }

    pub(crate) fn write(&mut self, delta: &Delta, out: &mut BytesMut) {
        match delta {
            Delta::Start { id, model } if !self.role_sent => {
                self.id.clone_from(id);
                self.model.clone_from(model);
            }
            Delta::Text(text) => self.delta(&json!({ "content": text }), out),
            Delta::Reasoning(text) => self.delta(&json!({ "reasoning_content": text }), out),
            Delta::Signature(sealed) => {
                let detail = answer::reasoning_detail("", sealed);
                self.delta(&json!({ "reasoning_details": [detail] }), out);
            }
            Delta::ToolStart {
                index,
                id,
                name,
                signature,
            } => {
                self.called_tools = true;
                let mut call = Object::default();
                call.put("index", *index);
                let rest = answer::write_call(id, name, "", signature.as_deref());
                self.delta(&json!({ "tool_calls": [call.with(rest)] }), out);
            }
            Delta::ToolArgs { index, json } => {
                let call = json!({ "index": index, "function": { "arguments": json } });
                self.delta(&json!({ "tool_calls": [call] }), out);
            }
            Delta::Usage(usage) => self.usage = *usage,
            Delta::Finish(finish) => self.finish = Some(*finish),
            // A comment keeps the line alive and no client reads it.
            Delta::Life if self.role_sent => out.extend_from_slice(b": alive\n\n"),
            _ => {}
        }
    }

    pub(crate) fn mark(&mut self, mark: Value) {
        self.reply.mark = Some(mark);
    }

    pub(crate) fn finish(&mut self, out: &mut BytesMut) {
        self.role(out);
        let default = if self.called_tools {
            Finish::ToolUse
        } else {
            Finish::Stop
        };
        let reason = finish_reason(self.finish.unwrap_or(default));
        let choice = json!({ "index": 0, "delta": {}, "logprobs": null, "finish_reason": reason });
        let mut last = self.chunk(json!([choice]), None);
        self.reply.put_mark(&mut last);
        put_event(out, None, &last);
        if self.include_usage {
            put_event(
                out,
                None,
                &self.chunk(json!([]), Some(write_usage(&self.usage))),
            );
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    fn role(&mut self, out: &mut BytesMut) {
        if !self.role_sent {
            self.role_sent = true;
            self.delta(&json!({ "role": "assistant", "content": "" }), out);
        }
    }

    fn delta(&mut self, delta: &Value, out: &mut BytesMut) {
        self.role(out);
        let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null });
        put_event(out, None, &self.chunk(json!([choice]), None));
    }

    /// With usage asked for, every chunk has the field, and it is null until the last.
    fn chunk(&self, choices: Value, usage: Option<Value>) -> Value {
        let mut chunk = Object::default();
        chunk.put("id", self.reply.id_or(&self.id));
        chunk.put("object", "chat.completion.chunk");
        chunk.put("created", self.reply.created);
        chunk.put("model", self.reply.model_or(&self.model));
        chunk.put("choices", choices);
        if self.include_usage {
            chunk.put("usage", usage.unwrap_or(Value::Null));
        }
        chunk.into()
    }
}
