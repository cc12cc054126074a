//! Whole answers with 200, and the reasons that answers give for their end.
//!
//! Read with borrowed raw values: an answer may hold half an emoji, which a strict reader of strings refuses, and
//! nothing here needs its text, only whether there is any.

use super::{
    in_band,
    said::{Said, is_html},
};
use crate::model::{Class, Dialect, Verdict};
use serde::Deserialize;
use serde_json::{error::Category, value::RawValue};
use std::borrow::Cow;

/// What a 200 with this whole body means.
pub fn answer(dialect: Dialect, body: &[u8]) -> Verdict {
    let read = match dialect {
        Dialect::OpenAi => open_ai(body),
        Dialect::Anthropic => anthropic(body),
        Dialect::Gemini => gemini(body),
        Dialect::Bedrock => bedrock(body),
        Dialect::Responses => responses(body),
    };
    read.unwrap_or_else(|e| unreadable(dialect, body, &e))
        .status(200)
}

/// What the reason that an answer gives for its end means, given whether there was any content. A stream that ends
/// without a reason was cut, which is not for this to say.
pub fn finish(dialect: Dialect, reason: &str, has_content: bool) -> Verdict {
    match dialect {
        Dialect::OpenAi => match reason {
            "content_filter" => Verdict::new(Class::Policy, "content_filter"),
            "error" | "insufficient_system_resource" => Verdict::new(Class::Fault, "finish_error"),
            "length" | "tool_calls" | "function_call" => Verdict::ok(),
            _ => ok_if(has_content),
        },
        Dialect::Responses => match reason {
            "content_filter" => Verdict::new(Class::Policy, "content_filter"),
            "failed" | "cancelled" => Verdict::new(Class::Fault, reason),
            // Background work has only begun.
            "queued" | "in_progress" | "max_output_tokens" | "incomplete" => Verdict::ok(),
            _ => ok_if(has_content),
        },
        Dialect::Anthropic => match reason {
            "refusal" => Verdict::new(Class::Policy, "refusal"),
            "max_tokens"
            | "tool_use"
            | "pause_turn"
            | "stop_sequence"
            | "model_context_window_exceeded" => Verdict::ok(),
            _ => ok_if(has_content),
        },
        Dialect::Gemini => match reason {
            "SAFETY"
            | "PROHIBITED_CONTENT"
            | "RECITATION"
            | "BLOCKLIST"
            | "SPII"
            | "IMAGE_SAFETY"
            | "IMAGE_PROHIBITED_CONTENT"
            | "IMAGE_RECITATION"
            | "MODEL_ARMOR" => Verdict::new(Class::Policy, reason.to_ascii_lowercase()),
            "MALFORMED_FUNCTION_CALL"
            | "UNEXPECTED_TOOL_CALL"
            | "TOO_MANY_TOOL_CALLS"
            | "MALFORMED_RESPONSE"
            | "OTHER"
            | "IMAGE_OTHER"
            | "NO_IMAGE"
            | "LANGUAGE" => Verdict::new(Class::Soft, reason.to_ascii_lowercase()),
            "MAX_TOKENS" => Verdict::ok(),
            _ => ok_if(has_content),
        },
        Dialect::Bedrock => match reason {
            "guardrail_intervened" | "content_filtered" => Verdict::new(Class::Policy, reason),
            "malformed_model_output" | "malformed_tool_use" => Verdict::new(Class::Soft, reason),
            "max_tokens" | "tool_use" | "stop_sequence" | "model_context_window_exceeded" => {
                Verdict::ok()
            }
            _ => ok_if(has_content),
        },
    }
}

/// A whole body is whole with a reason or without.
fn whole(dialect: Dialect, reason: Option<&str>, has_content: bool) -> Verdict {
    reason.map_or_else(
        || ok_if(has_content),
        |reason| finish(dialect, reason, has_content),
    )
}

fn ok_if(has_content: bool) -> Verdict {
    if has_content {
        Verdict::ok()
    } else {
        Verdict::new(Class::Soft, "empty")
    }
}

