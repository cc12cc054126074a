//! Amazon Bedrock's `Converse` and `ConverseStream`: one form for the models of many vendors, with what only some of
//! them take beside it.

mod answer;
mod block;
mod family;
mod read;
mod stream;
mod stream_write;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use answer::{read_answer, write_answer};
pub(crate) use read::read_request;
pub(crate) use stream::StreamReader;
pub(crate) use stream_write::StreamWriter;
pub(crate) use write::write_request;

use super::{
    chat::{Finish, Usage},
    translate::json::{Object, count},
};
use crate::model::{Class, Verdict};
use serde_json::Value;

/// How an answer ended. An `Err` is an end that leaves no usable answer: what the model wrote is neither text nor a
/// call.
fn finish(reason: &str) -> Result<Finish, Verdict> {
    Ok(match reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::ToolUse,
        "guardrail_intervened" | "content_filtered" => Finish::Policy,
        "malformed_model_output" | "malformed_tool_use" => {
            return Err(Verdict::new(Class::Soft, reason));
        }
        _ => Finish::Stop,
    })
}

fn stop_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Length | Finish::Pause => "max_tokens",
        Finish::ToolUse => "tool_use",
        Finish::Policy | Finish::Refusal => "content_filtered",
    }
}

/// Cached tokens are counted beside `inputTokens` here; the neutral form counts them in.
pub(super) fn read_usage(usage: &Value) -> Usage {
    let cache_read = count(usage, "cacheReadInputTokens");
    let cache_write = count(usage, "cacheWriteInputTokens");
    Usage {
        input: count(usage, "inputTokens") + cache_read + cache_write,
        output: count(usage, "outputTokens"),
        cache_read,
        cache_write,
        reasoning: 0,
    }
}

fn write_usage(usage: &Usage) -> Value {
    let cached = usage.cache_read.saturating_add(usage.cache_write);
    let mut out = Object::default();
    out.put("inputTokens", usage.input.saturating_sub(cached));
    out.put("outputTokens", usage.output);
    out.put("totalTokens", usage.input.saturating_add(usage.output));
    for (field, tokens) in [
        ("cacheReadInputTokens", usage.cache_read),
        ("cacheWriteInputTokens", usage.cache_write),
    ] {
        if tokens > 0 {
            out.put(field, tokens);
        }
    }
    out.into()
}
