//! The joint of two texts.

use super::{Found, Manner};
use crate::provider::chat::Delta;

/// The last words that are quoted: long enough that they do not stand together by chance, short enough to be copied.
const ANCHOR: std::ops::Range<usize> = 48..96;
/// Fewer characters in common with the beginning are a coincidence; more are an answer that starts over.
const ECHO: usize = 32;
/// How far past the length of what was said the last words are looked for: room for a few words before them.
const SLACK: usize = 400;

/// The last words of a text, without the white space behind them: what a provider that goes on has to repeat.
/// Longer where they stood in the text before, and all of it where it is short.
pub fn anchor(said: &str) -> &str {
    let text = said.trim_end();
    let starts: Vec<usize> = text.char_indices().rev().map(|(at, _)| at).collect();
    let tail = |n: usize| starts.get(n - 1).and_then(|at| text.get(*at..));
    let follows_space = |n: &usize| {
        starts
            .get(*n)
            .and_then(|at| text.get(*at..)?.chars().next())
            .is_some_and(char::is_whitespace)
    };
    let words = ANCHOR.clone().find(follows_space).unwrap_or(ANCHOR.start);
    std::iter::successors(Some(words), |n| n.checked_mul(2))
        .map_while(tail)
        .find(|tail| is_once(tail, text))
        .unwrap_or(text)
}

/// The tail stands nowhere else in the text.
fn is_once(tail: &str, text: &str) -> bool {
    text.find(tail) == Some(text.len() - tail.len())
}

/// Text against text, with other words allowed before the joint.
#[derive(Debug)]
pub(super) struct Loose {
    said: String,
    anchor: String,
    manner: Manner,
    heard: String,
}

impl Loose {
    pub(super) fn new(said: &str, manner: Manner) -> Self {
        Self {
            said: said.to_owned(),
            anchor: anchor(said).to_owned(),
            manner,
            heard: String::new(),
        }
    }

    pub(super) fn hear(&mut self, delta: Delta) -> Found {
        match delta {
            Delta::Text(text) => {
                self.heard.push_str(&text);
                self.look(false)
            }
            // A sentence that announced a call, and the call.
            Delta::ToolStart { .. } if self.heard.trim().is_empty() && self.is_sentence() => {
                Found::Joint {
                    rest: vec![delta],
                    whole: false,
                }
            }
            delta => match self.look(true) {
                Found::Joint { mut rest, whole } => {
                    rest.push(delta);
                    Found::Joint { rest, whole }
                }
                _ => Found::Apart,
            },
        }
    }

    fn is_sentence(&self) -> bool {
        self.said
            .trim_end()
            .ends_with(['.', ':', '!', '?', '\u{2026}', '\u{3002}'])
    }

    /// Looks for the joint in what has been heard; `over`: there will be no more text.
    fn look(&self, over: bool) -> Found {
        if let Some(rest) = self.heard.strip_prefix(&self.said)
            && (over || !rest.is_empty())
        {
            return joint(rest, true);
        }
        let shared = shared(&self.heard, &self.said);
        let starts_over = shared == self.heard.len();
        if starts_over && !over {
            return Found::More;
        }
        if self.manner == Manner::Prefill && shared < ECHO {
            let repeats = !over && self.anchor.starts_with(&self.heard);
            if !repeats && !self.heard.starts_with(&self.anchor) {
                return self.after_space(&self.heard, over);
            }
        }
        // The whole of a short text is no proof in the middle of another.
        if self.anchor.chars().count() >= ANCHOR.start
            && let Some((_, rest)) = self.heard.split_once(&self.anchor)
        {
            return self.after_space(rest, over);
        }
        let limit = self.said.len() + SLACK;
        if over || self.heard.len() > limit {
            Found::Apart
        } else {
            Found::More
        }
    }

    /// The white space at the end of what was said is not said twice.
    fn after_space(&self, rest: &str, over: bool) -> Found {
        let spaces = self
            .said
            .get(self.said.trim_end().len()..)
            .unwrap_or_default();
        let twice = shared(rest, spaces);
        if twice == rest.len() && !over {
            return Found::More;
        }
        joint(rest.get(twice..).unwrap_or_default(), false)
    }
}

fn joint(rest: &str, whole: bool) -> Found {
    let text = (!rest.is_empty()).then(|| Delta::Text(rest.to_owned()));
    Found::Joint {
        rest: text.into_iter().collect(),
        whole,
    }
}

/// How many bytes both begin with, in whole characters.
pub(super) fn shared(a: &str, b: &str) -> usize {
    a.chars()
        .zip(b.chars())
        .take_while(|(a, b)| a == b)
        .map(|(c, _)| c.len_utf8())
        .sum()
}
