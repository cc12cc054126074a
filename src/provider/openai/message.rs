//! The messages of an OpenAI request. System and developer messages are gathered into the system prompt wherever
//! they stand, since the other dialects have one place for it; consecutive messages of one role become one.

use crate::{
    model::Dialect,
    provider::{
        chat::{Chat, Media, Part, Role},
        translate::{
            json::{arguments, list, present, text},
            media,
            notes::{Dropped, Untranslatable},
            seal,
        },
    },
};
use serde_json::Value;

pub(super) fn read_all(
    body: &Value,
    chat: &mut Chat,
    dropped: &mut Dropped,
) -> Result<(), Untranslatable> {
    let messages = body
        .get("messages")
        .and_then(Value::as_array)
        .ok_or_else(|| Untranslatable::invalid("messages", "must be a list"))?;
    // The old function calls carry no ids: a result belongs to the call before it.
    let mut last_function = String::new();
    for (i, message) in messages.iter().enumerate() {
        let path = format!("messages[{i}]");
        match text(message, "role") {
            Some("system" | "developer") => {
                dropped.rest(message, &path, &["role", "content"]);
                chat.system.extend(content(message, &path, dropped)?);
            }
            Some("user") => {
                dropped.rest(message, &path, &["role", "content"]);
                chat.push(Role::User, content(message, &path, dropped)?);
            }
            Some("assistant") => {
                last_function = format!("call_function_{i}");
                chat.push(
                    Role::Assistant,
                    assistant(message, &path, &last_function, dropped)?,
                );
            }
            Some("tool") => {
                let id = text(message, "tool_call_id").ok_or_else(|| {
                    Untranslatable::invalid(format!("{path}.tool_call_id"), "missing")
                })?;
                dropped.rest(message, &path, &["role", "content", "tool_call_id", "name"]);
                chat.push(Role::User, vec![result(id, message, &path, dropped)?]);
            }
            Some("function") => chat.push(
                Role::User,
                vec![result(&last_function, message, &path, dropped)?],
            ),
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

fn result(
    id: &str,
    message: &Value,
    path: &str,
    dropped: &mut Dropped,
) -> Result<Part, Untranslatable> {
    Ok(Part::ToolResult {
        id: id.to_owned(),
        name: text(message, "name").map(str::to_owned),
        content: content(message, path, dropped)?,
        is_error: false,
    })
}

/// Fields of an assistant message that are read, or say nothing to a model.
const KNOWN: [&str; 9] = [
    "role",
    "content",
    "refusal",
    "tool_calls",
    "function_call",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "annotations",
];

fn assistant(
    message: &Value,
    path: &str,
    function_id: &str,
    dropped: &mut Dropped,
) -> Result<Vec<Part>, Untranslatable> {
    let mut parts = read_reasoning(message);
    parts.extend(content(message, path, dropped)?);
    parts.extend(text(message, "refusal").map(|t| Part::Text(t.to_owned())));
    for (n, call) in list(message, "tool_calls").iter().enumerate() {
        let part = read_call(call, n).ok_or_else(|| {
            Untranslatable::unsupported(
                format!("{path}.tool_calls[{n}]"),
                "only function calls can be translated",
            )
        })?;
        parts.push(part);
    }
    if let Some(call) = present(message, "function_call") {
        parts.push(Part::ToolUse {
            id: function_id.to_owned(),
            name: text(call, "name").unwrap_or_default().to_owned(),
            input: arguments(text(call, "arguments").unwrap_or_default()),
            signature: None,
        });
    }
    dropped.rest(message, path, &KNOWN);
    Ok(parts)
}

/// A function call, in a request's history or in an answer.
pub(super) fn read_call(call: &Value, n: usize) -> Option<Part> {
    let function = call.get("function")?;
    let name = text(function, "name")?;
    let args = match function.get("arguments") {
        Some(Value::String(json)) => arguments(json),
        Some(other) => other.clone(),
        None => arguments(""),
    };
    let id = text(call, "id").filter(|id| !id.is_empty());
    Some(Part::ToolUse {
        id: id.map_or_else(|| media::made_up_id("", n, name), str::to_owned),
        name: name.to_owned(),
        input: args,
        signature: read_call_signature(call),
    })
}

/// The place where Google's own OpenAI-compatible API keeps it.
pub(super) fn read_call_signature(call: &Value) -> Option<String> {
    seal::read(
        Dialect::OpenAi,
        call.pointer("/extra_content/google/thought_signature")?
            .as_str()?,
    )
}

/// Reasoning as compatible servers tell it: OpenRouter's `reasoning_details`, or plain `reasoning_content`.
pub(super) fn read_reasoning(message: &Value) -> Vec<Part> {
    let details: Vec<Part> = list(message, "reasoning_details")
        .iter()
        .filter_map(|d| {
            let text = self::text(d, "text")
                .or_else(|| self::text(d, "summary"))
                .unwrap_or_default()
                .to_owned();
            let signature = self::text(d, "signature").and_then(|s| seal::read(Dialect::OpenAi, s));
            (!text.is_empty() || signature.is_some()).then_some(Part::Reasoning { text, signature })
        })
        .collect();
    if !details.is_empty() {
        return details;
    }
    text(message, "reasoning_content")
        .or_else(|| text(message, "reasoning"))
        .filter(|t| !t.is_empty())
        .map(|t| {
            vec![Part::Reasoning {
                text: t.to_owned(),
                signature: None,
            }]
        })
        .unwrap_or_default()
}

/// `content`: a string, or parts.
fn content(
    message: &Value,
    path: &str,
    dropped: &mut Dropped,
) -> Result<Vec<Part>, Untranslatable> {
    match message.get("content") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(t)) if t.is_empty() => Ok(Vec::new()),
        Some(Value::String(t)) => Ok(vec![Part::Text(t.clone())]),
        Some(Value::Array(parts)) => parts
            .iter()
            .enumerate()
            .map(|(n, p)| part(p, &format!("{path}.content[{n}]"), dropped))
            .collect(),
        Some(_) => Err(Untranslatable::invalid(
            format!("{path}.content"),
            "must be text or a list of parts",
        )),
    }
}

fn part(part: &Value, path: &str, dropped: &mut Dropped) -> Result<Part, Untranslatable> {
    let kind = text(part, "type").unwrap_or_default();
    dropped.rest(part, path, &["type", kind]);
    let broken = || Untranslatable::invalid(path, "a part without its content");
    match kind {
        "text" => Ok(Part::Text(
            text(part, "text").ok_or_else(broken)?.to_owned(),
        )),
        "refusal" => Ok(Part::Text(
            text(part, "refusal").ok_or_else(broken)?.to_owned(),
        )),
        "image_url" => {
            let image = part.get("image_url").ok_or_else(broken)?;
            if text(image, "detail").is_some_and(|d| d != "auto") {
                dropped.note(format!("{path}.image_url.detail"));
            }
            let url = image
                .as_str()
                .or_else(|| text(image, "url"))
                .ok_or_else(broken)?;
            Ok(Part::Image(media::from_url(url)))
        }
        "input_audio" => {
            let audio = part.get("input_audio").ok_or_else(broken)?;
            let format = text(audio, "format").unwrap_or("wav");
            let data = text(audio, "data").ok_or_else(broken)?.to_owned();
            let media = Media::Base64 {
                media_type: format!("audio/{format}"),
                data,
            };
            Ok(Part::File { media, name: None })
        }
        "file" => {
            let file = part.get("file").ok_or_else(broken)?;
            let data = text(file, "file_data").ok_or_else(|| {
                Untranslatable::unsupported(
                    path,
                    "a file id means nothing to another provider; send the file itself",
                )
            })?;
            Ok(media::part(
                media::from_url(data),
                text(file, "filename").map(str::to_owned),
            ))
        }
        _ => Err(Untranslatable::unsupported(
            path,
            "this kind of content has no equivalent",
        )),
    }
}
