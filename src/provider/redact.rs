//! Takes out of a text what looks like a secret. Providers echo keys in their error messages, whole or half
//! masked; nothing of theirs is shown or passed on before it has gone through here.

use std::borrow::Cow;

const REDACTED: &str = "[redacted]";

/// Begin a key or a token, whatever follows.
const SECRETS: &[&str] = &[
    "sk-",
    "sk_",
    "rk_",
    "AIza",
    "ya29",
    "gsk_",
    "xai-",
    "nvapi-",
    "pplx-",
    "hf_",
    "r8_",
    "fw_",
    "csk-",
    "tgp_",
    "ghp_",
    "github_pat_",
    "AKIA",
    "ASIA",
    "ABSK",
    "eyJ",
];

/// Begin the id of somebody's account when a digit or a capital follows, and plain words when not.
const ACCOUNTS: &[&str] = &["org-", "org_", "proj_", "wrkspc_", "user_"];

/// Ids of requests and answers: long, random, and what a provider's support asks for.
const PUBLIC_IDS: &[&str] = &[
    "req_",
    "msg_",
    "chatcmpl-",
    "resp_",
    "call_",
    "toolu_",
    "tooluse_",
    "gen-",
    "file-",
    "file_",
    "fp_",
];

/// Before a `:` or `=`, these say that a secret follows.
const LABELS: &[&str] = &[
    "api key",
    "api_key",
    "api-key",
    "apikey",
    "key provided",
    "access_token",
    "authorization",
    "password",
    "secret",
];

/// The text without anything that looks like a credential: keys by their prefix, what follows `Bearer` or
/// `api key:`, account ids, and long random tokens of no known kind.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(start) = next_token(text, at) {
        let before = text.get(..start).unwrap_or_default();
        let bearer = follows_scheme(before);
        let end = token_end(text, start, bearer);
        let token = text.get(start..end).unwrap_or_default();
        if is_secret(token, before, bearer) {
            out.push_str(text.get(copied..start).unwrap_or_default());
            out.push_str(REDACTED);
            copied = end;
        }
        at = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

const fn in_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'*' | b'+')
}

fn next_token(text: &str, from: usize) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    let start = from + rest.iter().position(|&b| in_token(b))?;
    let escaped = start > from && text.as_bytes().get(start - 1) == Some(&b'\\');
    Some(if escaped {
        after_escape(text, start)
    } else {
        start
    })
}

/// Bodies are searched as they are, and in JSON the letters after a backslash are no part of a word.
fn after_escape(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let hex = |b: &[u8]| b.iter().all(u8::is_ascii_hexdigit);
    match bytes.get(start) {
        Some(b'u') if bytes.get(start + 1..start + 5).is_some_and(hex) => start + 5,
        Some(b'b' | b'f' | b'n' | b'r' | b't') => start + 1,
        _ => start,
    }
}

fn token_end(text: &str, start: usize, bearer: bool) -> usize {
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    let inside = |b: u8| in_token(b) || bearer && matches!(b, b'.' | b'/' | b'~' | b':' | b'=');
    start + rest.iter().position(|&b| !inside(b)).unwrap_or(rest.len())
}

fn is_secret(token: &str, before: &str, bearer: bool) -> bool {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|p| token.starts_with(p));
    let telling = token.bytes().any(|b| b.is_ascii_digit() || b == b'*');
    if bearer && token.len() >= 6 && (telling || token.len() >= 20)
        || is_labelled(before)
            && token.len() >= 6
            && (telling || token.contains(['-', '_']) || token.len() >= 16)
        || token.len() >= 8 && starts(SECRETS)
    {
        return true;
    }
    if starts(PUBLIC_IDS) {
        return false;
    }
    let capital = token.bytes().any(|b| b.is_ascii_uppercase());
    token.len() >= 12 && starts(ACCOUNTS) && (telling || capital) || is_random(token)
}

