//! A caller's request, read no deeper than routing needs. The body stays the bytes that came: a provider of the
//! same dialect gets them with another `model` spliced in, so unknown fields, their order, the white space and the
//! spelling of numbers all survive.

mod read;
mod text;
mod turns;

pub use read::counted;

use crate::model::Dialect;
use bytes::Bytes;
use std::{
    fmt,
    hash::{BuildHasher, Hash, Hasher},
    ops::Range,
};

/// A request as it came in.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a request, read one by one"
)]
pub struct Ask {
    pub door: Dialect,
    /// Exactly what the caller sent. At Gemini's door nothing in it is ever changed: a `model` in it counts for nothing.
    pub body: Bytes,
    /// What the caller asked for: a route's name. Empty at Gemini's door, where it stands in the path.
    pub model: String,
    pub stream: bool,
    /// `OpenAI`'s `stream_options.include_usage`.
    pub stream_usage: bool,
    pub max_tokens: Option<u64>,
    pub temperature: Option<f64>,
    /// Tools or functions are offered: the answer may have side effects.
    pub has_tools: bool,
    /// The answer has to be JSON.
    pub schema: bool,
    /// Several answers are asked for (`n` over 1).
    pub many: bool,
    /// System text or instructions stand beside the messages.
    pub has_system: bool,
    at: Places,
}

/// Where the values are in the body.
#[derive(Debug, Clone, Default)]
struct Places {
    /// More than one when the caller repeats the key: the last counts, all are rewritten.
    model: Vec<Range<usize>>,
    /// Messages, contents, or an input: the conversation.
    messages: Range<usize>,
    system: Option<Range<usize>>,
}

/// The body is no request: a 400 of our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRequest {
    pub message: String,
    /// The field at fault.
    pub param: Option<&'static str>,
}

impl fmt::Display for BadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadRequest {}

impl Ask {
    /// Reads the top level of a request body.
    pub fn read(door: Dialect, body: Bytes) -> Result<Self, BadRequest> {
        read::ask(door, body)
    }

    /// What stands in the path at Gemini's door, and not in the body.
    #[must_use]
    pub fn at(self, model: &str, stream: bool) -> Self {
        Self {
            model: model.to_owned(),
            stream,
            ..self
        }
    }

    /// Reads a request for embeddings.
    pub fn of_embeddings(body: Bytes) -> Result<Self, BadRequest> {
        read::embeddings(body)
    }

    /// The body as the caller sent it, with this model in place of the caller's.
    pub fn with_model(&self, model: &str) -> Bytes {
        // A repeated key is rewritten even when its last value is right: not everyone takes the last.
        let is_there = self.at.model.len() == 1 && self.model == model;
        if self.at.model.is_empty() || is_there {
            return self.body.clone();
        }
        let quoted = serde_json::Value::from(model).to_string();
        let mut out = Vec::with_capacity(self.body.len() + quoted.len() * self.at.model.len());
        let mut copied = 0;
        for at in &self.at.model {
            out.extend_from_slice(self.bytes(copied..at.start));
            out.extend_from_slice(quoted.as_bytes());
            copied = at.end;
        }
        out.extend_from_slice(self.bytes(copied..self.body.len()));
        out.into()
    }

    /// The plain text of the last user turn that has any (a turn of tool results alone has none).
    pub fn prompt_text(&self) -> String {
        text::last_user(self.bytes(self.at.messages.clone()))
    }

    /// Who said what, in order, plain text only; system text first. Roles are spelled as the caller spells them;
    /// turns without text are left out.
    pub fn conversation(&self) -> Vec<(String, String)> {
        let system = self.at.system.clone().map(|at| self.bytes(at));
        text::conversation(system, self.bytes(self.at.messages.clone()))
    }

    /// The same for requests that ask the same: a hash of the conversation as it was written, whatever stands beside it.
    pub fn fingerprint(&self) -> u64 {
        // Read whole for each answer that may be judged, and long: SipHash would take longer than everything else.
        let mut hasher = foldhash::quality::FixedState::default().build_hasher();
        self.at
            .system
            .clone()
            .map(|at| self.bytes(at))
            .hash(&mut hasher);
        self.bytes(self.at.messages.clone()).hash(&mut hasher);
        hasher.finish()
    }

    fn bytes(&self, at: Range<usize>) -> &[u8] {
        self.body.get(at).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
