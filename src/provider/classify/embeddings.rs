//! Embeddings with 200. Vectors are the callers' business: only whether there are any.

use super::in_band;
use crate::model::{Class, Dialect, Verdict};
use serde::{Deserialize, de::IgnoredAny};

#[derive(Deserialize)]
struct Embeddings {
    data: Vec<Embedding>,
}

/// Numbers, or base64 of them.
#[derive(Deserialize)]
struct Embedding {
    #[serde(rename = "embedding")]
    _embedding: IgnoredAny,
}

/// What a 200 with this whole body means.
pub fn embeddings(body: &[u8]) -> Verdict {
    let verdict = match serde_json::from_slice::<Embeddings>(body) {
        Ok(read) if read.data.is_empty() => Verdict::new(Class::Soft, "no_embeddings"),
        Ok(_) => Verdict::ok(),
        Err(_) => in_band(Dialect::OpenAi, None, body)
            .unwrap_or_else(|| Verdict::new(Class::Fault, "not_embeddings")),
    };
    verdict.status(200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_in_numbers_and_in_base64_are_good_and_anything_else_is_not() {
        for (body, class, code) in [
            (
                r#"{"data":[{"embedding":[0.1,-2e-3],"index":0}]}"#,
                Class::Ok,
                "ok",
            ),
            (r#"{"data":[{"embedding":"AAAAPw=="}]}"#, Class::Ok, "ok"),
            (r#"{"data":[]}"#, Class::Soft, "no_embeddings"),
            (
                r#"{"choices":[{"message":{"content":"hi"}}]}"#,
                Class::Fault,
                "not_embeddings",
            ),
            (
                r#"{"data":[{"embedding":[0.1"#,
                Class::Fault,
                "not_embeddings",
            ),
            ("<html>", Class::Fault, "not_embeddings"),
            (
                r#"{"error":{"code":"insufficient_quota"}}"#,
                Class::Quota,
                "insufficient_quota",
            ),
        ] {
            let verdict = embeddings(body.as_bytes());
            assert_eq!(
                (verdict.class, verdict.code.as_str()),
                (class, code),
                "{body}"
            );
        }
    }
}
