//! `OpenAI`'s Responses API: items in place of messages, and streams of named events that tell how a whole response
//! comes about.

mod answer;
mod custom;
mod item;
mod message;
mod part;
mod read;
mod stream;
mod stream_write;
#[cfg(test)]
mod tests;
mod told;
mod write;

pub(crate) use answer::{read_answer, write_answer};
pub(crate) use custom::names as custom_names;
pub(crate) use read::read_request;
pub(crate) use stream::StreamReader;
pub(crate) use stream_write::StreamWriter;
pub(crate) use write::write_request;

use super::chat::{Finish, Usage};
use super::translate::json::{count, text};
use serde_json::{Value, json};

/// How a response ended; `None`: it has not, or it failed.
fn finish(response: &Value, called_tools: bool, refused: bool) -> Option<Finish> {
    let reason = response
        .get("incomplete_details")
        .and_then(|d| text(d, "reason"));
    match (text(response, "status")?, reason) {
        ("incomplete", Some("content_filter")) => Some(Finish::Policy),
        ("incomplete", _) => Some(Finish::Length),
        ("completed", _) if called_tools => Some(Finish::ToolUse),
        ("completed", _) if refused => Some(Finish::Refusal),
        ("completed", _) => Some(Finish::Stop),
        _ => None,
    }
}

/// The reason that an incomplete response gives; `None`: it is complete. A pause has no word here; a limit at least
/// says that the answer is not whole.
fn incomplete(finish: Finish) -> Option<&'static str> {
    match finish {
        Finish::Stop | Finish::ToolUse | Finish::Refusal => None,
        Finish::Length | Finish::Pause => Some("max_output_tokens"),
        Finish::Policy => Some("content_filter"),
    }
}

pub(super) fn read_usage(usage: &Value) -> Usage {
    let details = |group: &str, key: &str| usage.get(group).map_or(0, |v| count(v, key));
    Usage {
        input: count(usage, "input_tokens"),
        output: count(usage, "output_tokens"),
        cache_read: details("input_tokens_details", "cached_tokens"),
        cache_write: details("input_tokens_details", "cache_write_tokens"),
        reasoning: details("output_tokens_details", "reasoning_tokens"),
    }
}

fn write_usage(usage: &Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
        },
        "output_tokens": usage.output,
        "output_tokens_details": { "reasoning_tokens": usage.reasoning },
        "total_tokens": usage.input.saturating_add(usage.output),
    })
}
