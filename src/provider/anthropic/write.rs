//! The neutral form to an Anthropic request.
//!
//! The API wants a user's turn first and something in it. A conversation that starts with the assistant gets a
//! short user turn put before it, and a system prompt without any conversation becomes the user's turn; both are
//! named in what was changed.

use super::{
    block,
    takes::{Takes, thinking},
};
use crate::{
    model::Dialect,
    provider::{
        chat::{Chat, Message, Output, Part, Role, Tool, ToolChoice},
        translate::{
            json::Object,
            notes::{Dropped, Untranslatable},
            schema,
        },
    },
};
use serde_json::{Value, json};

/// What stands in for a user's turn where there is none.
const FIRST_TURN: &str = "(continue)";
/// Keywords that structured outputs refuse.
const REFUSED: [&str; 13] = [
    "$schema",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

pub(crate) fn write_request(
    chat: &Chat,
    model: &str,
    dropped: &mut Dropped,
) -> Result<Value, Untranslatable> {
    let takes = Takes::of(model);
    let mut out = Object::default();
    let max_tokens = chat.max_tokens.unwrap_or(takes.max_tokens);
    out.put("model", model);
    out.put("max_tokens", max_tokens);
    let mut system = block::write_all(&chat.system, dropped)?;
    let messages = messages(chat, takes, &mut system, dropped)?;
    if !system.is_empty() {
        out.put("system", system);
    }
    out.put("messages", messages);
    let thinks = thinking(Dialect::Anthropic, chat, takes, max_tokens, dropped);
    let format = format(&chat.output, takes, dropped);
    let mut config = Object::default();
    if let Some((thinking, effort)) = &thinks {
        out.put("thinking", thinking.clone());
        config.put_some("effort", effort.clone());
    }
    config.put_some("format", format);
    if !config.is_empty() {
        out.put("output_config", config);
    }
    let on = thinks.is_some_and(|(t, _)| t["type"] != "disabled");
    sampling(chat, takes, on, &mut out, dropped);
    stop(chat, &mut out, dropped);
    if !chat.tools.is_empty() {
        out.put(
            "tools",
            chat.tools
                .iter()
                .enumerate()
                .map(|(i, t)| tool(t, i, takes, dropped))
                .collect::<Vec<_>>(),
        );
        out.put_some("tool_choice", tool_choice(chat));
    } else if let Some(known) = tools_of_history(chat) {
        dropped.note("tools");
        out.put("tools", known);
        out.put("tool_choice", json!({ "type": "none" }));
    }
    if let Some(user) = &chat.user {
        out.put("metadata", json!({ "user_id": user }));
    }
    if chat.stream {
        out.put("stream", true);
    }
    dropped.set([
        ("seed", chat.seed.is_some()),
        ("frequency_penalty", chat.frequency_penalty.is_some()),
        ("presence_penalty", chat.presence_penalty.is_some()),
    ]);
    Ok(out.into())
}

fn messages(
    chat: &Chat,
    takes: Takes,
    system: &mut Vec<Value>,
    dropped: &mut Dropped,
) -> Result<Vec<Value>, Untranslatable> {
    let mut out = Vec::with_capacity(chat.messages.len() + 1);
    let last = chat.messages.len().wrapping_sub(1);
    for (i, message) in chat.messages.iter().enumerate() {
        let prefill = i == last && message.role == Role::Assistant;
        if prefill && takes.adaptive {
            return Err(Untranslatable::unsupported(
                "messages",
                "this model does not continue an assistant's turn",
            ));
        }
        let mut blocks = block::write_all(&ordered(message), dropped)?;
        if prefill {
            trim_end(&mut blocks);
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
        out.insert(0, json!({ "role": "user", "content": FIRST_TURN }));
    }
    Ok(out)
}

/// Results have to stand before everything else in a user's turn.
fn ordered(message: &Message) -> Vec<Part> {
    let mut parts = message.parts.clone();
    parts.sort_by_key(|p| !matches!(p, Part::ToolResult { .. }) && message.role == Role::User);
    parts
}

/// The API refuses a last assistant turn that ends in white space.
fn trim_end(blocks: &mut [Value]) {
    if let Some(Value::String(text)) = blocks.last_mut().and_then(|b| b.get_mut("text")) {
        text.truncate(text.trim_end().len());
    }
}

/// Temperature goes to 1 here and to 2 elsewhere. With thinking on it can't be set, and `top_p` hardly.
fn sampling(chat: &Chat, takes: Takes, thinks: bool, out: &mut Object, dropped: &mut Dropped) {
    if takes.adaptive_only || thinks {
        dropped.set([
            ("temperature", chat.temperature.is_some_and(|t| t < 1.0)),
            ("top_p", chat.top_p.is_some_and(|p| p < 1.0)),
            ("top_k", chat.top_k.is_some()),
        ]);
        return;
    }
    if chat.temperature.is_some_and(|t| t > 1.0) {
        dropped.note("temperature");
    }
    out.put_some("temperature", chat.temperature.map(|t| t.clamp(0.0, 1.0)));
    // From 4.5 on both at once are refused; a `top_p` of 1 says nothing anyway.
    if chat.temperature.is_some() && takes.schemas {
        if chat.top_p.is_some_and(|p| p < 1.0) {
            dropped.note("top_p");
        }
    } else {
        out.put_some("top_p", chat.top_p);
    }
    out.put_some("top_k", chat.top_k);
}

/// Sequences of white space alone are refused.
fn stop(chat: &Chat, out: &mut Object, dropped: &mut Dropped) {
    let (kept, blank): (Vec<_>, Vec<_>) = chat.stop.iter().partition(|s| !s.trim().is_empty());
    if !blank.is_empty() {
        dropped.note("stop");
    }
    if !kept.is_empty() {
        out.put(
            "stop_sequences",
            kept.into_iter().cloned().collect::<Vec<_>>(),
        );
    }
}

fn tool(tool: &Tool, i: usize, takes: Takes, dropped: &mut Dropped) -> Value {
    let mut out = Object::default();
    let mut schema = schema::of_tool(&tool.schema);
    let strict = tool.strict == Some(true);
    if strict && takes.schemas {
        schema = strict_schema(&schema, &format!("tools[{i}].schema"), dropped);
    } else if strict {
        dropped.note(format!("tools[{i}].strict"));
    }
    out.put("name", tool.name.as_str());
    out.put_some("description", tool.description.clone());
    out.put("input_schema", schema);
    out.put_some("strict", (strict && takes.schemas).then_some(true));
    out.into()
}

/// A schema as structured outputs and strict tools take it.
pub(in crate::provider) fn strict_schema(
    schema: &Value,
    path: &str,
    dropped: &mut Dropped,
) -> Value {
    let mut schema = schema::without(schema, &REFUSED, path, dropped);
    schema::close_objects(&mut schema);
    schema
}

/// The API refuses calls in a history without tools. A caller that offers none any more has the called ones declared
/// and forbidden.
fn tools_of_history(chat: &Chat) -> Option<Vec<Value>> {
    let mut names: Vec<&str> = Vec::new();
    for part in chat.messages.iter().flat_map(|m| &m.parts) {
        if let Part::ToolUse { name, .. } = part
            && !names.contains(&name.as_str())
        {
            names.push(name);
        }
    }
    let declare =
        |name: &str| json!({ "name": name, "input_schema": schema::of_tool(&Value::Null) });
    (!names.is_empty()).then(|| names.into_iter().map(declare).collect())
}

fn tool_choice(chat: &Chat) -> Option<Value> {
    let serial = chat.parallel_tool_calls.map(|parallel| !parallel);
    let mut out = Object::default();
    match (&chat.tool_choice, serial) {
        (None, None | Some(false)) => return None,
        (Some(ToolChoice::None), _) => return Some(json!({ "type": "none" })),
        (None | Some(ToolChoice::Auto), _) => out.put("type", "auto"),
        (Some(ToolChoice::Required), _) => out.put("type", "any"),
        (Some(ToolChoice::Named(name)), _) => {
            out.put("type", "tool");
            out.put("name", name.as_str());
        }
    }
    out.put_some("disable_parallel_tool_use", serial);
    Some(out.into())
}

/// Structured outputs; a mere "some JSON" has no equivalent.
fn format(output: &Output, takes: Takes, dropped: &mut Dropped) -> Option<Value> {
    match output {
        Output::Text => None,
        Output::Schema { schema, .. } if takes.schemas => {
            let schema = strict_schema(schema, "response_format.schema", dropped);
            Some(json!({ "type": "json_schema", "schema": schema }))
        }
        Output::Json | Output::Schema { .. } => {
            dropped.note("response_format");
            None
        }
    }
}
