//! The neutral form to a `Converse` request. Model and streaming stand in the address.
//!
//! The API wants a user's turn first, something in it, and words beside a document; what is put there is named in
//! what was changed.

use super::{
    block::Writer,
    family::{Family, config},
};
use crate::provider::{
    anthropic::strict_schema,
    chat::{Chat, Message, Output, Part, Role, Tool, ToolChoice},
    translate::{
        json::Object,
        notes::{Dropped, Untranslatable},
        schema,
    },
};
use serde_json::{Value, json};

/// What stands in for a user's turn, or for its words, where there are none.
const FIRST_TURN: &str = "(continue)";

pub(crate) fn write_request(
    chat: &Chat,
    model: &str,
    dropped: &mut Dropped,
) -> Result<Value, Untranslatable> {
    let family = Family::of(model);
    let mut out = Object::default();
    let mut system = Writer::new(dropped).all(&chat.system)?;
    if system.iter().any(|block| block.get("text").is_none()) {
        return Err(Untranslatable::unsupported(
            "system",
            "Amazon takes only text in a system prompt",
        ));
    }
    let messages = messages(chat, family, &mut system, dropped)?;
    if !system.is_empty() {
        out.put("system", system);
    }
    out.put("messages", messages);
    let (inference, additional) = config(chat, family, dropped);
    if !inference.is_empty() {
        out.put("inferenceConfig", inference);
    }
    if let Some(tools) = tools(chat, family, dropped) {
        out.put("toolConfig", tools);
    }
    if !additional.is_empty() {
        out.put("additionalModelRequestFields", additional);
    }
    if let Some(format) = format(&chat.output, family, dropped) {
        out.put("outputConfig", json!({ "textFormat": format }));
    }
    dropped.set([
        ("seed", chat.seed.is_some()),
        ("frequency_penalty", chat.frequency_penalty.is_some()),
        ("presence_penalty", chat.presence_penalty.is_some()),
        ("user", chat.user.is_some()),
    ]);
    Ok(out.into())
}

fn messages(
    chat: &Chat,
    family: Family,
    system: &mut Vec<Value>,
    dropped: &mut Dropped,
) -> Result<Vec<Value>, Untranslatable> {
    let mut out: Vec<Value> = Vec::with_capacity(chat.messages.len() + 1);
    let last = chat.messages.len().wrapping_sub(1);
    let mut writer = Writer::new(dropped);
    for (i, message) in chat.messages.iter().enumerate() {
        let prefill = i == last && message.role == Role::Assistant;
        if prefill && !family.takes_prefill() {
            return Err(Untranslatable::unsupported(
                "messages",
                "this model does not continue an assistant's turn",
            ));
        }
        let parts = match message.role {
            Role::User => sent(message, writer.dropped)?,
            Role::Assistant => message.parts.clone(),
        };
        let mut blocks = writer.all(&parts)?;
        if prefill {
            trim_end(&mut blocks);
        }
        let has = |field: &str| blocks.iter().any(|b| b.get(field).is_some());
        if has("document") && !has("text") {
            blocks.push(json!({ "text": FIRST_TURN }));
            writer.dropped.note(format!("messages[{i}]"));
        }
        if !blocks.is_empty() {
            let role = if message.role == Role::User {
                "user"
            } else {
                "assistant"
            };
            out.push(json!({ "role": role, "content": blocks }));
        }
    }
    if out.is_empty() && !system.is_empty() {
        dropped.note("system");
        out.push(json!({ "role": "user", "content": std::mem::take(system) }));
    } else if out.first().is_none_or(|first| first["role"] != "user") {
        dropped.note("messages[0]");
        out.insert(
            0,
            json!({ "role": "user", "content": [{ "text": FIRST_TURN }] }),
        );
    }
    Ok(out)
}