fn ends_with(text: &str, suffix: &str) -> bool {
    text.len()
        .checked_sub(suffix.len())
        .and_then(|at| text.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

fn follows_scheme(before: &str) -> bool {
    let word = before.trim_end_matches(' ');
    word.len() < before.len() && (ends_with(word, "bearer") || ends_with(word, "basic"))
}

fn is_labelled(before: &str) -> bool {
    let label = before.trim_end_matches([':', '=', '"', '\'', ' ', '\\']);
    let between = before.get(label.len()..).unwrap_or_default();
    between.contains([':', '=']) && LABELS.iter().any(|l| ends_with(label, l))
        || between.contains('=') && ends_with(label, "key")
}

/// Long and mixed as no word, model name or UUID is: 20 letters and digits without a joint, or 40 with joints
/// and both cases.
fn is_random(token: &str) -> bool {
    let mixed = |t: &str, digits: usize| {
        t.bytes().filter(u8::is_ascii_digit).count() >= digits
            && t.bytes().filter(u8::is_ascii_alphabetic).count() >= 3
    };
    let cased = |t: &str| {
        t.bytes().filter(u8::is_ascii_uppercase).count() >= 4
            && t.bytes().filter(u8::is_ascii_lowercase).count() >= 4
    };
    token
        .split(['-', '_', '+'])
        .any(|part| part.len() >= 20 && mixed(part, 3))
        || token.len() >= 40 && mixed(token, 4) && cased(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_looks_like_a_key_is_taken_out() {
        for (text, expected) in [
            (
                "Incorrect API key provided: sk-proj-****abcd. You can",
                "Incorrect API key provided: [redacted]. You can",
            ),
            (
                "Incorrect API key provided: invalid-key.",
                "Incorrect API key provided: [redacted].",
            ),
            (
                "key sk-ant-api03-Zx1_yW2-vU3 is bad",
                "key [redacted] is bad",
            ),
            (
                "?key=AIzaSyA-1234567890abcdefg&alt=sse",
                "?key=[redacted]&alt=sse",
            ),
            (
                "Authorization: Bearer abc.def/ghi12345",
                "Authorization: Bearer [redacted]",
            ),
            (
                "authorization: basic dXNlcjpwYXNzd29yZDE=",
                "authorization: basic [redacted]",
            ),
            (
                r#"{"api_key": "hunter2-x"}"#,
                r#"{"api_key": "[redacted]"}"#,
            ),
            (
                "token 0123456789abcdef0123456789abcdef!",
                "token [redacted]!",
            ),
            (
                "org-AbCdEf1234567890 on tokens per min",
                "[redacted] on tokens per min",
            ),
            ("a eyJhbGciOiJIUzI1NiJ9 b", "a [redacted] b"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    #[test]
    fn a_key_after_an_escape_in_json_is_found() {
        for (text, expected) in [
            (r#""see\nsk-proj-***abcd""#, r#""see\n[redacted]""#),
            (
                r#""key \u0027sk-proj-***abcd\u0027""#,
                r#""key \u0027[redacted]\u0027""#,
            ),
            (r#""\"sk-proj-***abcd\"""#, r#""\"[redacted]\"""#),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    #[test]
    fn plain_words_names_and_request_ids_stay() {
        for text in [
            "prompt is too long: 3333404 tokens > 200000 maximum",
            "Your requests to grok-4-1-fast-non-reasoning in westeurope have exceeded rate limit.",
            "model: claude-haiku-4-5-20251001",
            "accounts/fireworks/models/llama-v3p1-405b-instruct-long is not deployed",
            "generativelanguage.googleapis.com/generate_content_paid_tier_input_token_count, limit: 1000000",
            "GenerateContentPaidTierInputTokensPerModelPerMinute",
            r#"{"request_id":"req_011CeCGmMJJGRCp7xgjqapmJ"}"#,
            "5dbe34e9-da3c-4e3c-a7e7-6295264bde58",
            "Invalid API key: please check it",
            "missing Bearer token in the header, org-level-permission",
            "{\"code\": \"invalid_api_key\",\n \"param\": \"max_tokens\"}",
            "Bearer authentication",
            "",
            "ünïcødé ✓ 日本語",
        ] {
            assert!(
                matches!(redact(text), Cow::Borrowed(same) if same == text),
                "{text}: {}",
                redact(text)
            );
        }
    }

    proptest! {
        #[test]
        fn a_key_is_found_wherever_it_stands(before in "\\PC{0,20}", after in "\\PC{0,20}", key in "sk-[A-Za-z0-9]{12,48}") {
            let text = format!("{before} {key} {after}");
            prop_assert!(!redact(&text).contains(&key));
        }

        #[test]
        fn redacting_twice_is_redacting_once(text in "\\PC{0,80}") {
            let once = redact(&text).into_owned();
            prop_assert_eq!(redact(&once).into_owned(), once.clone());
        }
    }
}
