//! The top level of a request, by a map visitor over borrowed raw values: `#[serde(flatten)]` cannot hold them, and
//! a derived struct refuses a repeated key, which providers accept.

use super::{Ask, BadRequest, Places};
use crate::model::Dialect;
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};
use std::{borrow::Cow, fmt, ops::Range};

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Model,
    Stream,
    StreamOptions,
    MaxTokens,
    MaxCompletionTokens,
    MaxOutputTokens,
    Messages,
    Contents,
    Input,
    System,
    Instructions,
    #[serde(alias = "systemInstruction")]
    SystemInstruction,
    Tools,
    Functions,
    ResponseFormat,
    OutputFormat,
    OutputConfig,
    Text,
    #[serde(alias = "generationConfig")]
    GenerationConfig,
    N,
    Temperature,
    #[serde(other)]
    Other,
}

/// The values that routing looks at, as they stand in the body.
#[derive(Default)]
struct Top<'a> {
    model: Vec<&'a RawValue>,
    stream: Option<&'a RawValue>,
    stream_options: Option<&'a RawValue>,
    max_tokens: Option<&'a RawValue>,
    max_completion_tokens: Option<&'a RawValue>,
    max_output_tokens: Option<&'a RawValue>,
    messages: Option<&'a RawValue>,
    input: Option<&'a RawValue>,
    system: Option<&'a RawValue>,
    instructions: Option<&'a RawValue>,
    tools: Option<&'a RawValue>,
    functions: Option<&'a RawValue>,
    format: Option<&'a RawValue>,
    output_config: Option<&'a RawValue>,
    text: Option<&'a RawValue>,
    generation: Option<&'a RawValue>,
    n: Option<&'a RawValue>,
    temperature: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Top<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(TopVisitor)
    }
}

struct TopVisitor;

impl<'de> Visitor<'de> for TopVisitor {
    type Value = Top<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut top = Top::default();
        while let Some(key) = map.next_key()? {
            let place = match key {
                Key::Model => {
                    top.model.push(map.next_value()?);
                    continue;
                }
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Key::Stream => &mut top.stream,
                Key::StreamOptions => &mut top.stream_options,
                Key::MaxTokens => &mut top.max_tokens,
                Key::MaxCompletionTokens => &mut top.max_completion_tokens,
                Key::MaxOutputTokens => &mut top.max_output_tokens,
                Key::Messages | Key::Contents => &mut top.messages,
                Key::Input => &mut top.input,
                Key::Instructions => &mut top.instructions,
                Key::Text => &mut top.text,
                Key::System | Key::SystemInstruction => &mut top.system,
                Key::Tools => &mut top.tools,
                Key::Functions => &mut top.functions,
                Key::ResponseFormat | Key::OutputFormat => &mut top.format,
                Key::OutputConfig => &mut top.output_config,
                Key::GenerationConfig => &mut top.generation,
                Key::N => &mut top.n,
                Key::Temperature => &mut top.temperature,
            };
            *place = Some(map.next_value()?);
        }
        Ok(top)
    }
}

/// The parts of nested values that matter. A value of another type than expected is the provider's to refuse.
#[derive(Deserialize, Default)]
struct Options<'a> {
    #[serde(default)]
    include_usage: bool,
    #[serde(borrow, default)]
    r#type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    format: Option<&'a RawValue>,
    #[serde(rename = "maxOutputTokens", alias = "max_output_tokens", default)]
    max_output_tokens: Option<u64>,
    #[serde(rename = "candidateCount", alias = "candidate_count", default)]
    candidates: Option<u64>,
    #[serde(borrow, default)]
    temperature: Option<&'a RawValue>,
    #[serde(
        borrow,
        rename = "responseMimeType",
        alias = "response_mime_type",
        default
    )]
    mime: Option<Cow<'a, str>>,
}

impl Top<'_> {
    /// The Responses API has other names for the same things.
    fn of(mut self, door: Dialect) -> Self {
        if door == Dialect::Responses {
            self.messages = self.input;
            self.system = self.instructions;
            self.max_tokens = self.max_output_tokens;
            self.format = nested(self.text).format;
        }
        self
    }
}

pub(super) fn ask(door: Dialect, body: Bytes) -> Result<Ask, BadRequest> {
    let text = std::str::from_utf8(&body).map_err(|e| {
        bad(
            format!(
                "the request body is not UTF-8 (at byte {})",
                e.valid_up_to()
            ),
            None,
        )
    })?;
    let top: Top<'_> = serde_json::from_str(text).map_err(|e| not_json(&e, text))?;
    let top = top.of(door);
    let model = model(door, &top)?;
    let messages = messages(door, &top)?;
    let options = nested(top.stream_options);
    let generation = nested(top.generation);
    let format = nested(top.format).r#type.is_some_and(|t| t != "text")
        || is_set(nested(top.output_config).format)
        || generation.mime.as_ref().is_some_and(|m| m.contains("json"));
    let at = |raw: &RawValue| place(text, raw);
    let read = Ask {
        door,
        model,
        stream: is_true(top.stream),
        stream_usage: options.include_usage,
        max_tokens: number(top.max_completion_tokens)
            .or_else(|| number(top.max_tokens))
            .or(generation.max_output_tokens),
        temperature: top.temperature.or(generation.temperature).and_then(float),
        has_tools: is_filled(top.tools) || is_filled(top.functions) || is_object(top.tools),
        schema: format,
        many: number(top.n)
            .or(generation.candidates)
            .is_some_and(|n| n > 1),
        has_system: is_set(top.system),
        at: Places {
            model: match door {
                Dialect::Gemini => Vec::new(),
                _ => top.model.iter().copied().map(at).collect(),
            },
            messages: at(messages),
            system: top.system.map(at),
        },
        body: Bytes::new(),
    };
    Ok(Ask { body, ..read })
}

