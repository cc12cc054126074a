//! Translation between dialects, through the neutral [`chat`](super::chat) form: requests, whole answers, streams.
//!
//! Only for a client and a provider that speak differently; where they speak the same, bytes pass through (see
//! [`strip_foreign`] for the one exception). What a dialect cannot say is dropped by name when it is a parameter, and
//! an error ([`Untranslatable`]) when it is content: an answer to half a question is worse than the next tier.

mod collect;
pub(crate) mod generation;
pub(crate) mod json;
pub(crate) mod media;
pub(crate) mod notes;
mod replay;
pub(crate) mod schema;
pub(crate) mod seal;
pub(crate) mod stream;
pub(crate) mod surrogate;
#[cfg(test)]
mod tests;

pub use super::gemini::ListWriter;
pub(crate) use super::gemini::respelled;
pub(crate) use super::responses::custom_names;
pub use collect::Collector;
pub use notes::Untranslatable;
pub use replay::replay;
pub use seal::{strip_foreign, strip_sealed};
pub use stream::{StreamReader, StreamWriter};

use super::{
    anthropic,
    ask::Ask,
    bedrock,
    chat::{Answer, Chat, Message, Part, Role, Usage},
    classify, gemini, openai, responses,
};
use crate::model::{Dialect, Verdict};
use bytes::Bytes;
use notes::Dropped;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;

/// A request in another dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    pub body: Bytes,
    /// What got lost or changed on the way, by the caller's names: `logit_bias`,
    /// `messages[2].content[0].cache_control`.
    pub dropped: Vec<String>,
}

/// What an answer's envelope says that the answer itself does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The answer's id. Empty: the provider's own.
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
    /// The model to name instead of the provider's own word.
    pub model: Option<String>,
    /// The caller's tools whose calls are told as plain texts.
    pub custom: Vec<String>,
    /// What a stream's last event says besides, under `breakerbox`.
    pub mark: Option<serde_json::Value>,
}

impl Reply {
    pub(crate) fn id_or<'a>(&'a self, own: &'a str) -> &'a str {
        if self.id.is_empty() { own } else { &self.id }
    }

    /// Adds the mark to a last event.
    pub(crate) fn put_mark(&self, event: &mut serde_json::Value) {
        if let (Some(mark), Some(event)) = (&self.mark, event.as_object_mut()) {
            event.insert("breakerbox".to_owned(), mark.clone());
        }
    }

    pub(crate) fn model_or<'a>(&'a self, own: &'a str) -> &'a str {
        self.model.as_deref().unwrap_or(own)
    }
}

/// A 200 whose body is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadAnswer {
    /// HTML, cut off, or empty.
    NotJson,
    /// JSON without an answer in it.
    Shape(&'static str),
    /// The body says itself that it failed.
    Failed(Verdict),
}

impl fmt::Display for BadAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("the answer is not JSON"),
            Self::Shape(what) => write!(f, "the answer has no {what}"),
            Self::Failed(verdict) => write!(f, "the answer is an error: {verdict}"),
        }
    }
}

impl std::error::Error for BadAnswer {}

/// Reads a request into the neutral form.
pub fn read_request(dialect: Dialect, body: &[u8]) -> Result<Chat, Untranslatable> {
    read(dialect, body, &mut Dropped::default())
}

fn read(dialect: Dialect, body: &[u8], dropped: &mut Dropped) -> Result<Chat, Untranslatable> {
    let body = json::parse(body)
        .filter(serde_json::Value::is_object)
        .ok_or_else(|| Untranslatable::invalid("body", "not a JSON object"))?;
    let chat = match dialect {
        Dialect::OpenAi => openai::read_request(&body, dropped),
        Dialect::Anthropic => anthropic::read_request(&body, dropped),
        Dialect::Gemini => gemini::read_request(&gemini::respelled(body), dropped),
        Dialect::Bedrock => bedrock::read_request(&body, dropped),
        Dialect::Responses => responses::read_request(&body, dropped),
    }?;
    let is_users_call = |m: &Message| m.role == Role::User && m.parts.iter().any(is_call);
    if chat.messages.iter().any(is_users_call) {
        let why = "a call of a tool stands in a user's message";
        return Err(Untranslatable::invalid("messages", why));
    }
    Ok(chat)
}

