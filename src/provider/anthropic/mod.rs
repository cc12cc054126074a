//! Anthropic's `messages`.

mod answer;
mod block;
mod read;
mod stream;
mod stream_write;
mod takes;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use answer::{read_answer, write_answer};
pub(crate) use read::read_request;
pub(crate) use stream::StreamReader;
pub(crate) use stream_write::StreamWriter;
pub(super) use takes::{Takes, thinking};
pub(super) use write::strict_schema;
pub(crate) use write::write_request;

use super::{
    chat::{Finish, Usage},
    translate::{
        json::{Object, count, present, text},
        media,
    },
};
use serde_json::{Value, json};

fn finish(reason: &str) -> Finish {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolUse,
        "refusal" => Finish::Refusal,
        "pause_turn" => Finish::Pause,
        _ => Finish::Stop,
    }
}

fn stop_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::ToolUse => "tool_use",
        Finish::Policy | Finish::Refusal => "refusal",
        Finish::Pause => "pause_turn",
    }
}

/// Why it refused, for a refusal that says nothing else.
fn explanation(holder: &Value) -> Option<&str> {
    text(holder.get("stop_details")?, "explanation")
}

/// Anthropic counts cached tokens beside `input_tokens`; the neutral form counts them in. A count that an event does
/// not have keeps its value from an earlier event.
pub(super) fn read_usage(usage: &Value, before: Usage) -> Usage {
    let had = |key: &str, old: u64| present(usage, key).map_or(old, |_| count(usage, key));
    let cache_read = had("cache_read_input_tokens", before.cache_read);
    let cache_write = had("cache_creation_input_tokens", before.cache_write);
    let fresh = had(
        "input_tokens",
        before
            .input
            .saturating_sub(before.cache_read + before.cache_write),
    );
    Usage {
        input: fresh + cache_read + cache_write,
        output: had("output_tokens", before.output),
        cache_read,
        cache_write,
        reasoning: usage
            .pointer("/output_tokens_details/thinking_tokens")
            .and_then(Value::as_u64)
            .unwrap_or(before.reasoning),
    }
}

fn write_usage(usage: &Usage) -> Value {
    let cached = usage.cache_read.saturating_add(usage.cache_write);
    let mut out = Object::default();
    out.put("input_tokens", usage.input.saturating_sub(cached));
    out.put("cache_creation_input_tokens", usage.cache_write);
    out.put("cache_read_input_tokens", usage.cache_read);
    out.put("output_tokens", usage.output);
    if usage.reasoning > 0 {
        out.put(
            "output_tokens_details",
            json!({ "thinking_tokens": usage.reasoning }),
        );
    }
    out.into()
}

/// A call that finishes without a reason of its own.
fn default_finish(called_tools: bool) -> Finish {
    if called_tools {
        Finish::ToolUse
    } else {
        Finish::Stop
    }
}

/// The official client refuses ids of other forms in the history it sends back.
fn tool_id(id: &str) -> String {
    media::tool_id(id)
}
