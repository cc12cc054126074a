//! Content blocks, both ways: what messages, system prompts and tool results are made of.

use super::tool_id;
use crate::{
    model::Dialect,
    provider::{
        chat::{Media, Part},
        translate::{
            json::{Object, arguments_object, list, text},
            media,
            notes::{Dropped, Untranslatable},
            seal::{self, open},
        },
    },
};
use serde_json::{Value, json};

/// What stands before the data of a `redacted_thinking` block when it is carried as a signature.
const REDACTED: &str = "redacted:";
/// The image types that are taken.
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// Text, or a list of blocks.
pub(super) fn read_content(
    content: &Value,
    path: &str,
    dropped: &mut Dropped,
) -> Result<Vec<Part>, Untranslatable> {
    match content {
        Value::String(t) if t.is_empty() => Ok(Vec::new()),
        Value::String(t) => Ok(vec![Part::Text(t.clone())]),
        Value::Array(blocks) => {
            let mut parts = Vec::with_capacity(blocks.len());
            for (n, block) in blocks.iter().enumerate() {
                read_block(block, &format!("{path}[{n}]"), &mut parts, dropped)?;
            }
            Ok(parts)
        }
        _ => Err(Untranslatable::invalid(
            path,
            "must be text or a list of blocks",
        )),
    }
}

fn read_block(
    block: &Value,
    path: &str,
    parts: &mut Vec<Part>,
    dropped: &mut Dropped,
) -> Result<(), Untranslatable> {
    let broken = || Untranslatable::invalid(path, "a block without its content");
    let known: &[&str] = match text(block, "type").unwrap_or_default() {
        "text" => {
            parts.push(Part::Text(
                text(block, "text").ok_or_else(broken)?.to_owned(),
            ));
            &["text"]
        }
        "image" => {
            parts.push(Part::Image(source(block, path)?));
            &["source"]
        }
        "document" => {
            document(block, path, parts, dropped)?;
            &["source", "title"]
        }
        "search_result" => {
            parts.extend(read_content(
                block.get("content").ok_or_else(broken)?,
                path,
                dropped,
            )?);
            &["content"]
        }
        "tool_result" => {
            parts.push(tool_result(block, path, dropped)?);
            &["tool_use_id", "content", "is_error"]
        }
        "tool_use" | "thinking" | "redacted_thinking" => {
            parts.push(read_said(block).ok_or_else(broken)?);
            &[
                "id",
                "name",
                "input",
                "thinking",
                "signature",
                "data",
                "caller",
            ]
        }
        // What the provider's own tools said and found; the text that came of it is in the text blocks.
        kind if kind.ends_with("_tool_result") || kind == "server_tool_use" => {
            dropped.note(path);
            return Ok(());
        }
        _ => {
            return Err(Untranslatable::unsupported(
                path,
                "this kind of content has no equivalent",
            ));
        }
    };
    let all = [known, &["type"]].concat();
    dropped.rest(block, path, &all);
    Ok(())
}

/// Blocks that a model writes: text, thinking and tool calls; in a history and in an answer.
pub(super) fn read_said(block: &Value) -> Option<Part> {
    match text(block, "type")? {
        "text" => text(block, "text")
            .filter(|t| !t.is_empty())
            .map(|t| Part::Text(t.to_owned())),
        "thinking" => Some(Part::Reasoning {
            text: text(block, "thinking")?.to_owned(),
            signature: text(block, "signature").and_then(|s| seal::read(Dialect::Anthropic, s)),
        }),
        "redacted_thinking" => Some(Part::Reasoning {
            text: String::new(),
            signature: Some(seal_redacted(text(block, "data")?)),
        }),
        "tool_use" => Some(Part::ToolUse {
            id: text(block, "id")?.to_owned(),
            name: text(block, "name")?.to_owned(),
            input: block.get("input").cloned().unwrap_or_else(|| json!({})),
            signature: None,
        }),
        _ => None,
    }
}

pub(super) fn seal_redacted(data: &str) -> String {
    seal::seal(Dialect::Anthropic, &format!("{REDACTED}{data}"))
}

fn tool_result(block: &Value, path: &str, dropped: &mut Dropped) -> Result<Part, Untranslatable> {
    let id = text(block, "tool_use_id")
        .ok_or_else(|| Untranslatable::invalid(format!("{path}.tool_use_id"), "missing"))?;
    let content = match block.get("content") {
        None | Some(Value::Null) => Vec::new(),
        Some(content) => read_content(content, &format!("{path}.content"), dropped)?,
    };
    Ok(Part::ToolResult {
        id: id.to_owned(),
        name: None,
        content,
        is_error: block
            .get("is_error")
            .and_then(Value::as_bool)
            .unwrap_or(false),
    })
}

