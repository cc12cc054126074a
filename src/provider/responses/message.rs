//! The input of a request: a text, or items. What one turn of a conversation is elsewhere are several items here.

use super::item;
use crate::provider::{
    chat::{Chat, Media, Part, Role},
    translate::{
        json::text,
        media,
        notes::{Dropped, Untranslatable},
    },
};
use serde_json::Value;

pub(super) fn read_all(
    body: &Value,
    chat: &mut Chat,
    dropped: &mut Dropped,
) -> Result<(), Untranslatable> {
    match body.get("input") {
        Some(Value::String(said)) => {
            chat.push(Role::User, vec![Part::Text(said.clone())]);
            Ok(())
        }
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .try_for_each(|(i, item)| read(item, &format!("input[{i}]"), chat, dropped)),
        _ => Err(Untranslatable::invalid(
            "input",
            "must be a text or a list of items",
        )),
    }
}

fn read(
    item: &Value,
    path: &str,
    chat: &mut Chat,
    dropped: &mut Dropped,
) -> Result<(), Untranslatable> {
    match text(item, "type").unwrap_or("message") {
        "message" => message(item, path, chat, dropped),
        "function_call" | "custom_tool_call" => {
            let call = item::read_call(item)
                .ok_or_else(|| Untranslatable::invalid(format!("{path}.name"), "missing"))?;
            chat.push(Role::Assistant, vec![call]);
            Ok(())
        }
        "function_call_output" | "custom_tool_call_output" => {
            let id = text(item, "call_id")
                .ok_or_else(|| Untranslatable::invalid(format!("{path}.call_id"), "missing"))?;
            let result = Part::ToolResult {
                id: id.to_owned(),
                name: None,
                content: content(item, "output", path, dropped)?,
                is_error: false,
            };
            chat.push(Role::User, vec![result]);
            Ok(())
        }
        "reasoning" => {
            chat.push(
                Role::Assistant,
                item::read_reasoning(item).into_iter().collect(),
            );
            Ok(())
        }
        // What was found is told by the text that came of it.
        "web_search_call" => {
            dropped.note(path);
            Ok(())
        }
        // Reasoning that was sealed elsewhere would be of no use here even if it came as a whole.
        "item_reference" if text(item, "id").is_some_and(|id| id.starts_with("rs_")) => {
            dropped.note(path);
            Ok(())
        }
        "item_reference" => Err(Untranslatable::unsupported(
            path,
            "what it refers to is stored at OpenAI; send the item itself, or `store: false`",
        )),
        _ => Err(Untranslatable::unsupported(
            path,
            "only OpenAI's own API knows this kind of item",
        )),
    }
}

fn message(
    item: &Value,
    path: &str,
    chat: &mut Chat,
    dropped: &mut Dropped,
) -> Result<(), Untranslatable> {
    dropped.rest(
        item,
        path,
        &["type", "role", "content", "id", "status", "phase"],
    );
    let said = content(item, "content", path, dropped)?;
    match text(item, "role") {
        Some("system" | "developer") => chat.system.extend(said),
        Some("user") => chat.push(Role::User, said),
        Some("assistant") => chat.push(Role::Assistant, said),
        _ => {
            return Err(Untranslatable::invalid(
                format!("{path}.role"),
                "no role that this dialect knows",
            ));
        }
    }
    Ok(())
}

/// A text, or a list of parts.
fn content(
    item: &Value,
    key: &str,
    path: &str,
    dropped: &mut Dropped,
) -> Result<Vec<Part>, Untranslatable> {
    match item.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(said)) if said.is_empty() => Ok(Vec::new()),
        Some(Value::String(said)) => Ok(vec![Part::Text(said.clone())]),
        Some(Value::Array(parts)) => parts
            .iter()
            .enumerate()
            .map(|(n, p)| part(p, &format!("{path}.{key}[{n}]"), dropped))
            .collect(),
        Some(_) => Err(Untranslatable::invalid(
            format!("{path}.{key}"),
            "must be text or a list of parts",
        )),
    }
}

fn part(part: &Value, path: &str, dropped: &mut Dropped) -> Result<Part, Untranslatable> {
    let broken = || Untranslatable::invalid(path, "a part without its content");
    let stored = || {
        Untranslatable::unsupported(
            path,
            "a file id means nothing to another provider; send the file itself",
        )
    };
    let said = |key: &str| text(part, key).map(|t| Part::Text(t.to_owned()));
    match text(part, "type").unwrap_or_default() {
        "input_text" | "output_text" | "text" => said("text").ok_or_else(broken),
        "refusal" => said("refusal").ok_or_else(broken),
        "input_image" => {
            if text(part, "detail").is_some_and(|d| d != "auto") {
                dropped.note(format!("{path}.detail"));
            }
            let url = text(part, "image_url").ok_or_else(stored)?;
            Ok(Part::Image(media::from_url(url)))
        }
        "input_file" => {
            let name = text(part, "filename").map(str::to_owned);
            if let Some(url) = text(part, "file_url") {
                return Ok(Part::File {
                    media: Media::Url(url.to_owned()),
                    name,
                });
            }
            let data = text(part, "file_data").ok_or_else(stored)?;
            Ok(media::part(media::from_url(data), name))
        }
        "input_audio" => {
            let audio = part.get("input_audio").ok_or_else(broken)?;
            let format = text(audio, "format").unwrap_or("wav");
            let media = Media::Base64 {
                media_type: format!("audio/{format}"),
                data: text(audio, "data").ok_or_else(broken)?.to_owned(),
            };
            Ok(Part::File { media, name: None })
        }
        _ => Err(Untranslatable::unsupported(
            path,
            "this kind of content has no equivalent",
        )),
    }
}
