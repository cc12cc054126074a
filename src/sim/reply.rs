//! What the simulated model says, before a dialect writes it down.

use super::ask::{Ask, tokens};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    pub(super) thinking: Option<String>,
    pub(super) text: String,
    pub(super) calls: Vec<Call>,
    pub(super) stop: Stop,
    pub(super) usage: Usage,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) args: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    End,
    Length,
    Sequence(String),
    Tool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) input: u64,
    /// Without `thought`.
    pub(super) output: u64,
    pub(super) thought: u64,
}

impl Reply {
    pub(super) fn text(ask: &Ask, thinking: Option<String>, text: String) -> Self {
        let (text, stop) = cut_at_stop(text, &ask.stop);
        let thought = thinking.as_deref().map_or(0, tokens);
        let room = ask.max_tokens.map(|max| max.saturating_sub(thought));
        let (text, stop) = match room {
            Some(room) if tokens(&text) > room => (head(&text, room), Stop::Length),
            _ => (text, stop),
        };
        let usage = Usage {
            input: ask.input_tokens(),
            output: tokens(&text),
            thought,
        };
        Self {
            thinking,
            text,
            calls: Vec::new(),
            stop,
            usage,
        }
    }

    /// A tool call, with a word before it where the vendor likes to say one.
    pub(super) fn call(ask: &Ask, thinking: Option<String>, text: String, call: Call) -> Self {
        let usage = Usage {
            input: ask.input_tokens(),
            output: tokens(&text) + tokens(&call.name) + tokens(&call.args.to_string()) + 6,
            thought: thinking.as_deref().map_or(0, tokens),
        };
        Self {
            thinking,
            text,
            calls: vec![call],
            stop: Stop::Tool,
            usage,
        }
    }
}

fn cut_at_stop(text: String, stops: &[String]) -> (String, Stop) {
    let first = stops
        .iter()
        .filter(|stop| !stop.is_empty())
        .filter_map(|stop| text.split_once(stop.as_str()).map(|(head, _)| (head, stop)))
        .min_by_key(|(head, _)| head.len());
    match first {
        Some((head, stop)) => (head.to_owned(), Stop::Sequence(stop.clone())),
        None => (text, Stop::End),
    }
}

fn head(text: &str, tokens: u64) -> String {
    let chars = usize::try_from(tokens.saturating_mul(4)).unwrap_or(usize::MAX);
    text.chars().take(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_stop_sequence_wins_and_is_not_part_of_the_text() {
        let ask = Ask {
            stop: vec!["END".into(), "two".into()],
            ..Ask::default()
        };
        let reply = Reply::text(&ask, None, "one two three END".into());
        assert_eq!(reply.text, "one ");
        assert_eq!(reply.stop, Stop::Sequence("two".into()));
    }

    #[test]
    fn an_answer_over_the_limit_is_cut_to_exactly_the_limit() {
        let ask = Ask {
            max_tokens: Some(3),
            ..Ask::default()
        };
        let reply = Reply::text(&ask, None, "ä".repeat(100));
        assert_eq!((reply.usage.output, &reply.stop), (3, &Stop::Length));
    }
}
