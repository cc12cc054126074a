//! Error bodies echo keys. Nothing of a key may stand in a verdict, wherever a provider puts it.

use super::*;
use proptest::prelude::*;

/// Every place of an error body that a code could be read from.
fn bodies(secret: &str) -> Vec<String> {
    let at = |template: &str| template.replace('@', secret);
    [
        r#"{"error":{"code":"@","type":"@","status":"@","message":"@","param":"@"}}"#,
        r#"{"error":{"message":"Incorrect API key provided: @","code":null}}"#,
        r#"{"error":"@"}"#,
        r#"{"detail":"@"}"#,
        r#"{"message":"@","type":"@"}"#,
        r#"[{"error":{"status":"@","details":[{"reason":"@"}]}}]"#,
        r#"{"type":"error","error":{"type":"@","details":{"error_code":"@"}}}"#,
        r#"{"error":{"innererror":{"code":"@"},"metadata":{"raw":"{\"error\":{\"code\":\"@\"}}"}}}"#,
        r#"{"type":"response.failed","response":{"error":{"code":"@"}}}"#,
        r#"{"promptFeedback":{"blockReason":"@"}}"#,
        "<html>@</html>",
        "@",
    ]
    .map(at)
    .into()
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "sk-(proj-|ant-api03-)?[A-Za-z0-9_-]{16,60}",
        "AIza[A-Za-z0-9_-]{35}",
        "Bearer [A-Za-z0-9]{24,40}",
        "gsk_[A-Za-z0-9]{40}",
        "[0-9a-f]{64}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_key_echoed_in_a_body_is_in_no_verdict(secret in key(), status in 400u16..600) {
        for body in bodies(&secret) {
            let body = body.as_bytes();
            for dialect in Dialect::ALL {
                let verdicts = [
                    Some(http(dialect, status, &HeaderMap::new(), body, NOW)),
                    Some(answer(dialect, body)),
                    in_band(dialect, Some("error"), body),
                    in_band(dialect, None, body),
                ];
                for verdict in verdicts.into_iter().flatten() {
                    prop_assert!(is_plain(&verdict), "{verdict:?}");
                    let shown = format!("{verdict:?}").to_lowercase();
                    prop_assert!(!shown.contains(&secret.to_lowercase()), "{shown}");
                }
            }
        }
    }

    #[test]
    fn no_body_makes_it_panic_or_speak(body in prop::collection::vec(any::<u8>(), 0..120), status in 100u16..1000) {
        for dialect in Dialect::ALL {
            prop_assert!(is_plain(&http(dialect, status, &HeaderMap::new(), &body, NOW)));
            prop_assert!(is_plain(&answer(dialect, &body)));
            prop_assert!(in_band(dialect, Some("error"), &body).is_some_and(|v| is_plain(&v)));
        }
    }
}

fn is_plain(verdict: &Verdict) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(&b);
    !verdict.code.is_empty() && verdict.code.len() <= 64 && verdict.code.bytes().all(plain)
}
