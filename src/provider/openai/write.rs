//! The neutral form to an OpenAI request.

use crate::model::Dialect;
use crate::provider::{
    chat::{Chat, Media, Message, Output, Part, Role, Thinking, Tool, ToolChoice},
    translate::{
        generation::version,
        json::{Object, arguments_text},
        media,
        notes::{Dropped, Untranslatable},
        schema,
        seal::open,
    },
};
use serde_json::{Value, json};

/// More stop sequences than this are refused.
const MOST_STOPS: usize = 4;
/// Budgets up to here are a low or a medium effort.
const LOW: u64 = 2_048;
const MEDIUM: u64 = 8_192;

pub(crate) fn write_request(
    chat: &Chat,
    model: &str,
    dropped: &mut Dropped,
) -> Result<Value, Untranslatable> {
    let mut out = Object::default();
    out.put("model", model);
    out.put("messages", messages(chat, dropped)?);
    if reasons(model) {
        out.put_some("max_completion_tokens", chat.max_tokens);
        out.put_some("reasoning_effort", effort(chat, model, dropped));
        note_sampling(chat, dropped);
    } else {
        // The older name is the one that every compatible server knows.
        out.put_some("max_tokens", chat.max_tokens);
        out.put_some("temperature", chat.temperature.map(|t| t.clamp(0.0, 2.0)));
        out.put_some("top_p", chat.top_p);
        out.put_some("frequency_penalty", chat.frequency_penalty);
        out.put_some("presence_penalty", chat.presence_penalty);
        if !chat.stop.is_empty() {
            out.put(
                "stop",
                chat.stop
                    .iter()
                    .take(MOST_STOPS)
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
        if chat.stop.len() > MOST_STOPS {
            dropped.note(format!("stop[{MOST_STOPS}..]"));
        }
        if chat.thinking.as_ref().is_some_and(|t| *t != Thinking::Off) {
            dropped.note("thinking");
        }
    }
    if chat.top_k.is_some() {
        dropped.note("top_k");
    }
    out.put_some("seed", chat.seed);
    out.put_some("user", chat.user.clone());
    if !chat.tools.is_empty() {
        out.put("tools", chat.tools.iter().map(tool).collect::<Vec<_>>());
        out.put_some("tool_choice", chat.tool_choice.as_ref().map(tool_choice));
        out.put_some("parallel_tool_calls", chat.parallel_tool_calls);
    }
    out.put_some("response_format", output(&chat.output));
    if chat.stream {
        out.put("stream", true);
        // Usage is always wanted here: the router counts it even when the caller does not ask.
        out.put("stream_options", json!({ "include_usage": true }));
    }
    Ok(out.into())
}

/// Whether a model is one of those that reason first: they take `max_completion_tokens` and `reasoning_effort`, and
/// refuse the sampling fields with a 400.
pub(crate) fn reasons(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let o_series = name
        .strip_prefix('o')
        .is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit()));
    let chat_only = name.contains("-chat");
    o_series || (version(name, "gpt-").is_some_and(|v| v >= (5, 0)) && !chat_only)
}

pub(crate) fn effort(chat: &Chat, model: &str, dropped: &mut Dropped) -> Option<String> {
    match chat.thinking.as_ref()? {
        Thinking::Off if version(model, "gpt-").is_some_and(|v| v >= (5, 1)) => {
            Some("none".to_owned())
        }
        Thinking::Off => {
            dropped.note("thinking");
            None
        }
        Thinking::Adaptive => None,
        Thinking::Budget(0..=LOW) => Some("low".to_owned()),
        Thinking::Budget(..=MEDIUM) => Some("medium".to_owned()),
        Thinking::Budget(_) => Some("high".to_owned()),
        Thinking::Effort(e) if matches!(e.as_str(), "xhigh" | "max") => {
            dropped.note("effort");
            Some("high".to_owned())
        }
        Thinking::Effort(e) => Some(e.clone()),
    }
}

/// Names the sampling fields that a reasoning model refuses.
pub(crate) fn note_sampling(chat: &Chat, dropped: &mut Dropped) {
    let differs = |set: Option<f64>| set.is_some_and(|v| (v - 1.0).abs() > f64::EPSILON);
    dropped.set([
        ("temperature", differs(chat.temperature)),
        ("top_p", differs(chat.top_p)),
        ("frequency_penalty", chat.frequency_penalty.is_some()),
        ("presence_penalty", chat.presence_penalty.is_some()),
        ("stop", !chat.stop.is_empty()),
    ]);
}

fn tool(tool: &Tool) -> Value {
    let mut function = Object::default();
    function.put("name", tool.name.as_str());
    function.put_some("description", tool.description.clone());
    function.put("parameters", schema::of_tool(&tool.schema));
    function.put_some("strict", tool.strict);
    json!({ "type": "function", "function": Value::from(function) })
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Named(name) => json!({ "type": "function", "function": { "name": name } }),
    }
}

