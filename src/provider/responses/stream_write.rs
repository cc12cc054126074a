//! Streams of the Responses API, written, in the order that the official clients' accumulators want: the response
//! begins, its items come one after the other, each added, told and done under its own number, and the whole of it
//! once more at the end.

use super::{
    answer::Head,
    custom::Unwrapping,
    incomplete,
    item::{self, id},
    told::{Item, Kind, Told, arguments},
};
use crate::provider::{
    chat::{Delta, Finish, Usage},
    translate::{Reply, stream::put_event},
};
use bytes::BytesMut;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub(crate) struct StreamWriter {
    reply: Reply,
    id: String,
    model: String,
    started: bool,
    /// How many events have been written.
    events: u64,
    items: Vec<Item>,
    /// Calls of custom tools, by their number.
    texts: BTreeMap<u32, Unwrapping>,
    usage: Usage,
    finish: Option<Finish>,
}

impl StreamWriter {
    pub(crate) fn new(reply: Reply) -> Self {
        Self {
            reply,
            id: String::new(),
            model: String::new(),
            started: false,
            events: 0,
            items: Vec::new(),
            texts: BTreeMap::new(),
            usage: Usage::default(),
            finish: None,
        }
    }

    /// The number of the event that comes next.
    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    pub(crate) fn write(&mut self, delta: &Delta, out: &mut BytesMut) {
        match delta {
            Delta::Start { id, model } if !self.started => {
                self.id.clone_from(id);
                self.model.clone_from(model);
            }
            Delta::Text(said) => {
                let at = self.open(&Kind::Message, out);
                let event = json!({ "content_index": 0, "delta": said, "logprobs": [] });
                self.tell(at, "response.output_text.delta", said, event, out);
            }
            Delta::Reasoning(said) => {
                let at = self.open(&Kind::Reasoning { sealed: None }, out);
                let event = json!({ "summary_index": 0, "delta": said });
                self.tell(
                    at,
                    "response.reasoning_summary_text.delta",
                    said,
                    event,
                    out,
                );
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
                let custom = self.reply.custom.contains(name);
                if custom {
                    self.texts.insert(*index, Unwrapping::default());
                }
                let call = Kind::Call {
                    index: *index,
                    id: id.clone(),
                    name: name.clone(),
                    custom,
                };
                self.open(&call, out);
            }
            Delta::ToolArgs { index, json } => self.arguments(*index, json, out),
            Delta::Usage(usage) => self.usage = *usage,
            Delta::Finish(finish) => self.finish = Some(*finish),
            // A comment keeps the line alive and no client reads it.
            Delta::Life if self.started => out.extend_from_slice(b": alive\n\n"),
            _ => {}
        }
    }

    fn arguments(&mut self, index: u32, json: &str, out: &mut BytesMut) {
        let call = |i: &Item| matches!(i.kind, Kind::Call { index: n, .. } if n == index);
        let Some(at) = self.items.iter().position(|i| call(i) && i.done.is_none()) else {
            return;
        };
        let Some(text) = self.texts.get_mut(&index) else {
            let event = json!({ "delta": json });
            self.tell(
                at,
                "response.function_call_arguments.delta",
                json,
                event,
                out,
            );
            return;
        };
        let (said, is_over) = (text.push(json), text.is_over());
        self.text_of_call(at, &said, out);
        if is_over {
            self.close(at, out);
        }
    }

    fn text_of_call(&mut self, at: usize, said: &str, out: &mut BytesMut) {
        if !said.is_empty() {
            let event = json!({ "delta": said });
            self.tell(
                at,
                "response.custom_tool_call_input.delta",
                said,
                event,
                out,
            );
        }
    }

    /// Goes on after what somebody else told, under its numbers and names. What this writer was given of it before was
    /// written for nobody.
    pub(crate) fn take_over(&mut self, told: &Told) {
        self.events = told.events;
        self.reply.created = told.created.unwrap_or(self.reply.created);
        self.items = told.items.values().cloned().collect();
    }

    pub(crate) fn mark(&mut self, mark: Value) {
        self.reply.mark = Some(mark);
    }

    pub(crate) fn finish(&mut self, out: &mut BytesMut) {
        self.start(out);
        for at in 0..self.items.len() {
            self.tell_rest(at, out);
            self.close(at, out);
        }
        let finish = self.finish.unwrap_or(Finish::Stop);
        let output = self.items.iter_mut().filter_map(|i| i.done.take());
        let output = output.collect();
        let response = self.head().ended(finish, output, &self.usage);
        let name = if incomplete(finish).is_some() {
            "response.incomplete"
        } else {
            "response.completed"
        };
        let mut last = json!({ "response": response });
        self.reply.put_mark(&mut last);
        self.put(name, last, out);
    }

