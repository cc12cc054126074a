//! Gemini's whole answers.

use super::{
    finish, finish_reason, read_usage,
    signature::{self, shown},
    write_usage,
};
use crate::provider::{
    chat::{Answer, Finish, Media, Part},
    translate::{
        BadAnswer, Reply,
        json::{Object, arguments_object, list, text},
        media,
    },
};
use serde_json::{Value, json};

pub(crate) fn read_answer(body: &Value) -> Result<Answer, BadAnswer> {
    let blocked = body.pointer("/promptFeedback/blockReason").is_some();
    let candidate = list(body, "candidates").first();
    if candidate.is_none() && !blocked {
        return Err(BadAnswer::Shape("candidates"));
    }
    let id = text(body, "responseId").unwrap_or_default();
    let mut parts = Vec::new();
    for part in candidate
        .and_then(|c| c.get("content"))
        .map_or(&[][..], |c| list(c, "parts"))
    {
        let calls = parts
            .iter()
            .filter(|p| matches!(p, Part::ToolUse { .. }))
            .count();
        parts.extend(read_part(part, id, calls));
    }
    let called = parts.iter().any(|p| matches!(p, Part::ToolUse { .. }));
    let finish = match candidate.and_then(|c| text(c, "finishReason")) {
        _ if blocked => Some(Finish::Policy),
        Some(reason) => Some(finish(reason, called).map_err(BadAnswer::Failed)?),
        None => None,
    };
    Ok(Answer {
        id: id.to_owned(),
        model: text(body, "modelVersion").unwrap_or_default().to_owned(),
        parts,
        finish,
        usage: body
            .get("usageMetadata")
            .map(read_usage)
            .unwrap_or_default(),
    })
}

/// The parts of an answer, or of a model's turn in a history. A signature on a text stands before it as reasoning
/// without text. What the provider's own tools ran and found is left out.
pub(super) fn read_part(part: &Value, answer: &str, calls: usize) -> Vec<Part> {
    let signature = text(part, "thoughtSignature").and_then(signature::read);
    let is_thought = part
        .get("thought")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let said = text(part, "text").filter(|t| !t.is_empty());
    if let Some(call) = part.get("functionCall") {
        let name = text(call, "name").unwrap_or_default();
        let id = text(call, "id").filter(|id| !id.is_empty());
        return vec![Part::ToolUse {
            id: id.map_or_else(|| media::made_up_id(answer, calls, name), str::to_owned),
            name: name.to_owned(),
            input: call.get("args").cloned().unwrap_or_else(|| json!({})),
            signature,
        }];
    }
    if is_thought {
        return vec![Part::Reasoning {
            text: said.unwrap_or_default().to_owned(),
            signature,
        }];
    }
    let signed = signature.map(|s| Part::Reasoning {
        text: String::new(),
        signature: Some(s),
    });
    let content = said
        .map(|t| Part::Text(t.to_owned()))
        .or_else(|| read_media(part));
    signed.into_iter().chain(content).collect()
}

pub(super) fn read_media(part: &Value) -> Option<Part> {
    if let Some(inline) = part.get("inlineData") {
        let media_type = text(inline, "mimeType")?.to_owned();
        let data = media::standard(text(inline, "data")?);
        let name = text(inline, "displayName").map(str::to_owned);
        return Some(media::part(Media::Base64 { media_type, data }, name));
    }
    let file = part.get("fileData")?;
    let url = Media::Url(text(file, "fileUri")?.to_owned());
    let is_image = text(file, "mimeType").is_some_and(|t| t.starts_with("image/"));
    Some(if is_image {
        Part::Image(url)
    } else {
        media::part(url, None)
    })
}

pub(crate) fn write_answer(answer: &Answer, reply: &Reply) -> Value {
    let parts: Vec<Value> = answer.parts.iter().filter_map(write_part).collect();
    let finish = answer.finish.unwrap_or(Finish::Stop);
    envelope(
        &parts,
        Some(finish),
        reply.id_or(&answer.id),
        reply.model_or(&answer.model),
    )
    .tap(|o| o.put("usageMetadata", write_usage(&answer.usage)))
    .into()
}

/// What a whole answer and each chunk of a stream have in common.
pub(super) fn envelope(parts: &[Value], finish: Option<Finish>, id: &str, model: &str) -> Object {
    let mut candidate = Object::default();
    candidate.put("content", json!({ "role": "model", "parts": parts }));
    candidate.put_some("finishReason", finish.map(finish_reason));
    candidate.put("index", 0);
    let mut out = Object::default();
    out.put("candidates", vec![Value::from(candidate)]);
    out.put("modelVersion", model);
    out.put("responseId", id);
    out
}

pub(super) fn write_part(part: &Part) -> Option<Value> {
    let mut out = Object::default();
    match part {
        Part::Text(text) => out.put("text", text.as_str()),
        Part::Reasoning { text, signature } => {
            out.put("text", text.as_str());
            if !text.is_empty() {
                out.put("thought", true);
            }
            out.put_some("thoughtSignature", signature.as_deref().map(shown));
        }
        Part::ToolUse {
            id,
            name,
            input,
            signature,
        } => {
            out.put(
                "functionCall",
                json!({ "id": id, "name": name, "args": arguments_object(input) }),
            );
            let signature = signature
                .as_deref()
                .map_or(signature::NONE.to_owned(), shown);
            out.put("thoughtSignature", signature);
        }
        Part::Image(_) | Part::File { .. } | Part::ToolResult { .. } => return None,
    }
    Some(out.into())
}
