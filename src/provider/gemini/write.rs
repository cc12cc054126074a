//! The neutral form to a Gemini request.

use super::{
    config::generation_config,
    signature::{self, shown},
};
use crate::{
    model::Dialect,
    provider::{
        chat::{Chat, Media, Message, Part, Role, Tool, ToolChoice},
        translate::{
            generation::version,
            json::{Object, arguments_object},
            media,
            notes::{Dropped, Untranslatable},
            schema,
            seal::open,
        },
    },
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// What stands in for a user's turn where there is none.
const FIRST_TURN: &str = "(continue)";

pub(crate) fn write_request(
    chat: &Chat,
    model: &str,
    dropped: &mut Dropped,
) -> Result<Value, Untranslatable> {
    // A name without a number (`gemini-flash-latest`) is a newest one.
    let version = version(model, "gemini").unwrap_or((3, 0));
    let mut out = Object::default();
    let mut system = parts(&chat.system, &HashMap::new(), dropped)?;
    let contents = contents(chat, version, &mut system, dropped)?;
    if !system.is_empty() {
        out.put("systemInstruction", json!({ "parts": system }));
    }
    out.put("contents", contents);
    if !chat.tools.is_empty() {
        let declared: Vec<_> = chat
            .tools
            .iter()
            .enumerate()
            .map(|(i, t)| tool(t, i, dropped))
            .collect();
        out.put("tools", json!([{ "functionDeclarations": declared }]));
        if let Some(choice) = &chat.tool_choice {
            out.put(
                "toolConfig",
                json!({ "functionCallingConfig": tool_choice(choice) }),
            );
        }
        if chat.parallel_tool_calls == Some(false) {
            dropped.note("parallel_tool_calls");
        }
    }
    let config = generation_config(chat, version, model, dropped);
    if !config.is_empty() {
        out.put("generationConfig", config);
    }
    if chat.user.is_some() {
        dropped.note("user");
    }
    Ok(out.into())
}

/// The API wants something in the conversation, and the user first; see Anthropic's writer, which does the same.
fn contents(
    chat: &Chat,
    version: (u32, u32),
    system: &mut Vec<Value>,
    dropped: &mut Dropped,
) -> Result<Vec<Value>, Untranslatable> {
    let mut names = HashMap::new();
    let mut out: Vec<Value> = Vec::with_capacity(chat.messages.len() + 1);
    for message in &chat.messages {
        let written = match message.role {
            Role::User => parts(
                &in_call_order(message, &out_of(&chat.messages, message)),
                &names,
                dropped,
            )?,
            Role::Assistant => {
                for part in &message.parts {
                    if let Part::ToolUse { id, name, .. } = part {
                        names.insert(id.clone(), name.clone());
                    }
                }
                said(message, version, dropped)?
            }
        };
        let role = if message.role == Role::User {
            "user"
        } else {
            "model"
        };
        if !written.is_empty() {
            out.push(json!({ "role": role, "parts": written }));
        }
    }
    if out.is_empty() && !system.is_empty() {
        dropped.note("system");
        out.push(json!({ "role": "user", "parts": std::mem::take(system) }));
    } else if out.first().is_none_or(|first| first["role"] != "user") {
        dropped.note("messages[0]");
        out.insert(
            0,
            json!({ "role": "user", "parts": [{ "text": FIRST_TURN }] }),
        );
    }
    Ok(out)
}

/// The ids of the calls that a user's message answers.
fn out_of(messages: &[Message], answered: &Message) -> Vec<String> {
    let at = messages
        .iter()
        .position(|m| std::ptr::eq(m, answered))
        .unwrap_or(0);
    let before = at.checked_sub(1).and_then(|i| messages.get(i));
    let calls = before.map_or(&[][..], |m| &m.parts).iter();
    calls
        .filter_map(|p| {
            if let Part::ToolUse { id, .. } = p {
                Some(id.clone())
            } else {
                None
            }
        })
        .collect()
}

/// Results stand first and in the order of their calls: two calls of one function are told apart by nothing else.
fn in_call_order(message: &Message, calls: &[String]) -> Vec<Part> {
    let mut parts = message.parts.clone();
    parts.sort_by_key(|p| match p {
        Part::ToolResult { id, .. } => calls.iter().position(|c| c == id).unwrap_or(calls.len()),
        _ => usize::MAX,
    });
    parts
}

/// A model's turn. A signature that stands alone belongs to the part after it, or to an empty text at the end.
fn said(
    message: &Message,
    version: (u32, u32),
    dropped: &mut Dropped,
) -> Result<Vec<Value>, Untranslatable> {
    let mut out = Vec::new();
    let mut carried: Option<String> = None;
    let mut first_call = true;
    for part in &message.parts {
        match part {
            Part::Reasoning { text, signature } => {
                let own = signature
                    .as_deref()
                    .is_some_and(|s| open(Dialect::Gemini, s).is_some());
                if own && !text.is_empty() {
                    out.push(json!({ "text": text, "thought": true }));
                } else if !own {
                    dropped.note("reasoning");
                }
                carried = signature.as_deref().filter(|_| own).map(shown).or(carried);
            }
            Part::ToolUse {
                name,
                input,
                signature,
                ..
            } => {
                let own = signature
                    .as_deref()
                    .and_then(|s| open(Dialect::Gemini, s))
                    .map(str::to_owned);
                let signature = own.or_else(|| carried.take()).or_else(|| {
                    (first_call && version >= (3, 0)).then(|| signature::NONE.to_owned())
                });
                first_call = false;
                let mut call = Object::default();
                call.put(
                    "functionCall",
                    json!({ "name": name, "args": arguments_object(input) }),
                );
                call.put_some("thoughtSignature", signature);
                out.push(call.into());
            }
            Part::Text(text) if text.is_empty() => {}
            Part::Text(text) => {
                let mut said = Object::default();
                said.put("text", text.as_str());
                said.put_some("thoughtSignature", carried.take());
                out.push(said.into());
            }
            other => out.extend(parts(
                std::slice::from_ref(other),
                &HashMap::new(),
                dropped,
            )?),
        }
    }
    if let Some(signature) = carried {
        out.push(json!({ "text": "", "thoughtSignature": signature }));
    }
    Ok(out)
}

fn parts(
    parts: &[Part],
    names: &HashMap<String, String>,
    dropped: &mut Dropped,
) -> Result<Vec<Value>, Untranslatable> {
    let mut out = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Part::Text(text) if text.is_empty() => {}
            Part::Text(text) => out.push(json!({ "text": text })),
            Part::Image(media) | Part::File { media, .. } => out.push(file(media)),
            Part::ToolResult {
                id,
                name,
                content,
                is_error,
            } => {
                let name = names
                    .get(id)
                    .or(name.as_ref())
                    .map_or(id.as_str(), String::as_str);
                result(name, content, *is_error, &mut out);
            }
            Part::Reasoning { .. } => dropped.note("reasoning"),
            Part::ToolUse { .. } => {
                return Err(Untranslatable::invalid(
                    "messages",
                    "a tool call in a user's message",
                ));
            }
        }
    }
    Ok(out)
}

