//! `POST /v1/messages`, `/v1/messages/count_tokens` and `GET /v1/models`.

mod read;
mod tell;

pub(super) use read::read;
pub(super) use tell::{headers, tell};

use super::{Delivery, Model, Op, Refusal, Stamp};
use crate::model::Wall;
use axum::http::Method;
use serde_json::{Value, json};

const fn model(
    alias: &'static str,
    dated: &'static str,
    title: &'static str,
    created: u64,
) -> Model {
    Model {
        alias,
        dated,
        title,
        created,
    }
}

pub(super) const MODELS: [Model; 8] = [
    model(
        "claude-opus-5-5",
        "claude-opus-5-5",
        "Claude Opus 5.5",
        1_788_220_800,
    ),
    model(
        "claude-sonnet-5-5",
        "claude-sonnet-5-5",
        "Claude Sonnet 5.5",
        1_788_220_800,
    ),
    model(
        "claude-haiku-5-5",
        "claude-haiku-5-5",
        "Claude Haiku 5.5",
        1_788_220_800,
    ),
    model(
        "claude-sonnet-4-6",
        "claude-sonnet-4-6",
        "Claude Sonnet 4.6",
        1_771_286_400,
    ),
    model(
        "claude-opus-4-5",
        "claude-opus-4-5-20251101",
        "Claude Opus 4.5",
        1_763_942_400,
    ),
    model(
        "claude-haiku-4-5",
        "claude-haiku-4-5-20251001",
        "Claude Haiku 4.5",
        1_760_486_400,
    ),
    model(
        "claude-sonnet-4-5",
        "claude-sonnet-4-5-20250929",
        "Claude Sonnet 4.5",
        1_759_104_000,
    ),
    model(
        "claude-opus-4-1",
        "claude-opus-4-1-20250805",
        "Claude Opus 4.1",
        1_754_352_000,
    ),
];

pub(super) fn route(method: &Method, path: &str) -> Option<Op> {
    match (method, path.strip_prefix("/v1/")?) {
        (&Method::POST, "messages") => Some(Op::Chat {
            path_model: None,
            how: Delivery::ByBody,
        }),
        (&Method::POST, "messages/count_tokens") => Some(Op::Count { path_model: None }),
        (&Method::GET, "models") => Some(Op::Models),
        (&Method::GET, rest) => rest
            .strip_prefix("models/")
            .map(|name| Op::Model(name.to_owned())),
        _ => None,
    }
}

pub(super) fn list() -> Value {
    let data: Vec<Value> = MODELS.iter().map(|m| describe(*m)).collect();
    json!({
        "data": data,
        "has_more": false,
        "first_id": MODELS.first().map(|m| m.dated),
        "last_id": MODELS.last().map(|m| m.dated),
    })
}

pub(super) fn describe(model: Model) -> Value {
    json!({
        "type": "model",
        "id": model.dated,
        "display_name": model.title,
        "created_at": tell::seconds(Wall(model.created * 1000)),
        "lifecycle": "active",
    })
}

pub(super) fn refuse(
    refusal: &Refusal,
    stamp: &Stamp,
) -> (u16, Vec<(&'static str, String)>, Value) {
    let (status, kind, message) = fault(refusal);
    let mut headers = headers(stamp, false);
    let again = matches!(status, 408 | 409 | 429 | 500..);
    headers.push(("x-should-retry", again.to_string()));
    if let Refusal::Throttled { wait } = refusal {
        headers.push(("retry-after", wait.to_string()));
    }
    let body = json!({
        "type": "error",
        "error": { "type": kind, "message": message },
        "request_id": stamp.request,
    });
    (status, headers, body)
}

fn fault(refusal: &Refusal) -> (u16, &'static str, String) {
    let invalid = |message: String| (400, "invalid_request_error", message);
    match refusal {
        Refusal::NoKey => (
            401,
            "authentication_error",
            "x-api-key header is required".into(),
        ),
        Refusal::BadKey(_) => (401, "authentication_error", "invalid x-api-key".into()),
        Refusal::NoVersion => invalid("anthropic-version: header is required".into()),
        Refusal::BadJson(why) => invalid(format!("The request body is not valid JSON: {why}")),
        Refusal::Missing(field) => invalid(format!("{field}: Field required")),
        Refusal::Invalid { field, problem } => invalid(format!("{field}: {problem}")),
        Refusal::NoModel(name) => (404, "not_found_error", format!("model: {name}")),
        Refusal::NoRoute { .. } => (404, "not_found_error", "Not Found".into()),
        Refusal::TooLong { tokens, window } => invalid(format!(
            "prompt is too long: {tokens} tokens > {window} maximum"
        )),
        Refusal::TooLarge => (
            413,
            "request_too_large",
            "Request exceeds the maximum size".into(),
        ),
        Refusal::Throttled { .. } => (
            429,
            "rate_limit_error",
            "This request would exceed your organization's rate limit of requests per minute."
                .into(),
        ),
        Refusal::Down(status) => {
            let (kind, message) = match status {
                401 => ("authentication_error", "invalid x-api-key"),
                402 => ("billing_error", "There is a problem with your billing"),
                403 => (
                    "permission_error",
                    "Your API key does not have permission to use the resource",
                ),
                404 => ("not_found_error", "Not Found"),
                429 => ("rate_limit_error", "Rate limited"),
                504 => ("timeout_error", "Request timed out"),
                529 => ("overloaded_error", "Overloaded"),
                400..=499 => ("invalid_request_error", "Invalid request"),
                _ => ("api_error", "Internal server error"),
            };
            (*status, kind, message.to_owned())
        }
    }
}
