//! Streams of the Responses API, read. Items are told by their place in the output (`output_index`).

use super::{
    custom, finish, item,
    part::{Form, Stage},
    read_usage,
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
    #[serde(default)]
    content_index: u64,
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
        let place = (plain.output_index, plain.content_index);
        self.text(place, Form::Text, &plain.delta, out);
        true
    }

    fn count(&mut self, number: Option<u64>) {
        self.told.events = number.unwrap_or(self.told.events).saturating_add(1);
    }

    pub(crate) fn event(&mut self, name: Option<&str>, event: &Value, out: &mut Vec<Delta>) {
        let kind = text(event, "type").or(name).unwrap_or_default();
        let number = |key: &str| event.get(key).and_then(Value::as_u64).unwrap_or(0);
        let at = number("output_index");
        let content = (at, number("content_index"));
        let summary = (at, number("summary_index"));
        let delta = || text(event, "delta").unwrap_or_default();
        // The caller is not shown how it failed.
        if !matches!(kind, "error" | "response.failed") {
            self.count(event.get("sequence_number").and_then(Value::as_u64));
        }
        match kind {
            "error" => out.push(Delta::Error(classify::error_object(
                Dialect::Responses,
                event,
            ))),
            "response.created" | "response.queued" | "response.in_progress" => {
                self.start(event, out);
            }
            "response.output_item.added" => self.added(at, event, out),
            "response.output_text.delta" => self.text(content, Form::Text, delta(), out),
            "response.refusal.delta" => {
                self.refused = true;
                self.text(content, Form::Refusal, delta(), out);
            }
            "response.output_text.done" => self.whole(content, Form::Text, event, out),
            "response.refusal.done" => {
                self.refused = true;
                self.whole(content, Form::Refusal, event, out);
            }
            "response.content_part.added" => self.part(content, event, Stage::Open),
            "response.content_part.done" => self.part(content, event, Stage::Done),
            "response.reasoning_summary_part.added" => {
                self.part(summary, event, Stage::Open);
                if summary.1 > 0 {
                    out.push(Delta::Reasoning(item::BETWEEN.to_owned()));
                }
            }
            "response.reasoning_summary_part.done" => {
                self.part(summary, event, Stage::Done);
            }
            "response.reasoning_summary_text.delta" => {
                self.reasoning(summary, Form::Summary, delta(), out);
            }
            "response.reasoning_text.delta" => {
                self.reasoning(content, Form::Reasoning, delta(), out);
            }
            "response.reasoning_summary_text.done" => self.said(summary, Form::Summary),
            "response.reasoning_text.done" => self.said(content, Form::Reasoning),
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.arguments(at, delta(), out);
            }
            "response.function_call_arguments.done" => self.said((at, 0), Form::Arguments),
            "response.custom_tool_call_input.done" => self.said((at, 0), Form::Input),
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
            .or_insert_with(|| Item::new(at, id(), kind))
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
        self.told.items.insert(at, Item::new(at, own, kind));
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

    fn text(&mut self, place: (u64, u64), form: Form, said: &str, out: &mut Vec<Delta>) {
        if !said.is_empty() {
            self.tell(place, Kind::Message, form, said);
            out.push(Delta::Text(said.to_owned()));
        }
    }

    fn reasoning(&mut self, place: (u64, u64), form: Form, said: &str, out: &mut Vec<Delta>) {
        self.tell(place, Kind::Reasoning { sealed: None }, form, said);
        out.push(Delta::Reasoning(said.to_owned()));
    }

    /// More of a part, by the place of its item and its own in there.
    fn tell(&mut self, (at, number): (u64, u64), kind: Kind, form: Form, said: &str) {
        let item = self.item(at, &Value::Null, kind);
        item.part(form, number).said.push_str(said);
    }

    /// A part begins or ends.
    fn part(&mut self, (at, number): (u64, u64), event: &Value, stage: Stage) {
        let form = event.get("part").map_or(Form::Text, Form::of);
        if let Some(item) = self.told.items.get_mut(&at) {
            item.part(form, number).stage = stage;
        }
    }

    /// The text of a part has been repeated as a whole.
    fn said(&mut self, (at, number): (u64, u64), form: Form) {
        if let Some(item) = self.told.items.get_mut(&at) {
            item.part(form, number).stage = Stage::Said;
        }
    }

    fn has_said(&self, at: u64) -> bool {
        self.told.items.get(&at).is_some_and(Item::has_said)
    }

    /// A text that some servers tell as a whole only.
    fn whole(&mut self, place: (u64, u64), form: Form, event: &Value, out: &mut Vec<Delta>) {
        let part = self.told.items.get(&place.0);
        let part = part.and_then(|i| i.parts.get(&form.at(place.1)));
        if part.is_none_or(|p| p.said.is_empty()) {
            let said = text(event, form.key()).unwrap_or_default();
            self.text(place, form, said, out);
        }
        self.said(place, form);
    }

    /// More of a function's arguments, or of the text of a custom tool.
    fn arguments(&mut self, at: u64, said: &str, out: &mut Vec<Delta>) {
        if let Some(item) = self.told.items.get_mut(&at)
            && let Some((index, form)) = item.kind.call().zip(item.kind.form())
            && !said.is_empty()
        {
            item.part(form, 0).said.push_str(said);
            let json = if form == Form::Input {
                custom::escaped(said)
            } else {
                said.to_owned()
            };
            out.push(Delta::ToolArgs { index, json });
        }
    }

    /// The whole of an item: what was not told in pieces is told now.
    fn done(&mut self, at: u64, event: &Value, out: &mut Vec<Delta>) {
        let Some(item) = event.get("item") else {
            return;
        };
        match text(item, "type").unwrap_or_default() {
            "message" => {
                let is_new = !self.has_said(at);
                for (content, number) in list(item, "content").iter().zip(0..) {
                    let form = Form::of(content);
                    self.refused |= form == Form::Refusal;
                    if is_new {
                        let said = text(content, form.key()).unwrap_or_default();
                        self.text((at, number), form, said, out);
                    }
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
                let known = self.told.items.get(&at).and_then(|i| i.kind.call());
                if known.is_none() {
                    self.call(at, item, out);
                }
                if !self.has_said(at) {
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
        let item = self.told.items.get(&at).filter(|i| i.done.is_none());
        if let Some(&Kind::Call {
            index,
            custom: true,
            ..
        }) = item.map(|i| &i.kind)
        {
            let json = custom::CLOSES.to_owned();
            out.push(Delta::ToolArgs { index, json });
        }
    }

    fn reasoned(&mut self, at: u64, item: &Value, out: &mut Vec<Delta>) {
        if !self.has_said(at)
            && let Some(Part::Reasoning { text, .. }) = item::read_reasoning(item)
            && !text.is_empty()
        {
            self.reasoning((at, 0), Form::Summary, &text, out);
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
