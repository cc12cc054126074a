//! A Responses request in the words of the other doors, so that the same question has the same key at each.

use serde_json::{Map, Value};

/// What an item says of itself and not of the conversation.
const NO_EFFECT: [&str; 4] = ["type", "id", "status", "phase"];

/// None: its answer is not to be kept. One that the caller wants stored has to come from where it is stored: the next
/// request may name it instead of repeating it, and what came from the cache is stored nowhere.
pub(super) fn as_messages(body: &mut Map<String, Value>) -> Option<()> {
    if body.get("store") != Some(&Value::Bool(false)) {
        return None;
    }
    let messages = match body.shift_remove("input")? {
        Value::String(said) => vec![serde_json::json!({ "role": "user", "content": said })],
        Value::Array(items) => items.into_iter().map(message).collect::<Option<_>>()?,
        _ => return None,
    };
    body.insert("messages".to_owned(), messages.into());
    for (here, there) in [
        ("instructions", "system"),
        ("max_output_tokens", "max_tokens"),
    ] {
        if let Some(value) = body.shift_remove(here) {
            body.insert(there.to_owned(), value);
        }
    }
    if body.get("text").is_some_and(is_plain) {
        body.shift_remove("text");
    }
    for tool in body
        .get_mut("tools")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        // Strict is what a function is here unless it says otherwise.
        if let Some(fields) = tool.as_object_mut() {
            fields.entry("strict").or_insert(Value::Bool(true));
        }
    }
    Some(())
}

/// A message as the other doors have it; calls and reasoning as they are. None: something that is no text, or that
/// only refers to something.
fn message(mut item: Value) -> Option<Value> {
    let fields = item.as_object_mut()?;
    match fields.get("type").and_then(Value::as_str) {
        None | Some("message") => {}
        Some("function_call_output") => {
            return fields.get("output")?.is_string().then_some(item);
        }
        Some("function_call" | "reasoning") => return Some(item),
        Some(_) => return None,
    }
    fields.retain(|name, _| !NO_EFFECT.contains(&name.as_str()));
    let parts = fields.get_mut("content").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten().filter_map(Value::as_object_mut) {
        if part
            .get("type")
            .is_some_and(|t| t == "input_text" || t == "output_text")
        {
            part.insert("type".to_owned(), "text".into());
            part.retain(|name, _| name == "type" || name == "text");
        }
    }
    Some(item)
}

fn is_plain(text: &Value) -> bool {
    let plain = |(name, value): (&String, &Value)| match name.as_str() {
        "format" => value.get("type").is_some_and(|t| t == "text"),
        "verbosity" => value == "medium",
        _ => false,
    };
    text.as_object()
        .is_some_and(|fields| fields.iter().all(plain))
}