/// A PDF stays a file; a text document becomes text, under its title, since only this dialect has such documents.
fn document(
    block: &Value,
    path: &str,
    parts: &mut Vec<Part>,
    dropped: &mut Dropped,
) -> Result<(), Untranslatable> {
    let title = text(block, "title");
    let of = block.get("source").unwrap_or(&Value::Null);
    match text(of, "type") {
        Some("text") => {
            let data = text(of, "data").unwrap_or_default();
            parts.push(Part::Text(
                title.map_or_else(|| data.to_owned(), |t| format!("{t}\n\n{data}")),
            ));
        }
        Some("content") => {
            let content = of.get("content").unwrap_or(&Value::Null);
            parts.extend(read_content(
                content,
                &format!("{path}.source.content"),
                dropped,
            )?);
        }
        _ => parts.push(Part::File {
            media: source(block, path)?,
            name: title.map(str::to_owned),
        }),
    }
    Ok(())
}

fn source(block: &Value, path: &str) -> Result<Media, Untranslatable> {
    let of = block.get("source").unwrap_or(&Value::Null);
    let field = |key: &str| text(of, key).map(str::to_owned);
    let media = match text(of, "type") {
        Some("base64") => field("media_type")
            .zip(field("data"))
            .map(|(media_type, data)| Media::Base64 { media_type, data }),
        Some("url") => field("url").map(Media::Url),
        Some("file") => {
            return Err(Untranslatable::unsupported(
                format!("{path}.source"),
                "a file id means nothing to another provider; send the file itself",
            ));
        }
        _ => None,
    };
    media.ok_or_else(|| {
        Untranslatable::invalid(
            format!("{path}.source"),
            "no source that this dialect knows",
        )
    })
}

/// Writes the parts of a message. Empty texts are refused by the API and say nothing: they are left out.
pub(super) fn write_all(
    parts: &[Part],
    dropped: &mut Dropped,
) -> Result<Vec<Value>, Untranslatable> {
    let mut out = Vec::with_capacity(parts.len());
    for part in parts {
        out.extend(write(part, dropped)?);
    }
    Ok(out)
}

fn write(part: &Part, dropped: &mut Dropped) -> Result<Option<Value>, Untranslatable> {
    Ok(match part {
        Part::Text(t) if t.trim().is_empty() => None,
        Part::Text(t) => Some(json!({ "type": "text", "text": t })),
        Part::Image(image) => Some(json!({ "type": "image", "source": write_image(image)? })),
        Part::File { media: file, name } => Some(write_file(file, name.as_deref())?),
        Part::Reasoning { text, signature } => {
            let own = signature
                .as_deref()
                .and_then(|s| open(Dialect::Anthropic, s));
            if own.is_none() {
                dropped.note("reasoning");
            }
            own.map(|signature| write_thinking(text, signature))
        }
        Part::ToolUse {
            id, name, input, ..
        } => Some(json!({
            "type": "tool_use", "id": tool_id(id), "name": name, "input": arguments_object(input),
        })),
        Part::ToolResult {
            id,
            content,
            is_error,
            ..
        } => {
            let mut result = Object::default();
            result.put("type", "tool_result");
            result.put("tool_use_id", tool_id(id));
            result.put("content", write_all(content, dropped)?);
            if *is_error {
                result.put("is_error", true);
            }
            Some(result.into())
        }
    })
}

/// A thinking block, or the redacted one that a signature carries.
pub(super) fn write_thinking(text: &str, signature: &str) -> Value {
    match signature.strip_prefix(REDACTED) {
        Some(data) => json!({ "type": "redacted_thinking", "data": data }),
        None => json!({ "type": "thinking", "thinking": text, "signature": signature }),
    }
}

fn write_image(image: &Media) -> Result<Value, Untranslatable> {
    match image {
        Media::Url(url) => Ok(json!({ "type": "url", "url": url })),
        Media::Base64 { media_type, data } if IMAGES.contains(&media_type.as_str()) => {
            Ok(json!({ "type": "base64", "media_type": media_type, "data": data }))
        }
        Media::Base64 { media_type, data } if media_type == "image/jpg" => {
            Ok(json!({ "type": "base64", "media_type": "image/jpeg", "data": data }))
        }
        Media::Base64 { .. } => Err(Untranslatable::unsupported(
            "image",
            "Anthropic takes JPEG, PNG, GIF and WebP images",
        )),
    }
}

fn write_file(file: &Media, name: Option<&str>) -> Result<Value, Untranslatable> {
    let source = match file {
        Media::Url(url) => json!({ "type": "url", "url": url }),
        Media::Base64 { media_type, data } if media_type == "application/pdf" => {
            json!({ "type": "base64", "media_type": media_type, "data": data })
        }
        Media::Base64 { media_type, data } if media_type.starts_with("text/") => {
            let decoded = media::decode_text(data).ok_or_else(|| {
                Untranslatable::invalid("file", "a text file that is not base64 of UTF-8")
            })?;
            json!({ "type": "text", "media_type": "text/plain", "data": decoded })
        }
        Media::Base64 { .. } => {
            return Err(Untranslatable::unsupported(
                "file",
                "Anthropic takes PDF and text files, and no audio",
            ));
        }
    };
    let mut block = Object::default();
    block.put("type", "document");
    block.put("source", source);
    block.put_some("title", name);
    Ok(block.into())
}

/// The parts of an answer that are there to be read, in order.
pub(super) fn read_answer_parts(body: &Value) -> Vec<Part> {
    list(body, "content").iter().filter_map(read_said).collect()
}