/// A result is an object here: JSON objects go as they are, text under `result` or `error`. Images follow as parts.
fn result(name: &str, content: &[Part], is_error: bool, out: &mut Vec<Value>) {
    let texts: Vec<&str> = content
        .iter()
        .filter_map(|p| {
            if let Part::Text(t) = p {
                Some(t.as_str())
            } else {
                None
            }
        })
        .collect();
    let text = texts.join("\n");
    let object = serde_json::from_str::<Value>(&text)
        .ok()
        .filter(|v| v.is_object() && !is_error);
    let key = if is_error { "error" } else { "result" };
    let response = object.unwrap_or_else(|| json!({ key: text }));
    out.push(json!({ "functionResponse": { "name": name, "response": response } }));
    out.extend(content.iter().filter_map(|p| match p {
        Part::Image(media) | Part::File { media, .. } => Some(file(media)),
        _ => None,
    }));
}

fn file(media: &Media) -> Value {
    match media {
        Media::Base64 { media_type, data } => {
            json!({ "inlineData": { "mimeType": media_type, "data": data } })
        }
        Media::Url(url) => {
            let mut file = Object::default();
            file.put_some("mimeType", media::type_of(url));
            file.put("fileUri", url.as_str());
            json!({ "fileData": Value::from(file) })
        }
    }
}

/// `parametersJsonSchema` takes JSON Schema as it is; the older `parameters` takes a small part of it.
fn tool(tool: &Tool, i: usize, dropped: &mut Dropped) -> Value {
    let mut out = Object::default();
    out.put("name", tool.name.as_str());
    out.put_some("description", tool.description.clone());
    let path = format!("tools[{i}].schema");
    let schema = schema::without(&schema::of_tool(&tool.schema), &["$schema"], &path, dropped);
    out.put("parametersJsonSchema", schema);
    if tool.strict == Some(true) {
        dropped.note(format!("tools[{i}].strict"));
    }
    out.into()
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!({ "mode": "AUTO" }),
        ToolChoice::None => json!({ "mode": "NONE" }),
        ToolChoice::Required => json!({ "mode": "ANY" }),
        ToolChoice::Named(name) => json!({ "mode": "ANY", "allowedFunctionNames": [name] }),
    }
}
