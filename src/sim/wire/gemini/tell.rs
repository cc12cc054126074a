//! Writing a response down: whole, as events, or as a list that grows.

use crate::sim::{
    ask::tokens,
    pace::{Frame, portions},
    reply::{Reply, Stop},
    wire::{Delivery, Sent, Telling},
};
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// Tokens per event, about: this vendor sends large ones.
const PORTION: usize = 24;

pub(in crate::sim::wire) fn headers(events: bool) -> Vec<(&'static str, String)> {
    let kind = if events {
        "text/event-stream"
    } else {
        "application/json; charset=UTF-8"
    };
    vec![
        ("content-type", kind.to_owned()),
        ("vary", "Origin, X-Origin, Referer".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("x-gemini-service-tier", "standard".to_owned()),
    ]
}

pub(in crate::sim::wire) fn tell(how: Delivery, telling: &mut Telling) -> Sent {
    let id = telling.luck.letters(22);
    if telling.ask.stream {
        return stream(how, telling, &id);
    }
    let reply = telling.reply();
    let mut parts: Vec<Value> = Vec::new();
    if let Some(thinking) = &reply.thinking {
        parts.push(json!({ "text": thinking, "thought": true }));
    }
    if !reply.text.is_empty() || (reply.calls.is_empty() && reply.stop == Stop::End) {
        parts.push(json!({ "text": reply.text }));
    }
    parts.extend(calls(reply));
    let body = response(
        telling,
        &id,
        &parts,
        true,
        reply.usage.output,
        reply.usage.thought,
    );
    let (due, frames) = telling.whole(&body);
    Sent {
        status: 200,
        headers: headers(false),
        head_at: due,
        frames,
    }
}

fn calls(reply: &Reply) -> impl Iterator<Item = Value> {
    reply.calls.iter().map(
        |call| json!({ "functionCall": { "name": call.name, "args": call.args, "id": call.id } }),
    )
}

fn finish(stop: &Stop) -> &'static str {
    match stop {
        Stop::Length => "MAX_TOKENS",
        Stop::End | Stop::Sequence(_) | Stop::Tool => "STOP",
    }
}

fn response(
    telling: &Telling,
    id: &str,
    parts: &[Value],
    last: bool,
    output: u64,
    thought: u64,
) -> Value {
    let reply = telling.reply();
    let mut content = Map::new();
    if !parts.is_empty() {
        content.insert("parts".into(), parts.into());
    }
    content.insert("role".into(), "model".into());
    let mut candidate = Map::new();
    candidate.insert("content".into(), content.into());
    if last {
        candidate.insert("finishReason".into(), finish(&reply.stop).into());
    }
    candidate.insert("index".into(), 0.into());
    let input = reply.usage.input;
    let mut usage = Map::new();
    usage.insert("promptTokenCount".into(), input.into());
    if output > 0 {
        usage.insert("candidatesTokenCount".into(), output.into());
    }
    usage.insert("totalTokenCount".into(), (input + output + thought).into());
    let details = json!([{ "modality": "TEXT", "tokenCount": input }]);
    usage.insert("promptTokensDetails".into(), details);
    if thought > 0 {
        usage.insert("thoughtsTokenCount".into(), thought.into());
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": telling.model.dated,
        "responseId": id,
    })
}

fn stream(how: Delivery, telling: &mut Telling, id: &str) -> Sent {
    let reply = telling.reply().clone();
    let mut steps: Vec<(Vec<Value>, u64, u64)> = Vec::new();
    if let Some(thinking) = &reply.thinking {
        let part = json!({ "text": thinking, "thought": true });
        steps.push((vec![part], 0, reply.usage.thought));
    }
    let mut output = 0;
    for text in portions(&reply.text, PORTION, telling.luck) {
        output += tokens(&text);
        steps.push((vec![json!({ "text": text })], output, reply.usage.thought));
    }
    let called: Vec<Value> = calls(&reply).collect();
    if !called.is_empty() || steps.is_empty() {
        steps.push((called, reply.usage.output, reply.usage.thought));
    }
    let count = steps.len();
    let mut frames: Vec<Frame> = Vec::new();
    for (at, (parts, output, thought)) in steps.into_iter().enumerate() {
        let last = at + 1 == count;
        let output = if last { reply.usage.output } else { output };
        let body = response(telling, id, &parts, last, output, thought);
        frames.push((
            telling.pace.at(output + thought),
            framed(how, &body, at == 0, last),
        ));
    }
    Sent {
        status: 200,
        headers: headers(how == Delivery::Events),
        head_at: telling.pace.at(0).mul_f64(0.9),
        frames,
    }
}

fn framed(how: Delivery, body: &Value, first: bool, last: bool) -> Bytes {
    let text = if how == Delivery::Events {
        format!("data: {body}\r\n\r\n")
    } else {
        let open = if first { "[" } else { "" };
        let close = if last { "]" } else { ",\r\n" };
        format!("{open}{body}{close}")
    };
    Bytes::from(text)
}
