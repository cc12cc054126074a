//! Gemini's requests in the form that the others are read from. What has no equal there keeps Gemini's own name.

use crate::provider::translate::respelled;
use serde_json::{Map, Value, json};

/// None: a picture, a file, or no request.
pub(super) fn plain(body: Value) -> Option<Map<String, Value>> {
    let Value::Object(mut body) = respelled(body) else {
        return None;
    };
    let Value::Array(contents) = body.shift_remove("contents")? else {
        return None;
    };
    let messages: Vec<Value> = contents.into_iter().map(message).collect::<Option<_>>()?;
    let system = match body.shift_remove("systemInstruction") {
        Some(mut system) => blocks(system.get_mut("parts").map(Value::take)?)?,
        None => Vec::new(),
    };
    if let Some(Value::Array(tools)) = body.get_mut("tools").map(Value::take) {
        body.insert(
            "tools".to_owned(),
            tools.into_iter().flat_map(tool).collect(),
        );
    }
    if let Some(Value::Object(config)) = body.shift_remove("generationConfig") {
        body.extend(config.into_iter().filter_map(setting));
    }
    body.insert("system".to_owned(), system.into());
    body.insert("messages".to_owned(), messages.into());
    Some(body)
}

fn message(mut content: Value) -> Option<Value> {
    let role = match content.get("role").and_then(Value::as_str) {
        Some("model") => "assistant",
        _ => "user",
    };
    let parts = content.get_mut("parts").map(Value::take)?;
    Some(json!({"role": role, "content": blocks(parts)?}))
}

fn blocks(parts: Value) -> Option<Vec<Value>> {
    let Value::Array(parts) = parts else {
        return None;
    };
    parts.iter().map(block).collect()
}

/// Texts, and whatever a tool was asked or has answered.
fn block(part: &Value) -> Option<Value> {
    let fields = part.as_object()?;
    if fields.len() == 1
        && let Some(Value::String(text)) = fields.get("text")
    {
        return Some(json!({"type": "text", "text": text}));
    }
    let has_media = fields.contains_key("inlineData")
        || fields.contains_key("fileData")
        || part.pointer("/functionResponse/parts").is_some();
    (!has_media).then(|| json!({"type": "tool_use", "part": part}))
}

fn tool(tool: Value) -> Vec<Value> {
    let Value::Object(fields) = tool else {
        return vec![tool];
    };
    let mut out = Vec::new();
    for (name, value) in fields {
        match value {
            Value::Array(functions) if name == "functionDeclarations" => {
                out.extend(functions.into_iter().map(function));
            }
            // Google's own: search, code, maps.
            _ => out.push(json!({"type": name})),
        }
    }
    out
}

fn function(mut function: Value) -> Value {
    if let Some(fields) = function.as_object_mut()
        && let Some(schema) = fields.shift_remove("parametersJsonSchema")
    {
        fields.insert("input_schema".to_owned(), schema);
    }
    function
}

fn setting((name, value): (String, Value)) -> Option<(String, Value)> {
    let name = match name.as_str() {
        "maxOutputTokens" => "max_tokens",
        "topP" => "top_p",
        "stopSequences" => "stop_sequences",
        "candidateCount" => "n",
        "responseLogprobs" => "logprobs",
        "responseMimeType" if value == "text/plain" => return None,
        "responseModalities" if value == json!(["TEXT"]) => return None,
        "responseModalities" => "modalities",
        other => other,
    };
    Some((name.to_owned(), value))
}
