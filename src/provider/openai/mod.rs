//! OpenAI's `chat/completions`, and what the many compatible servers made of it.

mod answer;
mod message;
mod own;
mod read;
mod stream;
mod stream_write;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use answer::{read_answer, write_answer};
pub(crate) use own::Own;
pub(crate) use read::read_request;
pub(crate) use stream::StreamReader;
pub(crate) use stream_write::StreamWriter;
pub(crate) use write::{effort, note_sampling, reasons, write_request};

use super::chat::{Finish, Usage};
use super::translate::json::count;
use serde_json::{Value, json};

/// `None`: not finished yet, or an error.
fn finish(reason: &str, called_tools: bool) -> Option<Finish> {
    Some(match reason {
        "" | "null" | "error" => return None,
        "length" => Finish::Length,
        "tool_calls" | "function_call" => Finish::ToolUse,
        "content_filter" => Finish::Policy,
        _ if called_tools => Finish::ToolUse,
        _ => Finish::Stop,
    })
}

/// A pause has no word here; `length` at least says that the answer is not whole.
fn finish_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length | Finish::Pause => "length",
        Finish::ToolUse => "tool_calls",
        Finish::Policy | Finish::Refusal => "content_filter",
    }
}

pub(super) fn read_usage(usage: &Value) -> Usage {
    let details = |group: &str, key: &str| usage.get(group).map_or(0, |v| count(v, key));
    let (input, completion) = (
        count(usage, "prompt_tokens"),
        count(usage, "completion_tokens"),
    );
    let reasoning = details("completion_tokens_details", "reasoning_tokens");
    // Some servers (xAI's) leave reasoning out of completion_tokens; their total tells.
    let apart = reasoning > 0 && count(usage, "total_tokens") == input + completion + reasoning;
    let cache_read = details("prompt_tokens_details", "cached_tokens");
    let cache_write = details("prompt_tokens_details", "cache_write_tokens");
    let cached = cache_read.saturating_add(cache_write);
    Usage {
        // More from the cache than there is: this server (Azure's Grok) counts the cache apart.
        input: if cached > input {
            input.saturating_add(cached)
        } else {
            input
        },
        output: if apart {
            completion + reasoning
        } else {
            completion
        },
        cache_read,
        cache_write,
        reasoning,
    }
}

fn write_usage(usage: &Usage) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input.saturating_add(usage.output),
        "prompt_tokens_details": { "cached_tokens": usage.cache_read },
        "completion_tokens_details": { "reasoning_tokens": usage.reasoning },
    })
}
