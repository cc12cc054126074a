//! Prompts and answers, where somebody has asked for them: JSON in the form of OpenTelemetry's conventions, and never more
//! than a span can carry. What is left out is said.

use super::span::finish_reason;
use crate::provider::{
    ask::Ask,
    chat::{Answer, Media, Message, Part, Role},
    translate,
};
use serde_json::{Value, json};

/// Characters of one text.
const TEXT: usize = 8 * 1024;
/// Bytes of all messages together; the latest are kept.
const ALL: usize = 64 * 1024;

/// Instructions, and the conversation. None: the request cannot be read.
pub(super) fn input(ask: &Ask) -> Option<(Option<String>, String)> {
    let chat = translate::read_request(ask.door, &ask.body).ok()?;
    let system = (!chat.system.is_empty()).then(|| latest(&chat.system, &mut { ALL }));
    let mut left = ALL;
    let mut messages = Vec::new();
    for message in chat.messages.iter().rev() {
        let parts = latest(&message.parts, &mut left);
        let cut = parts.len() < message.parts.len();
        if !parts.is_empty() {
            messages.push(json!({"role": role(message), "parts": parts}));
        }
        if cut {
            break;
        }
    }
    messages.reverse();
    let text = |values: Vec<Value>| Value::from(values).to_string();
    Some((system.map(text), text(messages)))
}

pub(super) fn output(answer: &Answer) -> String {
    let parts = latest(&answer.parts, &mut { ALL });
    let mut message = json!({"role": "assistant", "parts": parts});
    if let (Some(finish), Some(fields)) = (answer.finish, message.as_object_mut()) {
        fields.insert("finish_reason".to_owned(), finish_reason(finish).into());
    }
    json!([message]).to_string()
}

/// As many of the last parts as fit into what is left.
fn latest(parts: &[Part], left: &mut usize) -> Vec<Value> {
    let mut kept: Vec<_> = parts
        .iter()
        .rev()
        .map(part)
        .take_while(|part| {
            let size = part.to_string().len();
            let fits = size <= *left;
            *left = left.saturating_sub(size);
            fits
        })
        .collect();
    kept.reverse();
    kept
}

fn role(message: &Message) -> &'static str {
    let is_result = |part: &Part| matches!(part, Part::ToolResult { .. });
    match message.role {
        Role::Assistant => "assistant",
        Role::User if !message.parts.is_empty() && message.parts.iter().all(is_result) => "tool",
        Role::User => "user",
    }
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({"type": "text", "content": cut(text)}),
        Part::Reasoning { text, .. } => json!({"type": "reasoning", "content": cut(text)}),
        Part::Image(media) => self::media(media, "image"),
        Part::File { media, .. } => self::media(media, "document"),
        Part::ToolUse {
            id, name, input, ..
        } => {
            json!({"type": "tool_call", "id": id, "name": name, "arguments": small(input)})
        }
        Part::ToolResult { id, content, .. } => {
            json!({"type": "tool_call_response", "id": id, "response": content.iter().map(self::part).collect::<Vec<_>>()})
        }
    }
}

/// Where it is, or what it is: a picture's bytes fit into no span.
fn media(media: &Media, modality: &str) -> Value {
    match media {
        Media::Url(uri) => json!({"type": "uri", "modality": modality, "uri": cut(uri)}),
        Media::Base64 { media_type, data } => {
            let left_out = format!("[{} characters of base64 left out]", data.len());
            json!({"type": "blob", "modality": modality, "mime_type": media_type, "content": left_out})
        }
    }
}

fn small(value: &Value) -> Value {
    let text = value.to_string();
    if text.len() <= TEXT {
        value.clone()
    } else {
        cut(&text).into()
    }
}

fn cut(text: &str) -> String {
    let Some((at, _)) = text.char_indices().nth(TEXT) else {
        return text.to_owned();
    };
    let (kept, rest) = text.split_at(at);
    format!("{kept} [{} characters left out]", rest.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Dialect, provider::chat::Finish};
    use bytes::Bytes;

    fn ask(body: &Value) -> Ask {
        Ask::read(Dialect::OpenAi, Bytes::from(body.to_string())).unwrap()
    }

    #[test]
    fn a_conversation_is_told_in_the_conventions_form() {
        let (system, messages) = input(&ask(&json!({"model": "r", "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [
                {"type": "text", "text": "rain?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            ]},
            {"role": "assistant", "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "w", "arguments": "{\"at\":\"Paris\"}"}}
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "yes"},
        ]})))
        .unwrap();
        let system: Value = serde_json::from_str(&system.unwrap()).unwrap();
        assert_eq!(system, json!([{"type": "text", "content": "be brief"}]));
        let messages: Value = serde_json::from_str(&messages).unwrap();
        assert_eq!(
            messages,
            json!([
                {"role": "user", "parts": [
                    {"type": "text", "content": "rain?"},
                    {"type": "blob", "modality": "image", "mime_type": "image/png",
                     "content": "[4 characters of base64 left out]"},
                ]},
                {"role": "assistant", "parts": [
                    {"type": "tool_call", "id": "c1", "name": "w", "arguments": {"at": "Paris"}}
                ]},
                {"role": "tool", "parts": [
                    {"type": "tool_call_response", "id": "c1",
                     "response": [{"type": "text", "content": "yes"}]}
                ]},
            ])
        );
    }

    #[test]
    fn an_answer_says_why_it_ended() {
        let answer = Answer {
            parts: vec![Part::Text("no".to_owned())],
            finish: Some(Finish::Length),
            ..Answer::default()
        };
        let told: Value = serde_json::from_str(&output(&answer)).unwrap();
        let parts = json!([{"type": "text", "content": "no"}]);
        assert_eq!(
            told,
            json!([{"role": "assistant", "parts": parts, "finish_reason": "length"}])
        );
    }

    #[test]
    fn what_is_too_long_is_cut_and_stays_json_with_the_latest_kept() {
        let roles = ["user", "assistant"];
        let turn = |n: usize| {
            let text = format!("{n} {}", "ä".repeat(20_000));
            json!({"role": roles[n % 2], "content": text})
        };
        let both = [(0..41).map(turn).collect::<Vec<_>>(), vec![turn(0); 40]];
        for all in both {
            let (_, told) = input(&ask(&json!({"model": "r", "messages": all}))).unwrap();
            assert!(
                (ALL / 2..ALL + 1_000).contains(&told.len()),
                "{}",
                told.len()
            );
            let told: Vec<Value> = serde_json::from_str(&told).unwrap();
            let parts = told.last().unwrap()["parts"].as_array().unwrap();
            let last = parts.last().unwrap()["content"].as_str().unwrap();
            assert!(last.ends_with("characters left out]"), "{last}");
            assert_eq!(last.starts_with("40 "), told.len() > 1);
        }
    }
}
