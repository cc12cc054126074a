//! OpenAI's streams, read.

use super::{finish, message::read_call_signature, read_usage};
use crate::{
    model::Dialect,
    provider::{
        chat::{Delta, Finish},
        classify,
        translate::{
            json::{list, present, text},
            media, seal,
        },
    },
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

/// An event with text. Anything else that an event can bring is refused here, and read by [`StreamReader::event`].
#[derive(Deserialize)]
struct Plain {
    choices: [PlainChoice; 1],
    #[serde(default)]
    usage: (),
    #[serde(default)]
    error: (),
}

#[derive(Deserialize)]
struct PlainChoice {
    #[serde(default)]
    index: u64,
    delta: PlainDelta,
    #[serde(default)]
    finish_reason: (),
    #[serde(default)]
    error: (),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainDelta {
    #[serde(default, rename = "role")]
    _role: IgnoredAny,
    content: String,
}

fn plain_text(data: &[u8]) -> Option<String> {
    let event: Plain = serde_json::from_str(std::str::from_utf8(data).ok()?).ok()?;
    let Plain {
        choices: [choice],
        usage: (),
        error: (),
    } = event;
    let PlainChoice {
        index,
        delta,
        finish_reason: (),
        error: (),
    } = choice;
    (index == 0).then_some(delta.content)
}

/// Where a stream stands.
#[derive(Debug, Default)]
pub(crate) struct StreamReader {
    id: String,
    started: bool,
    finished: bool,
    refused: bool,
    calls: Vec<Call>,
}

/// A tool call under way. Its place in the list is its neutral index: servers count from 1, send all parallel calls
/// as number 0, or don't count at all.
#[derive(Debug)]
struct Call {
    number: Option<u64>,
    id: String,
}

impl StreamReader {
    /// Reads the one event that streams are made of, some more text and nothing else, without building a tree of it.
    /// False: it is another; nothing was read.
    pub(crate) fn plain(&mut self, data: &[u8], out: &mut Vec<Delta>) -> bool {
        let Some(said) = self.started.then(|| plain_text(data)).flatten() else {
            return false;
        };
        out.extend(Some(said).filter(|t| !t.is_empty()).map(Delta::Text));
        true
    }

    pub(crate) fn event(&mut self, event: &Value, out: &mut Vec<Delta>) {
        if let Some(error) = present(event, "error") {
            out.push(Delta::Error(classify::error_object(Dialect::OpenAi, error)));
            return;
        }
        self.head(event, out);
        // Further choices are someone's `n`; no other dialect has them.
        let first = list(event, "choices")
            .iter()
            .find(|c| c.get("index").and_then(Value::as_u64).unwrap_or(0) == 0);
        if let Some(choice) = first {
            self.choice(choice, out);
        }
        if let Some(usage) = present(event, "usage") {
            out.push(Delta::Usage(read_usage(usage)));
        }
    }

    /// Azure's first event has neither id nor model; the head is the first event that has.
    fn head(&mut self, event: &Value, out: &mut Vec<Delta>) {
        let id = text(event, "id").unwrap_or_default();
        let model = text(event, "model").unwrap_or_default();
        if !(self.started || id.is_empty() && model.is_empty()) {
            self.started = true;
            id.clone_into(&mut self.id);
            out.push(Delta::Start {
                id: id.to_owned(),
                model: model.to_owned(),
            });
        }
    }

    fn choice(&mut self, choice: &Value, out: &mut Vec<Delta>) {
        if let Some(delta) = choice.get("delta") {
            self.delta(delta, out);
        }
        let reason = text(choice, "finish_reason").unwrap_or_default();
        if reason == "error" {
            let error = choice.get("error").unwrap_or(&Value::Null);
            out.push(Delta::Error(classify::error_object(Dialect::OpenAi, error)));
        } else if let Some(end) = finish(reason, !self.calls.is_empty()).filter(|_| !self.finished)
        {
            self.finished = true;
            out.push(Delta::Finish(if self.refused {
                Finish::Refusal
            } else {
                end
            }));
        }
    }

    fn delta(&mut self, delta: &Value, out: &mut Vec<Delta>) {
        reasoning(delta, out);
        for key in ["content", "refusal"] {
            if let Some(said) = text(delta, key).filter(|t| !t.is_empty()) {
                self.refused |= key == "refusal";
                out.push(Delta::Text(said.to_owned()));
            }
        }
        for call in list(delta, "tool_calls") {
            self.call(call, out);
        }
    }

    fn call(&mut self, call: &Value, out: &mut Vec<Delta>) {
        let number = call.get("index").and_then(Value::as_u64);
        let id = text(call, "id").filter(|id| !id.is_empty());
        let function = call.get("function").unwrap_or(&Value::Null);
        let name = text(function, "name").filter(|n| !n.is_empty());
        let open = match number {
            Some(_) => self.calls.iter().rposition(|c| c.number == number),
            None => self.calls.len().checked_sub(1),
        };
        let same =
            open.filter(|&at| id.is_none_or(|id| self.calls.get(at).is_some_and(|c| c.id == id)));
        let at = match (same, name) {
            (Some(at), _) => at,
            (None, Some(name)) => self.start(call, number, id, name, out),
            // A fragment that belongs nowhere: without a name it can't be called.
            (None, None) => match open {
                Some(at) => at,
                None => return,
            },
        };
        let arguments = function
            .get("arguments")
            .map(|a| a.as_str().map_or_else(|| a.to_string(), str::to_owned));
        if let Some(json) = arguments.filter(|a| !a.is_empty() && a != "null") {
            out.push(Delta::ToolArgs {
                index: u32::try_from(at).unwrap_or(u32::MAX),
                json,
            });
        }
    }

    fn start(
        &mut self,
        call: &Value,
        number: Option<u64>,
        id: Option<&str>,
        name: &str,
        out: &mut Vec<Delta>,
    ) -> usize {
        let at = self.calls.len();
        let id = id.map_or_else(|| media::made_up_id(&self.id, at, name), str::to_owned);
        self.calls.push(Call {
            number,
            id: id.clone(),
        });
        out.push(Delta::ToolStart {
            index: u32::try_from(at).unwrap_or(u32::MAX),
            id,
            name: name.to_owned(),
            signature: read_call_signature(call),
        });
        at
    }
}

/// OpenRouter says the same twice, in `reasoning` and in `reasoning_details`; only the latter has signatures.
fn reasoning(delta: &Value, out: &mut Vec<Delta>) {
    let plain = text(delta, "reasoning_content")
        .or_else(|| text(delta, "reasoning"))
        .filter(|t| !t.is_empty());
    let details = list(delta, "reasoning_details");
    if let Some(said) = plain {
        out.push(Delta::Reasoning(said.to_owned()));
    } else {
        let texts = details
            .iter()
            .filter_map(|d| text(d, "text").or_else(|| text(d, "summary")));
        out.extend(
            texts
                .filter(|t| !t.is_empty())
                .map(|t| Delta::Reasoning(t.to_owned())),
        );
    }
    let signatures = details
        .iter()
        .filter_map(|d| seal::read(Dialect::OpenAi, text(d, "signature")?));
    out.extend(signatures.map(Delta::Signature));
}
