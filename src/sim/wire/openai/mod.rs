//! `POST /v1/chat/completions` and `GET /v1/models`.

mod read;
mod tell;

pub(super) use read::read;
pub(super) use tell::{headers, tell};

use super::{Delivery, Model, Op, Refusal, Stamp};
use axum::http::Method;
use serde_json::{Value, json};

const fn model(alias: &'static str, dated: &'static str, created: u64) -> Model {
    Model {
        alias,
        dated,
        title: alias,
        created,
    }
}

pub(super) const MODELS: [Model; 7] = [
    model("gpt-5.5", "gpt-5.5-2026-04-23", 1_776_902_400),
    model("gpt-5.4-mini", "gpt-5.4-mini-2026-03-17", 1_773_705_600),
    model("gpt-4.1", "gpt-4.1-2025-04-14", 1_744_316_542),
    model("gpt-4.1-mini", "gpt-4.1-mini-2025-04-14", 1_744_318_173),
    model("gpt-4.1-nano", "gpt-4.1-nano-2025-04-14", 1_744_321_707),
    model("gpt-4o", "gpt-4o-2024-08-06", 1_715_367_049),
    model("gpt-4o-mini", "gpt-4o-mini-2024-07-18", 1_721_172_741),
];

pub(super) fn route(method: &Method, path: &str) -> Option<Op> {
    match (method, path.strip_prefix("/v1/")?) {
        (&Method::POST, "chat/completions") => Some(Op::Chat {
            path_model: None,
            how: Delivery::ByBody,
        }),
        (&Method::GET, "models") => Some(Op::Models),
        (&Method::GET, rest) => rest
            .strip_prefix("models/")
            .map(|name| Op::Model(name.to_owned())),
        _ => None,
    }
}

pub(super) fn list() -> Value {
    let data: Vec<Value> = MODELS
        .iter()
        .flat_map(|m| [describe(m.alias, *m), describe(m.dated, *m)])
        .collect();
    json!({ "object": "list", "data": data })
}

pub(super) fn describe(name: &str, model: Model) -> Value {
    json!({ "id": name, "object": "model", "created": model.created, "owned_by": "system" })
}

struct Fault {
    status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<String>,
    message: String,
}

pub(super) fn refuse(
    refusal: &Refusal,
    stamp: &Stamp,
) -> (u16, Vec<(&'static str, String)>, Value) {
    let fault = fault(refusal);
    let mut headers = headers(stamp, std::time::Duration::from_millis(9), false);
    if let Refusal::Throttled { wait } = refusal {
        headers.push(("retry-after", wait.to_string()));
        headers.push(("retry-after-ms", (wait * 1000).to_string()));
    }
    let body = json!({ "error": {
        "message": fault.message, "type": fault.kind, "param": fault.param, "code": fault.code,
    }});
    (fault.status, headers, body)
}

fn fault(refusal: &Refusal) -> Fault {
    let invalid =
        |status: u16, code: Option<&'static str>, param: Option<String>, message: String| Fault {
            status,
            kind: "invalid_request_error",
            code,
            param,
            message,
        };
    match refusal {
        Refusal::NoKey | Refusal::NoVersion => invalid(
            401,
            None,
            None,
            "You didn't provide an API key. Send it in an Authorization header, as a bearer token."
                .into(),
        ),
        Refusal::BadKey(shown) => invalid(
            401,
            Some("invalid_api_key"),
            None,
            format!("Incorrect API key provided: {shown}."),
        ),
        Refusal::BadJson(why) => invalid(
            400,
            None,
            None,
            format!("The JSON body of the request could not be parsed: {why}"),
        ),
        Refusal::Missing(field) => invalid(
            400,
            Some("missing_required_parameter"),
            Some((*field).to_owned()),
            format!("Missing required parameter: '{field}'."),
        ),
        Refusal::Invalid { field, problem } => invalid(
            400,
            Some("invalid_value"),
            Some(field.clone()),
            format!("Invalid value for '{field}': {problem}."),
        ),
        Refusal::NoModel(name) => invalid(
            404,
            Some("model_not_found"),
            None,
            format!("The model `{name}` does not exist or you do not have access to it."),
        ),
        Refusal::NoRoute { method, path } => {
            invalid(404, None, None, format!("Invalid URL ({method} {path})"))
        }
        Refusal::TooLong { tokens, window } => invalid(
            400,
            Some("context_length_exceeded"),
            Some("messages".into()),
            format!(
                "This model's maximum context length is {window} tokens. However, your messages resulted in {tokens} tokens."
            ),
        ),
        Refusal::TooLarge => invalid(413, None, None, "The request body is too large.".into()),
        Refusal::Throttled { wait } => Fault {
            status: 429,
            kind: "requests",
            code: Some("rate_limit_exceeded"),
            param: None,
            message: format!(
                "Rate limit reached on requests per min (RPM). Please try again in {wait}s."
            ),
        },
        Refusal::Down(status) => down(*status),
    }
}

fn down(status: u16) -> Fault {
    let (kind, code, message) = match status {
        401 | 403 => (
            "invalid_request_error",
            Some("invalid_api_key"),
            "Incorrect API key provided.",
        ),
        429 => (
            "requests",
            Some("rate_limit_exceeded"),
            "Rate limit reached.",
        ),
        503 => (
            "server_error",
            Some("server_is_overloaded"),
            "The server is overloaded. Please try again later.",
        ),
        _ => (
            "server_error",
            None,
            "The server had an error while processing your request.",
        ),
    };
    Fault {
        status,
        kind,
        code,
        param: None,
        message: message.to_owned(),
    }
}
