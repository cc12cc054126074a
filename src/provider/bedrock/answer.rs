//! Whole answers. They do not say which model gave them: whoever asked knows.

use super::{
    block::{self, shown},
    finish, read_usage, stop_reason, write_usage,
};
use crate::provider::{
    chat::{Answer, Finish, Part},
    translate::{
        BadAnswer,
        json::{list, present, text},
    },
};
use serde_json::{Value, json};

pub(crate) fn read_answer(body: &Value) -> Result<Answer, BadAnswer> {
    let message = body
        .pointer("/output/message")
        .ok_or(BadAnswer::Shape("output.message"))?;
    let finish = text(body, "stopReason").map(finish).transpose();
    Ok(Answer {
        id: String::new(),
        model: String::new(),
        parts: list(message, "content")
            .iter()
            .filter_map(block::read_said)
            .collect(),
        finish: finish.map_err(BadAnswer::Failed)?,
        usage: present(body, "usage").map(read_usage).unwrap_or_default(),
    })
}

pub(crate) fn write_answer(answer: &Answer) -> Value {
    let content: Vec<Value> = answer.parts.iter().flat_map(said).collect();
    let finish = answer.finish.unwrap_or(if answer.has_tool_use() {
        Finish::ToolUse
    } else {
        Finish::Stop
    });
    json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": stop_reason(finish),
        "usage": write_usage(&answer.usage),
    })
}

/// The blocks of one part. A call's signature travels in reasoning before it, since a call has no place for one.
fn said(part: &Part) -> Vec<Value> {
    match part {
        Part::Text(text) if text.is_empty() => Vec::new(),
        Part::Text(text) => vec![json!({ "text": text })],
        Part::Reasoning { text, signature } => {
            vec![block::write_reasoning(
                text,
                signature.as_deref().map(shown),
            )]
        }
        Part::ToolUse {
            id,
            name,
            input,
            signature,
        } => {
            let carried = signature
                .as_deref()
                .map(|s| block::write_reasoning("", Some(shown(s))));
            let call = block::write_call(id, name, input);
            carried.into_iter().chain([call]).collect()
        }
        Part::Image(_) | Part::File { .. } | Part::ToolResult { .. } => Vec::new(),
    }
}
