//! An Anthropic request to the neutral form.

use super::block;
use crate::provider::{
    chat::{Chat, Output, Role, Thinking, Tool, ToolChoice},
    translate::{
        json::{list, present, text},
        notes::{Dropped, Untranslatable},
    },
};
use serde_json::Value;

/// Top-level fields that have a neutral place.
const KNOWN: [&str; 15] = [
    "model",
    "messages",
    "system",
    "max_tokens",
    "tools",
    "tool_choice",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "stream",
    "thinking",
    "metadata",
    "output_config",
    "output_format",
];

pub(crate) fn read_request(body: &Value, dropped: &mut Dropped) -> Result<Chat, Untranslatable> {
    let choice = body.get("tool_choice");
    let stream = body.get("stream").and_then(Value::as_bool).unwrap_or(false);
    let mut chat = Chat {
        model: text(body, "model").unwrap_or_default().to_owned(),
        tools: tools(body, dropped),
        tool_choice: choice.and_then(tool_choice),
        parallel_tool_calls: choice
            .and_then(|c| c.get("disable_parallel_tool_use"))
            .and_then(Value::as_bool)
            .map(|disabled| !disabled),
        output: output(body, dropped),
        max_tokens: body.get("max_tokens").and_then(Value::as_u64),
        temperature: body.get("temperature").and_then(Value::as_f64),
        top_p: body.get("top_p").and_then(Value::as_f64),
        top_k: body.get("top_k").and_then(Value::as_u64),
        stop: list(body, "stop_sequences")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        thinking: thinking(body, dropped),
        stream,
        stream_usage: stream,
        user: body
            .pointer("/metadata/user_id")
            .and_then(Value::as_str)
            .map(str::to_owned),
        extra: body
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(k, v)| !KNOWN.contains(&k.as_str()) && !v.is_null())
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        ..Chat::default()
    };
    if let Some(system) = present(body, "system") {
        chat.system = block::read_content(system, "system", dropped)?;
    }
    messages(body, &mut chat, dropped)?;
    Ok(chat)
}

fn messages(body: &Value, chat: &mut Chat, dropped: &mut Dropped) -> Result<(), Untranslatable> {
    let messages = body
        .get("messages")
        .and_then(Value::as_array)
        .ok_or_else(|| Untranslatable::invalid("messages", "must be a list"))?;
    for (i, message) in messages.iter().enumerate() {
        let path = format!("messages[{i}]");
        let role = text(message, "role");
        let content = message
            .get("content")
            .ok_or_else(|| Untranslatable::invalid(format!("{path}.content"), "missing"))?;
        let parts = block::read_content(content, &format!("{path}.content"), dropped)?;
        match role {
            Some("user") => chat.push(Role::User, parts),
            Some("assistant") => chat.push(Role::Assistant, parts),
            Some("system") => chat.system.extend(parts),
            _ => {
                return Err(Untranslatable::invalid(
                    format!("{path}.role"),
                    "no role that this dialect knows",
                ));
            }
        }
    }
    Ok(())
}

/// Tools that run at the provider (web search, code execution) exist only there.
fn tools(body: &Value, dropped: &mut Dropped) -> Vec<Tool> {
    let mut tools = Vec::new();
    for (i, tool) in list(body, "tools").iter().enumerate() {
        let path = format!("tools[{i}]");
        let own = text(tool, "type").is_none_or(|t| t == "custom");
        match (own, text(tool, "name")) {
            (true, Some(name)) => {
                dropped.rest(
                    tool,
                    &path,
                    &["type", "name", "description", "input_schema", "strict"],
                );
                tools.push(Tool {
                    name: name.to_owned(),
                    description: text(tool, "description").map(str::to_owned),
                    schema: tool.get("input_schema").cloned().unwrap_or(Value::Null),
                    strict: tool.get("strict").and_then(Value::as_bool),
                });
            }
            _ => dropped.note(path),
        }
    }
    tools
}

fn tool_choice(choice: &Value) -> Option<ToolChoice> {
    Some(match text(choice, "type")? {
        "none" => ToolChoice::None,
        "any" => ToolChoice::Required,
        "tool" => ToolChoice::Named(text(choice, "name")?.to_owned()),
        _ => ToolChoice::Auto,
    })
}

fn thinking(body: &Value, dropped: &mut Dropped) -> Option<Thinking> {
    let effort = body
        .pointer("/output_config/effort")
        .and_then(Value::as_str);
    let thinking = body.get("thinking");
    let read = match thinking.and_then(|t| text(t, "type")) {
        Some("enabled") => thinking
            .and_then(|t| t.get("budget_tokens"))
            .and_then(Value::as_u64)
            .map(Thinking::Budget),
        Some("disabled") => Some(Thinking::Off),
        Some("adaptive") => Some(Thinking::Adaptive),
        _ => None,
    };
    match (read, effort) {
        (Some(Thinking::Adaptive), Some(effort)) => Some(Thinking::Effort(effort.to_owned())),
        (read, Some(_)) => {
            dropped.note("output_config.effort");
            read
        }
        (read, None) => read,
    }
}

/// `output_config.format`, or `output_format` as the beta called it.
fn output(body: &Value, dropped: &mut Dropped) -> Output {
    if let Some(config) = present(body, "output_config") {
        dropped.rest(config, "output_config", &["effort", "format"]);
    }
    let format = body
        .pointer("/output_config/format")
        .or_else(|| body.get("output_format"))
        .filter(|f| text(f, "type") == Some("json_schema"));
    match format.and_then(|f| f.get("schema")) {
        Some(schema) => Output::Schema {
            name: "response".to_owned(),
            schema: schema.clone(),
            strict: None,
        },
        None => Output::Text,
    }
}
