//! What a judge replied: a score and a reason, or the name of what is wrong. Whatever is not exactly what was asked
//! for is no score, and never a score of 0.

use crate::provider::chat::Finish;
use serde::Deserialize;
use std::fmt;

/// What a judge must reply.
#[derive(Debug, Clone, Deserialize, PartialEq)]
pub(super) struct Score {
    pub(super) score: f64,
    pub(super) reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum NoScore {
    /// Not one JSON object with a number and a text.
    Unparsable,
    OutOfRange(f64),
    Refused,
    /// Its reply ends before it is complete.
    Truncated,
    Empty,
}

impl fmt::Display for NoScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unparsable => f.write_str("its reply is not the JSON that was asked for"),
            Self::OutOfRange(score) => write!(f, "its score {score} is not within 0 and 1"),
            Self::Refused => f.write_str("it refused to grade"),
            Self::Truncated => f.write_str("its reply breaks off"),
            Self::Empty => f.write_str("its reply is empty"),
        }
    }
}

/// Exactly one JSON object, perhaps in one code fence. Further keys do no harm; a key twice does.
pub(super) fn read(text: &str, finish: Option<Finish>) -> Result<Score, NoScore> {
    match finish {
        Some(Finish::Policy | Finish::Refusal) => return Err(NoScore::Refused),
        Some(Finish::Length) => return Err(NoScore::Truncated),
        Some(Finish::Stop | Finish::ToolUse | Finish::Pause) | None => {}
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(NoScore::Empty);
    }
    let object = unfenced(text)?;
    if !object.starts_with('{') {
        return Err(if refuses(object) {
            NoScore::Refused
        } else {
            NoScore::Unparsable
        });
    }
    let mut reply: Score = serde_json::from_str(object).map_err(|e| {
        if e.is_eof() {
            NoScore::Truncated
        } else {
            NoScore::Unparsable
        }
    })?;
    if !(0.0..=1.0).contains(&reply.score) {
        return Err(NoScore::OutOfRange(reply.score));
    }
    // It goes to terminals and logs, and somebody else's text had a hand in it.
    let reason = reply.reason.replace(char::is_control, " ");
    reason.trim().clone_into(&mut reply.reason);
    Ok(reply)
}

/// What stands in a code fence, or the text as it is.
fn unfenced(text: &str) -> Result<&str, NoScore> {
    let Some(inner) = text.strip_prefix("```") else {
        return Ok(text);
    };
    let Some(inner) = inner.strip_suffix("```") else {
        let closed = inner.contains("```");
        return Err(if closed {
            NoScore::Unparsable
        } else {
            NoScore::Truncated
        });
    };
    let inner = inner.strip_prefix("json").unwrap_or(inner);
    Ok(inner.trim())
}

