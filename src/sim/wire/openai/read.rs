//! Reading a chat completion request, as strictly as the vendor does where a client would notice.

use crate::sim::{
    ask::{Ask, Choice, Form, Tool, Turn},
    wire::{Refusal, list_at, named_model, text_at, within},
};
use serde_json::Value;
use std::collections::HashMap;

pub(in crate::sim::wire) fn read(body: &Value) -> Result<Ask, Refusal> {
    let mut ask = Ask {
        model: named_model(body)?,
        stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
        tools: tools(body)?,
        choice: choice(body),
        form: form(body)?,
        stop: stops(body)?,
        max_tokens: limit(body)?,
        count: body
            .get("n")
            .and_then(Value::as_u64)
            .unwrap_or(1)
            .clamp(1, 8),
        ..Ask::default()
    };
    within(body, "temperature", 0.0, 2.0)?;
    within(body, "top_p", 0.0, 1.0)?;
    within(body, "presence_penalty", -2.0, 2.0)?;
    within(body, "frequency_penalty", -2.0, 2.0)?;
    if let Some(options) = body.get("stream_options").filter(|o| !o.is_null()) {
        if !ask.stream {
            return Err(Refusal::invalid(
                "stream_options",
                "only allowed when 'stream' is enabled",
            ));
        }
        ask.stream_usage = options.get("include_usage") == Some(&Value::Bool(true));
    }
    match body.get("messages") {
        None | Some(Value::Null) => return Err(Refusal::Missing("messages")),
        Some(Value::Array(messages)) if !messages.is_empty() => conversation(&mut ask, messages)?,
        Some(_) => {
            return Err(Refusal::invalid(
                "messages",
                "must be a list of at least one message",
            ));
        }
    }
    if ask.choice != Choice::Auto && ask.tools.is_empty() && ask.choice != Choice::Never {
        return Err(Refusal::invalid(
            "tool_choice",
            "only allowed when 'tools' are specified",
        ));
    }
    if ask.form == Form::Json && !says_json(&ask) {
        return Err(Refusal::invalid(
            "messages",
            "must contain the word 'json' in some form to use 'response_format' of type 'json_object'",
        ));
    }
    Ok(ask)
}

fn limit(body: &Value) -> Result<Option<u64>, Refusal> {
    let reasons = text_at(body, "model").is_some_and(|m| m.starts_with("gpt-5"));
    if reasons && body.get("max_tokens").is_some_and(|n| !n.is_null()) {
        return Err(Refusal::invalid(
            "max_tokens",
            "not supported with this model; use 'max_completion_tokens' instead",
        ));
    }
    for key in ["max_completion_tokens", "max_tokens"] {
        match body.get(key) {
            None | Some(Value::Null) => {}
            Some(value) => {
                return match value.as_u64() {
                    Some(n) if n > 0 => Ok(Some(n)),
                    _ => Err(Refusal::invalid(key, "must be an integer of at least 1")),
                };
            }
        }
    }
    Ok(None)
}

fn stops(body: &Value) -> Result<Vec<String>, Refusal> {
    let stops: Vec<String> = match body.get("stop") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    };
    if stops.len() > 4 {
        return Err(Refusal::invalid("stop", "at most 4 sequences are allowed"));
    }
    Ok(stops)
}

fn conversation(ask: &mut Ask, messages: &[Value]) -> Result<(), Refusal> {
    let mut called: HashMap<String, String> = HashMap::new();
    for (at, message) in messages.iter().enumerate() {
        let (text, images) = content(message, at)?;
        match text_at(message, "role") {
            Some("system" | "developer") => {
                ask.system.push_str(&text);
                ask.system.push('\n');
            }
            Some("user") => ask.turns.push(Turn::User { text, images }),
            Some("assistant") => {
                for call in list_at(message, "tool_calls") {
                    let name = call.pointer("/function/name").and_then(Value::as_str);
                    if let (Some(id), Some(name)) = (text_at(call, "id"), name) {
                        called.insert(id.to_owned(), name.to_owned());
                    }
                }
                ask.turns.push(Turn::Model { text });
            }
            Some("tool") => {
                let id = text_at(message, "tool_call_id").unwrap_or_default();
                let name = called.get(id).cloned().ok_or_else(|| {
                    Refusal::invalid(
                        format!("messages.[{at}].role"),
                        "messages with role 'tool' must answer a preceding message with 'tool_calls'",
                    )
                })?;
                ask.turns.push(Turn::Tool {
                    name,
                    content: text,
                });
            }
            Some("function") => ask.turns.push(Turn::Tool {
                name: text_at(message, "name").unwrap_or_default().to_owned(),
                content: text,
            }),
            role => {
                return Err(Refusal::invalid(
                    format!("messages[{at}].role"),
                    format!("'{}' is not a role", role.unwrap_or_default()),
                ));
            }
        }
    }
    Ok(())
}