fn is_call(part: &Part) -> bool {
    matches!(part, Part::ToolUse { .. })
}

/// Translates a caller's request. That it asks for a stream may stand in its path alone.
pub fn ask(ask: &Ask, to: Dialect, model: &str) -> Result<Translated, Untranslatable> {
    let mut dropped = Dropped::default();
    let read = read(ask.door, &ask.body, &mut dropped)?;
    let chat = Chat {
        stream: ask.stream,
        ..read
    };
    write(&chat, to, model, dropped)
}

/// Translates a request for `model`, a name of the target's provider. The writers know which fields its generation
/// refuses.
pub fn request(
    from: Dialect,
    to: Dialect,
    body: &[u8],
    model: &str,
) -> Result<Translated, Untranslatable> {
    let mut dropped = Dropped::default();
    let chat = read(from, body, &mut dropped)?;
    write(&chat, to, model, dropped)
}

fn write(
    chat: &Chat,
    to: Dialect,
    model: &str,
    mut dropped: Dropped,
) -> Result<Translated, Untranslatable> {
    for field in chat.extra.keys() {
        dropped.note(field);
    }
    let body = match to {
        Dialect::OpenAi => openai::write_request(chat, model, &mut dropped),
        Dialect::Anthropic => anthropic::write_request(chat, model, &mut dropped),
        Dialect::Gemini => gemini::write_request(chat, model, &mut dropped),
        Dialect::Bedrock => bedrock::write_request(chat, model, &mut dropped),
        Dialect::Responses => responses::write_request(chat, model, &mut dropped),
    }?;
    Ok(Translated {
        body: Bytes::from(body.to_string()),
        dropped: dropped.names(),
    })
}

/// Reads a whole answer.
pub fn read_answer(dialect: Dialect, body: &[u8]) -> Result<Answer, BadAnswer> {
    let body = json::parse(body).ok_or(BadAnswer::NotJson)?;
    if let Some(error) = json::present(&body, "error") {
        return Err(BadAnswer::Failed(classify::error_object(dialect, error)));
    }
    match dialect {
        Dialect::OpenAi => openai::read_answer(&body),
        Dialect::Anthropic => anthropic::read_answer(&body),
        Dialect::Gemini => gemini::read_answer(&body),
        Dialect::Bedrock => bedrock::read_answer(&body),
        Dialect::Responses => responses::read_answer(&body),
    }
}

/// What a whole answer says that it used, and no more of it.
pub fn read_usage(dialect: Dialect, body: &[u8]) -> Usage {
    #[derive(Deserialize)]
    struct Bill<'a> {
        #[serde(borrow, default, alias = "usageMetadata")]
        usage: Option<&'a RawValue>,
    }
    let bill = serde_json::from_slice(body).unwrap_or(Bill { usage: None });
    let Some(usage) = bill.usage.and_then(|u| json::parse(u.get().as_bytes())) else {
        return Usage::default();
    };
    match dialect {
        Dialect::OpenAi => openai::read_usage(&usage),
        Dialect::Anthropic => anthropic::read_usage(&usage, Usage::default()),
        Dialect::Gemini => gemini::read_usage(&usage),
        Dialect::Bedrock => bedrock::read_usage(&usage),
        Dialect::Responses => responses::read_usage(&usage),
    }
}

/// Writes a whole answer.
pub fn write_answer(dialect: Dialect, answer: &Answer, reply: &Reply) -> Bytes {
    let body = match dialect {
        Dialect::OpenAi => openai::write_answer(answer, reply),
        Dialect::Anthropic => anthropic::write_answer(answer, reply),
        Dialect::Gemini => gemini::write_answer(answer, reply),
        Dialect::Bedrock => bedrock::write_answer(answer),
        Dialect::Responses => responses::write_answer(answer, reply),
    };
    Bytes::from(body.to_string())
}
