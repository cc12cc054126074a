//! Reading a Converse request. Model and delivery stand in the path.

use crate::sim::{
    ask::{Ask, Choice, Form, Tool, Turn},
    wire::{Delivery, Refusal, list_at, text_at, within},
};
use serde_json::{Value, json};
use std::collections::HashSet;

pub(in crate::sim::wire) fn read(body: &Value, model: &str, how: Delivery) -> Result<Ask, Refusal> {
    let none = Value::Null;
    let config = body.get("inferenceConfig").unwrap_or(&none);
    within(config, "temperature", 0.0, 1.0)?;
    within(config, "topP", 0.0, 1.0)?;
    let mut ask = Ask {
        model: model.to_owned(),
        system: texts(list_at(body, "system")),
        tools: tools(body),
        choice: choice(body),
        form: form(body)?,
        max_tokens: config.get("maxTokens").and_then(Value::as_u64),
        stop: list_at(config, "stopSequences")
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        stream: how == Delivery::Events,
        thinks: thinks(body),
        count: 1,
        ..Ask::default()
    };
    let messages: Vec<&Value> = list_at(body, "messages").collect();
    let Some(first) = messages.first() else {
        return Err(Refusal::Missing("messages"));
    };
    if text_at(first, "role") != Some("user") {
        return Err(said(
            "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
        ));
    }
    let mut calls: Vec<(String, String)> = Vec::new();
    let mut documents = HashSet::new();
    for (at, message) in messages.into_iter().enumerate() {
        turn(&mut ask, message, at, &mut calls, &mut documents)?;
    }
    if !calls.is_empty() && ask.tools.is_empty() {
        return Err(said(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        ));
    }
    Ok(ask)
}

/// A complaint that names no field.
fn said(problem: impl Into<String>) -> Refusal {
    Refusal::invalid("", problem)
}

fn texts<'a>(blocks: impl Iterator<Item = &'a Value>) -> String {
    let texts: Vec<_> = blocks.filter_map(|b| text_at(b, "text")).collect();
    texts.join("\n")
}

fn turn(
    ask: &mut Ask,
    message: &Value,
    at: usize,
    calls: &mut Vec<(String, String)>,
    documents: &mut HashSet<String>,
) -> Result<(), Refusal> {
    let is_user = match text_at(message, "role") {
        Some("user") => true,
        Some("assistant") => false,
        _ => {
            let problem = "Member must satisfy enum value set: [user, assistant]";
            return Err(Refusal::invalid(
                format!("messages.{}.member.role", at + 1),
                problem,
            ));
        }
    };
    let mut images = 0;
    let mut has_document = false;
    for (n, block) in list_at(message, "content").enumerate() {
        let place = format!("messages.{at}.content.{n}");
        if let Some(text) = text_at(block, "text") {
            if text.trim().is_empty() {
                return Err(said(format!(
                    "The text field in the ContentBlock object at {place} is blank. Add text to the text field, and try again."
                )));
            }
        } else if let Some(image) = block.get("image") {
            source(image, &place)?;
            images += 1;
        } else if let Some(document) = block.get("document") {
            source(document, &place)?;
            has_document = true;
            let name = text_at(document, "name").unwrap_or_default().to_owned();
            if !documents.insert(name) {
                return Err(said(
                    "Messages can't contain duplicate document names. Rename the document and retry your request.",
                ));
            }
        } else if let Some(call) = block.get("toolUse").filter(|_| !is_user) {
            let named = |key| text_at(call, key).map(str::to_owned);
            calls.extend(named("toolUseId").zip(named("name")));
        } else if let Some(result) = block.get("toolResult").filter(|_| is_user) {
            ask.turns.push(answered(result, calls)?);
        } else if block.get("reasoningContent").is_none() && block.get("cachePoint").is_none() {
            return Err(said(format!("The content block at {place} is not valid.")));
        }
    }
    let text = texts(list_at(message, "content"));
    if has_document && text.is_empty() {
        return Err(said(
            "A document needs a text block beside it in its message.",
        ));
    }
    match is_user {
        false => ask.turns.push(Turn::Model { text }),
        true if !text.is_empty() || images > 0 => ask.turns.push(Turn::User { text, images }),
        true => {}
    }
    Ok(())
}

fn source(of: &Value, place: &str) -> Result<(), Refusal> {
    let from = of.get("source");
    let has = |key| from.is_some_and(|f| f.get(key).is_some());
    if text_at(of, "format").is_some() && (has("bytes") || has("s3Location") || has("text")) {
        return Ok(());
    }
    Err(said(format!(
        "The source of the content block at {place} is not valid."
    )))
}

fn answered(result: &Value, calls: &[(String, String)]) -> Result<Turn, Refusal> {
    let id = text_at(result, "toolUseId").unwrap_or_default();
    let Some((_, name)) = calls.iter().find(|(call, _)| call == id) else {
        return Err(said(format!(
            "The toolResult block with id {id} has no toolUse block in the turn before."
        )));
    };
    let content: Vec<_> = list_at(result, "content")
        .map(|block| match block.get("json") {
            Some(value) => value.to_string(),
            None => text_at(block, "text").unwrap_or_default().to_owned(),
        })
        .collect();
    Ok(Turn::Tool {
        name: name.clone(),
        content: content.join("\n"),
    })
}

fn tools(body: &Value) -> Vec<Tool> {
    let config = body.get("toolConfig").unwrap_or(&Value::Null);
    list_at(config, "tools")
        .filter_map(|tool| tool.get("toolSpec"))
        .map(|spec| Tool {
            name: text_at(spec, "name").unwrap_or_default().to_owned(),
            description: text_at(spec, "description").unwrap_or_default().to_owned(),
            schema: spec
                .pointer("/inputSchema/json")
                .cloned()
                .unwrap_or_else(|| json!({ "type": "object", "properties": {} })),
        })
        .collect()
}

fn choice(body: &Value) -> Choice {
    let Some(choice) = body.pointer("/toolConfig/toolChoice") else {
        return Choice::Auto;
    };
    let named = choice.pointer("/tool/name").and_then(Value::as_str);
    match named {
        Some(name) => Choice::Named(name.to_owned()),
        None if choice.get("any").is_some() => Choice::Must,
        None => Choice::Auto,
    }
}

/// The schema is a text with JSON in it.
fn form(body: &Value) -> Result<Form, Refusal> {
    let schema = body.pointer("/outputConfig/textFormat/structure/jsonSchema/schema");
    let Some(schema) = schema else {
        return Ok(Form::Text);
    };
    let parsed = schema.as_str().and_then(|s| serde_json::from_str(s).ok());
    parsed
        .map(Form::Schema)
        .ok_or_else(|| said("The schema of the output is not valid JSON."))
}

fn thinks(body: &Value) -> bool {
    let more = body.get("additionalModelRequestFields");
    let is_on = |key| {
        let config = more.and_then(|m| m.get(key));
        config.is_some_and(|c| matches!(text_at(c, "type"), Some("enabled" | "adaptive")))
    };
    ["thinking", "reasoning_config", "reasoningConfig"]
        .into_iter()
        .any(is_on)
}
