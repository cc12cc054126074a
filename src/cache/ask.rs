//! What a request asks, read just far enough to say whether two bodies ask the same.
//!
//! Roles, texts, tools and sampling are read into one form for all dialects. What has no such form is kept as it
//! is, and then the door becomes part of the key: better two entries than a wrong answer.

mod gemini;

use super::{canon::Canon, items};
use crate::model::Dialect;
use serde_json::{Map, Value};

/// Fields that change who pays, how it is sent or what is recorded, but never the answer. (`model` named the route.)
const NO_EFFECT: &[&str] = &[
    "model",
    "stream",
    "stream_options",
    "user",
    "metadata",
    "store",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prediction",
    "cache_control",
];

/// Fields that ask for what a stored answer cannot give again: live data, side effects, sound, probabilities.
const NOT_REPEATABLE: &[&str] = &[
    "web_search_options",
    "audio",
    "mcp_servers",
    "container",
    "logprobs",
    "previous_response_id",
    "conversation",
    "prompt",
    "background",
];

pub(super) struct Ask {
    pub(super) system: Vec<String>,
    /// All but the last.
    pub(super) history: Vec<Turn>,
    /// The last user message: its texts.
    pub(super) question: Vec<String>,
    pub(super) settings: Settings,
}

pub(super) enum Turn {
    Plain {
        role: &'static str,
        texts: Vec<String>,
    },
    /// Tool calls and whatever else has no neutral form.
    Other(Value),
}

#[derive(Default)]
pub(super) struct Settings {
    temperature: Option<f64>,
    top_p: Option<f64>,
    max_tokens: Option<f64>,
    stop: Vec<String>,
    tools: Vec<Tool>,
    tool_choice: Option<String>,
    /// In the caller's own words, by name.
    rest: Vec<(String, Value)>,
}

enum Tool {
    Function {
        name: String,
        description: Option<String>,
        schema: Value,
        strict: bool,
    },
    Other(Value),
}

impl Ask {
    /// None: not a request whose answer may be kept.
    pub(super) fn read(door: Dialect, body: &[u8]) -> Option<Self> {
        let body = serde_json::from_slice(body).ok()?;
        let mut body = match body {
            body if door == Dialect::Gemini => gemini::plain(body)?,
            Value::Object(body) => body,
            _ => return None,
        };
        if door == Dialect::Responses {
            items::as_messages(&mut body)?;
        }
        let Value::Array(messages) = body.shift_remove("messages")? else {
            return None;
        };
        let mut system = match door {
            Dialect::OpenAi => Vec::new(),
            Dialect::Anthropic | Dialect::Gemini | Dialect::Responses => {
                match body.shift_remove("system") {
                    None | Some(Value::Null) => Vec::new(),
                    Some(system) => texts(system)?,
                }
            }
            // No door speaks it.
            Dialect::Bedrock => return None,
        };
        let mut turns: Vec<Turn> = messages.into_iter().map(turn).collect::<Option<_>>()?;
        let leading = turns.iter().take_while(|turn| turn.is("system")).count();
        system.extend(turns.drain(..leading).flat_map(Turn::into_texts));
        let question = turns.pop().filter(|turn| turn.is("user"))?.into_texts();
        let settings = Settings::read(body)?;
        Some(Self {
            system,
            history: turns,
            question,
            settings,
        })
    }

    /// Something in it was understood in one dialect only.
    pub(super) fn is_of_one_door(&self) -> bool {
        self.history
            .iter()
            .any(|turn| matches!(turn, Turn::Other(_)))
            || !self.settings.rest.is_empty()
            || self
                .settings
                .tools
                .iter()
                .any(|tool| matches!(tool, Tool::Other(_)))
    }
}

