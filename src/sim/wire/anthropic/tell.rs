//! Writing a message down: whole, or as events.

use crate::{
    model::Wall,
    sim::{
        ask::tokens,
        pace::{Frame, Pace, portions},
        reply::{Reply, Stop},
        wire::{Sent, Stamp, Telling},
    },
};
use bytes::Bytes;
use serde_json::{Value, json};
use std::time::Duration;

/// Tokens per event, about.
const PORTION: usize = 4;

/// RFC 3339 to the second, as this vendor writes its times.
pub(super) fn seconds(wall: Wall) -> String {
    let text = wall.to_string();
    text.split_once('.')
        .map_or(text.clone(), |(head, _)| format!("{head}Z"))
}

pub(in crate::sim::wire) fn headers(stamp: &Stamp, stream: bool) -> Vec<(&'static str, String)> {
    let kind = if stream {
        "text/event-stream; charset=utf-8"
    } else {
        "application/json"
    };
    let reset = seconds(stamp.wall + Duration::from_secs(1));
    let count = |n: u64| n.to_string();
    let (input, output) = (500, 100);
    vec![
        ("content-type", kind.to_owned()),
        ("request-id", stamp.request.clone()),
        (
            "anthropic-organization-id",
            "00000000-0000-4000-8000-000000000000".to_owned(),
        ),
        ("anthropic-ratelimit-requests-limit", count(stamp.limit)),
        ("anthropic-ratelimit-requests-remaining", count(stamp.left)),
        ("anthropic-ratelimit-requests-reset", reset.clone()),
        (
            "anthropic-ratelimit-input-tokens-limit",
            count(stamp.limit * input),
        ),
        (
            "anthropic-ratelimit-input-tokens-remaining",
            count(stamp.left * input),
        ),
        ("anthropic-ratelimit-input-tokens-reset", reset.clone()),
        (
            "anthropic-ratelimit-output-tokens-limit",
            count(stamp.limit * output),
        ),
        (
            "anthropic-ratelimit-output-tokens-remaining",
            count(stamp.left * output),
        ),
        ("anthropic-ratelimit-output-tokens-reset", reset.clone()),
        (
            "anthropic-ratelimit-tokens-limit",
            count(stamp.limit * (input + output)),
        ),
        (
            "anthropic-ratelimit-tokens-remaining",
            count(stamp.left * (input + output)),
        ),
        ("anthropic-ratelimit-tokens-reset", reset),
    ]
}

pub(in crate::sim::wire) fn tell(telling: &mut Telling) -> Sent {
    let id = format!("msg_01{}", telling.luck.letters(22));
    let signature = signature(telling);
    if telling.ask.stream {
        return stream(telling, &id, &signature);
    }
    let reply = telling.reply();
    let blocks: Vec<Value> = blocks(reply, &signature)
        .into_iter()
        .map(|b| b.whole)
        .collect();
    let (reason, sequence) = stop(&reply.stop);
    let body = json!({
        "model": telling.model.dated,
        "id": id,
        "type": "message",
        "role": "assistant",
        "content": blocks,
        "stop_reason": reason,
        "stop_sequence": sequence,
        "usage": usage(reply, reply.usage.output + reply.usage.thought),
    });
    let (due, frames) = telling.whole(&body);
    Sent {
        status: 200,
        headers: headers(telling.stamp, false),
        head_at: due,
        frames,
    }
}

/// Opaque to clients, who only have to bring it back.
fn signature(telling: &mut Telling) -> String {
    format!("Er{}==", telling.luck.letters(180))
}

fn stop(stop: &Stop) -> (&'static str, Option<&str>) {
    match stop {
        Stop::End => ("end_turn", None),
        Stop::Length => ("max_tokens", None),
        Stop::Sequence(sequence) => ("stop_sequence", Some(sequence)),
        Stop::Tool => ("tool_use", None),
    }
}

