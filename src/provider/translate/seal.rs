//! Where a reasoning signature comes from. Providers sign their reasoning and refuse the signatures of others, so
//! the neutral form carries each one sealed with its dialect's name. Only that dialect's writer opens it; a client
//! of another dialect carries it sealed, through its own history, until the provider that made it is asked again.

use super::json;
use crate::{model::Dialect, provider::gemini};
use bytes::Bytes;
use serde_json::Value;

const MARK: &str = "breakerbox/";

/// Seals a signature. One that is sealed already (it went through a client) stays as it is.
pub(crate) fn seal(origin: Dialect, signature: &str) -> String {
    if signature.starts_with(MARK) {
        return signature.to_owned();
    }
    format!("{MARK}{origin}/{signature}")
}

/// Seals a signature that was read; an empty one is none.
pub(crate) fn read(origin: Dialect, signature: &str) -> Option<String> {
    let inner = signature
        .strip_prefix(MARK)
        .and_then(|s| Some(s.split_once('/')?.1))
        .unwrap_or(signature);
    (!inner.is_empty()).then(|| seal(origin, signature))
}

/// The signature itself, when it is one of this dialect.
pub(crate) fn open(dialect: Dialect, sealed: &str) -> Option<&str> {
    sealed
        .strip_prefix(MARK)?
        .strip_prefix(dialect.as_str())?
        .strip_prefix('/')
}

/// The signature as a client of this dialect sees it: its own is open, another's stays sealed, and reasoning without
/// any is marked as that of a dialect that signs nothing.
pub(crate) fn shown(dialect: Dialect, signature: Option<&str>) -> String {
    let sealed = signature.unwrap_or_default();
    match open(dialect, sealed) {
        Some(own) => own.to_owned(),
        None => seal(Dialect::OpenAi, sealed),
    }
}

fn is_foreign(dialect: Dialect, signature: &str) -> bool {
    signature.starts_with(MARK) && open(dialect, signature).is_none()
}

/// Takes out of a request what another dialect's provider left in the client's history while it stood in: this
/// provider would refuse it. For bodies that are otherwise passed through; `None` when there is nothing to do,
/// which one search for the mark tells.
pub fn strip_foreign(dialect: Dialect, body: &[u8]) -> Option<Bytes> {
    if dialect == Dialect::Gemini {
        return gemini::strip_foreign(body);
    }
    memchr::memmem::find(body, MARK.as_bytes())?;
    let mut request = json::parse(body)?;
    if dialect == Dialect::Responses {
        strip_items(&mut request)?;
        return Some(Bytes::from(request.to_string()));
    }
    let messages = request.get_mut("messages")?.as_array_mut()?;
    let mut last_stripped = None;
    for (i, message) in messages.iter_mut().enumerate() {
        let stripped = match dialect {
            Dialect::Anthropic => strip_blocks(message),
            Dialect::OpenAi => strip_fields(message),
            Dialect::Gemini | Dialect::Bedrock | Dialect::Responses => false,
        };
        if stripped {
            last_stripped = Some(i);
        }
    }
    let last_stripped = last_stripped?;
    // With a thinking budget, Anthropic wants its own thinking before calls whose results are still being sent.
    let in_tool_loop = last_stripped + 2 == messages.len();
    messages.retain(|m| {
        m.get("content")
            .and_then(Value::as_array)
            .is_none_or(|blocks| !blocks.is_empty())
    });
    let budget = request.pointer("/thinking/type").and_then(Value::as_str) == Some("enabled");
    if dialect == Dialect::Anthropic
        && in_tool_loop
        && budget
        && let Some(fields) = request.as_object_mut()
    {
        fields.shift_remove("thinking");
    }
    Some(Bytes::from(request.to_string()))
}

fn strip_blocks(message: &mut Value) -> bool {
    let Some(blocks) = message.get_mut("content").and_then(Value::as_array_mut) else {
        return false;
    };
    let before = blocks.len();
    blocks
        .retain(|b| !json::text(b, "signature").is_some_and(|s| is_foreign(Dialect::Anthropic, s)));
    before != blocks.len()
}

fn strip_items(request: &mut Value) -> Option<()> {
    let items = request.get_mut("input")?.as_array_mut()?;
    let before = items.len();
    items.retain(|item| {
        !json::text(item, "encrypted_content").is_some_and(|s| is_foreign(Dialect::Responses, s))
    });
    (items.len() < before).then_some(())
}

/// Takes all sealed reasoning out of a Responses request. None: there is none.
pub fn strip_sealed(body: &[u8]) -> Option<Bytes> {
    let mut request = json::parse(body)?;
    let items = request.get_mut("input")?.as_array_mut()?;
    let before = items.len();
    items.retain(|item| json::present(item, "encrypted_content").is_none());
    (items.len() < before).then(|| Bytes::from(request.to_string()))
}

