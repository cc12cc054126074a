//! Items of an output: what a response is made of, read and written.

use super::custom;
use crate::{
    model::Dialect,
    provider::{
        chat::{Answer, Finish, Part},
        translate::{
            json::{Object, arguments, arguments_text, list, text},
            media, seal,
        },
    },
};
use serde_json::{Value, json};
use std::fmt::Display;

/// Between the parts of a reasoning summary.
pub(super) const BETWEEN: &str = "\n\n";

/// A call of a function or of a custom tool, in a request's history or in an answer.
pub(super) fn read_call(item: &Value) -> Option<Part> {
    let name = text(item, "name")?;
    let id = text(item, "call_id").or_else(|| text(item, "id"));
    Some(Part::ToolUse {
        id: id
            .filter(|id| !id.is_empty())
            .map_or_else(|| media::made_up_id("", 0, name), str::to_owned),
        name: name.to_owned(),
        input: match item.get("arguments") {
            None if text(item, "type") == Some("custom_tool_call") => {
                custom::wrapped(text(item, "input").unwrap_or_default())
            }
            Some(Value::String(json)) => arguments(json),
            Some(other) => other.clone(),
            None => arguments(""),
        },
        signature: None,
    })
}

/// A reasoning item: its summary, or the reasoning itself where a model shows it, and what it sealed of it. None: it
/// says nothing.
pub(super) fn read_reasoning(item: &Value) -> Option<Part> {
    let texts = |key: &str| {
        list(item, key)
            .iter()
            .filter_map(|part| text(part, "text"))
            .collect::<Vec<_>>()
            .join(BETWEEN)
    };
    let summary = texts("summary");
    let said = if summary.is_empty() {
        texts("content")
    } else {
        summary
    };
    let signature = text(item, "encrypted_content").and_then(|s| seal::read(Dialect::Responses, s));
    (!said.is_empty() || signature.is_some()).then_some(Part::Reasoning {
        text: said,
        signature,
    })
}

/// The items that say an answer, each with an id of its own; calls of the `custom` tools are texts.
pub(super) fn write_all(answer: &Answer, owner: &str, custom: &[String]) -> Vec<Value> {
    let mut items = Vec::new();
    let refused = answer.finish == Some(Finish::Refusal);
    let mut said: Vec<Value> = Vec::new();
    for part in &answer.parts {
        if let Part::Text(told) = part {
            said.push(content(told, refused));
            continue;
        }
        flush(&mut said, &mut items, owner);
        match part {
            Part::Reasoning { text, signature } => {
                let id = id("rs", owner, items.len());
                items.push(reasoning(&id, text, signature.as_deref()));
            }
            Part::ToolUse {
                id: call,
                name,
                input,
                signature,
            } => {
                // A call has no place for a signature: it travels in a reasoning item before it.
                if signature.is_some() {
                    let id = id("rs", owner, items.len());
                    items.push(reasoning(&id, "", signature.as_deref()));
                }
                if custom.contains(name) {
                    let id = id("ctc", owner, items.len());
                    let said = custom::unwrapped(input);
                    items.push(custom::item(&id, call, name, &said, "completed"));
                    continue;
                }
                let id = id("fc", owner, items.len());
                items.push(self::call(
                    &id,
                    call,
                    name,
                    &arguments_text(input),
                    "completed",
                ));
            }
            _ => {}
        }
    }
    flush(&mut said, &mut items, owner);
    items
}

fn flush(said: &mut Vec<Value>, items: &mut Vec<Value>, owner: &str) {
    if !said.is_empty() {
        let id = id("msg", owner, items.len());
        items.push(message(&id, said, "completed"));
        said.clear();
    }
}

/// An item's id: of its kind, of its response, at its place.
pub(super) fn id(kind: &str, owner: &str, at: impl Display) -> String {
    format!("{kind}_{owner}_{at}")
}

pub(super) fn message(id: &str, content: &[Value], status: &str) -> Value {
    json!({
        "id": id,
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    })
}

pub(super) fn content(said: &str, refused: bool) -> Value {
    if refused {
        return json!({ "type": "refusal", "refusal": said });
    }
    json!({ "type": "output_text", "annotations": [], "logprobs": [], "text": said })
}

pub(super) fn call(id: &str, call_id: &str, name: &str, arguments: &str, status: &str) -> Value {
    json!({
        "id": id,
        "type": "function_call",
        "status": status,
        "arguments": arguments,
        "call_id": call_id,
        "name": name,
    })
}

/// Reasoning that is not `OpenAI`'s is always sealed, so that it can be told when a client sends it back.
pub(super) fn reasoning(id: &str, said: &str, signature: Option<&str>) -> Value {
    let mut item = Object::default();
    item.put("id", id);
    item.put("type", "reasoning");
    item.put("summary", summary(said));
    item.put(
        "encrypted_content",
        seal::shown(Dialect::Responses, signature),
    );
    item.into()
}

pub(super) fn summary(said: &str) -> Value {
    if said.is_empty() {
        return json!([]);
    }
    json!([{ "type": "summary_text", "text": said }])
}