    /// What a call of a custom tool says that was not told as a text.
    fn tell_rest(&mut self, at: usize, out: &mut BytesMut) {
        let open = self.items.get(at).filter(|i| i.done.is_none());
        if let Some(Kind::Call { index, .. }) = open.map(|i| &i.kind)
            && let Some(text) = self.texts.get(index)
        {
            let rest = text.rest();
            self.text_of_call(at, &rest, out);
        }
    }

    fn head(&self) -> Head<'_> {
        Head {
            id: self.reply.id_or(&self.id),
            created: self.reply.created,
            model: self.reply.model_or(&self.model),
        }
    }

    fn start(&mut self, out: &mut BytesMut) {
        if !std::mem::replace(&mut self.started, true) {
            let response = self.head().begun();
            self.put(
                "response.created",
                json!({ "response": response.clone() }),
                out,
            );
            self.put("response.in_progress", json!({ "response": response }), out);
        }
    }

    /// The last item, if it is one that this goes on, or a new one.
    fn open(&mut self, kind: &Kind, out: &mut BytesMut) -> usize {
        self.start(out);
        let goes_on = |i: &Item| i.done.is_none() && i.kind == *kind;
        if let Some(at) = self.items.len().checked_sub(1)
            && self.items.get(at).is_some_and(goes_on)
        {
            return at;
        }
        for at in 0..self.items.len() {
            if self.items.get(at).is_some_and(Item::is_told) {
                self.close(at, out);
            }
        }
        let at = self.items.len();
        let id = id(kind.prefix(), self.reply.id_or(&self.id), at);
        let item = Item::new(id, kind.clone());
        let head = item.head();
        self.items.push(item);
        let added = json!({ "output_index": at, "item": head });
        self.put("response.output_item.added", added, out);
        self.part(at, "added", "", out);
        at
    }

    /// Begins or ends the one part of a message or a summary.
    fn part(&mut self, at: usize, how: &str, said: &str, out: &mut BytesMut) {
        let (name, number, part) = match self.items.get(at).map(|i| &i.kind) {
            Some(Kind::Message) => ("content_part", "content_index", item::content(said, false)),
            Some(Kind::Reasoning { .. }) => (
                "reasoning_summary_part",
                "summary_index",
                json!({ "type": "summary_text", "text": said }),
            ),
            _ => return,
        };
        let event = json!({ number: 0, "part": part });
        self.put_item(at, &format!("response.{name}.{how}"), event, out);
    }

    fn tell(&mut self, at: usize, name: &str, said: &str, event: Value, out: &mut BytesMut) {
        if let Some(item) = self.items.get_mut(at) {
            item.told.push_str(said);
            self.put_item(at, name, event, out);
        }
    }

    /// A signature ends its reasoning; without any before it, it gets an item of its own.
    fn sign(&mut self, signature: &str, out: &mut BytesMut) {
        let at = self.open(&Kind::Reasoning { sealed: None }, out);
        if let Some(Item {
            kind: Kind::Reasoning { sealed },
            ..
        }) = self.items.get_mut(at)
        {
            *sealed = Some(signature.to_owned());
        }
        self.close(at, out);
    }

    fn close(&mut self, at: usize, out: &mut BytesMut) {
        let Some(item) = self.items.get(at).filter(|i| i.done.is_none()) else {
            return;
        };
        let (said, whole) = (item.told.clone(), item.whole());
        let (name, event) = match &item.kind {
            Kind::Message => (
                "response.output_text.done",
                json!({ "content_index": 0, "text": said, "logprobs": [] }),
            ),
            Kind::Reasoning { .. } => (
                "response.reasoning_summary_text.done",
                json!({ "summary_index": 0, "text": said }),
            ),
            Kind::Call { custom: true, .. } => (
                "response.custom_tool_call_input.done",
                json!({ "input": said }),
            ),
            Kind::Call { name, .. } => (
                "response.function_call_arguments.done",
                json!({ "name": name, "arguments": arguments(&said) }),
            ),
            Kind::Other(_) => ("", Value::Null),
        };
        if !name.is_empty() {
            self.put_item(at, name, event, out);
        }
        self.part(at, "done", &said, out);
        let done = json!({ "output_index": at, "item": whole });
        self.put("response.output_item.done", done, out);
        if let Some(item) = self.items.get_mut(at) {
            item.done = Some(whole);
        }
    }

    /// An event about the item at this place.
    fn put_item(&mut self, at: usize, name: &str, mut event: Value, out: &mut BytesMut) {
        if let Some(fields) = event.as_object_mut()
            && let Some(item) = self.items.get(at)
        {
            fields.insert("item_id".to_owned(), json!(item.id));
            fields.insert("output_index".to_owned(), json!(at));
        }
        self.put(name, event, out);
    }

    fn put(&mut self, name: &str, mut event: Value, out: &mut BytesMut) {
        if let Some(fields) = event.as_object_mut() {
            fields.insert("type".to_owned(), json!(name));
            fields.insert("sequence_number".to_owned(), json!(self.events));
        }
        self.events += 1;
        put_event(out, Some(name), &event);
    }
}
