//! The neutral form to a Responses request. Nothing of it is to be stored: a client of another dialect sends its whole
//! history every time, so what the model sealed of its reasoning has to come back with the answer.

use super::item;
use crate::{
    model::Dialect,
    provider::{
        chat::{Chat, Media, Message, Output, Part, Role, Thinking, Tool, ToolChoice},
        openai::{effort, note_sampling, reasons},
        translate::{
            json::{Object, arguments_text},
            media,
            notes::{Dropped, Untranslatable},
            schema,
            seal::open,
        },
    },
};
use serde_json::{Value, json};

/// A smaller limit is refused.
const LEAST_TOKENS: u64 = 16;

pub(crate) fn write_request(
    chat: &Chat,
    model: &str,
    dropped: &mut Dropped,
) -> Result<Value, Untranslatable> {
    let mut out = Object::default();
    out.put("model", model);
    let (instructions, input) = input(chat, dropped)?;
    out.put_some("instructions", instructions);
    out.put("input", input);
    out.put("store", false);
    if chat.max_tokens.is_some_and(|n| n < LEAST_TOKENS) {
        dropped.note("max_tokens");
    }
    out.put_some(
        "max_output_tokens",
        chat.max_tokens.map(|n| n.max(LEAST_TOKENS)),
    );
    if reasons(model) {
        out.put("include", json!(["reasoning.encrypted_content"]));
        let effort = effort(chat, model, dropped);
        out.put_some("reasoning", effort.map(|e| json!({ "effort": e })));
        note_sampling(chat, dropped);
    } else {
        out.put_some("temperature", chat.temperature.map(|t| t.clamp(0.0, 2.0)));
        out.put_some("top_p", chat.top_p);
        note_unknown(chat, dropped);
    }
    for (name, is_set) in [
        ("top_k", chat.top_k.is_some()),
        ("seed", chat.seed.is_some()),
    ] {
        if is_set {
            dropped.note(name);
        }
    }
    out.put_some("user", chat.user.clone());
    if !chat.tools.is_empty() {
        out.put("tools", chat.tools.iter().map(tool).collect::<Vec<_>>());
        out.put_some("tool_choice", chat.tool_choice.as_ref().map(tool_choice));
        out.put_some("parallel_tool_calls", chat.parallel_tool_calls);
    }
    out.put_some("text", format(&chat.output));
    if chat.stream {
        out.put("stream", true);
    }
    Ok(out.into())
}

/// Sampling fields that no model has here.
fn note_unknown(chat: &Chat, dropped: &mut Dropped) {
    for (name, is_set) in [
        ("frequency_penalty", chat.frequency_penalty.is_some()),
        ("presence_penalty", chat.presence_penalty.is_some()),
        ("stop", !chat.stop.is_empty()),
        (
            "thinking",
            chat.thinking.as_ref().is_some_and(|t| *t != Thinking::Off),
        ),
    ] {
        if is_set {
            dropped.note(name);
        }
    }
}

/// Not strict unless it was asked for: here, unlike elsewhere, strict is the default.
fn tool(tool: &Tool) -> Value {
    let mut out = Object::default();
    out.put("type", "function");
    out.put("name", tool.name.as_str());
    out.put_some("description", tool.description.clone());
    out.put("parameters", schema::of_tool(&tool.schema));
    out.put("strict", tool.strict.unwrap_or(false));
    out.into()
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Named(name) => json!({ "type": "function", "name": name }),
    }
}

fn format(output: &Output) -> Option<Value> {
    let format = match output {
        Output::Text => return None,
        Output::Json => json!({ "type": "json_object" }),
        Output::Schema {
            name,
            schema,
            strict,
        } => {
            let mut format = Object::default();
            format.put("type", "json_schema");
            format.put("name", name.as_str());
            format.put("schema", schema.clone());
            format.put_some("strict", *strict);
            format.into()
        }
    };
    Some(json!({ "format": format }))
}

