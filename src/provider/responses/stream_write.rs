//! Streams of the Responses API, written, in the order that the official clients' accumulators want: the response
//! begins, its items come one after the other, each added, told and done under its own number, and the whole of it
//! once more at the end.

use super::{
    answer::Head,
    custom::Unwrapping,
    incomplete,
    item::id,
    part::{Form, Place, Stage},
    told::{Item, Kind, Told, put},
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
                self.say(at, Form::Text, said, out);
            }
            Delta::Reasoning(said) => {
                let at = self.open(&Kind::Reasoning { sealed: None }, out);
                self.say(at, Form::Summary, said, out);
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
        let call = |i: &Item| i.kind.call() == Some(index) && i.goes_on();
        let Some(at) = self.items.iter().position(call) else {
            return;
        };
        let Some(text) = self.texts.get_mut(&index) else {
            self.say(at, Form::Arguments, json, out);
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
            self.say(at, Form::Input, said, out);
        }
    }

    /// Goes on after what somebody else told, under its numbers and names. What this writer was given of it before was
    /// written for nobody. With `halves`, there may be halves of characters in it.
    pub(crate) fn take_over(&mut self, told: &Told, halves: bool) {
        self.started |= told.events > 0;
        self.events = told.events;
        self.reply.created = told.created.unwrap_or(self.reply.created);
        self.items = told.items.values().cloned().collect();
        if halves {
            self.items.iter_mut().for_each(Item::mend);
        }
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
        let open = self.items.get(at).filter(|i| i.goes_on());
        if let Some(text) = open
            .and_then(|i| i.kind.call())
            .and_then(|index| self.texts.get(&index))
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
        let goes_on = |i: &Item| i.kind == *kind && i.goes_on();
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
        let at = self.items.last().map_or(0, |i| i.at.saturating_add(1));
        let id = id(kind.prefix(), self.reply.id_or(&self.id), at);
        let mut item = Item::new(at, id, kind.clone());
        if let Some(form) = kind.form() {
            item.part(form, 0);
        }
        let added = json!({ "output_index": at, "item": item.head() });
        self.items.push(item);
        self.put("response.output_item.added", added, out);
        self.items.len() - 1
    }

    /// More of an item, in the part of it that is open.
    fn say(&mut self, at: usize, form: Form, said: &str, out: &mut BytesMut) {
        let Some(item) = self.items.get_mut(at) else {
            return;
        };
        let last = item.parts.iter().next_back();
        let known = last.map(|(place, part)| (*place, part.form));
        let (place, form) = known.unwrap_or((form.at(0), form));
        let part = item.part(form, place.number);
        part.said.push_str(said);
        if known.is_none() {
            self.part(at, place, form, "added", "", out);
        }
        let mut event = json!({ "delta": said });
        if form == Form::Text {
            put(&mut event, "logprobs", json!([]));
        }
        let name = format!("response.{}.delta", form.name());
        self.put_part(at, place, form, &name, event, out);
    }

    /// Begins or ends a part.
    fn part(
        &mut self,
        at: usize,
        place: Place,
        form: Form,
        how: &str,
        said: &str,
        out: &mut BytesMut,
    ) {
        if let Some(group) = form.group() {
            let event = json!({ "part": form.part(said) });
            let name = format!("response.{group}.{how}");
            self.put_part(at, place, form, &name, event, out);
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
        let is_open = |i: &&Item| i.done.is_none();
        let silent =
            |i: &Item| i.kind.form() == Some(Form::Arguments) && i.goes_on() && !i.has_said();
        // Some clients listen to the pieces only.
        if self.items.get(at).filter(is_open).is_some_and(silent) {
            self.say(at, Form::Arguments, "{}", out);
        }
        let Some(item) = self.items.get(at).filter(is_open) else {
            return;
        };
        let (parts, place, whole) = (item.parts.clone(), item.at, item.whole());
        let name = match &item.kind {
            Kind::Call { name, .. } => json!(name),
            _ => Value::Null,
        };
        for (place, part) in parts {
            let form = part.form;
            if part.stage < Stage::Said {
                let mut event = json!({ form.key(): part.text() });
                match form {
                    Form::Text => put(&mut event, "logprobs", json!([])),
                    Form::Arguments => put(&mut event, "name", name.clone()),
                    _ => {}
                }
                let name = format!("response.{}.done", form.name());
                self.put_part(at, place, form, &name, event, out);
            }
            if part.stage < Stage::Done {
                self.part(at, place, form, "done", &part.said, out);
            }
        }
        let done = json!({ "output_index": place, "item": whole });
        self.put("response.output_item.done", done, out);
        if let Some(item) = self.items.get_mut(at) {
            item.done = Some(whole);
        }
    }

    /// An event about a part of an item.
    fn put_part(
        &mut self,
        at: usize,
        place: Place,
        form: Form,
        name: &str,
        mut event: Value,
        out: &mut BytesMut,
    ) {
        if let Some(item) = self.items.get(at) {
            put(&mut event, "item_id", json!(item.id));
            put(&mut event, "output_index", json!(item.at));
        }
        if let Some(index) = form.index() {
            put(&mut event, index, json!(place.number));
        }
        self.put(name, event, out);
    }

    fn put(&mut self, name: &str, mut event: Value, out: &mut BytesMut) {
        put(&mut event, "type", json!(name));
        put(&mut event, "sequence_number", json!(self.events));
        self.events = self.events.saturating_add(1);
        put_event(out, Some(name), &event);
    }
}
