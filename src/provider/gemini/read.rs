//! A Gemini request to the neutral form. Calls have no ids here: they get made-up ones, and results find theirs by
//! name and order.

use super::answer::{read_media, read_part};
use crate::provider::{
    chat::{Chat, Output, Part, Role, Thinking, Tool, ToolChoice},
    translate::{
        json::{list, present, text},
        notes::{Dropped, Untranslatable},
    },
};
use serde_json::{Value, json};

/// Fields that have a neutral place.
const KNOWN: [&str; 6] = [
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "model",
];
const KNOWN_CONFIG: [&str; 14] = [
    "maxOutputTokens",
    "temperature",
    "topP",
    "topK",
    "seed",
    "stopSequences",
    "frequencyPenalty",
    "presencePenalty",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "thinkingConfig",
    "candidateCount",
    "responseModalities",
];

pub(crate) fn read_request(body: &Value, dropped: &mut Dropped) -> Result<Chat, Untranslatable> {
    if present(body, "cachedContent").is_some() {
        let why = "stands for text that only Gemini has";
        return Err(Untranslatable::unsupported("cachedContent", why));
    }
    let none = Value::Null;
    let config = body.get("generationConfig").unwrap_or(&none);
    let number = |key: &str| config.get(key).and_then(Value::as_f64);
    dropped.rest(config, "generationConfig", &KNOWN_CONFIG);
    if config
        .get("candidateCount")
        .and_then(Value::as_u64)
        .is_some_and(|n| n > 1)
    {
        dropped.note("generationConfig.candidateCount");
    }
    let mut chat = Chat {
        model: text(body, "model").unwrap_or_default().to_owned(),
        tools: tools(body, dropped),
        tool_choice: tool_choice(body),
        output: output(config),
        max_tokens: config.get("maxOutputTokens").and_then(Value::as_u64),
        temperature: number("temperature"),
        top_p: number("topP"),
        top_k: config.get("topK").and_then(Value::as_u64),
        frequency_penalty: number("frequencyPenalty"),
        presence_penalty: number("presencePenalty"),
        seed: config.get("seed").and_then(Value::as_i64),
        stop: list(config, "stopSequences")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        thinking: config.get("thinkingConfig").and_then(thinking),
        extra: body
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(k, v)| !KNOWN.contains(&k.as_str()) && !v.is_null())
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        ..Chat::default()
    };
    if let Some(system) = present(body, "systemInstruction") {
        chat.system = list(system, "parts")
            .iter()
            .filter_map(|p| Some(Part::Text(text(p, "text")?.to_owned())))
            .collect();
    }
    contents(body, &mut chat, dropped)?;
    Ok(chat)
}

fn contents(body: &Value, chat: &mut Chat, dropped: &mut Dropped) -> Result<(), Untranslatable> {
    let contents = body
        .get("contents")
        .and_then(Value::as_array)
        .ok_or_else(|| Untranslatable::invalid("contents", "must be a list"))?;
    let mut calls = 0;
    let mut waiting: Vec<(String, String)> = Vec::new();
    for (i, content) in contents.iter().enumerate() {
        let role = if text(content, "role") == Some("model") {
            Role::Assistant
        } else {
            Role::User
        };
        let mut parts = Vec::new();
        for (n, part) in list(content, "parts").iter().enumerate() {
            let before = parts.len();
            if let Some(response) = part.get("functionResponse") {
                parts.push(result(response, &mut waiting));
            } else if part.get("functionCall").is_some() || role == Role::Assistant {
                parts.extend(read_part(part, "", calls));
            } else {
                parts.extend(
                    text(part, "text")
                        .map(|t| Part::Text(t.to_owned()))
                        .or_else(|| read_media(part)),
                );
            }
            let says_nothing = text(part, "text").is_some_and(str::is_empty);
            if parts.len() == before && !says_nothing {
                dropped.note(format!("contents[{i}].parts[{n}]"));
            }
            for part in parts.iter().skip(before) {
                if let Part::ToolUse { id, name, .. } = part {
                    waiting.push((name.clone(), id.clone()));
                    calls += 1;
                }
            }
        }
        chat.push(role, parts);
    }
    Ok(())
}

