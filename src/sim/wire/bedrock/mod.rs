//! `POST /model/{model}/converse`, `/converse-stream`, `/count-tokens`, and the list of foundation models.

mod read;
mod tell;

pub(super) use read::read;
pub(super) use tell::{headers, tell};

use super::{Delivery, Model, Op, Refusal, Stamp, header};
use axum::http::{HeaderMap, Method};
use serde_json::{Value, json};

const fn model(alias: &'static str, dated: &'static str, title: &'static str) -> Model {
    Model {
        alias,
        dated,
        title,
        created: 0,
    }
}

/// The models, and the profiles of a region that most people call them by.
pub(super) const MODELS: [Model; 4] = [
    model(
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "Claude Sonnet 4.5",
    ),
    model(
        "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        "anthropic.claude-haiku-4-5-20251001-v1:0",
        "Claude Haiku 4.5",
    ),
    model(
        "us.amazon.nova-2-lite-v1:0",
        "amazon.nova-2-lite-v1:0",
        "Nova 2 Lite",
    ),
    model(
        "us.amazon.nova-pro-v1:0",
        "amazon.nova-pro-v1:0",
        "Nova Pro",
    ),
];

pub(super) fn route(method: &Method, path: &str) -> Option<Op> {
    if method == Method::GET {
        let rest = path.strip_prefix("/foundation-models")?;
        return match rest.strip_prefix('/') {
            None if rest.is_empty() => Some(Op::Models),
            Some(name) => Some(Op::Model(unescaped(name)?)),
            None => None,
        };
    }
    let (name, verb) = path.strip_prefix("/model/")?.split_once('/')?;
    let path_model = Some(unescaped(name)?);
    let chat = |how| {
        Some(Op::Chat {
            path_model: path_model.clone(),
            how,
        })
    };
    match (method, verb) {
        (&Method::POST, "converse") => chat(Delivery::Whole),
        (&Method::POST, "converse-stream") => chat(Delivery::Events),
        (&Method::POST, "count-tokens") => Some(Op::Count { path_model }),
        _ => None,
    }
}

/// A path segment as it was before it was escaped.
fn unescaped(segment: &str) -> Option<String> {
    let mut out = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(out).ok()
}

/// Who signed a request: the key's id in a signature that has all its parts.
pub(super) fn signer(headers: &HeaderMap) -> Option<&str> {
    header(headers, "x-amz-date")?;
    let signed = header(headers, "authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let part = |name: &str| {
        let mut parts = signed.split(',').map(str::trim);
        parts.find_map(|p| p.strip_prefix(name)?.strip_prefix('='))
    };
    part("Signature").filter(|s| s.len() == 64)?;
    part("SignedHeaders").filter(|names| names.split(';').any(|n| n == "host"))?;
    let (id, scope) = part("Credential")?.split_once('/')?;
    scope.ends_with("/bedrock/aws4_request").then_some(id)
}

pub(super) fn list() -> Value {
    let models: Vec<Value> = MODELS.iter().map(|m| summary(*m)).collect();
    json!({ "modelSummaries": models })
}

pub(super) fn describe(model: Model) -> Value {
    json!({ "modelDetails": summary(model) })
}

fn summary(model: Model) -> Value {
    json!({
        "modelId": model.dated,
        "modelName": model.title,
        "responseStreamingSupported": true,
        "inputModalities": ["TEXT", "IMAGE"],
        "outputModalities": ["TEXT"],
    })
}

pub(super) fn counted(tokens: u64) -> Value {
    json!({ "inputTokens": tokens })
}

pub(super) fn refuse(
    refusal: &Refusal,
    stamp: &Stamp,
) -> (u16, Vec<(&'static str, String)>, Value) {
    let (status, name, message) = fault(refusal);
    let mut headers = headers(stamp, false);
    let kind = format!("{name}:http://internal.amazon.com/coral/com.amazon.bedrock/");
    headers.push(("x-amzn-errortype", kind));
    (status, headers, json!({ "message": message }))
}

fn fault(refusal: &Refusal) -> (u16, &'static str, String) {
    let invalid = |message: String| (400, "ValidationException", message);
    match refusal {
        Refusal::NoKey | Refusal::NoVersion => (
            403,
            "MissingAuthenticationTokenException",
            "Missing Authentication Token".into(),
        ),
        Refusal::BadKey(_) => (
            403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.".into(),
        ),
        Refusal::BadJson(why) => (400, "SerializationException", why.clone()),
        Refusal::Missing(field) => invalid(format!(
            "1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must not be null"
        )),
        Refusal::Invalid { field, problem } if field.is_empty() => invalid(problem.clone()),
        Refusal::Invalid { field, problem } => invalid(format!(
            "1 validation error detected: Value at '{field}' failed to satisfy constraint: {problem}"
        )),
        Refusal::NoModel(_) => invalid("The provided model identifier is invalid.".into()),
        Refusal::NoRoute { .. } => (404, "UnknownOperationException", "Unknown operation".into()),
        Refusal::TooLong { .. } => invalid(
            "The model returned the following errors: Input is too long for requested model."
                .into(),
        ),
        Refusal::TooLarge => invalid("Request body is too large.".into()),
        Refusal::Throttled { .. } | Refusal::Down(429) => throttled(),
        Refusal::Down(status) => own_trouble(*status),
    }
}

fn throttled() -> (u16, &'static str, String) {
    (
        429,
        "ThrottlingException",
        "Too many requests, please wait before trying again.".into(),
    )
}

fn own_trouble(status: u16) -> (u16, &'static str, String) {
    let (name, message) = match status {
        400 => ("ValidationException", "Malformed input request."),
        401 | 403 => (
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
        ),
        404 => ("ResourceNotFoundException", "The model was not found."),
        408 => ("ModelTimeoutException", "Model took too long to respond."),
        424 => (
            "ModelErrorException",
            "The model could not process the request.",
        ),
        503 => (
            "ServiceUnavailableException",
            "Bedrock is unable to process your request.",
        ),
        _ => (
            "InternalServerException",
            "The system encountered an unexpected error during processing. Try your request again.",
        ),
    };
    (status, name, message.to_owned())
}
