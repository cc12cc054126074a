//! What an answer looks like: the request and the answer, put as the checks want them.
//!
//! Requests are long and good answers many, so most requests are not read for this. An answer is first held against the
//! last question alone. Where the rest of the conversation could change what is found (it can excuse it, most often), the
//! answer is checked again with all of it, and so is every answer that had to be JSON, for its schema.

use crate::{
    checks::{self, Call, Ended, Exchange, Finding, Findings, Format},
    provider::{
        ask::Ask,
        chat::{Answer, Chat, Finish, Output, Part},
        translate,
    },
};
use serde_json::Value;
use std::borrow::Cow;

/// A request past this is not read: every answer waits for the one before it.
const LONGEST: usize = 1024 * 1024;

/// A question, its answer, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) question: String,
    pub(super) answer: String,
    pub(super) findings: Findings,
}

pub(super) fn at(ask: &Ask, answer: &Answer) -> Looked {
    let (question, text) = (ask.prompt_text(), answer.text());
    // An answer that was let through without a text or a call is something that only its own dialect has.
    let findings = if answer.is_empty() || has_media(&answer.parts) {
        Findings::default()
    } else {
        findings(ask, answer, &question, &text)
    };
    Looked {
        question,
        answer: text,
        findings,
    }
}

fn findings(ask: &Ask, answer: &Answer, question: &str, text: &str) -> Findings {
    let arguments = arguments(ask, answer);
    let calls: Vec<_> = arguments
        .iter()
        .map(|(name, arguments)| Call { name, arguments })
        .collect();
    let alone = Exchange {
        asked: question,
        before: &[],
        answer: text,
        ended: ended(answer.finish),
        format: Format::Text,
        calls: &calls,
    };
    let found = checks::check(&alone);
    if !ask.schema && !checks::needs_more(&alone, found) {
        return found;
    }
    let Some(chat) = read(ask) else {
        return found.only(|f| f == Finding::BadArguments);
    };
    let said = said(&chat);
    let before: Vec<_> = said.iter().map(String::as_str).collect();
    let found = checks::check(&Exchange {
        before: &before,
        ended: match alone.ended {
            Ended::Whole if !chat.stop.is_empty() => Ended::Other,
            ended => ended,
        },
        format: match &chat.output {
            Output::Text => Format::Text,
            Output::Json => Format::Json,
            Output::Schema { schema, .. } => Format::Schema(schema),
        },
        ..alone
    });
    if is_partly_unseen(&chat) {
        return found.only(is_of_form);
    }
    found
}

/// None where it is too long, or where a part of the conversation lies at the provider.
fn read(ask: &Ask) -> Option<Chat> {
    let is_short = ask.body.len() <= LONGEST;
    let body = is_short.then_some(&ask.body)?;
    translate::read_request(ask.door, body).ok()
}

/// What was said in turn, the system's words last: of a long conversation the end is looked at.
fn said(chat: &Chat) -> Vec<String> {
    let turns = chat.messages.iter().map(|m| m.parts.as_slice());
    turns
        .chain([chat.system.as_slice()])
        .map(|parts| {
            let mut text = String::new();
            for part in parts {
                tell(part, &mut text);
            }
            text
        })
        .filter(|text| !text.is_empty())
        .collect()
}

fn tell(part: &Part, out: &mut String) {
    match part {
        Part::Text(text) => out.push_str(text),
        Part::ToolUse { input, .. } => out.push_str(&input.to_string()),
        Part::ToolResult { content, .. } => {
            for part in content {
                tell(part, out);
            }
        }
        Part::Reasoning { .. } | Part::Image(_) | Part::File { .. } => return,
    }
    out.push('\n');
}

/// The calls' names, and their arguments as they were written. What could be read as an object is one, and a tool that
/// takes plain text takes any.
fn arguments<'a>(ask: &Ask, answer: &'a Answer) -> Vec<(&'a str, Cow<'a, str>)> {
    let plain = if answer.has_tool_use() {
        translate::custom_names(&ask.body)
    } else {
        Vec::new()
    };
    let call = |part: &'a Part| {
        let Part::ToolUse { name, input, .. } = part else {
            return None;
        };
        let written = match input {
            Value::Object(_) | Value::Null => Cow::Borrowed("{}"),
            _ if plain.contains(name) => Cow::Borrowed("{}"),
            Value::String(raw) => Cow::Borrowed(raw.as_str()),
            other => Cow::Owned(other.to_string()),
        };
        Some((name.as_str(), written))
    };
    answer.parts.iter().filter_map(call).collect()
}

const fn ended(finish: Option<Finish>) -> Ended {
    match finish {
        Some(Finish::Stop) => Ended::Whole,
        Some(Finish::Length) => Ended::Length,
        Some(Finish::ToolUse) => Ended::Tools,
        Some(Finish::Policy | Finish::Refusal | Finish::Pause) | None => Ended::Other,
    }
}

fn has_media(parts: &[Part]) -> bool {
    parts.iter().any(|part| match part {
        Part::Image(_) | Part::File { .. } => true,
        Part::ToolResult { content, .. } => has_media(content),
        Part::Text(_) | Part::Reasoning { .. } | Part::ToolUse { .. } => false,
    })
}

/// Nobody here reads pictures and documents, nor what Google keeps for its callers.
fn is_partly_unseen(chat: &Chat) -> bool {
    let shown = chat.messages.iter().any(|m| has_media(&m.parts));
    shown || has_media(&chat.system) || chat.extra.contains_key("cachedContent")
}

/// Wrong whatever was said.
const fn is_of_form(finding: Finding) -> bool {
    matches!(
        finding,
        Finding::Empty
            | Finding::InvalidJson
            | Finding::SchemaMismatch
            | Finding::BadArguments
            | Finding::OpenFence
    )
}

#[cfg(test)]
#[path = "looks/tests.rs"]
mod tests;