/// None: a picture or a document.
fn turn(message: Value) -> Option<Turn> {
    let Value::Object(mut fields) = message else {
        return None;
    };
    fields.retain(|_, value| !value.is_null());
    if has_media(fields.get("content")) {
        return None;
    }
    let role = match fields.get("role").and_then(Value::as_str) {
        Some("system" | "developer") => "system",
        Some("user") => "user",
        Some("assistant") => "assistant",
        _ => return Some(Turn::Other(Value::Object(fields))),
    };
    let plain = fields.len() == 2 && fields.get("content").is_some_and(is_text);
    match (plain, fields.shift_remove("content")) {
        (true, Some(content)) => Some(Turn::Plain {
            role,
            texts: texts(content)?,
        }),
        (_, content) => {
            fields.extend(content.map(|content| ("content".to_owned(), content)));
            Some(Turn::Other(Value::Object(fields)))
        }
    }
}

/// Whether a content, or a tool's result inside it, carries more than words and tool calls.
fn has_media(content: Option<&Value>) -> bool {
    let blocks = content.and_then(Value::as_array).into_iter().flatten();
    blocks.into_iter().any(|block| {
        let wordy = match block.get("type").and_then(Value::as_str) {
            Some(
                "text" | "refusal" | "tool_use" | "tool_result" | "thinking" | "redacted_thinking",
            ) => true,
            Some(_) => false,
            None => block.is_string(),
        };
        !wordy || has_media(block.get("content"))
    })
}

fn is_text(content: &Value) -> bool {
    match content {
        Value::String(_) => true,
        Value::Array(blocks) => blocks.iter().all(|block| {
            let known = |name: &String| matches!(name.as_str(), "type" | "text" | "cache_control");
            block.get("text").is_some_and(Value::is_string)
                && block.get("type").is_some_and(|kind| kind == "text")
                && block
                    .as_object()
                    .is_some_and(|fields| fields.keys().all(known))
        }),
        _ => false,
    }
}

