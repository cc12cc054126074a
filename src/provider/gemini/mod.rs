//! Gemini's `generateContent` and `streamGenerateContent?alt=sse`.

mod answer;
mod config;
mod list;
mod partial;
mod read;
mod signature;
mod spelling;
mod stream;
mod stream_write;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use answer::{read_answer, write_answer};
pub use list::ListWriter;
pub(crate) use read::read_request;
pub(crate) use signature::strip_foreign;
pub(crate) use spelling::respelled;
pub(crate) use stream::StreamReader;
pub(crate) use stream_write::StreamWriter;
pub(crate) use write::write_request;

use super::{
    chat::{Finish, Usage},
    translate::json::{Object, count},
};
use crate::model::{Class, Verdict};
use serde_json::Value;

/// How a candidate ended. An `Err` is an end that leaves no usable answer: the model wrote nonsense where a call
/// should be, or the provider gives no reason.
fn finish(reason: &str, called_tools: bool) -> Result<Finish, Verdict> {
    Ok(match reason {
        "MAX_TOKENS" => Finish::Length,
        "SAFETY"
        | "PROHIBITED_CONTENT"
        | "RECITATION"
        | "BLOCKLIST"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "LANGUAGE" => Finish::Policy,
        "STOP" if called_tools => Finish::ToolUse,
        "STOP" | "FINISH_REASON_UNSPECIFIED" => Finish::Stop,
        other => {
            let word =
                other.len() <= 48 && other.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let code = if word {
                other.to_ascii_lowercase()
            } else {
                "other".to_owned()
            };
            return Err(Verdict::new(Class::Soft, code));
        }
    })
}

fn finish_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop | Finish::ToolUse => "STOP",
        Finish::Length | Finish::Pause => "MAX_TOKENS",
        Finish::Policy | Finish::Refusal => "SAFETY",
    }
}

/// Thoughts are counted beside the candidates here; the neutral form counts them in.
pub(super) fn read_usage(usage: &Value) -> Usage {
    let reasoning = count(usage, "thoughtsTokenCount");
    Usage {
        input: count(usage, "promptTokenCount") + count(usage, "toolUsePromptTokenCount"),
        output: count(usage, "candidatesTokenCount") + reasoning,
        cache_read: count(usage, "cachedContentTokenCount"),
        cache_write: 0,
        reasoning,
    }
}

fn write_usage(usage: &Usage) -> Value {
    let mut out = Object::default();
    out.put("promptTokenCount", usage.input);
    out.put(
        "candidatesTokenCount",
        usage.output.saturating_sub(usage.reasoning),
    );
    out.put("totalTokenCount", usage.input.saturating_add(usage.output));
    if usage.reasoning > 0 {
        out.put("thoughtsTokenCount", usage.reasoning);
    }
    if usage.cache_read > 0 {
        out.put("cachedContentTokenCount", usage.cache_read);
    }
    out.into()
}
