//! Anthropic's streams, read.

use super::{block, explanation, finish, read_usage};
use crate::{
    model::{Class, Dialect, Verdict},
    provider::{
        chat::{Delta, Finish, Usage},
        classify,
        translate::{
            json::{present, text},
            seal,
        },
    },
};
use serde_json::Value;
use std::collections::HashMap;

/// Where a stream stands.
#[derive(Debug, Default)]
pub(crate) struct StreamReader {
    id: Option<String>,
    /// Blocks of the provider's own tools, whose arguments are nobody's, are not in here.
    calls: HashMap<u64, Call>,
    said_something: bool,
    usage: Usage,
    told: Told,
}

/// How far the blocks of a stream have been told, for whoever goes on with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(super) blocks: u32,
    /// The type of the block that has been started and not stopped.
    pub(super) open: Option<String>,
}

#[derive(Debug)]
struct Call {
    index: u32,
    /// Input that came with the start of the block, for servers that send it there and not in pieces.
    whole: Option<String>,
}

impl StreamReader {
    pub(crate) fn told(&self) -> &Told {
        &self.told
    }

    pub(crate) fn event(&mut self, name: Option<&str>, event: &Value, out: &mut Vec<Delta>) {
        let kind = text(event, "type").or(name).unwrap_or_default();
        let index = event.get("index").and_then(Value::as_u64).unwrap_or(0);
        match kind {
            "message_start" => self.message_start(event, out),
            "content_block_start" => self.block_start(index, event.get("content_block"), out),
            "content_block_delta" => self.block_delta(index, event.get("delta"), out),
            "content_block_stop" => self.block_stop(index, out),
            "message_delta" => self.message_delta(event, out),
            "message_stop" => out.push(Delta::End),
            "error" => out.push(Delta::Error(classify::error_object(
                Dialect::Anthropic,
                event.get("error").unwrap_or(event),
            ))),
            _ => out.push(Delta::Life),
        }
    }

    /// A second start is harmless while nothing was said and the message is the same; otherwise two answers have
    /// been spliced, and neither is whole.
    fn message_start(&mut self, event: &Value, out: &mut Vec<Delta>) {
        let message = event.get("message").unwrap_or(&Value::Null);
        let id = text(message, "id").unwrap_or_default();
        match &self.id {
            None => {
                let model = text(message, "model").unwrap_or_default().to_owned();
                self.id = Some(id.to_owned());
                out.push(Delta::Start {
                    id: id.to_owned(),
                    model,
                });
                self.usage(message, out);
            }
            Some(first) if first == id && !self.said_something => out.push(Delta::Life),
            Some(_) => out.push(Delta::Error(Verdict::new(Class::Fault, "spliced_stream"))),
        }
    }

    fn block_start(&mut self, index: u64, block: Option<&Value>, out: &mut Vec<Delta>) {
        let Some(block) = block else { return };
        self.told = Told {
            blocks: u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1),
            open: text(block, "type").map(str::to_owned),
        };
        let field = |key: &str| {
            text(block, key)
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
        };
        match text(block, "type").unwrap_or_default() {
            "text" => out.extend(field("text").map(Delta::Text)),
            "thinking" => {
                out.extend(field("thinking").map(Delta::Reasoning));
                out.extend(signature(block));
            }
            "redacted_thinking" => {
                out.extend(field("data").map(|d| Delta::Signature(block::seal_redacted(&d))));
            }
            "tool_use" => {
                let at = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
                let input = block
                    .get("input")
                    .filter(|i| i.as_object().is_some_and(|o| !o.is_empty()));
                self.calls.insert(
                    index,
                    Call {
                        index: at,
                        whole: input.map(Value::to_string),
                    },
                );
                self.said_something = true;
                out.push(Delta::ToolStart {
                    index: at,
                    id: field("id").unwrap_or_default(),
                    name: field("name").unwrap_or_default(),
                    signature: None,
                });
            }
            _ => out.push(Delta::Life),
        }
    }

    fn block_delta(&mut self, index: u64, delta: Option<&Value>, out: &mut Vec<Delta>) {
        let Some(delta) = delta else { return };
        let field = |key: &str| {
            text(delta, key)
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
        };
        let before = out.len();
        match text(delta, "type").unwrap_or_default() {
            "text_delta" => out.extend(field("text").map(Delta::Text)),
            "thinking_delta" => out.extend(field("thinking").map(Delta::Reasoning)),
            "signature_delta" => out.extend(signature(delta)),
            "input_json_delta" => {
                if let Some((call, json)) = self.calls.get_mut(&index).zip(field("partial_json")) {
                    call.whole = None;
                    out.push(Delta::ToolArgs {
                        index: call.index,
                        json,
                    });
                }
            }
            _ => {}
        }
        self.said_something |= out.len() > before;
    }

    fn block_stop(&mut self, index: u64, out: &mut Vec<Delta>) {
        self.told.open = None;
        if let Some(call) = self.calls.get_mut(&index)
            && let Some(json) = call.whole.take()
        {
            out.push(Delta::ToolArgs {
                index: call.index,
                json,
            });
        }
    }

    fn message_delta(&mut self, event: &Value, out: &mut Vec<Delta>) {
        self.usage(event, out);
        let delta = event.get("delta").unwrap_or(&Value::Null);
        if let Some(reason) = present(delta, "stop_reason").and_then(Value::as_str) {
            let end = finish(reason);
            if end == Finish::Refusal && !self.said_something {
                out.extend(explanation(delta).map(|t| Delta::Text(t.to_owned())));
            }
            out.push(Delta::Finish(end));
        }
    }

    fn usage(&mut self, holder: &Value, out: &mut Vec<Delta>) {
        if let Some(usage) = present(holder, "usage") {
            self.usage = read_usage(usage, self.usage);
            out.push(Delta::Usage(self.usage));
        }
    }
}

fn signature(holder: &Value) -> Option<Delta> {
    seal::read(Dialect::Anthropic, text(holder, "signature")?).map(Delta::Signature)
}
