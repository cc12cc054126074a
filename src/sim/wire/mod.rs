//! The wire formats as the vendors speak them, written from the outside: from what an SDK sends and expects.

mod anthropic;
mod bedrock;
mod gemini;
mod openai;
mod responses;

use super::{
    ask::Ask,
    luck::Luck,
    pace::{Frame, Pace},
    reply::Reply,
};
use crate::model::{Dialect, Wall};
use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;
use serde_json::Value;
use std::time::Duration;

/// What a request wants, by its method and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Op {
    Chat {
        path_model: Option<String>,
        how: Delivery,
    },
    Count {
        path_model: Option<String>,
    },
    Models,
    Model(String),
}

/// How the path, rather than the body, wants an answer delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The body says.
    ByBody,
    Whole,
    Events,
    /// Gemini without `alt=sse`: one JSON list that grows.
    List,
}

/// Why a provider says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    NoKey,
    /// With the key as the vendor shows it back, if it does.
    BadKey(String),
    NoVersion,
    BadJson(String),
    Missing(&'static str),
    Invalid {
        field: String,
        problem: String,
    },
    NoModel(String),
    NoRoute {
        method: String,
        path: String,
    },
    TooLong {
        tokens: u64,
        window: u64,
    },
    TooLarge,
    Throttled {
        wait: u64,
    },
    Down(u16),
}

impl Refusal {
    fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

/// A model that a vendor serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Model {
    /// What clients usually write.
    alias: &'static str,
    /// What answers say.
    dated: &'static str,
    title: &'static str,
    /// Unix time.
    created: u64,
}

/// What identifies one answer and says when it was made.
#[derive(Debug, Clone)]
pub(super) struct Stamp {
    pub(super) request: String,
    pub(super) wall: Wall,
    /// Requests that the account may still make this minute, of how many.
    pub(super) left: u64,
    pub(super) limit: u64,
}

/// What goes back on the socket, and when.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) head_at: Duration,
    pub(super) frames: Vec<Frame>,
}

/// Everything that is needed to write an answer down.
pub(super) struct Telling<'a> {
    pub(super) ask: &'a Ask,
    pub(super) model: Model,
    pub(super) replies: &'a [Reply],
    pub(super) stamp: &'a Stamp,
    pub(super) pace: Pace,
    pub(super) luck: &'a mut Luck,
}

impl Telling<'_> {
    /// The reply that every dialect has; `OpenAI` may have more.
    fn reply(&self) -> &Reply {
        self.replies
            .first()
            .expect("an answer is told with at least one reply")
    }

    fn whole(&self, value: &Value) -> (Duration, Vec<Frame>) {
        let tokens = self
            .replies
            .iter()
            .map(|r| r.usage.output + r.usage.thought)
            .max();
        let due = self.pace.at(tokens.unwrap_or(0));
        (due, vec![(due, Bytes::from(value.to_string()))])
    }
}

/// What a request to a vendor is written in: `OpenAI` has two APIs.
pub(super) fn spoken(vendor: Dialect, path: &str) -> Dialect {
    match vendor {
        Dialect::OpenAi if responses::is_at(path) => Dialect::Responses,
        own => own,
    }
}

pub(super) fn route(dialect: Dialect, method: &Method, uri: &Uri) -> Result<Op, Refusal> {
    let path = uri.path();
    let found = match dialect {
        Dialect::OpenAi => openai::route(method, path),
        Dialect::Responses => responses::route(method, path),
        Dialect::Anthropic => anthropic::route(method, path),
        Dialect::Gemini => gemini::route(method, path, uri.query().unwrap_or_default()),
        Dialect::Bedrock => bedrock::route(method, path),
    };
    found.ok_or_else(|| Refusal::NoRoute {
        method: method.to_string(),
        path: path.to_owned(),
    })
}