/// The result of the first call of that name that has none yet.
fn result(response: &Value, waiting: &mut Vec<(String, String)>) -> Part {
    let name = text(response, "name").unwrap_or_default();
    let given = text(response, "id");
    let at = waiting
        .iter()
        .position(|(_, id)| given == Some(id))
        .or_else(|| waiting.iter().position(|(called, _)| called == name));
    let id = at.map_or_else(
        || given.unwrap_or(name).to_owned(),
        |at| waiting.remove(at).1,
    );
    let said = response
        .get("response")
        .cloned()
        .unwrap_or_else(|| json!({}));
    // The two keys that our own writer, and Google's documentation, use for plain text.
    let only = |key: &str| {
        let object = said.as_object().filter(|o| o.len() == 1)?;
        object.get(key)?.as_str().map(str::to_owned)
    };
    let error = only("error");
    Part::ToolResult {
        id,
        name: Some(name.to_owned()),
        is_error: error.is_some(),
        content: vec![Part::Text(
            error
                .or_else(|| only("result"))
                .unwrap_or_else(|| said.to_string()),
        )],
    }
}

fn tools(body: &Value, dropped: &mut Dropped) -> Vec<Tool> {
    let mut tools = Vec::new();
    for (i, tool) in list(body, "tools").iter().enumerate() {
        dropped.rest(tool, &format!("tools[{i}]"), &["functionDeclarations"]);
        tools.extend(list(tool, "functionDeclarations").iter().filter_map(|f| {
            let schema = f
                .get("parametersJsonSchema")
                .cloned()
                .or_else(|| f.get("parameters").map(plain_schema));
            Some(Tool {
                name: text(f, "name")?.to_owned(),
                description: text(f, "description").map(str::to_owned),
                schema: schema.unwrap_or(Value::Null),
                strict: None,
            })
        }));
    }
    tools
}

/// Google writes large integers as strings.
const LIMITS: [&str; 6] = [
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
];

/// Gemini's own schemas write types in capitals, `nullable` for a union with null, and an order that no other dialect
/// knows.
fn plain_schema(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let nullable = fields
                .get("nullable")
                .and_then(Value::as_bool)
                .unwrap_or(false);
            let plain = |(k, v): (&String, &Value)| match (k.as_str(), v) {
                ("nullable", Value::Bool(_)) | ("propertyOrdering", Value::Array(_)) => None,
                (k, Value::String(n)) if LIMITS.contains(&k) => Some((
                    k.to_owned(),
                    n.parse::<u64>().map_or_else(|_| v.clone(), Value::from),
                )),
                ("type", Value::String(t)) if nullable => {
                    Some((k.clone(), json!([t.to_lowercase(), "null"])))
                }
                ("type", Value::String(t)) => Some((k.clone(), json!(t.to_lowercase()))),
                _ => Some((k.clone(), plain_schema(v))),
            };
            Value::Object(fields.iter().filter_map(plain).collect())
        }
        Value::Array(items) => items.iter().map(plain_schema).collect(),
        other => other.clone(),
    }
}

fn tool_choice(body: &Value) -> Option<ToolChoice> {
    let config = body.pointer("/toolConfig/functionCallingConfig")?;
    Some(
        match (text(config, "mode")?, list(config, "allowedFunctionNames")) {
            ("NONE", _) => ToolChoice::None,
            ("ANY", [only]) => ToolChoice::Named(only.as_str()?.to_owned()),
            ("ANY" | "VALIDATED", _) => ToolChoice::Required,
            _ => ToolChoice::Auto,
        },
    )
}

fn output(config: &Value) -> Output {
    let schema = config
        .get("responseJsonSchema")
        .cloned()
        .or_else(|| config.get("responseSchema").map(plain_schema));
    match (schema, text(config, "responseMimeType")) {
        (Some(schema), _) => Output::Schema {
            name: "response".to_owned(),
            schema,
            strict: None,
        },
        (None, Some("application/json")) => Output::Json,
        _ => Output::Text,
    }
}

fn thinking(config: &Value) -> Option<Thinking> {
    if let Some(level) = text(config, "thinkingLevel") {
        return Some(Thinking::Effort(level.to_lowercase()));
    }
    match config.get("thinkingBudget").and_then(Value::as_i64) {
        Some(0) => Some(Thinking::Off),
        Some(budget) => Some(u64::try_from(budget).map_or(Thinking::Adaptive, Thinking::Budget)),
        None => (config.get("includeThoughts").and_then(Value::as_bool) == Some(true))
            .then_some(Thinking::Adaptive),
    }
}
