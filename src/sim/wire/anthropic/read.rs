//! Reading a messages request, as strictly as the vendor does where a client would notice.

use crate::sim::{
    ask::{Ask, Choice, Form, Tool, Turn},
    wire::{Refusal, list_at, named_model, text_at, within},
};
use serde_json::Value;
use std::collections::HashMap;

/// `whole`: a request for an answer, not for a count only.
pub(in crate::sim::wire) fn read(body: &Value, whole: bool) -> Result<Ask, Refusal> {
    let mut ask = Ask {
        model: named_model(body)?,
        max_tokens: if whole { Some(limit(body)?) } else { None },
        system: system(body)?,
        stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
        tools: tools(body)?,
        choice: choice(body),
        form: form(body),
        stop: list_at(body, "stop_sequences")
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        count: 1,
        ..Ask::default()
    };
    within(body, "temperature", 0.0, 1.0)?;
    within(body, "top_p", 0.0, 1.0)?;
    let given = |key: &str| body.get(key).is_some_and(|v| !v.is_null());
    if given("temperature") && given("top_p") {
        return Err(Refusal::invalid(
            "temperature",
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        ));
    }
    ask.thinks = thinks(body, ask.max_tokens)?;
    match body.get("messages") {
        None | Some(Value::Null) => return Err(Refusal::Missing("messages")),
        Some(Value::Array(messages)) if !messages.is_empty() => conversation(&mut ask, messages)?,
        Some(Value::Array(_)) => {
            return Err(Refusal::invalid(
                "messages",
                "at least one message is required",
            ));
        }
        Some(_) => return Err(Refusal::invalid("messages", "Input should be a valid list")),
    }
    if ask.choice != Choice::Auto && ask.choice != Choice::Never && ask.tools.is_empty() {
        return Err(Refusal::invalid(
            "tool_choice",
            "may only be specified while providing tools",
        ));
    }
    Ok(ask)
}

fn limit(body: &Value) -> Result<u64, Refusal> {
    match body.get("max_tokens") {
        None | Some(Value::Null) => Err(Refusal::Missing("max_tokens")),
        Some(value) => value.as_u64().filter(|n| *n > 0).ok_or_else(|| {
            Refusal::invalid("max_tokens", "Input should be greater than or equal to 1")
        }),
    }
}

fn system(body: &Value) -> Result<String, Refusal> {
    match body.get("system") {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(blocks)) => Ok(blocks
            .iter()
            .filter_map(|b| text_at(b, "text"))
            .collect::<Vec<_>>()
            .join("\n")),
        Some(_) => Err(Refusal::invalid("system", "Input should be a valid string")),
    }
}

fn thinks(body: &Value, limit: Option<u64>) -> Result<bool, Refusal> {
    let Some(thinking) = body.get("thinking").filter(|t| !t.is_null()) else {
        return Ok(false);
    };
    match text_at(thinking, "type") {
        Some("disabled" | "between_tools") => Ok(false),
        Some("adaptive") => Ok(true),
        Some("enabled") => {
            let budget = thinking
                .get("budget_tokens")
                .and_then(Value::as_u64)
                .ok_or(Refusal::Missing("thinking.enabled.budget_tokens"))?;
            if budget < 1024 {
                let problem = "Input should be greater than or equal to 1024";
                return Err(Refusal::invalid("thinking.enabled.budget_tokens", problem));
            }
            if limit.is_some_and(|limit| limit <= budget) {
                let problem = "must be greater than `thinking.budget_tokens`";
                return Err(Refusal::invalid("max_tokens", problem));
            }
            Ok(true)
        }
        _ => Err(Refusal::invalid(
            "thinking",
            "Input tag should be 'enabled', 'adaptive' or 'disabled'",
        )),
    }
}

/// What has been called so far, and what still waits for its result.
#[derive(Default)]
struct Calls {
    names: HashMap<String, String>,
    waiting: Vec<String>,
}

fn conversation(ask: &mut Ask, messages: &[Value]) -> Result<(), Refusal> {
    let mut calls = Calls::default();
    let last = messages.len().saturating_sub(1);
    for (at, message) in messages.iter().enumerate() {
        let role = text_at(message, "role");
        if at == 0 && role == Some("assistant") {
            return Err(Refusal::invalid(
                "messages",
                "first message must use the \"user\" role",
            ));
        }
        if !matches!(role, Some("user" | "assistant")) {
            return Err(Refusal::invalid(
                format!("messages.{at}.role"),
                "Input should be 'user' or 'assistant'",
            ));
        }
        let turns = message_turns(message, at, &mut calls)?;
        if role == Some("user") && !calls.waiting.is_empty() {
            return Err(Refusal::invalid(
                format!("messages.{at}"),
                format!(
                    "`tool_use` ids were found without `tool_result` blocks immediately after: {}",
                    calls.waiting.join(", ")
                ),
            ));
        }
        if let (true, Some(Turn::Model { text })) = (at == last, turns.last())
            && text.ends_with(char::is_whitespace)
        {
            let problem = "final assistant content cannot end with trailing whitespace";
            return Err(Refusal::invalid("messages", problem));
        }
        ask.turns.extend(turns);
    }
    Ok(())
}

