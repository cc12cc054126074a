//! Machine words: what may be shown of an error body without looking at it twice.

use crate::provider::redact::redact;
use std::borrow::Cow;

const LONGEST: usize = 64;

/// The word in snake case, when it is one: ASCII letters, digits, `_`, `.`, `-`, at most 64, a letter among them,
/// and nothing that looks like a key. A sentence or a secret in the place of a code is no word at all.
pub(super) fn word(text: &str) -> Option<String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    // What a proxy in Python writes when there is no code.
    let missing = text.eq_ignore_ascii_case("none");
    let is_word =
        !missing && text.bytes().all(allowed) && text.bytes().any(|b| b.is_ascii_alphabetic());
    if !is_word || matches!(redact(text), Cow::Owned(_)) {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 4);
    let mut last = '_';
    for c in text.chars() {
        if c.is_ascii_uppercase() && (last.is_ascii_lowercase() || last.is_ascii_digit()) {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        last = c;
    }
    (out.len() <= LONGEST).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_of_every_spelling_become_snake_case() {
        for (text, expected) in [
            ("rate_limit_exceeded", "rate_limit_exceeded"),
            ("RateLimitReached", "rate_limit_reached"),
            ("RESOURCE_EXHAUSTED", "resource_exhausted"),
            ("DeploymentNotFound", "deployment_not_found"),
            (
                "ResponsibleAIPolicyViolation",
                "responsible_aipolicy_violation",
            ),
        ] {
            assert_eq!(word(text).as_deref(), Some(expected));
        }
    }

    #[test]
    fn sentences_numbers_and_keys_are_no_words() {
        let long = "a".repeat(65);
        for text in [
            "",
            "None",
            "401",
            "Invalid API key",
            "sk-ant-api03-abcdef",
            "AIzaSyA1234567890",
            "a\nb",
            "é",
            &long,
        ] {
            assert_eq!(word(text), None, "{text}");
        }
        assert_eq!(word("0123456789abcdef0123456789abcdef"), None);
    }

    proptest! {
        #[test]
        fn a_word_is_always_short_and_plain(text in "\\PC{0,100}|[A-Za-z0-9_.-]{0,100}") {
            if let Some(word) = word(&text) {
                prop_assert!(word.len() <= LONGEST);
                prop_assert!(word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(&b)));
            }
        }
    }
}
