//! Content blocks, both ways. A block has one field, and its name says what it is.

use crate::{
    model::Dialect,
    provider::{
        chat::{Media, Part},
        translate::{
            json::{Object, arguments_object, list, present, text},
            media,
            notes::{Dropped, Untranslatable},
            seal,
        },
    },
};
use serde_json::{Value, json};
use std::collections::HashSet;

/// What stands before the data of redacted reasoning when it is carried as a signature.
pub(super) const REDACTED: &str = "redacted:";
/// A result has to say something.
const NO_OUTPUT: &str = "(no output)";
/// Longer names of documents are refused.
const LONGEST_NAME: usize = 200;

/// Media types and what Amazon calls them.
const IMAGES: [(&str, &str); 5] = [
    ("image/png", "png"),
    ("image/jpeg", "jpeg"),
    ("image/jpg", "jpeg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
];
const DOCUMENTS: [(&str, &str); 9] = [
    ("application/pdf", "pdf"),
    ("text/csv", "csv"),
    ("text/html", "html"),
    ("text/markdown", "md"),
    ("text/plain", "txt"),
    ("application/msword", "doc"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
    ),
    ("application/vnd.ms-excel", "xls"),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
    ),
];

/// Blocks that a model writes: text (with its citations or without), reasoning and calls; in a history and in an
/// answer. What the provider's own
/// tools did is left out.
pub(super) fn read_said(block: &Value) -> Option<Part> {
    if let Some(said) = text(block, "text") {
        return (!said.is_empty()).then(|| Part::Text(said.to_owned()));
    }
    if let Some(reasoning) = present(block, "reasoningContent") {
        return read_reasoning(reasoning);
    }
    if let Some(cited) = present(block, "citationsContent") {
        let said: String = list(cited, "content")
            .iter()
            .filter_map(|c| text(c, "text"))
            .collect();
        return (!said.is_empty()).then_some(Part::Text(said));
    }
    let call = present(block, "toolUse").filter(|call| !is_of_the_server(call))?;
    Some(Part::ToolUse {
        id: text(call, "toolUseId")?.to_owned(),
        name: text(call, "name")?.to_owned(),
        input: call.get("input").cloned().unwrap_or_else(|| json!({})),
        signature: None,
    })
}

pub(super) fn is_of_the_server(call: &Value) -> bool {
    text(call, "type") == Some("server_tool_use")
}

fn read_reasoning(reasoning: &Value) -> Option<Part> {
    if let Some(data) = text(reasoning, "redactedContent") {
        return Some(Part::Reasoning {
            text: String::new(),
            signature: Some(seal_redacted(data)),
        });
    }
    let said = reasoning.get("reasoningText")?;
    Some(Part::Reasoning {
        text: text(said, "text").unwrap_or_default().to_owned(),
        signature: text(said, "signature").and_then(|s| seal::read(Dialect::Bedrock, s)),
    })
}

pub(super) fn seal_redacted(data: &str) -> String {
    seal::seal(Dialect::Bedrock, &format!("{REDACTED}{data}"))
}

/// Reasoning as a block, or as its redacted form that a signature carries.
pub(super) fn write_reasoning(text: &str, signature: Option<&str>) -> Value {
    if let Some(data) = signature.and_then(|s| s.strip_prefix(REDACTED)) {
        return json!({ "reasoningContent": { "redactedContent": data } });
    }
    let mut said = Object::default();
    said.put("text", text);
    said.put_some("signature", signature);
    json!({ "reasoningContent": { "reasoningText": Value::from(said) } })
}

pub(super) fn write_call(id: &str, name: &str, input: &Value) -> Value {
    json!({ "toolUse": {
        "toolUseId": media::tool_id(id), "name": name, "input": arguments_object(input),
    } })
}

/// Amazon's own signature open, another's sealed.
pub(super) fn shown(sealed: &str) -> &str {
    seal::open(Dialect::Bedrock, sealed).unwrap_or(sealed)
}

