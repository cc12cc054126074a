//! Streams of the Responses API, read. Items are told by their place in the output (`output_index`).

use super::{
    custom, finish, item, read_usage,
    told::{Item, Kind, Told},
};
use crate::{
    model::Dialect,
    provider::{
        chat::{Delta, Part},
        classify,
        translate::{
            json::{list, present, text},
            media, seal,
        },
    },
};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;

/// An event with some more text.
#[derive(Deserialize)]
struct Plain<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    output_index: u64,
    delta: String,
    #[serde(default)]
    sequence_number: Option<u64>,
}

/// Where a stream stands.
#[derive(Debug, Default)]
pub(crate) struct StreamReader {
    started: bool,
    ended: bool,
    refused: bool,
    calls: u32,
    told: Told,
}

impl StreamReader {
    /// What somebody who goes on with this stream has to know.
    pub(crate) const fn told(&self) -> &Told {
        &self.told
    }

    /// Reads the one event that streams are made of without building a tree of it. False: it is another; nothing was
    /// read.
    pub(crate) fn plain(&mut self, data: &[u8], out: &mut Vec<Delta>) -> bool {
        let plain = std::str::from_utf8(data)
            .ok()
            .filter(|_| self.started)
            .and_then(|text| serde_json::from_str::<Plain<'_>>(text).ok())
            .filter(|p| p.r#type == "response.output_text.delta");
        let Some(plain) = plain else {
            return false;
        };
        self.count(plain.sequence_number);
        self.text(plain.output_index, &plain.delta, out);
        true
    }

    fn count(&mut self, number: Option<u64>) {
        self.told.events = number.unwrap_or(self.told.events) + 1;
    }

    pub(crate) fn event(&mut self, name: Option<&str>, event: &Value, out: &mut Vec<Delta>) {
        let kind = text(event, "type").or(name).unwrap_or_default();
        let at = event
            .get("output_index")
            .and_then(Value::as_u64)
            .unwrap_or(0);
        let delta = || text(event, "delta").unwrap_or_default();
        self.count(event.get("sequence_number").and_then(Value::as_u64));
        match kind {
            "error" => out.push(Delta::Error(classify::error_object(
                Dialect::Responses,
                event,
            ))),
            "response.created" | "response.queued" | "response.in_progress" => {
                self.start(event, out);
            }
            "response.output_item.added" => self.added(at, event, out),
            "response.output_text.delta" => self.text(at, delta(), out),
            "response.refusal.delta" => {
                self.refused = true;
                self.text(at, delta(), out);
            }
            "response.output_text.done" => self.whole(at, event, "text", out),
            "response.refusal.done" => {
                self.refused = true;
                self.whole(at, event, "refusal", out);
            }
            "response.reasoning_summary_part.added"
                if event.get("summary_index").and_then(Value::as_u64) > Some(0) =>
            {
                self.reasoning(at, item::BETWEEN, out);
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.reasoning(at, delta(), out);
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.arguments(at, delta(), out);
            }
            "response.output_item.done" => self.done(at, event, out),
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.end(event, out);
            }
            // A tool that the provider runs by itself, or a kind of reasoning that is new: it is at work.
            _ if event.get("output_index").is_some() => out.push(Delta::Reasoning(String::new())),
            _ => {}
        }
    }

    fn start(&mut self, event: &Value, out: &mut Vec<Delta>) {
        let Some(response) = event.get("response").filter(|_| !self.started) else {
            return;
        };
        self.started = true;
        self.told.created = response.get("created_at").and_then(Value::as_u64);
        let field = |key| text(response, key).unwrap_or_default().to_owned();
        out.push(Delta::Start {
            id: field("id"),
            model: field("model"),
        });
    }

    fn added(&mut self, at: u64, event: &Value, out: &mut Vec<Delta>) {
        let Some(item) = event.get("item") else {
            return;
        };
        match text(item, "type").unwrap_or_default() {
            "message" => {
                self.item(at, item, Kind::Message);
            }
            "function_call" | "custom_tool_call" => self.call(at, item, out),
            // A model that thinks, or has something looked up, is alive.
            "reasoning" => {
                self.item(at, item, Kind::Reasoning { sealed: None });
                out.push(Delta::Reasoning(String::new()));
            }
            _ => {
                self.item(at, item, Kind::Other(item.clone()));
                out.push(Delta::Reasoning(String::new()));
            }
        }
    }

    /// The item at this place, which begins with this if it has not.
    fn item(&mut self, at: u64, item: &Value, kind: Kind) -> &mut Item {
        let id = || text(item, "id").unwrap_or_default().to_owned();
        self.told
            .items
            .entry(at)
            .or_insert_with(|| Item::new(id(), kind))
    }

    fn call(&mut self, at: u64, item: &Value, out: &mut Vec<Delta>) {
        let name = text(item, "name")
            .or_else(|| text(item, "type"))
            .unwrap_or_default();
        let is_custom = text(item, "type") == Some("custom_tool_call");
        let index = self.calls;
        self.calls += 1;
        let id = text(item, "call_id")
            .or_else(|| text(item, "id"))
            .filter(|id| !id.is_empty());
        let id = id.map_or_else(
            || media::made_up_id("", usize::try_from(index).unwrap_or(0), name),
            str::to_owned,
        );
        let kind = Kind::Call {
            index,
            id: id.clone(),
            name: name.to_owned(),
            custom: is_custom,
        };
        let own = text(item, "id").unwrap_or_default().to_owned();
        self.told.items.insert(at, Item::new(own, kind));
        out.push(Delta::ToolStart {
            index,
            id,
            name: name.to_owned(),
            signature: None,
        });
        if is_custom {
            let json = custom::OPENS.to_owned();
            out.push(Delta::ToolArgs { index, json });
        }
    }

    fn text(&mut self, at: u64, said: &str, out: &mut Vec<Delta>) {
        if !said.is_empty() {
            self.item(at, &Value::Null, Kind::Message)
                .told
                .push_str(said);
            out.push(Delta::Text(said.to_owned()));
        }
    }

    fn reasoning(&mut self, at: u64, said: &str, out: &mut Vec<Delta>) {
        let kind = Kind::Reasoning { sealed: None };
        self.item(at, &Value::Null, kind).told.push_str(said);
        out.push(Delta::Reasoning(said.to_owned()));
    }

    fn is_told(&self, at: u64) -> bool {
        self.told.items.get(&at).is_some_and(|i| !i.told.is_empty())
    }

    /// A text that some servers tell as a whole only.
    fn whole(&mut self, at: u64, event: &Value, key: &str, out: &mut Vec<Delta>) {
        if !self.is_told(at) {
            self.text(at, text(event, key).unwrap_or_default(), out);
        }
    }

    /// More of a function's arguments, or of the text of a custom tool.
    fn arguments(&mut self, at: u64, said: &str, out: &mut Vec<Delta>) {
        if let Some(Item {
            kind: Kind::Call { index, custom, .. },
            told,
            ..
        }) = self.told.items.get_mut(&at)
            && !said.is_empty()
        {
            told.push_str(said);
            out.push(Delta::ToolArgs {
                index: *index,
                json: if *custom {
                    custom::escaped(said)
                } else {
                    said.to_owned()
                },
            });
        }
    }

    /// The whole of an item: what was not told in pieces is told now.
    fn done(&mut self, at: u64, event: &Value, out: &mut Vec<Delta>) {
        let Some(item) = event.get("item") else {
            return;
        };
        match text(item, "type").unwrap_or_default() {
            "message" => {
                for content in list(item, "content") {
                    let refusal = text(content, "refusal").map(|_| "refusal");
                    self.refused |= refusal.is_some();
                    self.whole(at, content, refusal.unwrap_or("text"), out);
                }
            }
            "reasoning" => self.reasoned(at, item, out),
            // What the provider did by itself; the text that comes of it is the answer.
            "web_search_call"
            | "file_search_call"
            | "code_interpreter_call"
            | "mcp_call"
            | "mcp_list_tools" => out.push(Delta::Reasoning(String::new())),
            // A call, or something else that the caller has to act on.
            _ => {
                let known = self.told.items.get(&at).map(|i| &i.kind);
                if !matches!(known, Some(Kind::Call { .. })) {
                    self.call(at, item, out);
                }
                if !self.is_told(at) {
                    let whole = text(item, "arguments").or_else(|| text(item, "input"));
                    self.arguments(at, whole.unwrap_or_default(), out);
                }
                self.close_text(at, out);
            }
        }
        self.item(at, item, Kind::Other(Value::Null)).done = Some(item.clone());
    }

    /// The text of a custom tool is whole.
    fn close_text(&self, at: u64, out: &mut Vec<Delta>) {
        if let Some(Item {
            kind:
                Kind::Call {
                    index,
                    custom: true,
                    ..
                },
            done: None,
            ..
        }) = self.told.items.get(&at)
        {
            let (index, json) = (*index, custom::CLOSES.to_owned());
            out.push(Delta::ToolArgs { index, json });
        }
    }

    fn reasoned(&mut self, at: u64, item: &Value, out: &mut Vec<Delta>) {
        if !self.is_told(at)
            && let Some(Part::Reasoning { text, .. }) = item::read_reasoning(item)
            && !text.is_empty()
        {
            self.reasoning(at, &text, out);
        }
        let sealed =
            text(item, "encrypted_content").and_then(|s| seal::read(Dialect::Responses, s));
        out.extend(sealed.map(Delta::Signature));
    }

    fn end(&mut self, event: &Value, out: &mut Vec<Delta>) {
        let response = event.get("response").unwrap_or(&Value::Null);
        if text(event, "type") == Some("response.failed") {
            out.push(Delta::Error(classify::error_object(
                Dialect::Responses,
                present(response, "error").unwrap_or(&Value::Null),
            )));
            return;
        }
        self.start(event, out);
        if let Some(usage) = present(response, "usage") {
            out.push(Delta::Usage(read_usage(usage)));
        }
        let finish = finish(response, self.calls > 0, self.refused);
        if let Some(finish) = finish.filter(|_| !std::mem::replace(&mut self.ended, true)) {
            out.push(Delta::Finish(finish));
            out.push(Delta::End);
        }
    }
}
