//! JSON where JSON was asked for.

use super::{Ended, Exchange, Finding, Findings, Format, schema};
use serde::de::IgnoredAny;

/// Longer texts are not parsed.
const LONGEST: usize = 256 * 1024;

pub(super) fn check(x: &Exchange<'_>, found: &mut Findings) {
    // A text that was cut is no JSON, and that is not its provider's fault.
    if matches!(x.ended, Ended::Length | Ended::Other) {
        return;
    }
    if x.calls.iter().any(|call| !is_arguments(call.arguments)) {
        found.add(Finding::BadArguments);
    }
    let text = x.answer.trim();
    if x.ended != Ended::Whole || !x.calls.is_empty() || text.is_empty() || text.len() > LONGEST {
        return;
    }
    let wrong = match x.format {
        Format::Json if !(is_json(text) && text.starts_with(['{', '['])) => Finding::InvalidJson,
        Format::Schema(_) if !is_json(text) => Finding::InvalidJson,
        Format::Schema(wanted) if !schema::fits(wanted, text) => Finding::SchemaMismatch,
        Format::Text | Format::Json | Format::Schema(_) => return,
    };
    found.add(wrong);
}

/// Whether the answer is data or markup: its repetitions and its words are not those of a text.
pub(super) fn is_document(x: &Exchange<'_>) -> bool {
    let text = x.answer.trim_start();
    let is_array = || {
        let inside = text.strip_prefix('[').map(str::trim_start);
        inside.is_some_and(|i| i.starts_with(|c: char| c.is_ascii_digit() || "{[\"-".contains(c)))
    };
    !matches!(x.format, Format::Text) || text.starts_with(['{', '<']) || is_array()
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Tools without parameters are called with nothing by some.
fn is_arguments(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.len() > LONGEST || (text.starts_with('{') && is_json(text))
}

#[cfg(test)]
mod tests {
    use super::super::{
        Call,
        tests::{finds, text},
    };
    use super::*;

    fn json(answer: &str) -> Exchange<'_> {
        Exchange {
            format: Format::Json,
            ..text("As JSON, please.", answer)
        }
    }

    #[test]
    fn what_no_parser_takes_is_no_json() {
        for bad in [
            "{\"a\": 1",
            "{'a': 1}",
            "Here you are: {\"a\": 1}",
            "```json\n{\"a\": 1}\n```",
            "{\"a\": 1} and more",
            "yes",
            "1",
        ] {
            assert!(finds(&json(bad), Finding::InvalidJson), "{bad}");
            assert!(!finds(
                &Exchange {
                    ended: Ended::Length,
                    ..json(bad)
                },
                Finding::InvalidJson
            ));
            assert!(!finds(&text("As you like.", bad), Finding::InvalidJson));
        }
        for good in [
            "{\"a\": [1, 2.5e3, null], \"ü\": \"道\"}",
            "\n[]\n",
            "{\"lone\": \"\\ud800\", \"n\": 1e999}",
        ] {
            assert!(!finds(&json(good), Finding::InvalidJson), "{good}");
        }
    }

    #[test]
    fn arguments_are_an_object_or_nothing() {
        for (arguments, bad) in [
            ("{\"city\": \"Oslo\"}", false),
            ("", false),
            ("{}", false),
            ("{\"city\": \"Os", true),
            ("\"Oslo\"", true),
            ("[1]", true),
            ("null", true),
        ] {
            let calls = [Call {
                name: "weather",
                arguments,
            }];
            let x = Exchange {
                ended: Ended::Tools,
                calls: &calls,
                ..text("Weather?", "")
            };
            assert_eq!(finds(&x, Finding::BadArguments), bad, "{arguments}");
            assert!(!finds(
                &Exchange {
                    ended: Ended::Length,
                    ..x
                },
                Finding::BadArguments
            ));
        }
    }

    #[test]
    fn data_is_not_read_as_a_text() {
        let rows = format!(
            "[{}]",
            vec!["{\"state\": \"the same as before\"}"; 20].join(", ")
        );
        assert!(is_document(&text("?", &rows)));
        assert!(!is_document(&text("?", "[Scene: a mill.]")));
        assert!(!finds(&json(&rows), Finding::Repetition));
    }
}
