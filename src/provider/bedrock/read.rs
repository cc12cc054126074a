//! A `Converse` request to the neutral form.

use super::block;
use crate::provider::{
    chat::{Chat, Output, Part, Role, Thinking, Tool, ToolChoice},
    translate::{
        json::{list, present, text},
        notes::{Dropped, Untranslatable},
    },
};
use serde_json::Value;

/// Fields that have a neutral place.
const KNOWN: [&str; 7] = [
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "additionalModelRequestFields",
    "outputConfig",
    "modelId",
];

pub(crate) fn read_request(body: &Value, dropped: &mut Dropped) -> Result<Chat, Untranslatable> {
    let none = Value::Null;
    let config = body.get("inferenceConfig").unwrap_or(&none);
    let more = body.get("additionalModelRequestFields").unwrap_or(&none);
    dropped.rest(
        config,
        "inferenceConfig",
        &["maxTokens", "temperature", "topP", "stopSequences"],
    );
    dropped.rest(
        more,
        "additionalModelRequestFields",
        &[
            "top_k",
            "thinking",
            "reasoning_config",
            "output_config",
            "inferenceConfig",
            "reasoningConfig",
        ],
    );
    let top_k = more
        .get("top_k")
        .or_else(|| more.pointer("/inferenceConfig/topK"));
    let stop = list(config, "stopSequences").iter();
    let mut chat = Chat {
        model: text(body, "modelId").unwrap_or_default().to_owned(),
        tools: tools(body, dropped),
        tool_choice: body.pointer("/toolConfig/toolChoice").and_then(tool_choice),
        output: output(body),
        max_tokens: config.get("maxTokens").and_then(Value::as_u64),
        temperature: config.get("temperature").and_then(Value::as_f64),
        top_p: config.get("topP").and_then(Value::as_f64),
        top_k: top_k.and_then(Value::as_u64),
        stop: stop.filter_map(Value::as_str).map(str::to_owned).collect(),
        thinking: thinking(more),
        extra: body
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(k, v)| !KNOWN.contains(&k.as_str()) && !v.is_null())
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        ..Chat::default()
    };
    let system = list(body, "system").iter();
    chat.system = system
        .filter_map(|p| Some(Part::Text(text(p, "text")?.to_owned())))
        .collect();
    messages(body, &mut chat, dropped)?;
    Ok(chat)
}

fn messages(body: &Value, chat: &mut Chat, dropped: &mut Dropped) -> Result<(), Untranslatable> {
    let messages = body
        .get("messages")
        .and_then(Value::as_array)
        .ok_or_else(|| Untranslatable::invalid("messages", "must be a list"))?;
    for (i, message) in messages.iter().enumerate() {
        let role = match text(message, "role") {
            Some("assistant") => Role::Assistant,
            _ => Role::User,
        };
        let mut parts = Vec::new();
        for (n, block) in list(message, "content").iter().enumerate() {
            let path = format!("messages[{i}].content[{n}]");
            // A mark for the provider's cache changes no answer.
            if present(block, "cachePoint").is_some() {
                dropped.note(path);
            } else if role == Role::Assistant {
                let part = block::read_said(block);
                if part.is_none() {
                    dropped.note(path);
                }
                parts.extend(part);
            } else {
                parts.push(block::read_sent(block, &path)?);
            }
        }
        chat.push(role, parts);
    }
    Ok(())
}

fn tools(body: &Value, dropped: &mut Dropped) -> Vec<Tool> {
    let tools = body.pointer("/toolConfig/tools").and_then(Value::as_array);
    let mut out = Vec::new();
    for (i, tool) in tools.into_iter().flatten().enumerate() {
        let named = tool.get("toolSpec").and_then(|spec| {
            Some(Tool {
                name: text(spec, "name")?.to_owned(),
                description: text(spec, "description").map(str::to_owned),
                schema: spec
                    .pointer("/inputSchema/json")
                    .cloned()
                    .unwrap_or_default(),
                strict: spec.get("strict").and_then(Value::as_bool),
            })
        });
        if named.is_none() {
            dropped.note(format!("toolConfig.tools[{i}]"));
        }
        out.extend(named);
    }
    out
}

fn tool_choice(choice: &Value) -> Option<ToolChoice> {
    if let Some(named) = choice.pointer("/tool/name").and_then(Value::as_str) {
        return Some(ToolChoice::Named(named.to_owned()));
    }
    if present(choice, "any").is_some() {
        return Some(ToolChoice::Required);
    }
    present(choice, "auto").map(|_| ToolChoice::Auto)
}

fn output(body: &Value) -> Output {
    let form = body.pointer("/outputConfig/textFormat/structure/jsonSchema");
    let schema = form.and_then(|f| serde_json::from_str(text(f, "schema")?).ok());
    match (form, schema) {
        (Some(form), Some(schema)) => Output::Schema {
            name: text(form, "name").unwrap_or("response").to_owned(),
            schema,
            strict: None,
        },
        _ => Output::Text,
    }
}

/// In Claude's words or in Nova's.
fn thinking(more: &Value) -> Option<Thinking> {
    let effort = |e: &Value| Some(Thinking::Effort(e.as_str()?.to_owned()));
    if let Some(nova) = more.get("reasoningConfig") {
        return match text(nova, "type") {
            Some("enabled") => nova.get("maxReasoningEffort").and_then(effort),
            _ => Some(Thinking::Off),
        };
    }
    let claude = more
        .get("thinking")
        .or_else(|| more.get("reasoning_config"))?;
    match text(claude, "type")? {
        "enabled" => Some(Thinking::Budget(claude.get("budget_tokens")?.as_u64()?)),
        "adaptive" => Some(
            more.pointer("/output_config/effort")
                .and_then(effort)
                .unwrap_or(Thinking::Adaptive),
        ),
        _ => Some(Thinking::Off),
    }
}