fn usage(reply: &Reply, output: u64) -> Value {
    let mut usage = json!({
        "input_tokens": reply.usage.input,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": { "ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0 },
        "output_tokens": output,
        "service_tier": "standard",
    });
    if let (Some(map), 1..) = (usage.as_object_mut(), reply.usage.thought) {
        let details = json!({ "thinking_tokens": reply.usage.thought });
        map.insert("output_tokens_details".into(), details);
    }
    usage
}

/// A content block: whole, as it opens, and the pieces between.
struct Block {
    whole: Value,
    opening: Value,
    /// The kind of its deltas, their field, and the text they carry.
    pieces: Vec<(&'static str, &'static str, String)>,
}

fn blocks(reply: &Reply, signature: &str) -> Vec<Block> {
    let mut made = Vec::new();
    if let Some(thinking) = &reply.thinking {
        made.push(Block {
            whole: json!({ "type": "thinking", "thinking": thinking, "signature": signature }),
            opening: json!({ "type": "thinking", "thinking": "", "signature": "" }),
            pieces: vec![
                ("thinking_delta", "thinking", thinking.clone()),
                ("signature_delta", "signature", signature.to_owned()),
            ],
        });
    }
    if !reply.text.is_empty() {
        made.push(Block {
            whole: json!({ "type": "text", "text": reply.text }),
            opening: json!({ "type": "text", "text": "" }),
            pieces: vec![("text_delta", "text", reply.text.clone())],
        });
    }
    for call in &reply.calls {
        made.push(Block {
            whole: json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": call.args }),
            opening: json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": {} }),
            pieces: vec![
                ("input_json_delta", "partial_json", String::new()),
                ("input_json_delta", "partial_json", call.args.to_string()),
            ],
        });
    }
    made
}

struct Events {
    pace: Pace,
    tokens: u64,
    frames: Vec<Frame>,
}

impl Events {
    fn push(&mut self, name: &str, data: &Value) {
        let text = format!("event: {name}\ndata: {data}\n\n");
        self.frames
            .push((self.pace.at(self.tokens), Bytes::from(text)));
    }
}

fn stream(telling: &mut Telling, id: &str, signature: &str) -> Sent {
    let head_at = telling.pace.at(0).mul_f64(0.8);
    let mut events = Events {
        pace: telling.pace,
        tokens: 0,
        frames: Vec::new(),
    };
    let reply = telling.reply().clone();
    let message = json!({
        "model": telling.model.dated, "id": id, "type": "message", "role": "assistant", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(&reply, 1),
    });
    events.push(
        "message_start",
        &json!({ "type": "message_start", "message": message }),
    );
    for (block, index) in blocks(&reply, signature).into_iter().zip(0_u32..) {
        let opening = json!({ "type": "content_block_start", "index": index, "content_block": block.opening });
        events.push("content_block_start", &opening);
        if index == 0 {
            events.push("ping", &json!({ "type": "ping" }));
        }
        for (kind, field, text) in block.pieces {
            // A signature is one piece; so is the empty start of a tool's arguments.
            let parts = if kind == "signature_delta" || text.is_empty() {
                vec![text]
            } else {
                portions(&text, PORTION, telling.luck)
            };
            for part in parts {
                if kind != "signature_delta" {
                    events.tokens += tokens(&part);
                }
                let delta = json!({ "type": kind, field: part });
                let step = json!({ "type": "content_block_delta", "index": index, "delta": delta });
                events.push("content_block_delta", &step);
            }
        }
        events.push(
            "content_block_stop",
            &json!({ "type": "content_block_stop", "index": index }),
        );
    }
    let (reason, sequence) = stop(&reply.stop);
    events.push(
        "message_delta",
        &json!({
            "type": "message_delta",
            "delta": { "stop_reason": reason, "stop_sequence": sequence },
            "usage": {
                "input_tokens": reply.usage.input,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": reply.usage.output + reply.usage.thought,
            },
        }),
    );
    events.push("message_stop", &json!({ "type": "message_stop" }));
    Sent {
        status: 200,
        headers: headers(telling.stamp, true),
        head_at,
        frames: events.frames,
    }
}