/// The request whose tokens are to be counted: Gemini's may come with the whole of it under one field.
pub fn counted(body: Bytes) -> Bytes {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(
            borrow,
            rename = "generateContentRequest",
            alias = "generate_content_request"
        )]
        inner: &'a RawValue,
    }
    match serde_json::from_slice::<Wrapped<'_>>(&body) {
        Ok(wrapped) => Bytes::copy_from_slice(wrapped.inner.get().as_bytes()),
        Err(_) => body,
    }
}

/// A text, a list of them, or of tokens: `input` as at the Responses door, and `model`, which is all that there is to
/// know.
pub(super) fn embeddings(body: Bytes) -> Result<Ask, BadRequest> {
    Ok(Ask {
        door: Dialect::OpenAi,
        stream: false,
        ..ask(Dialect::Responses, body)?
    })
}

fn bad(message: impl Into<String>, param: Option<&'static str>) -> BadRequest {
    BadRequest {
        message: message.into(),
        param,
    }
}

/// The position, and never the text around it: it is the caller's.
fn not_json(e: &serde_json::Error, text: &str) -> BadRequest {
    let (line, column) = (e.line(), e.column());
    bad(
        match e.classify() {
            Category::Data => "the request body has to be a JSON object".to_owned(),
            _ if text.trim().is_empty() => {
                "the request body is empty; it has to be a JSON object".to_owned()
            }
            Category::Eof => format!(
                "the request body ends in the middle of its JSON (line {line} column {column})"
            ),
            _ => format!("the request body is not JSON (line {line} column {column})"),
        },
        None,
    )
}

fn model(door: Dialect, top: &Top<'_>) -> Result<String, BadRequest> {
    let missing = || {
        bad(
            "`model` is missing: name a route, or a deployment as provider/model",
            Some("model"),
        )
    };
    if door == Dialect::Gemini {
        return Ok(String::new());
    }
    let raw = top.model.last().ok_or_else(missing)?;
    let model: String = serde_json::from_str(raw.get())
        .map_err(|_| bad("`model` has to be a string", Some("model")))?;
    if model.is_empty() {
        return Err(missing());
    }
    Ok(model)
}

fn messages<'a>(door: Dialect, top: &Top<'a>) -> Result<&'a RawValue, BadRequest> {
    let name = match door {
        Dialect::Gemini => "contents",
        Dialect::OpenAi | Dialect::Anthropic | Dialect::Bedrock => "messages",
        Dialect::Responses => "input",
    };
    let raw = top
        .messages
        .ok_or_else(|| bad(format!("`{name}` is missing"), Some(name)))?;
    // Google takes a single content for a list of one, and a response's input may be one text.
    let alone = match door {
        Dialect::Gemini => raw.get().starts_with('{'),
        Dialect::Responses => raw.get().starts_with('"'),
        Dialect::OpenAi | Dialect::Anthropic | Dialect::Bedrock => false,
    };
    if alone || raw.get().starts_with('[') {
        Ok(raw)
    } else {
        Err(bad(format!("`{name}` has to be an array"), Some(name)))
    }
}

/// Where a raw value stands in the text that it was borrowed from.
fn place(text: &str, raw: &RawValue) -> Range<usize> {
    let start = raw.get().as_ptr().addr() - text.as_ptr().addr();
    start..start + raw.get().len()
}

fn nested(raw: Option<&RawValue>) -> Options<'_> {
    raw.and_then(|r| serde_json::from_str(r.get()).ok())
        .unwrap_or_default()
}

fn number(raw: Option<&RawValue>) -> Option<u64> {
    raw?.get().parse().ok()
}

fn float(raw: &RawValue) -> Option<f64> {
    raw.get().parse().ok().filter(|n: &f64| n.is_finite())
}

fn is_true(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|r| r.get() == "true")
}

fn is_set(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|r| !matches!(r.get(), "null" | "\"\"" | "[]" | "{}"))
}

fn is_object(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|r| r.get().starts_with('{'))
}

/// An array with something in it.
fn is_filled(raw: Option<&RawValue>) -> bool {
    raw.and_then(|r| r.get().strip_prefix('['))
        .is_some_and(|rest| !rest.trim_start().starts_with(']'))
}