/// A 200 that is no answer of its dialect. An error in a 200 is what brokers send when they have begun too early.
fn unreadable(dialect: Dialect, body: &[u8], e: &serde_json::Error) -> Verdict {
    let code = match e.classify() {
        _ if body.trim_ascii().is_empty() => "empty_body",
        _ if is_html(body) => "html_body",
        Category::Eof => "cut_off",
        Category::Data => {
            return error_in(dialect, body)
                .unwrap_or_else(|| Verdict::new(Class::Fault, "not_an_answer"));
        }
        Category::Syntax | Category::Io => "not_json",
    };
    Verdict::new(Class::Fault, code)
}

fn error_in(dialect: Dialect, body: &[u8]) -> Option<Verdict> {
    in_band::in_band(dialect, None, body)
}

type Raw<'a> = Option<&'a RawValue>;

#[derive(Deserialize)]
struct OpenAi<'a> {
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
    #[serde(borrow, default)]
    error: Raw<'a>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    error: Raw<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Raw<'a>,
    #[serde(borrow, default)]
    refusal: Raw<'a>,
    #[serde(borrow, default)]
    tool_calls: Raw<'a>,
    #[serde(borrow, default)]
    function_call: Raw<'a>,
    #[serde(borrow, default)]
    audio: Raw<'a>,
    #[serde(borrow, default)]
    images: Raw<'a>,
}

/// Of several choices the best one counts.
fn open_ai(body: &[u8]) -> serde_json::Result<Verdict> {
    let read: OpenAi<'_> = serde_json::from_slice(body)?;
    if let Some(error) = read
        .error
        .or_else(|| read.choices.iter().find_map(|c| c.error))
    {
        return Ok(in_band::verdict(
            Dialect::OpenAi,
            &Said::read(error.get().as_bytes()),
        ));
    }
    let choices = read.choices.iter().map(|choice| {
        let has_content = choice.message.as_ref().is_some_and(|m| {
            [
                m.content,
                m.refusal,
                m.tool_calls,
                m.function_call,
                m.audio,
                m.images,
            ]
            .iter()
            .any(|field| field.is_some_and(|raw| !is_blank(raw)))
        });
        whole(
            Dialect::OpenAi,
            choice.finish_reason.as_deref(),
            has_content,
        )
    });
    Ok(best(choices).unwrap_or_else(|| Verdict::new(Class::Soft, "no_choices")))
}

#[derive(Deserialize)]
struct Responses<'a> {
    #[serde(borrow)]
    output: Vec<Item<'a>>,
    #[serde(borrow, default)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    incomplete_details: Option<Incomplete<'a>>,
    #[serde(borrow, default)]
    error: Raw<'a>,
}

#[derive(Deserialize)]
struct Incomplete<'a> {
    #[serde(borrow, default)]
    reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, default)]
    r#type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    content: Option<Vec<Piece<'a>>>,
}

fn responses(body: &[u8]) -> serde_json::Result<Verdict> {
    let read: Responses<'_> = serde_json::from_slice(body)?;
    if let Some(error) = read.error {
        return Ok(in_band::verdict(
            Dialect::Responses,
            &Said::read(error.get().as_bytes()),
        ));
    }
    let has_content = read.output.iter().any(|item| {
        let mut said = item.content.iter().flatten();
        match item.r#type.as_deref() {
            None | Some("message") => said.any(|part| {
                [part.text, part.refusal]
                    .iter()
                    .any(|field| field.is_some_and(|raw| !is_blank(raw)))
            }),
            Some("reasoning") => false,
            Some(_) => true,
        }
    });
    let reason = read
        .incomplete_details
        .and_then(|details| details.reason)
        .or(read.status);
    Ok(whole(Dialect::Responses, reason.as_deref(), has_content))
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow, default)]
    text: Raw<'a>,
    #[serde(borrow, default)]
    refusal: Raw<'a>,
}

#[derive(Deserialize)]
struct Anthropic<'a> {
    #[serde(borrow)]
    content: Vec<Block<'a>>,
    #[serde(borrow, default)]
    stop_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Raw<'a>,
}