fn strip_fields(message: &mut Value) -> bool {
    let mut changed = false;
    let foreign =
        |v: &Value| json::text(v, "signature").is_some_and(|s| is_foreign(Dialect::OpenAi, s));
    if json::list(message, "reasoning_details").iter().any(foreign)
        && let Some(fields) = message.as_object_mut()
    {
        fields.shift_remove("reasoning_details");
        fields.shift_remove("reasoning_content");
        changed = true;
    }
    for call in message
        .get_mut("tool_calls")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let signature = call
            .pointer("/extra_content/google/thought_signature")
            .and_then(Value::as_str);
        if signature.is_some_and(|s| is_foreign(Dialect::OpenAi, s))
            && let Some(fields) = call.as_object_mut()
        {
            fields.shift_remove("extra_content");
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_dialect_opens_a_seal() {
        let sealed = seal(Dialect::Gemini, "abc/def");
        assert_eq!(open(Dialect::Gemini, &sealed), Some("abc/def"));
        assert_eq!(open(Dialect::Anthropic, &sealed), None);
        assert_eq!(seal(Dialect::OpenAi, &sealed), sealed, "sealed once");
    }

    #[test]
    fn a_body_without_foreign_reasoning_is_not_touched() {
        let own = br#"{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"EqQ"}]}]}"#;
        assert_eq!(strip_foreign(Dialect::Anthropic, own), None);
    }

    #[test]
    fn thinking_pauses_where_the_calls_in_flight_are_of_another_provider() {
        let body = br#"{"thinking":{"type":"enabled","budget_tokens":2000},"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"breakerbox/gemini/Eq"},{"type":"tool_use","id":"a"}]},{"role":"user","content":[{"type":"tool_result"}]}]}"#;
        let stripped = strip_foreign(Dialect::Anthropic, body).unwrap();
        assert_eq!(stripped, br#"{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a"}]},{"role":"user","content":[{"type":"tool_result"}]}]}"#.as_slice());
    }

    #[test]
    fn a_message_that_was_nothing_but_foreign_reasoning_goes_with_it() {
        let body = br#"{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"breakerbox/gemini/"}]},{"role":"user","content":"hi"}]}"#;
        let stripped = strip_foreign(Dialect::Anthropic, body).unwrap();
        assert_eq!(
            stripped,
            br#"{"messages":[{"role":"user","content":"hi"}]}"#.as_slice()
        );
    }

    #[test]
    fn reasoning_items_of_another_provider_are_taken_out_of_an_input() {
        let nobodys = shown(Dialect::Responses, None);
        let body = serde_json::json!({"model": "m", "input": [
            {"type": "reasoning", "summary": [], "encrypted_content": nobodys},
            {"type": "reasoning", "summary": [], "encrypted_content": "own"},
            {"role": "user", "content": "hi"}]});
        let stripped = strip_foreign(Dialect::Responses, body.to_string().as_bytes()).unwrap();
        let left = json::parse(&stripped).unwrap();
        assert_eq!(left["input"][0]["encrypted_content"], "own");
        assert_eq!(left["input"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn without_sealed_reasoning_there_is_nothing_to_take_out() {
        assert_eq!(strip_sealed(br#"{"input":"hi"}"#), None);
        assert_eq!(
            strip_sealed(
                br#"{"input":[{"type":"reasoning","summary":[],"encrypted_content":null}]}"#
            ),
            None
        );
        let body = br#"{"input":[{"type":"reasoning","encrypted_content":"gAAA"},{"role":"user","content":"hi"}]}"#;
        let stripped = strip_sealed(body).unwrap();
        assert_eq!(
            stripped,
            br#"{"input":[{"role":"user","content":"hi"}]}"#.as_slice()
        );
    }

    #[test]
    fn reasoning_of_another_provider_is_taken_out_of_the_history() {
        let body = br#"{"model":"m","messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"breakerbox/gemini/Eq"},{"type":"text","text":"hi"}]}]}"#;
        let stripped = strip_foreign(Dialect::Anthropic, body).unwrap();
        assert_eq!(stripped, br#"{"model":"m","messages":[{"role":"assistant","content":[{"type":"text","text":"hi"}]}]}"#.as_slice());
        let body = br#"{"messages":[{"role":"assistant","content":"hi","reasoning_content":"x","reasoning_details":[{"type":"reasoning.text","text":"x","signature":"breakerbox/anthropic/Eq"}],"tool_calls":[{"id":"a","extra_content":{"google":{"thought_signature":"breakerbox/gemini/Q"}}}]}]}"#;
        let stripped = strip_foreign(Dialect::OpenAi, body).unwrap();
        assert_eq!(
            stripped,
            br#"{"messages":[{"role":"assistant","content":"hi","tool_calls":[{"id":"a"}]}]}"#
                .as_slice()
        );
    }
}