/// None: more than text.
fn texts(content: Value) -> Option<Vec<String>> {
    if !is_text(&content) {
        return None;
    }
    match content {
        Value::String(text) => Some(vec![text]),
        Value::Array(blocks) => blocks
            .into_iter()
            .map(|mut block| match block.get_mut("text").map(Value::take) {
                Some(Value::String(text)) => Some(text),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

impl Turn {
    fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Plain { role, .. } if *role == wanted)
    }

    fn into_texts(self) -> Vec<String> {
        match self {
            Self::Plain { texts, .. } => texts,
            Self::Other(_) => Vec::new(),
        }
    }

    pub(super) fn write(&self, canon: &mut Canon) {
        match self {
            Self::Plain { role, texts } => {
                canon.text(role).count(texts.len());
                for text in texts {
                    canon.text(text);
                }
            }
            Self::Other(message) => {
                canon.json(message);
            }
        }
    }
}

impl Settings {
    fn read(body: Map<String, Value>) -> Option<Self> {
        let mut settings = Self::default();
        for (name, value) in body {
            if value.is_null() || NO_EFFECT.contains(&name.as_str()) {
                continue;
            }
            if NOT_REPEATABLE.contains(&name.as_str()) {
                if value == Value::Bool(false) {
                    continue;
                }
                return None;
            }
            settings.take(name, value)?;
        }
        Some(settings)
    }

    /// None: a request whose answers are meant to differ.
    fn take(&mut self, name: String, value: Value) -> Option<()> {
        match (name.as_str(), &value) {
            ("n", Value::Number(n)) => return (n.as_u64() == Some(1)).then_some(()),
            ("temperature", Value::Number(n)) => {
                self.temperature = n.as_f64();
                return self.temperature.is_some_and(|t| t <= 1.0).then_some(());
            }
            ("top_p", Value::Number(n)) => self.top_p = n.as_f64(),
            ("max_tokens" | "max_completion_tokens", Value::Number(n))
                if self.max_tokens.is_none() =>
            {
                self.max_tokens = n.as_f64();
            }
            ("stop", Value::String(stop)) => self.stop = vec![stop.clone()],
            ("stop" | "stop_sequences", Value::Array(stops))
                if stops.iter().all(Value::is_string) =>
            {
                self.stop = stops
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect();
            }
            ("response_format", Value::Object(format)) if is_plain_text(format) => {}
            ("modalities", Value::Array(kinds)) if kinds.iter().all(|kind| kind == "text") => {}
            ("modalities", _) => return None,
            ("tools", Value::Array(tools)) => {
                self.tools = tools.iter().map(Tool::read).collect::<Option<_>>()?;
            }
            ("tool_choice", choice) => match tool_choice(choice) {
                Some(choice) => self.tool_choice = Some(choice),
                None => self.rest.push((name, value)),
            },
            _ => self.rest.push((name, value)),
        }
        Some(())
    }

    pub(super) fn write(&self, canon: &mut Canon) {
        canon
            .number(self.temperature)
            .number(self.top_p)
            .number(self.max_tokens);
        canon.count(self.stop.len());
        for stop in &self.stop {
            canon.text(stop);
        }
        canon.count(self.tools.len());
        for tool in &self.tools {
            tool.write(canon);
        }
        canon.optional(self.tool_choice.as_deref());
        canon.fields(self.rest.iter().map(|(name, value)| (name.as_str(), value)));
    }
}

fn is_plain_text(format: &Map<String, Value>) -> bool {
    format.len() == 1 && format.get("type").is_some_and(|kind| kind == "text")
}

/// Both dialects' ways to say it, in one word.
fn tool_choice(choice: &Value) -> Option<String> {
    let word = match choice {
        Value::String(word) => word.as_str(),
        Value::Object(fields) => match (fields.get("type")?.as_str()?, fields.len()) {
            ("any", 1) => "required",
            (word @ ("auto" | "none"), 1) => word,
            ("tool", 2) => return Some(format!("={}", fields.get("name")?.as_str()?)),
            ("function", 2) => {
                // The Responses API has the name beside the type.
                let name = fields.get("name").or_else(|| {
                    let function = fields.get("function")?.as_object();
                    function.filter(|f| f.len() == 1)?.get("name")
                });
                return Some(format!("={}", name?.as_str()?));
            }
            _ => return None,
        },
        _ => return None,
    };
    matches!(word, "auto" | "none" | "required").then(|| word.to_owned())
}

impl Tool {
    /// None: a tool that the provider runs itself (search, code), so that its answer is of the moment.
    fn read(tool: &Value) -> Option<Self> {
        let outer = tool.as_object()?;
        let (fields, schema) = match outer.get("type").and_then(Value::as_str) {
            Some("function") if outer.contains_key("name") => (outer, "parameters"),
            Some("function") => (outer.get("function")?.as_object()?, "parameters"),
            Some("custom") if outer.contains_key("input_schema") => (outer, "input_schema"),
            None => (outer, "input_schema"),
            Some("custom") => return Some(Self::Other(tool.clone())),
            Some(_) => return None,
        };
        let known = |name: &String| {
            matches!(
                name.as_str(),
                "type" | "name" | "description" | "strict" | "cache_control" | "function"
            ) || name == schema
        };
        let name = fields.get("name").and_then(Value::as_str);
        let (Some(name), true) = (name, fields.keys().chain(outer.keys()).all(known)) else {
            return Some(Self::Other(tool.clone()));
        };
        Some(Self::Function {
            name: name.to_owned(),
            description: fields
                .get("description")
                .and_then(Value::as_str)
                .map(str::to_owned),
            schema: fields.get(schema).cloned().unwrap_or_default(),
            strict: fields
                .get("strict")
                .and_then(Value::as_bool)
                .unwrap_or_default(),
        })
    }

    fn write(&self, canon: &mut Canon) {
        match self {
            Self::Function {
                name,
                description,
                schema,
                strict,
            } => {
                canon.text(name).optional(description.as_deref());
                canon.json(schema).count(usize::from(*strict));
            }
            Self::Other(tool) => {
                canon.json(tool);
            }
        }
    }
}