fn anthropic(body: &[u8]) -> serde_json::Result<Verdict> {
    let read: Anthropic<'_> = serde_json::from_slice(body)?;
    let has_content = read.content.iter().any(|block| match &*block.r#type {
        "text" => block.text.is_some_and(|raw| !is_blank(raw)),
        "thinking" | "redacted_thinking" => false,
        _ => true,
    });
    Ok(whole(
        Dialect::Anthropic,
        read.stop_reason.as_deref(),
        has_content,
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Gemini<'a> {
    #[serde(borrow, default)]
    candidates: Option<Vec<Candidate<'a>>>,
    #[serde(borrow, default)]
    prompt_feedback: Option<Feedback<'a>>,
    #[serde(borrow, default)]
    error: Raw<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback<'a> {
    #[serde(borrow, default)]
    block_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate<'a> {
    #[serde(borrow, default)]
    content: Option<Content<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow, default)]
    parts: Option<Vec<Part<'a>>>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Raw<'a>,
    #[serde(default)]
    thought: bool,
}

fn gemini(body: &[u8]) -> serde_json::Result<Verdict> {
    let read: Gemini<'_> = serde_json::from_slice(body)?;
    if let Some(error) = read.error {
        return Ok(in_band::verdict(
            Dialect::Gemini,
            &Said::read(error.get().as_bytes()),
        ));
    }
    if let Some(reason) = read.prompt_feedback.and_then(|f| f.block_reason) {
        let code = super::word::word(&reason).unwrap_or_else(|| "blocked".to_owned());
        return Ok(Verdict::new(Class::Policy, code));
    }
    let candidates = read.candidates.iter().flatten().map(|candidate| {
        let parts = candidate
            .content
            .iter()
            .flat_map(|c| c.parts.iter().flatten());
        let has_content = parts
            .filter(|p| !p.thought)
            .any(|p| p.text.is_none_or(|raw| !is_blank(raw)));
        whole(
            Dialect::Gemini,
            candidate.finish_reason.as_deref(),
            has_content,
        )
    });
    Ok(best(candidates).unwrap_or_else(|| Verdict::new(Class::Soft, "no_candidates")))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bedrock<'a> {
    #[serde(borrow)]
    output: Output<'a>,
    #[serde(borrow, default)]
    stop_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    message: Spoken<'a>,
}

#[derive(Deserialize)]
struct Spoken<'a> {
    #[serde(borrow)]
    content: Vec<Typed<'a>>,
}

/// A block has one field, which says what it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed<'a> {
    #[serde(borrow, default)]
    text: Raw<'a>,
    #[serde(borrow, default)]
    reasoning_content: Raw<'a>,
}

fn bedrock(body: &[u8]) -> serde_json::Result<Verdict> {
    let read: Bedrock<'_> = serde_json::from_slice(body)?;
    let mut blocks = read.output.message.content.iter();
    let has_content = blocks.any(|block| match block.text {
        Some(text) => !is_blank(text),
        None => block.reasoning_content.is_none(),
    });
    Ok(whole(
        Dialect::Bedrock,
        read.stop_reason.as_deref(),
        has_content,
    ))
}

/// The first good one, else the first.
fn best(mut verdicts: impl Iterator<Item = Verdict>) -> Option<Verdict> {
    let first = verdicts.next()?;
    if first.class == Class::Ok {
        return Some(first);
    }
    Some(verdicts.find(|v| v.class == Class::Ok).unwrap_or(first))
}

/// A string of white space, an empty array or object.
fn is_blank(raw: &RawValue) -> bool {
    let text = raw.get();
    if let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        return is_white(inner);
    }
    let filled = |c: char| !c.is_whitespace() && !matches!(c, '[' | ']' | '{' | '}');
    !text.contains(filled)
}

/// The inside of a JSON string has nothing but white space, escaped or not.
fn is_white(inner: &str) -> bool {
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let white = match c {
            '\\' => matches!(chars.next(), Some('n' | 't' | 'r')),
            c => c.is_whitespace(),
        };
        if !white {
            return false;
        }
    }
    true
}
