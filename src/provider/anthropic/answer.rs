//! Anthropic's whole answers.

use super::{
    block, default_finish, explanation, finish, read_usage, stop_reason, tool_id, write_usage,
};
use crate::{
    model::Dialect,
    provider::{
        chat::{Answer, Finish, Part, Usage},
        translate::{
            BadAnswer, Reply,
            json::{arguments_object, text},
            seal,
        },
    },
};
use serde_json::{Value, json};

pub(crate) fn read_answer(body: &Value) -> Result<Answer, BadAnswer> {
    if body.get("content").is_none_or(|c| !c.is_array()) {
        return Err(BadAnswer::Shape("content"));
    }
    let mut parts = block::read_answer_parts(body);
    let finish = text(body, "stop_reason").map(finish);
    if parts.is_empty() && finish == Some(Finish::Refusal) {
        parts.extend(explanation(body).map(|t| Part::Text(t.to_owned())));
    }
    Ok(Answer {
        id: text(body, "id").unwrap_or_default().to_owned(),
        model: text(body, "model").unwrap_or_default().to_owned(),
        parts,
        finish,
        usage: body
            .get("usage")
            .map(|u| read_usage(u, Usage::default()))
            .unwrap_or_default(),
    })
}

pub(crate) fn write_answer(answer: &Answer, reply: &Reply) -> Value {
    let content: Vec<Value> = answer.parts.iter().flat_map(said).collect();
    let finish = answer
        .finish
        .unwrap_or(default_finish(answer.has_tool_use()));
    json!({
        "id": reply.id_or(&answer.id),
        "type": "message",
        "role": "assistant",
        "model": reply.model_or(&answer.model),
        "content": content,
        "stop_reason": stop_reason(finish),
        "stop_sequence": null,
        "usage": write_usage(&answer.usage),
    })
}

/// The blocks of one part. A call's signature of another provider travels in a thinking block before it, since a
/// call has no place for one.
fn said(part: &Part) -> Vec<Value> {
    match part {
        Part::Text(text) if text.is_empty() => Vec::new(),
        Part::Text(text) => vec![json!({ "type": "text", "text": text })],
        Part::Reasoning { text, signature } => {
            vec![block::write_thinking(text, &shown(signature.as_deref()))]
        }
        Part::ToolUse {
            id,
            name,
            input,
            signature,
        } => {
            let carried = signature
                .as_deref()
                .map(|s| block::write_thinking("", &shown(Some(s))));
            let call = json!({
                "type": "tool_use", "id": tool_id(id), "name": name, "input": arguments_object(input),
            });
            carried.into_iter().chain([call]).collect()
        }
        Part::Image(_) | Part::File { .. } | Part::ToolResult { .. } => Vec::new(),
    }
}

/// The signature as a client sees it.
pub(super) fn shown(signature: Option<&str>) -> String {
    seal::shown(Dialect::Anthropic, signature)
}