/// The instructions, when they are one text, and the items.
fn input(
    chat: &Chat,
    dropped: &mut Dropped,
) -> Result<(Option<String>, Vec<Value>), Untranslatable> {
    let mut items = Vec::with_capacity(chat.messages.len() + 1);
    let instructions = match chat.system.as_slice() {
        [] => None,
        [Part::Text(only)] => Some(only.clone()),
        several => {
            items.push(json!({ "role": "developer", "content": content(several, "input_text")? }));
            None
        }
    };
    for message in &chat.messages {
        self::message(message, &mut items, dropped)?;
    }
    Ok((instructions, items))
}

/// The items of a message, in its order: what is said together stays together.
fn message(
    message: &Message,
    items: &mut Vec<Value>,
    dropped: &mut Dropped,
) -> Result<(), Untranslatable> {
    let mut said: Vec<Part> = Vec::new();
    for part in &message.parts {
        if matches!(part, Part::Text(_) | Part::Image(_) | Part::File { .. }) {
            said.push(part.clone());
            continue;
        }
        flush(&mut said, message.role, items)?;
        match part {
            Part::ToolUse {
                id,
                name,
                input,
                signature,
            } => {
                sealed("", signature.as_deref(), items);
                items.push(json!({
                    "type": "function_call",
                    "call_id": media::tool_id(id),
                    "name": name,
                    "arguments": arguments_text(input),
                }));
            }
            Part::ToolResult {
                id,
                content: inner,
                is_error,
                ..
            } => {
                if *is_error {
                    dropped.note("tool_result.is_error");
                }
                items.push(json!({
                    "type": "function_call_output",
                    "call_id": media::tool_id(id),
                    "output": if inner.is_empty() { json!("") } else { content(inner, "input_text")? },
                }));
            }
            Part::Reasoning { text, signature } if !sealed(text, signature.as_deref(), items) => {
                dropped.note("thinking");
            }
            _ => {}
        }
    }
    flush(&mut said, message.role, items)
}

/// Reasoning goes back only as the model sealed it. False: this is another's.
fn sealed(said: &str, signature: Option<&str>, items: &mut Vec<Value>) -> bool {
    let Some(own) = signature.and_then(|s| open(Dialect::Responses, s)) else {
        return false;
    };
    items.push(json!({
        "type": "reasoning",
        "summary": item::summary(said),
        "encrypted_content": own,
    }));
    true
}

fn flush(said: &mut Vec<Part>, role: Role, items: &mut Vec<Value>) -> Result<(), Untranslatable> {
    if said.is_empty() {
        return Ok(());
    }
    let (role, kind) = match role {
        Role::User => ("user", "input_text"),
        Role::Assistant => ("assistant", "output_text"),
    };
    items.push(json!({ "role": role, "content": content(said, kind)? }));
    said.clear();
    Ok(())
}

/// One text is a string, which every compatible server takes; anything more is a list of parts.
fn content(parts: &[Part], kind: &str) -> Result<Value, Untranslatable> {
    if let [Part::Text(only)] = parts {
        return Ok(json!(only));
    }
    parts.iter().map(|p| part(p, kind)).collect()
}

fn part(part: &Part, kind: &str) -> Result<Value, Untranslatable> {
    Ok(match part {
        Part::Text(text) => json!({ "type": kind, "text": text }),
        Part::Image(image) => {
            json!({ "type": "input_image", "detail": "auto", "image_url": media::to_url(image) })
        }
        Part::File {
            media: Media::Base64 { media_type, .. },
            ..
        } if media_type.starts_with("audio/") => {
            return Err(Untranslatable::unsupported(
                "input_audio",
                "the Responses API takes no sound",
            ));
        }
        Part::File {
            media: file @ Media::Base64 { .. },
            name,
        } => {
            let name = name.as_deref().unwrap_or("file.pdf");
            json!({ "type": "input_file", "filename": name, "file_data": media::to_url(file) })
        }
        Part::File {
            media: Media::Url(url),
            ..
        } => json!({ "type": "input_file", "file_url": url }),
        Part::Reasoning { .. } | Part::ToolUse { .. } | Part::ToolResult { .. } => {
            return Err(Untranslatable::invalid(
                "content",
                "a tool call or reasoning where only content may stand",
            ));
        }
    })
}