fn content(message: &Value, at: usize) -> Result<(String, usize), Refusal> {
    match message.get("content") {
        None | Some(Value::Null) => Ok((String::new(), 0)),
        Some(Value::String(text)) => Ok((text.clone(), 0)),
        Some(Value::Array(parts)) => {
            let mut texts = Vec::new();
            let mut images = 0;
            for part in parts {
                match text_at(part, "type") {
                    Some("text") => texts.push(text_at(part, "text").unwrap_or_default()),
                    Some("refusal") => texts.push(text_at(part, "refusal").unwrap_or_default()),
                    Some("image_url" | "input_audio" | "file") => images += 1,
                    kind => {
                        return Err(Refusal::invalid(
                            format!("messages[{at}].content"),
                            format!("'{}' is not a type of content", kind.unwrap_or_default()),
                        ));
                    }
                }
            }
            Ok((texts.join("\n"), images))
        }
        Some(_) => Err(Refusal::invalid(
            format!("messages[{at}].content"),
            "must be a string or a list of parts",
        )),
    }
}

fn tools(body: &Value) -> Result<Vec<Tool>, Refusal> {
    list_at(body, "tools")
        .filter(|tool| text_at(tool, "type") == Some("function"))
        .enumerate()
        .map(|(at, tool)| {
            let function = tool.get("function").unwrap_or(&Value::Null);
            Ok(Tool {
                name: text_at(function, "name")
                    .ok_or_else(|| {
                        Refusal::invalid(format!("tools[{at}].function.name"), "is required")
                    })?
                    .to_owned(),
                description: text_at(function, "description")
                    .unwrap_or_default()
                    .to_owned(),
                schema: function
                    .get("parameters")
                    .cloned()
                    .unwrap_or_else(|| serde_json::json!({ "type": "object", "properties": {} })),
            })
        })
        .collect()
}

fn choice(body: &Value) -> Choice {
    match body.get("tool_choice") {
        Some(Value::String(word)) if word == "none" => Choice::Never,
        Some(Value::String(word)) if word == "required" => Choice::Must,
        Some(choice) => choice
            .pointer("/function/name")
            .and_then(Value::as_str)
            .map_or(Choice::Auto, |name| Choice::Named(name.to_owned())),
        None => Choice::Auto,
    }
}

fn form(body: &Value) -> Result<Form, Refusal> {
    let Some(format) = body.get("response_format").filter(|f| !f.is_null()) else {
        return Ok(Form::Text);
    };
    match text_at(format, "type") {
        Some("text") => Ok(Form::Text),
        Some("json_object") => Ok(Form::Json),
        Some("json_schema") => {
            let schema = format.pointer("/json_schema/schema").cloned();
            match (format.pointer("/json_schema/name"), schema) {
                (Some(_), Some(schema)) => Ok(Form::Schema(schema)),
                (None, _) => Err(Refusal::Missing("response_format.json_schema.name")),
                (_, None) => Err(Refusal::Missing("response_format.json_schema.schema")),
            }
        }
        other => Err(Refusal::invalid(
            "response_format.type",
            format!("'{}' is not a format", other.unwrap_or_default()),
        )),
    }
}

fn says_json(ask: &Ask) -> bool {
    let said = |text: &str| text.to_lowercase().contains("json");
    said(&ask.system)
        || ask.turns.iter().any(|turn| match turn {
            Turn::User { text, .. } | Turn::Model { text } => said(text),
            Turn::Tool { content, .. } => said(content),
        })
}