/// Reads what a user sends: text, images, documents, results.
pub(super) fn read_sent(block: &Value, path: &str) -> Result<Part, Untranslatable> {
    if let Some(said) = text(block, "text") {
        return Ok(Part::Text(said.to_owned()));
    }
    if let Some(image) = present(block, "image") {
        return Ok(Part::Image(source(image, &IMAGES, path)?));
    }
    if let Some(document) = present(block, "document") {
        if let Some(said) = document.pointer("/source/text").and_then(Value::as_str) {
            return Ok(Part::Text(said.to_owned()));
        }
        return Ok(Part::File {
            media: source(document, &DOCUMENTS, path)?,
            name: text(document, "name").map(str::to_owned),
        });
    }
    if let Some(result) = present(block, "toolResult") {
        return read_result(result, path);
    }
    Err(Untranslatable::unsupported(
        path,
        "this kind of content has no equivalent",
    ))
}

fn source(of: &Value, formats: &[(&str, &str)], path: &str) -> Result<Media, Untranslatable> {
    let format = text(of, "format").unwrap_or_default();
    let kind = formats.iter().find(|(_, name)| *name == format);
    let from = of.get("source").unwrap_or(&Value::Null);
    let uri = from.pointer("/s3Location/uri").and_then(Value::as_str);
    match (kind, text(from, "bytes"), uri) {
        (Some((media_type, _)), Some(data), _) => Ok(Media::Base64 {
            media_type: (*media_type).to_owned(),
            data: data.to_owned(),
        }),
        (_, None, Some(uri)) => Ok(Media::Url(uri.to_owned())),
        _ => Err(Untranslatable::invalid(
            path,
            "no source that this dialect knows",
        )),
    }
}

fn read_result(result: &Value, path: &str) -> Result<Part, Untranslatable> {
    let id = text(result, "toolUseId").ok_or_else(|| {
        Untranslatable::invalid(format!("{path}.toolResult.toolUseId"), "missing")
    })?;
    let read = |block: &Value| match present(block, "json") {
        Some(value) => Ok(Part::Text(value.to_string())),
        None => read_sent(block, path),
    };
    Ok(Part::ToolResult {
        id: id.to_owned(),
        name: None,
        content: list(result, "content")
            .iter()
            .map(read)
            .collect::<Result<_, _>>()?,
        is_error: text(result, "status") == Some("error"),
    })
}

