//! Errors inside a stream that began with 200.

use super::{rules::Signal, said::Said};
use crate::model::{Class, Dialect, Verdict};
use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::{borrow::Cow, sync::LazyLock};

/// In every event that is an error, and next to never in another: text cannot hold it unescaped.
static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"error\""));

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    r#type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    choices: Vec<Choice<'a>>,
}

/// `OpenRouter` puts the error of the provider behind it into the choice.
#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// What an event means if it is an error; `None` for every other. Cheap enough to ask for each event.
pub fn in_band(dialect: Dialect, event: Option<&str>, data: &[u8]) -> Option<Verdict> {
    let named = event == Some("error");
    if !named && ERROR.find(data).is_none() {
        return None;
    }
    let said = if data.trim_ascii_start().starts_with(b"[") {
        Some(Said::read(data)).filter(|said| !said.words.is_empty() || said.number.is_some())
    } else {
        said(data)
    };
    match said {
        Some(said) => Some(verdict(dialect, &said)),
        None if named => Some(verdict(dialect, &Said::read(data))),
        None => None,
    }
}

/// What an error object that has been read already means.
pub(crate) fn error_object(dialect: Dialect, error: &Value) -> Verdict {
    verdict(dialect, &Said::read(error.to_string().as_bytes()))
}

fn said(data: &[u8]) -> Option<Said> {
    let head: Head<'_> = serde_json::from_slice(data).ok()?;
    let is_error =
        head.error.is_some() || matches!(head.r#type.as_deref(), Some("error" | "response.failed"));
    if is_error {
        return Some(Said::read(data));
    }
    let inner = head.choices.iter().find_map(|c| c.error)?;
    Some(Said::read(inner.get().as_bytes()))
}

/// The class of an error whose status, if there is one, stands in its body.
pub(super) fn verdict(dialect: Dialect, said: &Said) -> Verdict {
    let signal = Signal {
        dialect,
        status: said.number.unwrap_or(0),
        said,
        dated: false,
    };
    let class = signal.class();
    let mut verdict = Verdict::new(class, said.code(None));
    verdict.status = said.number;
    if class == Class::Throttle {
        verdict = verdict.retry_after(said.wait);
    }
    verdict
}
