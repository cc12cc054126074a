//! Reading a generateContent request. Every name may be written in camel or in snake case, as in all of this
//! vendor's JSON.

use crate::sim::{
    ask::{Ask, Choice, Form, Tool, Turn},
    wire::{Delivery, Refusal, text_at, within},
};
use serde_json::{Value, json};

const FIELDS: [&str; 10] = [
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "safetySettings",
    "cachedContent",
    "model",
    "labels",
    "serviceTier",
];

pub(in crate::sim::wire) fn read(body: &Value, model: &str, how: Delivery) -> Result<Ask, Refusal> {
    for name in body.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if !FIELDS.iter().any(|f| f == name || snake(f) == *name) {
            return Err(Refusal::BadJson(format!(
                "Unknown name \"{name}\": Cannot find field."
            )));
        }
    }
    let config = field(body, "generationConfig").unwrap_or(&Value::Null);
    within(config, "temperature", 0.0, 2.0)?;
    let mut ask = Ask {
        model: model.to_owned(),
        system: field(body, "systemInstruction")
            .map(plain_text)
            .unwrap_or_default(),
        tools: tools(body),
        choice: choice(body),
        form: form(config),
        max_tokens: field(config, "maxOutputTokens").and_then(Value::as_u64),
        stop: list(config, "stopSequences")
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        stream: matches!(how, Delivery::Events | Delivery::List),
        thinks: field(config, "thinkingConfig")
            .and_then(|t| field(t, "includeThoughts"))
            .and_then(Value::as_bool)
            .unwrap_or(false),
        count: 1,
        ..Ask::default()
    };
    match field(body, "contents") {
        Some(Value::Array(contents)) if !contents.is_empty() => conversation(&mut ask, contents)?,
        _ => return Err(Refusal::Missing("contents")),
    }
    Ok(ask)
}

fn snake(name: &str) -> String {
    name.chars()
        .flat_map(|c| {
            let under = c.is_ascii_uppercase().then_some('_');
            under.into_iter().chain(c.to_lowercase())
        })
        .collect()
}

fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value
        .get(name)
        .or_else(|| value.get(snake(name)))
        .filter(|v| !v.is_null())
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    field(value, name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn plain_text(content: &Value) -> String {
    list(content, "parts")
        .filter_map(|p| text_at(p, "text"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn conversation(ask: &mut Ask, contents: &[Value]) -> Result<(), Refusal> {
    for (at, content) in contents.iter().enumerate() {
        let role = text_at(content, "role").unwrap_or("user");
        if !matches!(role, "user" | "model" | "function") {
            return Err(Refusal::invalid(
                format!("contents[{at}].role"),
                "Please use a valid role: user, model.",
            ));
        }
        if list(content, "parts").next().is_none() {
            return Err(Refusal::invalid(
                format!("contents[{at}].parts"),
                "contents.parts must not be empty.",
            ));
        }
        turns(ask, content, role, at)?;
    }
    Ok(())
}

fn turns(ask: &mut Ask, content: &Value, role: &str, at: usize) -> Result<(), Refusal> {
    let mut texts = Vec::new();
    let mut images = 0;
    let mut calls = false;
    for part in list(content, "parts") {
        if let Some(text) = text_at(part, "text") {
            if part.get("thought") != Some(&Value::Bool(true)) {
                texts.push(text);
            }
        } else if field(part, "inlineData")
            .or_else(|| field(part, "fileData"))
            .is_some()
        {
            images += 1;
        } else if let Some(response) = field(part, "functionResponse") {
            ask.turns.push(Turn::Tool {
                name: text_at(response, "name").unwrap_or_default().to_owned(),
                content: response.get("response").unwrap_or(&Value::Null).to_string(),
            });
        } else if field(part, "functionCall").is_some() {
            calls = true;
        } else {
            let problem = "required oneof field 'data' must have one initialized field";
            return Err(Refusal::invalid(format!("contents[{at}].parts"), problem));
        }
    }
    let text = texts.join("\n");
    match role {
        "model" => ask.turns.push(Turn::Model { text }),
        _ if !text.is_empty() || images > 0 => ask.turns.push(Turn::User { text, images }),
        _ if calls => {
            return Err(Refusal::invalid(
                format!("contents[{at}]"),
                "a function call comes from the model",
            ));
        }
        _ => {}
    }
    Ok(())
}

fn tools(body: &Value) -> Vec<Tool> {
    list(body, "tools")
        .flat_map(|tool| list(tool, "functionDeclarations"))
        .map(|declared| Tool {
            name: text_at(declared, "name").unwrap_or_default().to_owned(),
            description: text_at(declared, "description")
                .unwrap_or_default()
                .to_owned(),
            schema: field(declared, "parameters")
                .or_else(|| field(declared, "parametersJsonSchema"))
                .cloned()
                .unwrap_or_else(|| json!({ "type": "OBJECT", "properties": {} })),
        })
        .collect()
}

fn choice(body: &Value) -> Choice {
    let config = field(body, "toolConfig").and_then(|c| field(c, "functionCallingConfig"));
    let mode = config.and_then(|c| text_at(c, "mode")).unwrap_or("AUTO");
    match mode.to_uppercase().as_str() {
        "NONE" => Choice::Never,
        "ANY" => config
            .and_then(|c| list(c, "allowedFunctionNames").next())
            .and_then(Value::as_str)
            .map_or(Choice::Must, |name| Choice::Named(name.to_owned())),
        _ => Choice::Auto,
    }
}

fn form(config: &Value) -> Form {
    let schema = field(config, "responseSchema")
        .or_else(|| field(config, "responseJsonSchema"))
        .or_else(|| field(config, "_responseJsonSchema"));
    let json =
        field(config, "responseMimeType").and_then(Value::as_str) == Some("application/json");
    match schema {
        Some(schema) => Form::Schema(schema.clone()),
        None if json => Form::Json,
        None => Form::Text,
    }
}