fn message_turns(message: &Value, at: usize, calls: &mut Calls) -> Result<Vec<Turn>, Refusal> {
    let user = text_at(message, "role") == Some("user");
    let turn = |text: String, images: usize| {
        if user {
            Turn::User { text, images }
        } else {
            Turn::Model { text }
        }
    };
    let blocks = match message.get("content") {
        Some(Value::String(text)) => return Ok(vec![turn(text.clone(), 0)]),
        Some(Value::Array(blocks)) => blocks,
        _ => {
            return Err(Refusal::invalid(
                format!("messages.{at}.content"),
                "Field required",
            ));
        }
    };
    let mut turns = Vec::new();
    let mut texts = Vec::new();
    let mut images = 0;
    for (index, block) in blocks.iter().enumerate() {
        let field = format!("messages.{at}.content.{index}");
        match text_at(block, "type") {
            Some("text") => match text_at(block, "text") {
                Some("") => {
                    return Err(Refusal::invalid(
                        "messages",
                        "text content blocks must be non-empty",
                    ));
                }
                Some(text) => texts.push(text),
                None => return Err(Refusal::invalid(format!("{field}.text"), "Field required")),
            },
            Some("image" | "document") if user => images += 1,
            Some("tool_result") if user => turns.push(result(block, &field, calls)?),
            Some("tool_use") if !user => call(block, &field, calls)?,
            Some("thinking" | "redacted_thinking") if !user => {}
            kind => {
                let problem = format!(
                    "Input tag '{}' is not expected here",
                    kind.unwrap_or_default()
                );
                return Err(Refusal::invalid(field, problem));
            }
        }
    }
    if !texts.is_empty() || images > 0 || turns.is_empty() {
        turns.push(turn(texts.join("\n"), images));
    }
    Ok(turns)
}

fn call(block: &Value, field: &str, calls: &mut Calls) -> Result<(), Refusal> {
    let (Some(id), Some(name)) = (text_at(block, "id"), text_at(block, "name")) else {
        return Err(Refusal::invalid(
            format!("{field}.tool_use.id"),
            "Field required",
        ));
    };
    if !block.get("input").is_some_and(Value::is_object) {
        let problem = "Input should be a valid dictionary";
        return Err(Refusal::invalid(format!("{field}.tool_use.input"), problem));
    }
    calls.names.insert(id.to_owned(), name.to_owned());
    calls.waiting.push(id.to_owned());
    Ok(())
}

fn result(block: &Value, field: &str, calls: &mut Calls) -> Result<Turn, Refusal> {
    let id = text_at(block, "tool_use_id").unwrap_or_default();
    let Some(at) = calls.waiting.iter().position(|waiting| waiting == id) else {
        return Err(Refusal::invalid(
            field,
            format!(
                "unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a \
                 corresponding `tool_use` block in the previous message."
            ),
        ));
    };
    calls.waiting.remove(at);
    let content = match block.get("content") {
        Some(Value::String(text)) => text.clone(),
        _ => list_at(block, "content")
            .filter_map(|b| text_at(b, "text"))
            .collect(),
    };
    Ok(Turn::Tool {
        name: calls.names.get(id).cloned().unwrap_or_default(),
        content,
    })
}

fn tools(body: &Value) -> Result<Vec<Tool>, Refusal> {
    list_at(body, "tools")
        // Tools that the vendor runs itself carry a dated type; this model never needs them.
        .filter(|tool| matches!(text_at(tool, "type"), None | Some("custom")))
        .enumerate()
        .map(|(at, tool)| {
            let missing =
                |key: &str| Refusal::invalid(format!("tools.{at}.custom.{key}"), "Field required");
            Ok(Tool {
                name: text_at(tool, "name")
                    .ok_or_else(|| missing("name"))?
                    .to_owned(),
                description: text_at(tool, "description").unwrap_or_default().to_owned(),
                schema: tool
                    .get("input_schema")
                    .cloned()
                    .ok_or_else(|| missing("input_schema"))?,
            })
        })
        .collect()
}

fn choice(body: &Value) -> Choice {
    let Some(choice) = body.get("tool_choice") else {
        return Choice::Auto;
    };
    match (text_at(choice, "type"), text_at(choice, "name")) {
        (Some("none"), _) => Choice::Never,
        (Some("any"), _) => Choice::Must,
        (Some("tool"), Some(name)) => Choice::Named(name.to_owned()),
        _ => Choice::Auto,
    }
}

/// The current place of a structured output's schema, and the one it had in beta.
fn form(body: &Value) -> Form {
    body.pointer("/output_config/format/schema")
        .or_else(|| body.pointer("/output_format/schema"))
        .map_or(Form::Text, |schema| Form::Schema(schema.clone()))
}
