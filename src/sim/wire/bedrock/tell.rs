//! Writing an answer down: whole, or as messages of an event stream.

use crate::sim::{
    ask::tokens,
    luck::Luck,
    pace::{Frame, portions},
    reply::{Reply, Stop},
    wire::{Sent, Stamp, Telling},
};
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

/// Tokens per event, about.
const PORTION: usize = 6;
/// Every event is padded with up to so many letters, so that its length tells nothing of its text.
const PADDING: usize = 60;

pub(in crate::sim::wire) fn headers(stamp: &Stamp, events: bool) -> Vec<(&'static str, String)> {
    let kind = if events {
        "application/vnd.amazon.eventstream"
    } else {
        "application/json"
    };
    vec![
        ("content-type", kind.to_owned()),
        ("x-amzn-requestid", stamp.request.clone()),
    ]
}

pub(in crate::sim::wire) fn tell(telling: &mut Telling) -> Sent {
    if telling.ask.stream {
        return stream(telling);
    }
    let reply = telling.reply();
    let mut content: Vec<Value> = Vec::new();
    if let Some(thinking) = &reply.thinking {
        content.push(json!({ "reasoningContent": { "reasoningText": { "text": thinking } } }));
    }
    if !reply.text.is_empty() || reply.calls.is_empty() {
        content.push(json!({ "text": reply.text }));
    }
    content.extend(reply.calls.iter().map(|call| {
        json!({ "toolUse": { "toolUseId": call.id, "name": call.name, "input": call.args } })
    }));
    let body = json!({
        "metrics": { "latencyMs": latency(telling) },
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": reason(&reply.stop),
        "usage": usage(reply),
    });
    let (due, frames) = telling.whole(&body);
    Sent {
        status: 200,
        headers: headers(telling.stamp, false),
        head_at: due,
        frames,
    }
}

fn latency(telling: &Telling) -> u64 {
    let due = telling.pace.at(output(telling.reply()));
    u64::try_from(due.as_millis()).unwrap_or(u64::MAX)
}

/// Reasoning is counted in here.
fn output(reply: &Reply) -> u64 {
    reply.usage.output + reply.usage.thought
}

fn usage(reply: &Reply) -> Value {
    let (input, output) = (reply.usage.input, output(reply));
    json!({
        "inputTokens": input,
        "outputTokens": output,
        "serverToolUsage": {},
        "totalTokens": input + output,
    })
}

fn reason(stop: &Stop) -> &'static str {
    match stop {
        Stop::End => "end_turn",
        Stop::Length => "max_tokens",
        Stop::Sequence(_) => "stop_sequence",
        Stop::Tool => "tool_use",
    }
}

fn stream(telling: &mut Telling) -> Sent {
    let reply = telling.reply().clone();
    let mut events = vec![("messageStart", json!({ "role": "assistant" }), 0)];
    let mut told = 0;
    let mut block = 0;
    let delta = |block: u32, delta: Value| json!({ "contentBlockIndex": block, "delta": delta });
    let stop = |block: u32| json!({ "contentBlockIndex": block });
    if let Some(thinking) = &reply.thinking {
        for text in portions(thinking, PORTION, telling.luck) {
            told += tokens(&text);
            let said = json!({ "reasoningContent": { "text": text } });
            events.push(("contentBlockDelta", delta(block, said), told));
        }
        events.push(("contentBlockStop", stop(block), told));
        block += 1;
    }
    if !reply.text.is_empty() {
        for text in portions(&reply.text, PORTION, telling.luck) {
            told += tokens(&text);
            let said = json!({ "text": text });
            events.push(("contentBlockDelta", delta(block, said), told));
        }
        events.push(("contentBlockStop", stop(block), told));
        block += 1;
    }
    for call in &reply.calls {
        let named = json!({ "toolUse": { "toolUseId": call.id, "name": call.name } });
        let start = json!({ "contentBlockIndex": block, "start": named });
        events.push(("contentBlockStart", start, told));
        told = output(&reply);
        for piece in portions(&call.args.to_string(), PORTION, telling.luck) {
            let said = json!({ "toolUse": { "input": piece } });
            events.push(("contentBlockDelta", delta(block, said), told));
        }
        events.push(("contentBlockStop", stop(block), told));
        block += 1;
    }
    let last = output(&reply);
    let ended = json!({ "stopReason": reason(&reply.stop) });
    events.push(("messageStop", ended, last));
    let metrics = json!({ "latencyMs": latency(telling) });
    let metadata = json!({ "metrics": metrics, "usage": usage(&reply) });
    events.push(("metadata", metadata, last));
    let frames: Vec<Frame> = events
        .into_iter()
        .map(|(name, event, told)| (telling.pace.at(told), framed(name, event, telling.luck)))
        .collect();
    Sent {
        status: 200,
        headers: headers(telling.stamp, true),
        head_at: telling.pace.at(0).mul_f64(0.9),
        frames,
    }
}

fn framed(name: &'static str, mut event: Value, luck: &mut Luck) -> Bytes {
    let length = 1 + luck.below(PADDING);
    if let Some(fields) = event.as_object_mut() {
        fields.insert("p".into(), luck.letters(length).into());
    }
    let text = |name: &'static str, value: &'static str| {
        Header::new(name, HeaderValue::String(value.into()))
    };
    let message = Message::new(event.to_string())
        .add_header(text(":event-type", name))
        .add_header(text(":content-type", "application/json"))
        .add_header(text(":message-type", "event"));
    let mut out = BytesMut::new();
    write_message_to(&message, &mut out).expect("an event is far from the limits of its framing");
    out.freeze()
}
