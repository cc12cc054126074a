//! Writing a response down: whole, or as the events by which it comes about.

use crate::sim::{
    ask,
    luck::Luck,
    pace::{Frame, Pace, portions},
    reply::Stop,
    wire::{Sent, Telling, list_at, openai, text_at},
};
use bytes::Bytes;
use serde_json::{Value, json};

/// Tokens per event.
const PORTION: usize = 1;

pub(in crate::sim::wire) fn tell(telling: &mut Telling) -> Sent {
    let id = format!("resp_{}", telling.luck.hex(48));
    let items = items(telling);
    let whole = response(telling, &id, &items);
    if telling.ask.stream {
        return stream(telling, &id, &items, &whole);
    }
    let (due, frames) = telling.whole(&whole);
    Sent {
        status: 200,
        headers: openai::headers(telling.stamp, due, false),
        head_at: due,
        frames,
    }
}

/// The output: what it thought, what it says, what it calls.
fn items(telling: &mut Telling) -> Vec<Value> {
    let reply = telling.reply().clone();
    let luck = &mut *telling.luck;
    let thought = reply.thinking.as_ref().map(|thought| {
        json!({
            "id": format!("rs_{}", luck.hex(48)), "type": "reasoning",
            "summary": [{ "type": "summary_text", "text": thought }],
            "encrypted_content": format!("gAAAA{}", luck.letters(60)),
        })
    });
    let mut items: Vec<Value> = thought.into_iter().collect();
    if reply.calls.is_empty() {
        items.push(json!({
            "id": format!("msg_{}", luck.hex(48)), "type": "message", "status": "completed",
            "role": "assistant",
            "content": [{ "type": "output_text", "annotations": [], "logprobs": [], "text": reply.text }],
        }));
    }
    items.extend(reply.calls.iter().map(|call| {
        json!({
            "id": format!("fc_{}", luck.hex(48)), "type": "function_call", "status": "completed",
            "arguments": call.args.to_string(), "call_id": call.id, "name": call.name,
        })
    }));
    items
}

fn response(telling: &Telling, id: &str, items: &[Value]) -> Value {
    let reply = telling.reply();
    let cut = reply.stop == Stop::Length;
    let output = reply.usage.output + reply.usage.thought;
    json!({
        "id": id,
        "object": "response",
        "created_at": telling.stamp.wall.secs(),
        "status": if cut { "incomplete" } else { "completed" },
        "background": false,
        "error": null,
        "incomplete_details": cut.then(|| json!({ "reason": "max_output_tokens" })),
        "instructions": null,
        "max_output_tokens": telling.ask.max_tokens,
        "model": telling.model.dated,
        "output": items,
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": { "effort": null, "summary": null },
        "service_tier": "default",
        "store": false,
        "temperature": 1.0,
        "text": { "format": { "type": "text" }, "verbosity": "medium" },
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": {
            "input_tokens": reply.usage.input,
            "input_tokens_details": { "cached_tokens": 0 },
            "output_tokens": output,
            "output_tokens_details": { "reasoning_tokens": reply.usage.thought },
            "total_tokens": reply.usage.input + output,
        },
        "user": null,
        "metadata": {},
    })
}

/// The events so far, each with the time when it is due.
struct Events {
    frames: Vec<Frame>,
    tokens: u64,
    pace: Pace,
}

impl Events {
    fn say(&mut self, kind: &str, mut event: Value) {
        if let Some(fields) = event.as_object_mut() {
            fields.insert("type".to_owned(), json!(kind));
            fields.insert("sequence_number".to_owned(), json!(self.frames.len()));
        }
        let bytes = Bytes::from(format!("event: {kind}\ndata: {event}\n\n"));
        self.frames.push((self.pace.at(self.tokens), bytes));
    }

    /// A text of an item, in portions and then as a whole.
    fn spell(&mut self, kind: &str, place: &Value, key: &str, whole: &str, luck: &mut Luck) {
        for portion in portions(whole, PORTION, luck) {
            self.tokens += ask::tokens(&portion);
            self.say(
                &format!("{kind}.delta"),
                joined(place, json!({ "delta": portion })),
            );
        }
        self.say(
            &format!("{kind}.done"),
            joined(place, json!({ key: whole })),
        );
    }
}

fn joined(place: &Value, more: Value) -> Value {
    let mut all = place.clone();
    if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
        all.extend(more);
    }
    all
}

fn stream(telling: &mut Telling, id: &str, items: &[Value], whole: &Value) -> Sent {
    let head_at = telling.pace.at(0).mul_f64(0.8);
    let begun = joined(
        whole,
        json!({
            "id": id, "status": "in_progress", "incomplete_details": null, "output": [], "usage": null,
        }),
    );
    let mut events = Events {
        frames: Vec::new(),
        tokens: 0,
        pace: telling.pace,
    };
    events.say("response.created", json!({ "response": begun.clone() }));
    events.say("response.in_progress", json!({ "response": begun }));
    for (at, item) in items.iter().enumerate() {
        tell_item(&mut events, at, item, telling.luck);
    }
    let last = format!(
        "response.{}",
        text_at(whole, "status").unwrap_or("completed")
    );
    events.say(&last, json!({ "response": whole }));
    Sent {
        status: 200,
        headers: openai::headers(telling.stamp, head_at, true),
        head_at,
        frames: events.frames,
    }
}

fn tell_item(events: &mut Events, at: usize, item: &Value, luck: &mut Luck) {
    let place = json!({ "item_id": item.get("id"), "output_index": at });
    let (empty, key, part) = match text_at(item, "type") {
        Some("message") => ("content", "content_index", "content_part"),
        Some("reasoning") => ("summary", "summary_index", "reasoning_summary_part"),
        _ => ("arguments", "", ""),
    };
    let nothing = if part.is_empty() {
        json!("")
    } else {
        json!([])
    };
    let head = joined(item, json!({ empty: nothing, "status": "in_progress" }));
    events.say(
        "response.output_item.added",
        json!({ "output_index": at, "item": head }),
    );
    if part.is_empty() {
        let arguments = text_at(item, "arguments").unwrap_or_default();
        let kind = "response.function_call_arguments";
        events.spell(kind, &place, "arguments", arguments, luck);
    }
    for (n, told) in list_at(item, empty).enumerate() {
        let place = joined(&place, json!({ key: n }));
        let text = text_at(told, "text").unwrap_or_default();
        let kind = if part == "content_part" {
            "response.output_text"
        } else {
            "response.reasoning_summary_text"
        };
        let begun = joined(told, json!({ "text": "" }));
        events.say(
            &format!("response.{part}.added"),
            joined(&place, json!({ "part": begun })),
        );
        events.spell(kind, &place, "text", text, luck);
        events.say(
            &format!("response.{part}.done"),
            joined(&place, json!({ "part": told })),
        );
    }
    events.say(
        "response.output_item.done",
        json!({ "output_index": at, "item": item }),
    );
}
