//! Writing a chat completion down: whole, or as chunks.

use crate::sim::{
    pace::portions,
    reply::{Call, Reply, Stop, Usage},
    wire::{Sent, Stamp, Telling},
};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Tokens per chunk.
const PORTION: usize = 1;

pub(in crate::sim::wire) fn headers(
    stamp: &Stamp,
    took: Duration,
    stream: bool,
) -> Vec<(&'static str, String)> {
    let kind = if stream {
        "text/event-stream; charset=utf-8"
    } else {
        "application/json"
    };
    let tokens = stamp.limit * 1000;
    vec![
        ("content-type", kind.to_owned()),
        ("x-request-id", stamp.request.clone()),
        ("openai-organization", "simulated".to_owned()),
        ("openai-processing-ms", took.as_millis().to_string()),
        ("openai-version", "2020-10-01".to_owned()),
        ("x-ratelimit-limit-requests", stamp.limit.to_string()),
        ("x-ratelimit-remaining-requests", stamp.left.to_string()),
        ("x-ratelimit-reset-requests", "6ms".to_owned()),
        ("x-ratelimit-limit-tokens", tokens.to_string()),
        (
            "x-ratelimit-remaining-tokens",
            (stamp.left * 1000).to_string(),
        ),
        ("x-ratelimit-reset-tokens", "2ms".to_owned()),
    ]
}

pub(in crate::sim::wire) fn tell(telling: &mut Telling) -> Sent {
    let id = format!("chatcmpl-{}", telling.luck.letters(29));
    let fingerprint = format!("fp_{}", telling.luck.hex(10));
    if telling.ask.stream {
        return stream(telling, &id, &fingerprint);
    }
    let choices: Vec<Value> = telling
        .replies
        .iter()
        .zip(0_u32..)
        .map(|(reply, index)| choice(reply, index))
        .collect();
    let body = json!({
        "id": id,
        "object": "chat.completion",
        "created": telling.stamp.wall.secs(),
        "model": telling.model.dated,
        "choices": choices,
        "usage": usage(telling.replies),
        "service_tier": "default",
        "system_fingerprint": fingerprint,
    });
    let (due, frames) = telling.whole(&body);
    Sent {
        status: 200,
        headers: headers(telling.stamp, due, false),
        head_at: due,
        frames,
    }
}

fn choice(reply: &Reply, index: u32) -> Value {
    let content = if reply.calls.is_empty() {
        Value::from(reply.text.as_str())
    } else {
        Value::Null
    };
    let mut message = Map::new();
    message.insert("role".into(), "assistant".into());
    message.insert("content".into(), content);
    if !reply.calls.is_empty() {
        let calls: Vec<Value> = reply.calls.iter().map(call).collect();
        message.insert("tool_calls".into(), calls.into());
    }
    message.insert("refusal".into(), Value::Null);
    message.insert("annotations".into(), json!([]));
    json!({ "index": index, "message": message, "logprobs": null, "finish_reason": finish(&reply.stop) })
}

fn call(call: &Call) -> Value {
    json!({
        "id": call.id, "type": "function",
        "function": { "name": call.name, "arguments": call.args.to_string() },
    })
}

fn finish(stop: &Stop) -> &'static str {
    match stop {
        Stop::End | Stop::Sequence(_) => "stop",
        Stop::Length => "length",
        Stop::Tool => "tool_calls",
    }
}

fn usage(replies: &[Reply]) -> Value {
    let first = replies.first().map(|r| r.usage).unwrap_or_default();
    let total = replies.iter().fold(
        Usage {
            input: first.input,
            ..Usage::default()
        },
        |sum, r| Usage {
            output: sum.output + r.usage.output,
            thought: sum.thought + r.usage.thought,
            ..sum
        },
    );
    json!({
        "prompt_tokens": total.input,
        "completion_tokens": total.output,
        "total_tokens": total.input + total.output,
        "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
        "completion_tokens_details": {
            "reasoning_tokens": 0, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    })
}

fn stream(telling: &mut Telling, id: &str, fingerprint: &str) -> Sent {
    let stamp = telling.stamp;
    let head_at = telling.pace.at(0).mul_f64(0.8);
    let mut frames = Vec::new();
    let mut all = 0;
    for (reply, index) in telling.replies.iter().zip(0_u32..) {
        let mut push = |tokens: u64, delta: &Value, finish: Option<&str>| {
            let mut chunk = base(
                telling.stamp.wall.secs(),
                telling.model.dated,
                id,
                fingerprint,
            );
            chunk.insert(
                "choices".into(),
                json!([{ "index": index, "delta": delta, "logprobs": null, "finish_reason": finish }]),
            );
            if telling.ask.stream_usage {
                chunk.insert("usage".into(), Value::Null);
            }
            frames.push((telling.pace.at(tokens), event(&chunk)));
        };
        let mut done = all;
        for (delta, tokens) in deltas(reply, telling.luck) {
            done += tokens;
            push(done, &delta, None);
        }
        all += reply.usage.output;
        push(all, &json!({}), Some(finish(&reply.stop)));
    }
    if telling.ask.stream_usage {
        let mut chunk = base(stamp.wall.secs(), telling.model.dated, id, fingerprint);
        chunk.insert("choices".into(), json!([]));
        chunk.insert("usage".into(), usage(telling.replies));
        frames.push((telling.pace.at(all), event(&chunk)));
    }
    frames.push((
        telling.pace.at(all),
        Bytes::from_static(b"data: [DONE]\n\n"),
    ));
    Sent {
        status: 200,
        headers: headers(stamp, head_at, true),
        head_at,
        frames,
    }
}

/// What every chunk of a stream repeats.
fn base(created: u64, model: &str, id: &str, fingerprint: &str) -> Map<String, Value> {
    let mut chunk = Map::new();
    chunk.insert("id".into(), id.into());
    chunk.insert("object".into(), "chat.completion.chunk".into());
    chunk.insert("created".into(), created.into());
    chunk.insert("model".into(), model.into());
    chunk.insert("service_tier".into(), "default".into());
    chunk.insert("system_fingerprint".into(), fingerprint.into());
    chunk
}

/// The steps of one choice, each with the tokens it adds.
fn deltas(reply: &Reply, luck: &mut crate::sim::luck::Luck) -> Vec<(Value, u64)> {
    let mut made = Vec::new();
    if reply.calls.is_empty() {
        made.push((
            json!({ "role": "assistant", "content": "", "refusal": null }),
            0,
        ));
        for part in portions(&reply.text, PORTION, luck) {
            let tokens = crate::sim::ask::tokens(&part);
            made.push((json!({ "content": part }), tokens));
        }
    }
    for (call, index) in reply.calls.iter().zip(0_u32..) {
        let head = json!({
            "index": index, "id": call.id, "type": "function",
            "function": { "name": call.name, "arguments": "" },
        });
        let first =
            json!({ "role": "assistant", "content": null, "tool_calls": [head], "refusal": null });
        made.push((first, 6));
        for part in portions(&call.args.to_string(), PORTION, luck) {
            let tokens = crate::sim::ask::tokens(&part);
            made.push((
                json!({ "tool_calls": [{ "index": index, "function": { "arguments": part } }] }),
                tokens,
            ));
        }
    }
    made
}

fn event(chunk: &Map<String, Value>) -> Bytes {
    Bytes::from(format!("data: {}\n\n", Value::Object(chunk.clone())))
}
