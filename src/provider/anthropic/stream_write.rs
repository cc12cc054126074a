//! Anthropic's streams, written, in the order that the official clients' accumulators want: `message_start`, then
//! the blocks one after the other, each started, told and stopped under its own number, then `message_delta` with
//! the stop reason and the usage, then `message_stop`.

use super::{
    answer::shown, block, default_finish, stop_reason, stream::Told, tool_id, write_usage,
};
use crate::provider::{
    chat::{Delta, Finish, Usage},
    translate::{Reply, stream::put_event},
};
use bytes::BytesMut;
use serde_json::{Value, json};
use std::collections::VecDeque;

#[derive(Debug, Clone)]
pub(crate) struct StreamWriter {
    reply: Reply,
    id: String,
    model: String,
    started: bool,
    /// The first is being told; those behind it wait. Other dialects may mix parallel calls, this one tells one
    /// block at a time.
    blocks: VecDeque<Block>,
    next: u32,
    called_tools: bool,
    usage: Usage,
    finish: Option<Finish>,
}

#[derive(Debug, Clone)]
struct Block {
    kind: Kind,
    number: Option<u32>,
    /// What came while another block was being told.
    waiting: Vec<Value>,
}

#[derive(Debug, Clone)]
enum Kind {
    Text,
    Thinking {
        signed: bool,
    },
    /// Told by its head alone.
    Redacted(Value),
    Call {
        index: u32,
        id: String,
        name: String,
        arguments: String,
    },
}

impl StreamWriter {
    pub(crate) fn new(reply: Reply) -> Self {
        Self {
            reply,
            id: String::new(),
            model: String::new(),
            started: false,
            blocks: VecDeque::new(),
            next: 0,
            called_tools: false,
            usage: Usage::default(),
            finish: None,
        }
    }