/// Writes the parts of messages. Blank texts are refused by the API and say nothing: they are left out.
pub(super) struct Writer<'a> {
    pub(super) dropped: &'a mut Dropped,
    /// Names of documents so far: two of one name are refused.
    names: HashSet<String>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(dropped: &'a mut Dropped) -> Self {
        Self {
            dropped,
            names: HashSet::new(),
        }
    }

    pub(super) fn all(&mut self, parts: &[Part]) -> Result<Vec<Value>, Untranslatable> {
        let mut out = Vec::with_capacity(parts.len());
        for part in parts {
            out.extend(self.part(part)?);
        }
        Ok(out)
    }

    fn part(&mut self, part: &Part) -> Result<Option<Value>, Untranslatable> {
        Ok(match part {
            Part::Text(t) if t.trim().is_empty() => None,
            Part::Text(t) => Some(json!({ "text": t })),
            Part::Image(image) => Some(write_image(image)?),
            Part::File { media, name } => Some(self.document(media, name.as_deref())?),
            Part::Reasoning { text, signature } => {
                let own = signature
                    .as_deref()
                    .and_then(|s| seal::open(Dialect::Bedrock, s));
                if own.is_none() {
                    self.dropped.note("reasoning");
                }
                own.map(|signature| write_reasoning(text, Some(signature)))
            }
            Part::ToolUse {
                id, name, input, ..
            } => Some(write_call(id, name, input)),
            Part::ToolResult {
                id,
                content,
                is_error,
                ..
            } => {
                let content = self.output(content)?;
                let mut result = Object::default();
                result.put("toolUseId", media::tool_id(id));
                result.put("content", content);
                if *is_error {
                    result.put("status", "error");
                }
                Some(json!({ "toolResult": Value::from(result) }))
            }
        })
    }

    /// What a tool gave; it says something, and nothing that only a model says.
    fn output(&mut self, parts: &[Part]) -> Result<Vec<Value>, Untranslatable> {
        let mut out = Vec::with_capacity(parts.len());
        for part in parts {
            if matches!(part, Part::Text(_) | Part::Image(_) | Part::File { .. }) {
                out.extend(self.part(part)?);
            } else {
                self.dropped.note("tool_result.content");
            }
        }
        if out.is_empty() {
            out.push(json!({ "text": NO_OUTPUT }));
        }
        Ok(out)
    }

    fn document(&mut self, file: &Media, name: Option<&str>) -> Result<Value, Untranslatable> {
        let refused =
            || Untranslatable::unsupported("file", "Amazon takes PDF, text and office documents");
        let (format, source) = match file {
            Media::Base64 { media_type, data } => {
                let known = format(&DOCUMENTS, media_type);
                let plain = media_type.starts_with("text/").then_some("txt");
                (
                    known.or(plain).ok_or_else(refused)?,
                    json!({ "bytes": data }),
                )
            }
            Media::Url(url) => {
                let kind = media::type_of(url).and_then(|t| format(&DOCUMENTS, t));
                (kind.ok_or_else(refused)?, address(url, "file")?)
            }
        };
        let name = self.name(name);
        Ok(json!({ "document": { "format": format, "name": name, "source": source } }))
    }

    /// Letters, digits, single spaces, hyphens and brackets, and no two alike.
    fn name(&mut self, given: Option<&str>) -> String {
        let stem = given.map_or("document", |n| {
            n.rsplit_once('.').map_or(n, |(stem, _)| stem)
        });
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '(' | ')' | '[' | ']');
        let plain: String = stem
            .chars()
            .map(|c| if fits(c) { c } else { ' ' })
            .collect();
        let words: Vec<_> = plain.split_ascii_whitespace().collect();
        let plain: String = words.join(" ").chars().take(LONGEST_NAME - 8).collect();
        let plain = if plain.is_empty() {
            "document".to_owned()
        } else {
            plain
        };
        let numbered = (2_u32..).map(|n| format!("{plain} ({n})"));
        let name = std::iter::once(plain.clone())
            .chain(numbered)
            .find(|name| !self.names.contains(name))
            .unwrap_or(plain);
        self.names.insert(name.clone());
        name
    }
}

fn format(of: &[(&str, &'static str)], media_type: &str) -> Option<&'static str> {
    of.iter()
        .find(|(kind, _)| *kind == media_type)
        .map(|(_, format)| *format)
}

fn write_image(image: &Media) -> Result<Value, Untranslatable> {
    let refused =
        || Untranslatable::unsupported("image", "Amazon takes JPEG, PNG, GIF and WebP images");
    let (format, source) = match image {
        Media::Base64 { media_type, data } => (
            format(&IMAGES, media_type).ok_or_else(refused)?,
            json!({ "bytes": data }),
        ),
        Media::Url(url) => {
            let kind = media::type_of(url).and_then(|t| format(&IMAGES, t));
            let source = address(url, "image")?;
            (kind.ok_or_else(refused)?, source)
        }
    };
    Ok(json!({ "image": { "format": format, "source": source } }))
}

/// Only addresses in Amazon's own storage are fetched.
fn address(url: &str, what: &'static str) -> Result<Value, Untranslatable> {
    if url.starts_with("s3://") {
        return Ok(json!({ "s3Location": { "uri": url } }));
    }
    Err(Untranslatable::unsupported(
        what,
        "Amazon fetches nothing from the web; send the data itself",
    ))
}