fn output(output: &Output) -> Option<Value> {
    match output {
        Output::Text => None,
        Output::Json => Some(json!({ "type": "json_object" })),
        Output::Schema {
            name,
            schema,
            strict,
        } => {
            let mut spec = Object::default();
            spec.put("name", name.as_str());
            spec.put("schema", schema.clone());
            spec.put_some("strict", *strict);
            Some(json!({ "type": "json_schema", "json_schema": Value::from(spec) }))
        }
    }
}

fn messages(chat: &Chat, dropped: &mut Dropped) -> Result<Vec<Value>, Untranslatable> {
    let mut out = Vec::with_capacity(chat.messages.len() + 1);
    if !chat.system.is_empty() {
        out.push(json!({ "role": "system", "content": content(&chat.system)? }));
    }
    for message in &chat.messages {
        match message.role {
            Role::User => user(message, &mut out, dropped)?,
            Role::Assistant => out.push(assistant(message, dropped)?),
        }
    }
    Ok(out)
}

/// Tool results are messages of their own and hold text only; their images follow in a user message, since the
/// model has to see them.
fn user(
    message: &Message,
    out: &mut Vec<Value>,
    dropped: &mut Dropped,
) -> Result<(), Untranslatable> {
    let mut rest = Vec::new();
    for part in &message.parts {
        let Part::ToolResult {
            id,
            content: inner,
            is_error,
            ..
        } = part
        else {
            rest.push(part.clone());
            continue;
        };
        if *is_error {
            dropped.note("tool_result.is_error");
        }
        let (texts, others): (Vec<_>, Vec<_>) = inner
            .iter()
            .cloned()
            .partition(|p| matches!(p, Part::Text(_)));
        rest.extend(others);
        let shown = if texts.is_empty() {
            json!("")
        } else {
            content(&texts)?
        };
        out.push(json!({ "role": "tool", "tool_call_id": media::tool_id(id), "content": shown }));
    }
    if !rest.is_empty() {
        out.push(json!({ "role": "user", "content": content(&rest)? }));
    }
    Ok(())
}

fn assistant(message: &Message, dropped: &mut Dropped) -> Result<Value, Untranslatable> {
    let (mut said, mut calls) = (Vec::new(), Vec::new());
    for part in &message.parts {
        match part {
            Part::ToolUse {
                id,
                name,
                input,
                signature,
            } => {
                let mut call = Object::default();
                call.put("id", media::tool_id(id));
                call.put("type", "function");
                call.put(
                    "function",
                    json!({ "name": name, "arguments": arguments_text(input) }),
                );
                if let Some(own) = signature.as_deref().and_then(|s| open(Dialect::OpenAi, s)) {
                    call.put(
                        "extra_content",
                        json!({ "google": { "thought_signature": own } }),
                    );
                }
                calls.push(Value::from(call));
            }
            // The official API refuses reasoning in the history.
            Part::Reasoning { .. } => dropped.note("thinking"),
            other => said.push(other.clone()),
        }
    }
    let mut out = Object::default();
    out.put("role", "assistant");
    let empty = if calls.is_empty() {
        json!("")
    } else {
        Value::Null
    };
    out.put(
        "content",
        if said.is_empty() {
            empty
        } else {
            content(&said)?
        },
    );
    if !calls.is_empty() {
        out.put("tool_calls", calls);
    }
    Ok(out.into())
}

/// One text is a string, which every compatible server takes; anything more is a list of parts.
fn content(parts: &[Part]) -> Result<Value, Untranslatable> {
    if let [Part::Text(only)] = parts {
        return Ok(json!(only));
    }
    parts.iter().map(part).collect()
}

fn part(part: &Part) -> Result<Value, Untranslatable> {
    Ok(match part {
        Part::Text(text) => json!({ "type": "text", "text": text }),
        Part::Image(image) => {
            json!({ "type": "image_url", "image_url": { "url": media::to_url(image) } })
        }
        Part::File {
            media: Media::Base64 { media_type, data },
            ..
        } if media_type.starts_with("audio/") => {
            let format = media_type.trim_start_matches("audio/");
            let format = if matches!(format, "mpeg" | "mp3") {
                "mp3"
            } else {
                "wav"
            };
            json!({ "type": "input_audio", "input_audio": { "data": data, "format": format } })
        }
        Part::File {
            media: file @ Media::Base64 { .. },
            name,
        } => {
            let name = name.as_deref().unwrap_or("file.pdf");
            json!({ "type": "file", "file": { "filename": name, "file_data": media::to_url(file) } })
        }
        Part::File {
            media: Media::Url(_),
            ..
        } => {
            return Err(Untranslatable::unsupported(
                "document.source.url",
                "OpenAI takes files inline only",
            ));
        }
        Part::Reasoning { .. } | Part::ToolUse { .. } | Part::ToolResult { .. } => {
            return Err(Untranslatable::invalid(
                "content",
                "a tool call or reasoning where only content may stand",
            ));
        }
    })
}
