//! What a translation could not carry over, by name, and what makes one impossible.

use serde_json::Value;
use std::fmt;

/// The header that carries the names has to stay small; requests with more losses than this are pathological.
const MOST: usize = 40;

/// Names of what was dropped or changed (`logit_bias`, `messages[2].content[0].cache_control`), each once.
#[derive(Debug, Default)]
pub(crate) struct Dropped(Vec<String>);

impl Dropped {
    pub(crate) fn note(&mut self, name: impl Into<String>) {
        let name = name.into();
        if self.0.len() < MOST && !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    /// Notes those of the fields that are set.
    pub(crate) fn set<const N: usize>(&mut self, fields: [(&str, bool); N]) {
        for (name, _) in fields.into_iter().filter(|(_, set)| *set) {
            self.note(name);
        }
    }

    /// Notes every field of `v` that is not `known` and says something.
    pub(crate) fn rest(&mut self, v: &Value, path: &str, known: &[&str]) {
        for (key, value) in v.as_object().into_iter().flatten() {
            if !known.contains(&key.as_str()) && !value.is_null() {
                self.note(format!("{path}.{key}"));
            }
        }
    }

    pub(crate) fn names(self) -> Vec<String> {
        self.0
    }
}

/// Why a request has no equivalent in another dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untranslatable {
    /// The request is wrong in its own dialect: no tier will take it.
    Invalid { field: String, why: &'static str },
    /// The request is fine, but this dialect cannot say it, and an answer without it would be an answer to
    /// something else: try another tier.
    Unsupported { field: String, why: &'static str },
}

impl Untranslatable {
    pub(crate) fn invalid(field: impl Into<String>, why: &'static str) -> Self {
        Self::Invalid {
            field: field.into(),
            why,
        }
    }

    pub(crate) fn unsupported(field: impl Into<String>, why: &'static str) -> Self {
        Self::Unsupported {
            field: field.into(),
            why,
        }
    }
}

impl fmt::Display for Untranslatable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Invalid { field, why } | Self::Unsupported { field, why }) = self;
        write!(f, "{field}: {why}")
    }
}

impl std::error::Error for Untranslatable {}
