//! `POST /v1beta/models/{model}:generateContent`, `:streamGenerateContent`, `:countTokens`, and the list of models;
//! under `/v1` as well.

mod read;
mod tell;

pub(super) use read::read;
pub(super) use tell::{headers, tell};

use super::{Delivery, Model, Op, Refusal};
use axum::http::Method;
use serde_json::{Value, json};

const fn model(name: &'static str, title: &'static str) -> Model {
    Model {
        alias: name,
        dated: name,
        title,
        created: 0,
    }
}

pub(super) const MODELS: [Model; 6] = [
    model("gemini-3.8-flash", "Gemini 3.8 Flash"),
    model("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview"),
    model("gemini-2.5-pro", "Gemini 2.5 Pro"),
    model("gemini-2.5-flash", "Gemini 2.5 Flash"),
    model("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite"),
    model("gemini-2.0-flash", "Gemini 2.0 Flash"),
];

pub(super) fn route(method: &Method, path: &str, query: &str) -> Option<Op> {
    let rest = path
        .strip_prefix("/v1beta/")
        .or_else(|| path.strip_prefix("/v1/"))?;
    if method == Method::GET && rest == "models" {
        return Some(Op::Models);
    }
    let name = rest.strip_prefix("models/")?;
    if method == Method::GET {
        return Some(Op::Model(name.to_owned()));
    }
    let (name, verb) = name.split_once(':')?;
    let path_model = Some(name.to_owned());
    let sse = query.split('&').any(|pair| pair == "alt=sse");
    match (method, verb) {
        (&Method::POST, "generateContent") => Some(Op::Chat {
            path_model,
            how: Delivery::Whole,
        }),
        (&Method::POST, "streamGenerateContent") => Some(Op::Chat {
            path_model,
            how: if sse {
                Delivery::Events
            } else {
                Delivery::List
            },
        }),
        (&Method::POST, "countTokens") => Some(Op::Count { path_model }),
        _ => None,
    }
}

pub(super) fn list() -> Value {
    let models: Vec<Value> = MODELS.iter().map(|m| describe(*m)).collect();
    json!({ "models": models })
}

pub(super) fn describe(model: Model) -> Value {
    json!({
        "name": format!("models/{}", model.alias),
        "version": "001",
        "displayName": model.title,
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    })
}

pub(super) fn counted(tokens: u64) -> Value {
    json!({
        "totalTokens": tokens,
        "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": tokens }],
    })
}

pub(super) fn refuse(refusal: &Refusal) -> (u16, Vec<(&'static str, String)>, Value) {
    let (code, status, message) = fault(refusal);
    let mut error = json!({ "code": code, "message": message, "status": status });
    if let (Some(map), Some(details)) = (error.as_object_mut(), details(refusal)) {
        map.insert("details".into(), details);
    }
    (code, headers(false), json!({ "error": error }))
}

fn fault(refusal: &Refusal) -> (u16, &'static str, String) {
    let invalid = |message: String| (400, "INVALID_ARGUMENT", message);
    match refusal {
        Refusal::NoKey | Refusal::NoVersion => (
            403,
            "PERMISSION_DENIED",
            "Method doesn't allow unregistered callers (callers without established identity)."
                .into(),
        ),
        Refusal::BadKey(_) => invalid("API key not valid. Please pass a valid API key.".into()),
        Refusal::BadJson(why) => invalid(format!("Invalid JSON payload received. {why}")),
        Refusal::Missing(field) => invalid(format!(
            "* GenerateContentRequest.{field}: {field} is not specified"
        )),
        Refusal::Invalid { field, problem } => {
            invalid(format!("* GenerateContentRequest.{field}: {problem}"))
        }
        Refusal::NoModel(name) => (
            404,
            "NOT_FOUND",
            format!(
                "models/{name} is not found for API version v1beta, or is not supported for generateContent."
            ),
        ),
        Refusal::NoRoute { path, .. } => {
            (404, "NOT_FOUND", format!("Nothing is served at {path}."))
        }
        Refusal::TooLong { tokens, window } => invalid(format!(
            "The input token count ({tokens}) exceeds the maximum number of tokens allowed ({window})."
        )),
        Refusal::TooLarge => invalid("Request payload size exceeds the limit.".into()),
        Refusal::Throttled { wait } => (
            429,
            "RESOURCE_EXHAUSTED",
            format!(
                "You exceeded your current quota of requests per minute.\nPlease retry in {wait}s."
            ),
        ),
        Refusal::Down(code) => {
            let (status, message) = match code {
                400 => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
                401 => (
                    "UNAUTHENTICATED",
                    "Request had invalid authentication credentials.",
                ),
                403 => ("PERMISSION_DENIED", "The caller does not have permission."),
                404 => ("NOT_FOUND", "Requested entity was not found."),
                429 => (
                    "RESOURCE_EXHAUSTED",
                    "Resource has been exhausted (e.g. check quota).",
                ),
                503 => (
                    "UNAVAILABLE",
                    "The model is overloaded. Please try again later.",
                ),
                504 => (
                    "DEADLINE_EXCEEDED",
                    "Deadline expired before operation could complete.",
                ),
                _ => ("INTERNAL", "An internal error has occurred."),
            };
            (*code, status, message.to_owned())
        }
    }
}

fn details(refusal: &Refusal) -> Option<Value> {
    match refusal {
        Refusal::BadKey(_) => Some(json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": { "service": "generativelanguage.googleapis.com" },
        }])),
        Refusal::Throttled { wait } => Some(json!([
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{
                    "quotaMetric": "generativelanguage.googleapis.com/generate_content_paid_tier_requests",
                    "quotaId": "GenerateRequestsPerMinutePerProjectPerModel",
                }],
            },
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{wait}s") },
        ])),
        _ => None,
    }
}