/// A user's turn: results have to stand before everything else, and what only a model says is not in it.
fn sent(message: &Message, dropped: &mut Dropped) -> Result<Vec<Part>, Untranslatable> {
    let mut parts = message.parts.clone();
    if parts.iter().any(|p| matches!(p, Part::ToolUse { .. })) {
        let why = "a tool call in a user's message";
        return Err(Untranslatable::invalid("messages", why));
    }
    let all = parts.len();
    parts.retain(|p| !matches!(p, Part::Reasoning { .. }));
    if parts.len() < all {
        dropped.note("reasoning");
    }
    parts.sort_by_key(|p| !matches!(p, Part::ToolResult { .. }));
    Ok(parts)
}

/// A last assistant turn that ends in white space is refused.
fn trim_end(blocks: &mut [Value]) {
    if let Some(Value::String(text)) = blocks.last_mut().and_then(|b| b.get_mut("text")) {
        text.truncate(text.trim_end().len());
    }
}

/// The API refuses calls in a history without tools, and cannot forbid those that are declared. So a caller that
/// offers none, or forbids them, has them declared only where the history needs it.
fn tools(chat: &Chat, family: Family, dropped: &mut Dropped) -> Option<Value> {
    let called = called(chat);
    let forbidden = chat.tool_choice == Some(ToolChoice::None);
    let mut out = Object::default();
    if chat.tools.is_empty() {
        let declared: Vec<_> = called.into_iter().map(declare).collect();
        if declared.is_empty() {
            return None;
        }
        dropped.note("tools");
        out.put("tools", declared);
        return Some(out.into());
    }
    if forbidden && called.is_empty() {
        return None;
    }
    let tools = chat.tools.iter().enumerate();
    let tools: Vec<_> = tools.map(|(i, t)| tool(t, i, family, dropped)).collect();
    out.put("tools", tools);
    match &chat.tool_choice {
        None => {}
        Some(ToolChoice::None) => dropped.note("tool_choice"),
        Some(ToolChoice::Auto) => out.put("toolChoice", json!({ "auto": {} })),
        Some(ToolChoice::Required) => out.put("toolChoice", json!({ "any": {} })),
        Some(ToolChoice::Named(name)) => {
            out.put("toolChoice", json!({ "tool": { "name": name } }));
        }
    }
    if chat.parallel_tool_calls == Some(false) {
        dropped.note("parallel_tool_calls");
    }
    Some(out.into())
}

/// The tools that the history has calls of, each once.
fn called(chat: &Chat) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for part in chat.messages.iter().flat_map(|m| &m.parts) {
        if let Part::ToolUse { name, .. } = part
            && !names.contains(&name.as_str())
        {
            names.push(name);
        }
    }
    names
}

fn declare(name: &str) -> Value {
    let schema = schema::of_tool(&Value::Null);
    json!({ "toolSpec": { "name": name, "inputSchema": { "json": schema } } })
}

fn tool(tool: &Tool, i: usize, family: Family, dropped: &mut Dropped) -> Value {
    let mut schema = schema::of_tool(&tool.schema);
    let asked = tool.strict == Some(true);
    let strict = asked && family.takes_schemas();
    if strict {
        schema = strict_schema(&schema, &format!("tools[{i}].schema"), dropped);
    } else if asked {
        dropped.note(format!("tools[{i}].strict"));
    }
    let mut out = Object::default();
    out.put("name", tool.name.as_str());
    let description = tool.description.as_deref();
    out.put_some("description", description.filter(|d| !d.is_empty()));
    out.put("inputSchema", json!({ "json": schema }));
    out.put_some("strict", strict.then_some(true));
    json!({ "toolSpec": Value::from(out) })
}

/// Structured outputs, whose schema is a text here; a mere "some JSON" has no equivalent.
fn format(output: &Output, family: Family, dropped: &mut Dropped) -> Option<Value> {
    match output {
        Output::Text => None,
        Output::Schema { schema, name, .. } if family.takes_schemas() => {
            let schema = strict_schema(schema, "response_format.schema", dropped).to_string();
            let structure = json!({ "jsonSchema": { "name": name, "schema": schema } });
            Some(json!({ "type": "json_schema", "structure": structure }))
        }
        Output::Json | Output::Schema { .. } => {
            dropped.note("response_format");
            None
        }
    }
}
