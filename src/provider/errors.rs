//! Errors as callers understand them: in the shape of the door they came in by, with the type that makes their SDK
//! raise the right exception. What a provider said goes through [`redact`] first.

pub use super::redact::redact;
use super::{classify::said::Said, eventstream};
use crate::model::Dialect;
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use std::borrow::Cow;

/// An error to tell a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerError<'a> {
    pub status: u16,
    /// For a person: what happened, where, what to do.
    pub message: &'a str,
    pub code: Option<&'a str>,
    /// The field at fault.
    pub param: Option<&'a str>,
    pub request_id: Option<&'a str>,
    /// Inside a stream: how many events went before it.
    pub events: u64,
}

impl<'a> CallerError<'a> {
    pub const fn new(status: u16, message: &'a str) -> Self {
        Self {
            status,
            message,
            code: None,
            param: None,
            request_id: None,
            events: 0,
        }
    }

    #[must_use]
    pub const fn code(mut self, code: Option<&'a str>) -> Self {
        self.code = code;
        self
    }

    #[must_use]
    pub const fn param(mut self, param: Option<&'a str>) -> Self {
        self.param = param;
        self
    }

    #[must_use]
    pub const fn request_id(mut self, id: &'a str) -> Self {
        self.request_id = Some(id);
        self
    }

    #[must_use]
    pub const fn after(mut self, events: u64) -> Self {
        self.events = events;
        self
    }

    /// The body of an answer with [`Self::status`].
    pub fn body(&self, door: Dialect) -> Bytes {
        self.value(door).to_string().into()
    }

    /// One event, for a stream that has already begun with 200. Anthropic's clients ignore it without its name.
    pub fn in_band(&self, door: Dialect) -> Bytes {
        let name = match door {
            Dialect::Anthropic | Dialect::Responses => "event: error\n",
            Dialect::OpenAi | Dialect::Gemini => "",
            Dialect::Bedrock => return self.exception(),
        };
        let mut value = self.value(door);
        if let (Dialect::Responses, Some(fields)) = (door, value.as_object_mut()) {
            // The documented fields stand beside the object that the API sends, and that makes the SDKs raise.
            fields.insert("type".to_owned(), json!("error"));
            fields.insert("sequence_number".to_owned(), json!(self.events));
            fields.insert("code".to_owned(), json!(self.code));
            fields.insert("message".to_owned(), json!(self.message));
            fields.insert("param".to_owned(), json!(self.param));
        }
        format!("{name}data: {value}\n\n").into()
    }

    fn value(&self, door: Dialect) -> Value {
        match door {
            Dialect::OpenAi | Dialect::Responses => json!({"error": {
                "message": self.message,
                "type": open_ai_type(self.status),
                "param": self.param,
                "code": self.code,
            }}),
            Dialect::Anthropic => json!({
                "type": "error",
                "error": {"type": anthropic_type(self.status), "message": self.anthropic_message()},
                "request_id": self.request_id,
            }),
            Dialect::Gemini => self.gemini(),
            Dialect::Bedrock => json!({
                "__type": amazon_type(self.status),
                "message": self.message,
            }),
        }
    }

    /// What Google has no place for stands in its typed details. `error` has to be the first key: Google's SDK looks for
    /// an error inside a stream by how the event begins.
    fn gemini(&self) -> Value {
        let mut error = json!({
            "code": self.status,
            "message": self.message,
            "status": gemini_status(self.status),
        });
        let reason = self.code.map(|code| {
            json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": code.to_ascii_uppercase(),
                "domain": "breakerbox",
            })
        });
        let field = self.param.map(|param| {
            json!({
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": param, "description": self.message}],
            })
        });
        let details: Vec<Value> = reason.into_iter().chain(field).collect();
        if !details.is_empty() {
            error["details"] = details.into();
        }
        json!({"error": error})
    }

    /// In a stream, Amazon names its exceptions in a header and in small.
    fn exception(&self) -> Bytes {
        let mut name = amazon_type(self.status).to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        let mut out = BytesMut::new();
        let said = json!({ "message": self.message }).to_string();
        eventstream::put_exception(&mut out, &name, said.as_bytes());
        out.freeze()
    }

    /// Anthropic names the field in the sentence.
    fn anthropic_message(&self) -> Cow<'a, str> {
        match self.param {
            Some(param) if !self.message.contains(param) => {
                format!("{param}: {}", self.message).into()
            }
            _ => self.message.into(),
        }
    }
}

const fn open_ai_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        503 | 529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

const fn anthropic_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        503 | 529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

const fn gemini_status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        503 | 529 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        400..=499 => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}

const fn amazon_type(status: u16) -> &'static str {
    match status {
        401 | 403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        408 | 504 => "ModelTimeoutException",
        424 => "ModelErrorException",
        429 => "ThrottlingException",
        503 | 529 => "ServiceUnavailableException",
        400..=499 => "ValidationException",
        _ => "InternalServerException",
    }
}

/// A provider's refusal of the request, for the caller. In the same dialect it is the provider's own body,
/// untouched unless something in it looks like a secret; in another, the provider's own sentence in the caller's
/// shape.
pub fn relay(from: Dialect, to: Dialect, status: u16, body: &Bytes) -> Bytes {
    let said = Said::read(body);
    let is_json = said.message.is_some() || !said.words.is_empty();
    if is_one_shape(from, to) && is_json {
        return same_dialect(body);
    }
    let message = said.message.unwrap_or_else(|| {
        format!("the provider refused the request with status {status} and gave no reason")
    });
    CallerError::new(status, &redact(&message))
        .code(said.words.first().map(String::as_str))
        .param(
            said.param
                .as_deref()
                .filter(|p| matches!(redact(p), Cow::Borrowed(_))),
        )
        .body(to)
}

/// Both of `OpenAI`'s APIs refuse alike.
fn is_one_shape(from: Dialect, to: Dialect) -> bool {
    let openai = |dialect| matches!(dialect, Dialect::OpenAi | Dialect::Responses);
    from == to || openai(from) && openai(to)
}

fn same_dialect(body: &Bytes) -> Bytes {
    match std::str::from_utf8(body).map(redact) {
        Ok(Cow::Borrowed(_)) => body.clone(),
        Ok(Cow::Owned(clean)) => clean.into(),
        Err(_) => redact(&String::from_utf8_lossy(body)).into_owned().into(),
    }
}

#[cfg(test)]
mod tests;