    pub(crate) fn write(&mut self, delta: &Delta, out: &mut BytesMut) {
        match delta {
            Delta::Start { id, model } if !self.started => {
                self.id.clone_from(id);
                self.model.clone_from(model);
            }
            Delta::Text(text) => {
                self.open(|k| matches!(k, Kind::Text), || Kind::Text, out);
                self.tell(json!({ "type": "text_delta", "text": text }), out);
            }
            Delta::Reasoning(text) => {
                self.thinking(out);
                self.tell(json!({ "type": "thinking_delta", "thinking": text }), out);
            }
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
                self.called_tools = true;
                let call = || Kind::Call {
                    index: *index,
                    id: tool_id(id),
                    name: name.clone(),
                    arguments: String::new(),
                };
                self.open(|_| false, call, out);
            }
            Delta::ToolArgs { index, json } => self.arguments(*index, json, out),
            Delta::Usage(usage) => self.usage = *usage,
            Delta::Finish(finish) => self.finish = Some(*finish),
            Delta::Life if self.started => put_event(out, Some("ping"), &json!({ "type": "ping" })),
            _ => {}
        }
    }

    /// Goes on after blocks that somebody else told, under their numbers. What this writer was given of them before
    /// was written for nobody.
    pub(crate) fn take_over(&mut self, told: &Told) {
        let last = self.blocks.pop_back().map(|block| block.kind);
        self.blocks.clear();
        self.next = told.blocks;
        let Some(open) = &told.open else { return };
        let kind = match (open.as_str(), last) {
            ("text", _) => Kind::Text,
            ("thinking", Some(kind @ Kind::Thinking { .. }))
            | ("tool_use", Some(kind @ Kind::Call { .. })) => kind,
            ("thinking", _) => Kind::Thinking { signed: false },
            // Nothing can be added to it: it is only stopped.
            _ => Kind::Redacted(Value::Null),
        };
        self.blocks.push_back(Block {
            kind,
            number: told.blocks.checked_sub(1),
            waiting: Vec::new(),
        });
    }

    pub(crate) fn mark(&mut self, mark: Value) {
        self.reply.mark = Some(mark);
    }

    pub(crate) fn finish(&mut self, out: &mut BytesMut) {
        self.start(out);
        while !self.blocks.is_empty() {
            self.close_first(out);
        }
        let finish = self.finish.unwrap_or(default_finish(self.called_tools));
        let mut delta = json!({
            "type": "message_delta",
            "delta": { "stop_reason": stop_reason(finish), "stop_sequence": null },
            "usage": write_usage(&self.usage),
        });
        self.reply.put_mark(&mut delta);
        put_event(out, Some("message_delta"), &delta);
        put_event(
            out,
            Some("message_stop"),
            &json!({ "type": "message_stop" }),
        );
    }

    /// Written with the first content, when the usage of the input is known if it ever is.
    fn start(&mut self, out: &mut BytesMut) {
        if self.started {
            return;
        }
        self.started = true;
        let message = json!({
            "id": self.reply.id_or(&self.id),
            "type": "message",
            "role": "assistant",
            "model": self.reply.model_or(&self.model),
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            "usage": write_usage(&Usage { output: 0, reasoning: 0, ..self.usage }),
        });
        put_event(
            out,
            Some("message_start"),
            &json!({ "type": "message_start", "message": message }),
        );
    }

    fn thinking(&mut self, out: &mut BytesMut) {
        let unsigned = |k: &Kind| matches!(k, Kind::Thinking { signed: false });
        self.open(unsigned, || Kind::Thinking { signed: false }, out);
    }

    /// A signature ends its thinking block; without one it gets an empty one.
    fn sign(&mut self, sealed: &str, out: &mut BytesMut) {
        let signature = shown(Some(sealed));
        let written = block::write_thinking("", &signature);
        if written.get("data").is_some() {
            self.open(|_| false, || Kind::Redacted(written), out);
            return;
        }
        self.thinking(out);
        if let Some(Block {
            kind: Kind::Thinking { signed },
            ..
        }) = self.blocks.back_mut()
        {
            *signed = true;
        }
        self.tell(
            json!({ "type": "signature_delta", "signature": signature }),
            out,
        );
    }

    /// Makes sure that the last block is one that `fits`, or begins one.
    fn open(
        &mut self,
        fits: impl Fn(&Kind) -> bool,
        new: impl FnOnce() -> Kind,
        out: &mut BytesMut,
    ) {
        self.start(out);
        if self.blocks.back().is_some_and(|b| fits(&b.kind)) {
            return;
        }
        self.close_told(0, out);
        self.blocks.push_back(Block {
            kind: new(),
            number: None,
            waiting: Vec::new(),
        });
        self.begin_first(out);
    }

    /// Stops the blocks at the front that can get nothing more (texts always, calls when their arguments are
    /// whole), but for the last few.
    fn close_told(&mut self, but: usize, out: &mut BytesMut) {
        while self.blocks.len() > but && self.blocks.front().is_some_and(|b| b.kind.is_told()) {
            self.close_first(out);
        }
    }

    fn close_first(&mut self, out: &mut BytesMut) {
        self.begin_first(out);
        let Some(block) = self.blocks.pop_front() else {
            return;
        };
        let Some(number) = block.number else { return };
        if let Kind::Thinking { signed: false } = block.kind {
            let delta = json!({ "type": "signature_delta", "signature": shown(None) });
            put_delta(number, &delta, out);
        }
        put_event(
            out,
            Some("content_block_stop"),
            &json!({ "type": "content_block_stop", "index": number }),
        );
        self.begin_first(out);
    }

    /// Starts the first block, if it is not, and tells what waited for it.
    fn begin_first(&mut self, out: &mut BytesMut) {
        let Some(block) = self.blocks.front_mut().filter(|b| b.number.is_none()) else {
            return;
        };
        let number = self.next;
        self.next += 1;
        block.number = Some(number);
        let start = json!({ "type": "content_block_start", "index": number, "content_block": block.kind.head() });
        put_event(out, Some("content_block_start"), &start);
        for delta in block.waiting.drain(..) {
            put_delta(number, &delta, out);
        }
    }

    fn tell(&mut self, delta: Value, out: &mut BytesMut) {
        if let Some(last) = self.blocks.back_mut() {
            last.tell(delta, out);
        }
    }

    fn arguments(&mut self, index: u32, json: &str, out: &mut BytesMut) {
        let block = self
            .blocks
            .iter_mut()
            .find(|b| matches!(b.kind, Kind::Call { index: i, .. } if i == index));
        let Some(block) = block else { return };
        if let Kind::Call { arguments, .. } = &mut block.kind {
            arguments.push_str(json);
        }
        block.tell(
            json!({ "type": "input_json_delta", "partial_json": json }),
            out,
        );
        self.close_told(1, out);
    }
}

impl Block {
    fn tell(&mut self, delta: Value, out: &mut BytesMut) {
        match self.number {
            Some(number) => put_delta(number, &delta, out),
            None => self.waiting.push(delta),
        }
    }
}

impl Kind {
    fn is_told(&self) -> bool {
        match self {
            Self::Text | Self::Thinking { .. } | Self::Redacted(_) => true,
            Self::Call { arguments, .. } => {
                serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok()
            }
        }
    }

    fn head(&self) -> Value {
        match self {
            Self::Text => json!({ "type": "text", "text": "" }),
            Self::Thinking { .. } => json!({ "type": "thinking", "thinking": "", "signature": "" }),
            Self::Redacted(block) => block.clone(),
            Self::Call { id, name, .. } => {
                json!({ "type": "tool_use", "id": id, "name": name, "input": {} })
            }
        }
    }
}

fn put_delta(number: u32, delta: &Value, out: &mut BytesMut) {
    let event = json!({ "type": "content_block_delta", "index": number, "delta": delta });
    put_event(out, Some("content_block_delta"), &event);
}
