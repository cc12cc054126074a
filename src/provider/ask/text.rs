//! The plain text in a request's messages, whichever dialect they are in. Read only when the judge or the cache
//! asks; a message that does not have the expected shape has no text.

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

#[derive(Deserialize)]
struct Turn<'a> {
    /// Items of the Responses API that are no messages (reasoning, calls) are nobody's turn.
    #[serde(borrow, default)]
    r#type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    role: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    /// Gemini's name for it.
    #[serde(borrow, default)]
    parts: Option<&'a RawValue>,
}

impl Turn<'_> {
    fn is_message(&self) -> bool {
        self.r#type.as_deref().is_none_or(|t| t == "message")
    }
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(default)]
    text: Option<Lossy>,
    /// What a tool result holds.
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

/// A string that may hold lone surrogates: emoji arrive torn in two, and a strict reader would lose the turn.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Lossy;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Lossy, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        from.deserialize_bytes(Bytes)
    }
}

pub(super) fn last_user(messages: &[u8]) -> String {
    if let Some(all) = all_of_it(messages) {
        return all;
    }
    items(messages)
        .iter()
        .rev()
        .filter_map(|raw| serde_json::from_str::<Turn<'_>>(raw.get()).ok())
        .filter(|turn| turn.is_message() && turn.role.as_deref().unwrap_or("user") == "user")
        .map(|turn| own_text(&turn))
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default()
}

pub(super) fn conversation(system: Option<&[u8]>, messages: &[u8]) -> Vec<(String, String)> {
    let system = system
        .and_then(|raw| serde_json::from_slice::<&RawValue>(raw).ok())
        .map(|raw| ("system".to_owned(), system_text(raw)));
    let only = all_of_it(messages).map(|text| ("user".to_owned(), text));
    let turns = items(messages).into_iter().filter_map(|raw| {
        let turn: Turn<'_> = serde_json::from_str(raw.get())
            .ok()
            .filter(Turn::is_message)?;
        let role = turn.role.as_deref().unwrap_or("user").to_owned();
        Some((role, whole_text(&turn)))
    });
    system
        .into_iter()
        .chain(only)
        .chain(turns)
        .filter(|(_, text)| !text.is_empty())
        .collect()
}

/// The conversation is one text of the user's.
fn all_of_it(messages: &[u8]) -> Option<String> {
    let Lossy(text) = serde_json::from_slice(messages).ok()?;
    Some(text)
}

/// Google takes a single item for a list of one.
fn items(array: &[u8]) -> Vec<&RawValue> {
    if array.starts_with(b"{") {
        return serde_json::from_slice(array).into_iter().collect();
    }
    serde_json::from_slice(array).unwrap_or_default()
}

/// Gemini wraps its system text in a turn.
fn system_text(raw: &RawValue) -> String {
    match serde_json::from_str::<Turn<'_>>(raw.get()) {
        Ok(turn) if raw.get().starts_with('{') => whole_text(&turn),
        _ => content_text(raw, true),
    }
}

fn own_text(turn: &Turn<'_>) -> String {
    turn.content
        .or(turn.parts)
        .map_or_else(String::new, |raw| content_text(raw, false))
}

fn whole_text(turn: &Turn<'_>) -> String {
    turn.content
        .or(turn.parts)
        .map_or_else(String::new, |raw| content_text(raw, true))
}

/// A string, or an array of parts joined by line feeds; with the text in tool results or without it.
fn content_text(raw: &RawValue, results: bool) -> String {
    if raw.get().starts_with('"') {
        return serde_json::from_str(raw.get()).map_or_else(|_| String::new(), |Lossy(text)| text);
    }
    let texts = items(raw.get().as_bytes()).into_iter().filter_map(|part| {
        let part: Part<'_> = serde_json::from_str(part.get()).ok()?;
        match (part.text, part.content) {
            (Some(Lossy(text)), _) => Some(text),
            (None, Some(inner)) if results => Some(content_text(inner, true)),
            _ => None,
        }
    });
    texts
        .filter(|t| !t.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}