/// Lets in who shows the key, and what else the vendor asks of the head.
pub(super) fn admit(
    dialect: Dialect,
    headers: &HeaderMap,
    uri: &Uri,
    key: &str,
) -> Result<(), Refusal> {
    let shown = match dialect {
        Dialect::OpenAi | Dialect::Responses => bearer(headers),
        Dialect::Anthropic => header(headers, "x-api-key").or_else(|| bearer(headers)),
        Dialect::Gemini => header(headers, "x-goog-api-key").or_else(|| query(uri, "key")),
        // The account's key as it is, or as the id of the key that signed.
        Dialect::Bedrock => bearer(headers).or_else(|| bedrock::signer(headers)),
    };
    match shown {
        None => return Err(Refusal::NoKey),
        Some(shown) if shown != key => return Err(Refusal::BadKey(masked(shown))),
        Some(_) => {}
    }
    if dialect == Dialect::Anthropic && header(headers, "anthropic-version").is_none() {
        return Err(Refusal::NoVersion);
    }
    Ok(())
}

pub(super) fn read(dialect: Dialect, op: &Op, body: &Value) -> Result<Ask, Refusal> {
    match (dialect, op) {
        (Dialect::OpenAi, _) => openai::read(body),
        (Dialect::Responses, _) => responses::read(body),
        (Dialect::Anthropic, Op::Count { .. }) => anthropic::read(body, false),
        (Dialect::Anthropic, _) => anthropic::read(body, true),
        (
            Dialect::Gemini,
            Op::Chat {
                path_model: Some(model),
                how,
            },
        ) => gemini::read(body, model, *how),
        (
            Dialect::Gemini,
            Op::Count {
                path_model: Some(model),
            },
        ) => {
            // The count may come wrapped, with the whole request inside.
            let inner = body.get("generateContentRequest").unwrap_or(body);
            gemini::read(inner, model, Delivery::Whole)
        }
        (
            Dialect::Bedrock,
            Op::Chat {
                path_model: Some(model),
                how,
            },
        ) => bedrock::read(body, model, *how),
        (
            Dialect::Bedrock,
            Op::Count {
                path_model: Some(model),
            },
        ) => {
            let inner = body.pointer("/input/converse");
            bedrock::read(inner.unwrap_or(&Value::Null), model, Delivery::Whole)
        }
        (Dialect::Gemini | Dialect::Bedrock, _) => Err(Refusal::Missing("model")),
    }
}

pub(super) fn model(dialect: Dialect, name: &str) -> Result<Model, Refusal> {
    catalogue(dialect)
        .iter()
        .find(|m| m.alias == name || m.dated == name)
        .copied()
        .ok_or_else(|| Refusal::NoModel(name.to_owned()))
}

fn catalogue(dialect: Dialect) -> &'static [Model] {
    match dialect {
        Dialect::OpenAi | Dialect::Responses => &openai::MODELS,
        Dialect::Anthropic => &anthropic::MODELS,
        Dialect::Gemini => &gemini::MODELS,
        Dialect::Bedrock => &bedrock::MODELS,
    }
}

pub(super) fn tell(dialect: Dialect, how: Delivery, telling: &mut Telling) -> Sent {
    match dialect {
        Dialect::OpenAi => openai::tell(telling),
        Dialect::Responses => responses::tell(telling),
        Dialect::Anthropic => anthropic::tell(telling),
        Dialect::Gemini => gemini::tell(how, telling),
        Dialect::Bedrock => bedrock::tell(telling),
    }
}

pub(super) fn refuse(dialect: Dialect, refusal: &Refusal, stamp: &Stamp, pace: Pace) -> Sent {
    let (status, headers, body) = match dialect {
        Dialect::OpenAi | Dialect::Responses => openai::refuse(refusal, stamp),
        Dialect::Anthropic => anthropic::refuse(refusal, stamp),
        Dialect::Gemini => gemini::refuse(refusal),
        Dialect::Bedrock => bedrock::refuse(refusal, stamp),
    };
    let due = pace.refusal();
    Sent {
        status,
        headers,
        head_at: due,
        frames: vec![(due, Bytes::from(body.to_string()))],
    }
}