/// Prose in which a model says that it will not. Only the name of the failure depends on it.
fn refuses(prose: &str) -> bool {
    const WORDS: [&str; 10] = [
        "i can't",
        "i can\u{2019}t",
        "i cannot",
        "i can not",
        "i won't",
        "i won\u{2019}t",
        "i'm sorry",
        "i\u{2019}m sorry",
        "i am unable",
        "i'm unable",
    ];
    let head: String = prose.chars().take(200).collect::<String>().to_lowercase();
    WORDS.iter().any(|words| head.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_is_a_score_and_may_stand_in_one_code_fence() {
        let score = Score {
            score: 0.4,
            reason: "thin".to_owned(),
        };
        for good in [
            r#"{"score": 0.4, "reason": "thin"}"#,
            "\n  {\"reason\": \"thin\", \"score\": 4e-1}\n",
            "```json\n{\"score\": 0.4, \"reason\": \"thin\"}\n```",
            "```\n{\"score\": 0.4, \"reason\": \"thin\"}\n```\n",
            r#"{"score": 0.4, "reason": "thin", "language": "en"}"#,
        ] {
            assert_eq!(read(good, Some(Finish::Stop)), Ok(score.clone()), "{good}");
        }
        for (edge, value) in [("0", 0.0), ("1", 1.0), ("1.0", 1.0)] {
            let text = format!(r#"{{"score": {edge}, "reason": ""}}"#);
            assert_eq!(read(&text, None).map(|s| s.score), Ok(value));
        }
    }

    #[test]
    fn everything_else_is_no_score_and_says_what_it_is() {
        use NoScore::{Empty, OutOfRange, Refused, Truncated, Unparsable};
        for (reply, why) in [
            ("", Empty),
            (" \n", Empty),
            ("0.8", Unparsable),
            ("I would say 0.8", Unparsable),
            ("I cannot grade this.", Refused),
            (
                "I\u{2019}m sorry, but I can\u{2019}t help with that.",
                Refused,
            ),
            (r#"{"score": 1.2, "reason": "r"}"#, OutOfRange(1.2)),
            (r#"{"score": -0.1, "reason": "r"}"#, OutOfRange(-0.1)),
            (r#"{"score": 85, "reason": "r"}"#, OutOfRange(85.0)),
            (r#"{"score": 0.4"#, Truncated),
            (r#"{"score": 0.4, "reason": "the answer is"#, Truncated),
            ("{", Truncated),
            ("```json\n{\"score\": 0.4, \"reason\": \"r\"}", Truncated),
            (r#"{"score": "high", "reason": "r"}"#, Unparsable),
            (r#"{"score": "0.9", "reason": "r"}"#, Unparsable),
            (r#"{"score": null, "reason": "r"}"#, Unparsable),
            (r#"{"score": NaN, "reason": "r"}"#, Unparsable),
            (r#"{"score": 1e999, "reason": "r"}"#, Unparsable),
            (r#"{"score": [0.9], "reason": "r"}"#, Unparsable),
            (r#"{"score": 0.4}"#, Unparsable),
            (r#"{"score": 0.4, "reason": 7}"#, Unparsable),
            (r#"{"reason": "r"}"#, Unparsable),
            (r#"{"score": 0.1, "score": 1.0, "reason": "r"}"#, Unparsable),
            (
                r#"{"score": 0.1, "reason": "r", "reason": "s"}"#,
                Unparsable,
            ),
            (
                r#"{"score": 0.1, "reason": "r"} {"score": 1.0, "reason": "r"}"#,
                Unparsable,
            ),
            (
                r#"{"score": 0.1, "reason": "r"} I hope this helps."#,
                Unparsable,
            ),
            (
                "```json\n{\"score\": 1, \"reason\": \"r\"}\n```\nI hope this helps.",
                Unparsable,
            ),
            (r#"Here it is: {"score": 0.1, "reason": "r"}"#, Unparsable),
            (r#"[{"score": 0.1, "reason": "r"}]"#, Unparsable),
            (r#"[0.1, "r"]"#, Unparsable),
            (
                "```json\n{\"score\": 1, \"reason\": \"r\"}\n```\n```json\n{\"score\": 0, \"reason\": \"r\"}\n```",
                Unparsable,
            ),
        ] {
            assert_eq!(read(reply, None), Err(why), "{reply}");
        }
    }

    #[test]
    fn the_providers_word_about_the_end_goes_before_the_text() {
        let whole = r#"{"score": 0.9, "reason": "r"}"#;
        for (finish, why) in [
            (Finish::Length, NoScore::Truncated),
            (Finish::Policy, NoScore::Refused),
            (Finish::Refusal, NoScore::Refused),
        ] {
            assert_eq!(read(whole, Some(finish)), Err(why));
        }
    }

    #[test]
    fn a_reason_cannot_write_to_the_terminal_that_shows_it() {
        let reply = r#"{"score": 0.9, "reason": "fine\u001b[2J\nreally"}"#;
        let score = read(reply, None).map(|s| s.reason);
        assert_eq!(score.as_deref(), Ok("fine [2J really"));
    }
}
