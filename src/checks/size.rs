//! Answers that are nothing, next to nothing, or far too much.

use super::{Ended, Exchange, Finding, Findings, Format, prose};

/// A text of a kind that has more than a few words.
const TEXTS: [&str; 12] = [
    "essay", "story", "article", "blog", "email", "letter", "report", "review", "speech", "poem",
    "plan", "guide",
];
/// How a request for one begins.
const WRITE: [&str; 4] = ["write", "compose", "draft", "create"];
/// Shorter than any of them.
const FEW: usize = 24;

/// Questions that want one word.
const BRIEF: [&str; 8] = [
    "one word",
    "single word",
    "yes or no",
    "one number",
    "single number",
    "only the number",
    "one letter",
    "true or false",
];
/// Much longer than one word with its reason.
const LONG: usize = 4 * 1024;
/// Longer than what a model says unasked in one answer: some 50,000 tokens.
const ENDLESS: usize = 200 * 1024;
/// A question that short has no such answer.
const SMALL_QUESTION: usize = 200;

pub(super) fn check(x: &Exchange<'_>, found: &mut Findings) {
    let visible = x.answer.trim_matches(is_invisible);
    if visible.is_empty() {
        // Where a limit was reached, it may have gone on reasoning alone.
        if x.calls.is_empty() && matches!(x.ended, Ended::Whole | Ended::Tools) {
            found.add(Finding::Empty);
        }
        return;
    }
    if x.ended != Ended::Whole || !x.calls.is_empty() || !matches!(x.format, Format::Text) {
        return;
    }
    if visible.len() < FEW && is_too_short(x.asked, visible) {
        found.add(Finding::TooShort);
    }
    let endless = visible.len() > ENDLESS && x.asked.len() < SMALL_QUESTION;
    if endless || visible.len() > LONG && wants_one_word(x.asked) {
        found.add(Finding::TooLong);
    }
}

/// White space, and what takes no place at all.
fn is_invisible(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\0')
}

fn is_too_short(asked: &str, visible: &str) -> bool {
    let wordless = visible
        .chars()
        .all(|c| c.is_ascii_punctuation() || is_invisible(c));
    wordless && !is_about_signs(asked, visible) || asks_for_a_text(asked)
}

/// A sign may be what was asked for.
fn is_about_signs(asked: &str, visible: &str) -> bool {
    const SIGNS: [&str; 8] = [
        "punctuation",
        "operator",
        "symbol",
        "sign",
        "mark",
        "character",
        "ascii",
        "emoticon",
    ];
    let is_stop = visible.bytes().all(|b| b".,;:!?-".contains(&b));
    !is_stop && asked.contains(visible) || prose::mentions(asked, &SIGNS)
}

/// In its first line: what comes after it is what the text is about.
fn asks_for_a_text(asked: &str) -> bool {
    let line = asked.lines().next().unwrap_or_default();
    let first = prose::words(line).next().unwrap_or_default();
    WRITE.iter().any(|w| first.eq_ignore_ascii_case(w))
        && prose::mentions(line, &TEXTS)
        && !prose::mentions(
            line,
            &[
                "title", "name", "word", "line", "subject", "heading", "headline", "short", "emoji",
            ],
        )
}

fn wants_one_word(asked: &str) -> bool {
    asked.len() < SMALL_QUESTION && prose::mentions(asked, &BRIEF)
}

#[cfg(test)]
mod tests {
    use super::super::{
        Call,
        tests::{finds, lines, text},
    };
    use super::*;

    #[test]
    fn nothing_is_empty_unless_there_are_calls_or_it_was_cut() {
        for nothing in ["", " \n\t", "\u{200B}\u{FEFF}"] {
            let x = text("Why?", nothing);
            assert!(finds(&x, Finding::Empty), "{nothing:?}");
            let calls = [Call {
                name: "look",
                arguments: "{}",
            }];
            for fine in [
                Exchange {
                    ended: Ended::Length,
                    ..x
                },
                Exchange {
                    ended: Ended::Other,
                    ..x
                },
                Exchange {
                    ended: Ended::Tools,
                    calls: &calls,
                    ..x
                },
            ] {
                assert!(!finds(&fine, Finding::Empty));
            }
            assert!(finds(
                &Exchange {
                    ended: Ended::Tools,
                    ..x
                },
                Finding::Empty
            ));
        }
    }

    #[test]
    fn signs_alone_and_a_word_for_an_essay_are_too_short() {
        for (asked, answer) in [
            ("Why is the sky blue?", "."),
            ("Why is the sky blue?", "```"),
            ("Write an essay about rivers.", "Rivers are long."),
        ] {
            assert!(finds(&text(asked, answer), Finding::TooShort), "{answer}");
        }
        for (asked, answer) in [
            ("What is 6 times 7?", "42"),
            ("Which letter?", "B"),
            ("Weather? Emoji only.", "☀️"),
            ("Which operator compares?", "=="),
            ("Is it `<` or `>`?", "<"),
            ("Write a title for an essay about rivers.", "Blue Roads"),
            ("为什么？", "不"),
        ] {
            assert!(!finds(&text(asked, answer), Finding::TooShort), "{answer}");
        }
    }

    #[test]
    fn pages_for_one_word_are_too_long() {
        let pages = "It depends on what is meant by the question. ".repeat(200);
        assert!(finds(
            &text("Is 7 a prime? Answer with one word.", &pages),
            Finding::TooLong
        ));
        assert!(!finds(
            &text("Tell me about primes.", &pages),
            Finding::TooLong
        ));
        let book = lines(0..40_000, |n| format!("{n} is odd; "));
        assert!(finds(
            &text("Tell me about primes.", &book),
            Finding::TooLong
        ));
        assert!(!finds(
            &Exchange {
                ended: Ended::Length,
                ..text("Go", &book)
            },
            Finding::TooLong
        ));
    }
}
