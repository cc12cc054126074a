//! Signatures as Gemini's clients carry them. Google's SDKs hold them as bytes and write them anew in base64: a seal,
//! which is text, would come back as something else. So another dialect's signature travels inside base64 here.

use crate::{
    model::Dialect,
    provider::translate::{json, media, seal},
};
use bytes::Bytes;
use serde_json::Value;

/// What Google documents for calls that another model made: Gemini 3 refuses calls without any signature.
pub(super) const NONE: &str = "skip_thought_signature_validator";

/// How every seal begins in base64.
const SEALED: &str = "YnJlYWtlcmJveC9";

/// Gemini's own signature open, another's sealed.
pub(super) fn shown(sealed: &str) -> String {
    seal::open(Dialect::Gemini, sealed)
        .map_or_else(|| media::encode(sealed.as_bytes()), str::to_owned)
}

/// A signature that was read, sealed.
pub(super) fn read(signature: &str) -> Option<String> {
    if signature == NONE {
        return None;
    }
    let sealed = foreign(signature);
    seal::read(Dialect::Gemini, sealed.as_deref().unwrap_or(signature))
}

fn foreign(signature: &str) -> Option<String> {
    signature
        .starts_with(SEALED)
        .then(|| media::decode_text(signature))
        .flatten()
}

/// Takes out of a request what other dialects' providers signed while they stood in: Gemini would refuse it. `None`
/// when there is nothing to do.
pub(crate) fn strip_foreign(body: &[u8]) -> Option<Bytes> {
    memchr::memmem::find(body, SEALED.as_bytes())?;
    let mut request = super::respelled(json::parse(body)?);
    let contents = request.get_mut("contents")?.as_array_mut()?;
    for content in contents.iter_mut() {
        if let Some(parts) = content.get_mut("parts").and_then(Value::as_array_mut) {
            parts.retain_mut(keep);
        }
    }
    contents.retain(|c| !json::list(c, "parts").is_empty());
    Some(Bytes::from(request.to_string()))
}

/// Whether the part stays, without what is not Gemini's.
fn keep(part: &mut Value) -> bool {
    if json::text(part, "thoughtSignature")
        .and_then(foreign)
        .is_none()
    {
        return true;
    }
    let is_thought = part.get("thought") == Some(&Value::Bool(true));
    let says_nothing = json::text(part, "text").is_some_and(str::is_empty);
    let calls = part.get("functionCall").is_some();
    if let Some(fields) = part.as_object_mut() {
        fields.shift_remove("thoughtSignature");
        if calls {
            fields.insert("thoughtSignature".to_owned(), NONE.into());
        }
    }
    !is_thought && !says_nothing
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FOREIGN: &str = "breakerbox/anthropic/Eq/QB==";

    #[test]
    fn anothers_signature_comes_back_from_a_client_that_holds_bytes() {
        let shown = shown(FOREIGN);
        assert!(shown.starts_with(SEALED), "{shown}");
        let written_anew = shown.replace('+', "-").replace('/', "_");
        assert_eq!(read(&written_anew).as_deref(), Some(FOREIGN));
    }

    #[test]
    fn its_own_signature_is_as_the_provider_wrote_it() {
        let sealed = read("CiQB+/==").unwrap();
        assert_eq!(shown(&sealed), "CiQB+/==");
        assert_eq!(read(NONE), None);
    }

    #[test]
    fn what_others_signed_is_taken_out_of_the_history() {
        let sealed = shown(FOREIGN);
        let body = json!({"contents": [
            {"role": "user", "parts": [{"text": "hi"}]},
            {"role": "model", "parts": [{"text": "hm", "thought": true, "thoughtSignature": sealed}]},
            {"role": "model", "parts": [
                {"functionCall": {"name": "f", "args": {}}, "thought_signature": sealed},
                {"text": "kept", "thoughtSignature": "CiQB"},
            ]},
        ]});
        let stripped = strip_foreign(body.to_string().as_bytes()).unwrap();
        assert_eq!(
            json::parse(&stripped).unwrap(),
            json!({"contents": [
                {"role": "user", "parts": [{"text": "hi"}]},
                {"role": "model", "parts": [
                    {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": NONE},
                    {"text": "kept", "thoughtSignature": "CiQB"},
                ]},
            ]})
        );
        assert_eq!(strip_foreign(br#"{"contents":[]}"#), None);
    }
}
