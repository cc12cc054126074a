//! What an error body says, whatever its shape. Providers, their clouds and the proxies before them agree on
//! nothing but JSON, and not always on that.

use super::word::word;
use crate::{model::time::parse_duration, provider::retry_after::in_message};
use serde_json::{Map, Value};
use std::time::Duration;

/// An error body, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Said {
    /// Codes and types as machine words, the most telling first: `code`, codes in the details, `type`, `status`.
    pub(crate) words: Vec<String>,
    /// A status inside the body; not always the one on the line.
    pub(crate) number: Option<u16>,
    /// The provider's own sentence. Not redacted.
    pub(crate) message: Option<String>,
    pub(crate) param: Option<String>,
    /// How long to stay away, where the details or the sentence say so.
    pub(crate) wait: Option<Duration>,
    /// The quota that ran out is counted by the day.
    pub(crate) per_day: bool,
    /// A web page, by an edge or a proxy before the provider.
    pub(crate) html: bool,
}

impl Said {
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut said = Self::default();
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => said.root(&value),
            Err(_) => said.html = is_html(body),
        }
        said.wait = said.wait.or_else(|| in_message(said.message.as_deref()?));
        said
    }

    /// The word to show: the most telling one, else the status.
    pub(crate) fn code(&self, status: Option<u16>) -> String {
        let by_status = || {
            status
                .or(self.number)
                .map_or_else(|| "error".to_owned(), |s| format!("http_{s}"))
        };
        self.words.first().cloned().unwrap_or_else(by_status)
    }

    /// Gemini wraps errors of streams in an array; everyone wraps them in an object, most under `error`.
    fn root(&mut self, root: &Value) {
        let root = match root {
            Value::Array(items) => items.first().unwrap_or(&Value::Null),
            other => other,
        };
        let nested =
            ["error", "detail", "response"]
                .iter()
                .find_map(|key| match root.get(key)? {
                    Value::Object(o) if *key == "response" => o.get("error")?.as_object(),
                    Value::Object(o) => Some(o),
                    _ => None,
                });
        if let Some(error) = nested {
            self.object(error);
        }
        for first in ["errors", "detail"]
            .iter()
            .filter_map(|key| root.get(key)?.get(0))
        {
            self.value(first);
        }
        let text = root.get("error").and_then(Value::as_str);
        if let Some(text) = text {
            self.add(text);
        }
        if let Value::Object(o) = root {
            self.object(o);
        }
        if self.message.is_none() {
            self.message = text.map(str::to_owned);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(o) => self.object(o),
            Value::String(s) => {
                self.message.get_or_insert_with(|| s.clone());
            }
            _ => {}
        }
    }

    fn sentence(&mut self, of: &Map<String, Value>) {
        let text = ["message", "Message", "msg", "error_description", "detail"]
            .iter()
            .find_map(|key| of.get(*key)?.as_str())
            .filter(|text| !text.is_empty());
        if self.message.is_none() {
            self.message = text.map(str::to_owned);
        }
    }

    fn object(&mut self, error: &Map<String, Value>) {
        if let Some(named) = error.get("__type").and_then(Value::as_str) {
            self.exception(named);
        }
        self.code_or_number(error.get("originalStatusCode"));
        self.code_or_number(error.get("code"));
        self.code_or_number(error.get("statusCode"));
        for key in [
            "details",
            "innererror",
            "inner_error",
            "error_code",
            "metadata",
        ] {
            if let Some(value) = error.get(key) {
                self.detail(value);
            }
        }
        for key in ["type", "status"] {
            self.code_or_number(error.get(key).filter(|kind| *kind != "error"));
        }
        match error.get("message") {
            Some(Value::Object(inner)) => self.object(inner),
            _ => self.sentence(error),
        }
        if self.param.is_none() {
            self.param = error
                .get("param")
                .and_then(Value::as_str)
                .map(str::to_owned);
        }
    }

    /// Amazon's name for what went wrong, less its namespace before and its address behind. It is the most telling
    /// word of all.
    pub(super) fn exception(&mut self, named: &str) {
        let name = named.split(':').next().unwrap_or(named);
        let name = name.rsplit('#').next().unwrap_or(name);
        if let Some(word) = word(name) {
            self.words.retain(|w| *w != word);
            self.words.insert(0, word);
        }
    }

    fn code_or_number(&mut self, value: Option<&Value>) {
        let number = match value {
            Some(Value::Number(n)) => n.as_u64(),
            Some(Value::String(s)) => {
                self.add(s);
                s.parse().ok()
            }
            _ => None,
        };
        let status = number
            .and_then(|n| u16::try_from(n).ok())
            .filter(|n| (400..600).contains(n));
        self.number = self.number.or(status);
    }

    fn add(&mut self, text: &str) {
        if let Some(word) = word(text).filter(|w| !self.words.contains(w)) {
            self.words.push(word);
        }
    }

    /// Anthropic's and Azure's details are objects, Google's a list of typed ones, `OpenRouter`'s hold the body of
    /// the provider behind it as text.
    fn detail(&mut self, detail: &Value) {
        match detail {
            Value::Array(items) => items.iter().for_each(|item| self.detail(item)),
            Value::String(code) => self.add(code),
            Value::Object(o) => {
                for key in ["error_code", "code", "reason"] {
                    self.code_or_number(o.get(key));
                }
                if let Some(delay) = o.get("retryDelay").and_then(Value::as_str) {
                    self.wait = parse_duration(delay).ok();
                }
                for quota in o
                    .get("violations")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                {
                    let id = quota
                        .get("quotaId")
                        .and_then(Value::as_str)
                        .unwrap_or_default();
                    self.per_day |= id.contains("PerDay");
                }
                for key in ["innererror", "inner_error"] {
                    if let Some(inner) = o.get(key) {
                        self.detail(inner);
                    }
                }
                if let Some(raw) = o.get("raw").and_then(Value::as_str) {
                    self.behind(raw);
                }
            }
            _ => {}
        }
    }

    /// The body of a provider behind a broker says more than the broker's "provider returned error".
    fn behind(&mut self, raw: &str) {
        let Ok(value) = serde_json::from_str::<Value>(raw) else {
            return;
        };
        let number = self.number;
        self.root(&value);
        self.number = number.or(self.number);
    }
}

pub(super) fn is_html(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}
