//! The neutral form between dialects. Only translation goes through it: when client and upstream speak the same
//! dialect, bytes pass through.

use crate::model::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A request, as far as two dialects can agree. What only one of them can say stays in `extra`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chat {
    pub model: String,
    pub system: Vec<Part>,
    pub messages: Vec<Message>,
    pub tools: Vec<Tool>,
    pub tool_choice: Option<ToolChoice>,
    /// None: the dialect's default.
    pub parallel_tool_calls: Option<bool>,
    pub output: Output,
    pub max_tokens: Option<u64>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u64>,
    pub frequency_penalty: Option<f64>,
    pub presence_penalty: Option<f64>,
    pub seed: Option<i64>,
    pub stop: Vec<String>,
    pub thinking: Option<Thinking>,
    pub stream: bool,
    /// The caller wants usage at the end of a stream.
    pub stream_usage: bool,
    pub user: Option<String>,
    /// Top-level fields of the caller's dialect that have no neutral place; a writer of another dialect drops and
    /// names them.
    pub extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub role: Role,
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    User,
    Assistant,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Part {
    Text(String),
    Image(Media),
    /// Documents, audio: base64 with a media type.
    File {
        media: Media,
        name: Option<String>,
    },
    /// The model's own reasoning, with the signature that some providers want back; signatures say whose they are.
    /// Without text it is a signature alone, which belongs to the part after it.
    Reasoning {
        text: String,
        signature: Option<String>,
    },
    ToolUse {
        id: String,
        name: String,
        input: Value,
        signature: Option<String>,
    },
    ToolResult {
        id: String,
        name: Option<String>,
        content: Vec<Part>,
        is_error: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Media {
    Base64 { media_type: String, data: String },
    Url(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    pub name: String,
    pub description: Option<String>,
    pub schema: Value,
    pub strict: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    Auto,
    None,
    Required,
    Named(String),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum Output {
    #[default]
    Text,
    /// Any JSON object.
    Json,
    Schema {
        name: String,
        schema: Value,
        strict: Option<bool>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Thinking {
    Off,
    Budget(u64),
    /// `minimal`, `low`, `medium`, `high`, `xhigh`, `max`.
    Effort(String),
    Adaptive,
}

/// A whole answer: what is cached, judged, translated, and what rung 3 is made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub id: String,
    /// The model that answered, as its provider names it.
    pub model: String,
    pub parts: Vec<Part>,
    pub finish: Option<Finish>,
    pub usage: Usage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finish {
    Stop,
    Length,
    ToolUse,
    /// A safety system stopped it.
    Policy,
    Refusal,
    /// Anthropic's `pause_turn`.
    Pause,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// All input tokens, cached ones included.
    pub input: u64,
    pub output: u64,
    pub cache_read: u64,
    pub cache_write: u64,
    /// Part of `output`.
    pub reasoning: u64,
}

/// One step of a streamed answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    /// The head: who answers.
    Start {
        id: String,
        model: String,
    },
    Text(String),
    /// Empty: the model is at work, and does not show on what.
    Reasoning(String),
    Signature(String),
    /// A tool call begins; its arguments follow as JSON text in pieces.
    ToolStart {
        index: u32,
        id: String,
        name: String,
        signature: Option<String>,
    },
    ToolArgs {
        index: u32,
        json: String,
    },
    Usage(Usage),
    Finish(Finish),
    /// The provider says, inside a stream, that it failed.
    Error(Verdict),
    /// A sign of life without content (ping, comment, empty delta).
    Life,
    /// An event that did not parse: skipped and counted.
    Malformed,
    /// The dialect's own end mark (`[DONE]`, `message_stop`).
    End,
}

impl Chat {
    /// Adds to the conversation. What follows a message of the same role belongs to it, and nothing adds nothing:
    /// two of the three dialects take neither neighbours of one role nor empty messages.
    pub fn push(&mut self, role: Role, parts: Vec<Part>) {
        match self.messages.last_mut() {
            _ if parts.is_empty() => {}
            Some(last) if last.role == role => last.parts.extend(parts),
            _ => self.messages.push(Message { role, parts }),
        }
    }
}

impl Answer {
    /// The text a person reads.
    pub fn text(&self) -> String {
        self.parts
            .iter()
            .filter_map(|p| {
                if let Part::Text(t) = p {
                    Some(t.as_str())
                } else {
                    None
                }
            })
            .collect()
    }

    pub fn has_tool_use(&self) -> bool {
        self.parts.iter().any(|p| matches!(p, Part::ToolUse { .. }))
    }

    /// Nothing a caller could use.
    pub fn is_empty(&self) -> bool {
        !self.has_tool_use() && self.text().trim().is_empty()
    }
}