/// Lists, single models and counts: answered at once, no model is asked.
pub(super) fn inform(dialect: Dialect, body: &Value, stamp: &Stamp, pace: Pace) -> Sent {
    let headers = match dialect {
        Dialect::OpenAi | Dialect::Responses => openai::headers(stamp, Duration::ZERO, false),
        Dialect::Anthropic => anthropic::headers(stamp, false),
        Dialect::Gemini => gemini::headers(false),
        Dialect::Bedrock => bedrock::headers(stamp, false),
    };
    let due = pace.refusal();
    Sent {
        status: 200,
        headers,
        head_at: due,
        frames: vec![(due, Bytes::from(body.to_string()))],
    }
}

pub(super) fn counted(dialect: Dialect, tokens: u64) -> Value {
    match dialect {
        Dialect::Gemini => gemini::counted(tokens),
        Dialect::Bedrock => bedrock::counted(tokens),
        Dialect::OpenAi | Dialect::Anthropic | Dialect::Responses => {
            serde_json::json!({ "input_tokens": tokens })
        }
    }
}

pub(super) fn list(dialect: Dialect) -> Value {
    match dialect {
        Dialect::OpenAi | Dialect::Responses => openai::list(),
        Dialect::Anthropic => anthropic::list(),
        Dialect::Gemini => gemini::list(),
        Dialect::Bedrock => bedrock::list(),
    }
}

pub(super) fn describe(dialect: Dialect, model: Model) -> Value {
    match dialect {
        Dialect::OpenAi | Dialect::Responses => openai::describe(model.alias, model),
        Dialect::Anthropic => anthropic::describe(model),
        Dialect::Gemini => gemini::describe(model),
        Dialect::Bedrock => bedrock::describe(model),
    }
}

/// The id of a request as the vendor writes it.
pub(super) fn request_id(dialect: Dialect, luck: &mut Luck) -> String {
    match dialect {
        Dialect::OpenAi | Dialect::Responses => format!("req_{}", luck.hex(32)),
        Dialect::Anthropic => format!("req_011C{}", luck.letters(20)),
        Dialect::Gemini => luck.letters(22),
        Dialect::Bedrock => uuid_like(luck),
    }
}

fn uuid_like(luck: &mut Luck) -> String {
    [8, 4, 4, 4, 12].map(|n| luck.hex(n)).join("-")
}

/// The status that a vendor gives on a bad moment of its own.
pub(super) fn own_failure(dialect: Dialect, luck: &mut Luck) -> u16 {
    let own: &[u16] = match dialect {
        Dialect::OpenAi | Dialect::Responses => &[500, 503, 503, 502],
        Dialect::Anthropic => &[529, 529, 529, 500],
        Dialect::Gemini => &[503, 503, 500, 504],
        Dialect::Bedrock => &[503, 500, 424, 408],
    };
    own.get(luck.below(own.len())).copied().unwrap_or(500)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get(name)
        .and_then(|v| v.to_str().ok())
        .map(str::trim)
        .filter(|v| !v.is_empty())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = header(headers, "authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

fn query<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    uri.query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A key as an error message shows it back: its two ends.
fn masked(key: &str) -> String {
    let all: Vec<char> = key.chars().collect();
    if all.len() < 16 {
        return "*".repeat(all.len());
    }
    let head: String = all.iter().take(7).collect();
    let tail: String = all.iter().skip(all.len() - 4).collect();
    format!("{head}{}{tail}", "*".repeat(all.len() - 11))
}

fn text_at<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn list_at<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// A number inside its limits, or nothing at all.
fn within(body: &Value, key: &str, low: f64, high: f64) -> Result<(), Refusal> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(()),
        Some(value) => match value.as_f64() {
            Some(n) if (low..=high).contains(&n) => Ok(()),
            Some(_) => Err(Refusal::invalid(
                key,
                format!("must be between {low} and {high}"),
            )),
            None => Err(Refusal::invalid(key, "must be a number")),
        },
    }
}

/// The model's name from a body.
fn named_model(body: &Value) -> Result<String, Refusal> {
    match body.get("model") {
        None | Some(Value::Null) => Err(Refusal::Missing("model")),
        Some(Value::String(name)) => Ok(name.clone()),
        Some(_) => Err(Refusal::invalid("model", "must be a string")),
    }
}
