//! OpenAI's whole answers.

use super::{finish, finish_reason, message, read_usage, write_usage};
use crate::model::Dialect;
use crate::provider::{
    chat::{Answer, Finish, Part},
    classify,
    translate::{
        BadAnswer, Reply,
        json::{Object, arguments_text, list, present, text},
    },
};
use serde_json::{Value, json};

pub(crate) fn read_answer(body: &Value) -> Result<Answer, BadAnswer> {
    let choice = list(body, "choices")
        .first()
        .ok_or(BadAnswer::Shape("choices"))?;
    if let Some(error) = present(choice, "error") {
        return Err(BadAnswer::Failed(classify::error_object(
            Dialect::OpenAi,
            error,
        )));
    }
    let said = choice.get("message").ok_or(BadAnswer::Shape("message"))?;
    let mut parts = message::read_reasoning(said);
    parts.extend(texts(said));
    let refusal = text(said, "refusal").filter(|t| !t.is_empty());
    parts.extend(refusal.map(|t| Part::Text(t.to_owned())));
    parts.extend(
        list(said, "tool_calls")
            .iter()
            .enumerate()
            .filter_map(|(n, c)| message::read_call(c, n)),
    );
    if let Some(call) = present(said, "function_call") {
        parts.extend(message::read_call(&json!({ "function": call }), 0));
    }
    let called = parts.iter().any(|p| matches!(p, Part::ToolUse { .. }));
    let reason = text(choice, "finish_reason").unwrap_or_default();
    Ok(Answer {
        id: text(body, "id").unwrap_or_default().to_owned(),
        model: text(body, "model").unwrap_or_default().to_owned(),
        finish: if refusal.is_some() {
            Some(Finish::Refusal)
        } else {
            finish(reason, called)
        },
        usage: body.get("usage").map(read_usage).unwrap_or_default(),
        parts,
    })
}

/// Content is a string; some servers send parts.
fn texts(said: &Value) -> Vec<Part> {
    let one = text(said, "content")
        .filter(|t| !t.is_empty())
        .map(|t| Part::Text(t.to_owned()));
    let many = list(said, "content")
        .iter()
        .filter_map(|p| Some(Part::Text(text(p, "text")?.to_owned())));
    one.into_iter().chain(many).collect()
}

pub(crate) fn write_answer(answer: &Answer, reply: &Reply) -> Value {
    let finish = answer.finish.unwrap_or(Finish::Stop);
    let said = answer.text();
    let mut message = Object::default();
    message.put("role", "assistant");
    let refused = finish == Finish::Refusal && !said.is_empty();
    message.put(
        "content",
        if said.is_empty() || refused {
            Value::Null
        } else {
            json!(said)
        },
    );
    message.put("refusal", if refused { json!(said) } else { Value::Null });
    write_reasoning(answer, &mut message);
    let calls: Vec<Value> = answer
        .parts
        .iter()
        .filter_map(|p| match p {
            Part::ToolUse {
                id,
                name,
                input,
                signature,
            } => Some(write_call(id, name, &arguments_text(input), signature.as_deref()).into()),
            _ => None,
        })
        .collect();
    if !calls.is_empty() {
        message.put("tool_calls", calls);
    }
    // A refusal in its own field ends like any answer.
    let reason = if refused {
        "stop"
    } else {
        finish_reason(finish)
    };
    json!({
        "id": reply.id_or(&answer.id),
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model_or(&answer.model),
        "choices": [{
            "index": 0,
            "message": Value::from(message),
            "logprobs": null,
            "finish_reason": reason,
        }],
        "usage": write_usage(&answer.usage),
    })
}

/// The text where most clients look for it, and the sealed signatures where those that send the history back keep
/// them.
fn write_reasoning(answer: &Answer, message: &mut Object) {
    let mut whole = String::new();
    let mut details = Vec::new();
    for part in &answer.parts {
        if let Part::Reasoning { text, signature } = part {
            whole.push_str(text);
            if let Some(signature) = signature {
                details.push(reasoning_detail(text, signature));
            }
        }
    }
    if !whole.is_empty() {
        message.put("reasoning_content", whole);
    }
    if !details.is_empty() {
        message.put("reasoning_details", details);
    }
}

pub(super) fn reasoning_detail(text: &str, signature: &str) -> Value {
    json!({ "type": "reasoning.text", "text": text, "signature": signature })
}

pub(super) fn write_call(id: &str, name: &str, arguments: &str, signature: Option<&str>) -> Object {
    let mut call = Object::default();
    call.put("id", id);
    call.put("type", "function");
    call.put("function", json!({ "name": name, "arguments": arguments }));
    if let Some(signature) = signature {
        call.put(
            "extra_content",
            json!({ "google": { "thought_signature": signature } }),
        );
    }
    call
}
