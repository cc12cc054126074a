//! Reading a Responses request, as strictly as the vendor does where a client would notice.

use crate::sim::{
    ask::{Ask, Choice, Form, Tool, Turn},
    wire::{Refusal, list_at, named_model, text_at, within},
};
use serde_json::Value;
use std::collections::HashMap;

/// The vendor refuses a smaller limit.
const LEAST_TOKENS: u64 = 16;

pub(in crate::sim::wire) fn read(body: &Value) -> Result<Ask, Refusal> {
    let mut ask = Ask {
        model: named_model(body)?,
        system: text_at(body, "instructions").unwrap_or_default().to_owned(),
        stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
        tools: tools(body)?,
        choice: choice(body),
        form: form(body)?,
        max_tokens: limit(body)?,
        thinks: body
            .pointer("/reasoning/summary")
            .is_some_and(|s| !s.is_null()),
        count: 1,
        ..Ask::default()
    };
    within(body, "temperature", 0.0, 2.0)?;
    within(body, "top_p", 0.0, 1.0)?;
    for field in ["previous_response_id", "conversation"] {
        if let Some(id) = text_at(body, field) {
            return Err(Refusal::invalid(
                field,
                format!("'{id}' is not stored here"),
            ));
        }
    }
    match body.get("input") {
        None | Some(Value::Null) => return Err(Refusal::Missing("input")),
        Some(Value::String(text)) => ask.turns.push(Turn::User {
            text: text.clone(),
            images: 0,
        }),
        Some(Value::Array(items)) => conversation(&mut ask, items)?,
        Some(_) => {
            return Err(Refusal::invalid(
                "input",
                "must be a string or a list of items",
            ));
        }
    }
    Ok(ask)
}

fn limit(body: &Value) -> Result<Option<u64>, Refusal> {
    match body.get("max_output_tokens") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(n) if n >= LEAST_TOKENS => Ok(Some(n)),
            _ => Err(Refusal::invalid(
                "max_output_tokens",
                format!("must be an integer of at least {LEAST_TOKENS}"),
            )),
        },
    }
}

fn conversation(ask: &mut Ask, items: &[Value]) -> Result<(), Refusal> {
    let mut called: HashMap<&str, &str> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        match text_at(item, "type").unwrap_or("message") {
            "message" => message(ask, item, at)?,
            "function_call" => {
                if let (Some(id), Some(name)) = (text_at(item, "call_id"), text_at(item, "name")) {
                    called.insert(id, name);
                }
            }
            "function_call_output" => {
                let id = text_at(item, "call_id").unwrap_or_default();
                let name = called.get(id).ok_or_else(|| {
                    Refusal::invalid(
                        format!("input[{at}].call_id"),
                        format!("no tool call found for function call output '{id}'"),
                    )
                })?;
                ask.turns.push(Turn::Tool {
                    name: (*name).to_owned(),
                    content: content(item, "output", at)?.0,
                });
            }
            // What was sealed elsewhere does not open here.
            "reasoning" => {
                let sealed = text_at(item, "encrypted_content").unwrap_or_default();
                if !sealed.starts_with("gAAAA") {
                    return Err(Refusal::invalid(
                        format!("input[{at}].encrypted_content"),
                        "the encrypted content could not be verified",
                    ));
                }
            }
            kind => {
                return Err(Refusal::invalid(
                    format!("input[{at}].type"),
                    format!("'{kind}' is not a type of item"),
                ));
            }
        }
    }
    Ok(())
}

fn message(ask: &mut Ask, item: &Value, at: usize) -> Result<(), Refusal> {
    let (text, images) = content(item, "content", at)?;
    match text_at(item, "role") {
        Some("system" | "developer") => {
            ask.system.push_str(&text);
            ask.system.push('\n');
        }
        Some("user") => ask.turns.push(Turn::User { text, images }),
        Some("assistant") => ask.turns.push(Turn::Model { text }),
        role => {
            return Err(Refusal::invalid(
                format!("input[{at}].role"),
                format!("'{}' is not a role", role.unwrap_or_default()),
            ));
        }
    }
    Ok(())
}

fn content(item: &Value, key: &str, at: usize) -> Result<(String, usize), Refusal> {
    match item.get(key) {
        Some(Value::String(text)) => Ok((text.clone(), 0)),
        Some(Value::Array(parts)) => {
            let (mut texts, mut images) = (Vec::new(), 0);
            for part in parts {
                match text_at(part, "type") {
                    Some("input_text" | "output_text") => {
                        texts.push(text_at(part, "text").unwrap_or_default());
                    }
                    Some("refusal") => texts.push(text_at(part, "refusal").unwrap_or_default()),
                    Some("input_image" | "input_file") => images += 1,
                    kind => {
                        return Err(Refusal::invalid(
                            format!("input[{at}].{key}"),
                            format!("'{}' is not a type of content", kind.unwrap_or_default()),
                        ));
                    }
                }
            }
            Ok((texts.join("\n"), images))
        }
        _ => Err(Refusal::invalid(
            format!("input[{at}].{key}"),
            "must be a string or a list of parts",
        )),
    }
}

fn tools(body: &Value) -> Result<Vec<Tool>, Refusal> {
    list_at(body, "tools")
        .filter(|tool| text_at(tool, "type") == Some("function"))
        .enumerate()
        .map(|(at, tool)| {
            Ok(Tool {
                name: text_at(tool, "name")
                    .ok_or_else(|| Refusal::invalid(format!("tools[{at}].name"), "is required"))?
                    .to_owned(),
                description: text_at(tool, "description").unwrap_or_default().to_owned(),
                schema: tool
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
        Some(choice) => {
            text_at(choice, "name").map_or(Choice::Auto, |name| Choice::Named(name.to_owned()))
        }
        None => Choice::Auto,
    }
}

fn form(body: &Value) -> Result<Form, Refusal> {
    let Some(format) = body.pointer("/text/format").filter(|f| !f.is_null()) else {
        return Ok(Form::Text);
    };
    match (text_at(format, "type"), format.get("schema")) {
        (Some("text"), _) => Ok(Form::Text),
        (Some("json_object"), _) => Ok(Form::Json),
        (Some("json_schema"), _) if text_at(format, "name").is_none() => {
            Err(Refusal::Missing("text.format.name"))
        }
        (Some("json_schema"), Some(schema)) => Ok(Form::Schema(schema.clone())),
        (Some("json_schema"), None) => Err(Refusal::Missing("text.format.schema")),
        (other, _) => Err(Refusal::invalid(
            "text.format.type",
            format!("'{}' is not a format", other.unwrap_or_default()),
        )),
    }
}
