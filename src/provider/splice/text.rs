//! The joint of two texts.

use super::{Found, Manner};
use crate::provider::chat::Delta;
use memchr::memmem;

/// The last words that are quoted: long enough that they do not stand together by chance, short enough to be copied.
const ANCHOR: std::ops::Range<usize> = 48..96;
/// Fewer characters in common with the beginning are a coincidence; more are an answer that starts over.
const ECHO: usize = 32;
/// Fewer characters or words than this are no repetition of the last words.
const REPEATED: usize = 8;
const WORDS: usize = 2;
/// How far back a repetition of the last words may begin.
const BACK: usize = 400;
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
    /// Bytes that what was heard has in common with the beginning of what was said.
    echoed: usize,
    /// Where the repetitions begin that are still possible, the longest first.
    tails: Vec<usize>,
    /// Bytes of what was heard that the anchor is not in.
    searched: usize,
}

impl Loose {
    pub(super) fn new(said: &str, manner: Manner) -> Self {
        Self {
            said: said.to_owned(),
            anchor: anchor(said).to_owned(),
            manner,
            heard: String::new(),
            echoed: 0,
            tails: tails(said.trim_end()),
            searched: 0,
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
    fn look(&mut self, over: bool) -> Found {
        let found = self
            .starts_over(over)
            .or_else(|| match self.manner {
                Manner::Prefill => self.goes_on(over),
                Manner::Continue | Manner::Restart => self.repeats(over),
            })
            .or_else(|| self.comes_to_the_anchor(over));
        found.unwrap_or_else(|| {
            if over || self.heard.len() > self.said.len() + SLACK {
                Found::Apart
            } else {
                Found::More
            }
        })
    }

    /// The answer begins with all that was said.
    fn starts_over(&mut self, over: bool) -> Option<Found> {
        let (said, heard) = (self.said.as_bytes(), self.heard.as_bytes());
        let more = said.iter().zip(heard).skip(self.echoed);
        self.echoed += more.take_while(|(a, b)| a == b).count();
        if self.echoed == said.len() && (over || heard.len() > said.len()) {
            let rest = self.heard.get(self.echoed..).unwrap_or_default();
            return Some(joint(rest, true));
        }
        (self.echoed == heard.len() && !over).then_some(Found::More)
    }

    /// A prefilled answer goes on by itself, unless it is one that starts over differently.
    fn goes_on(&self, over: bool) -> Option<Found> {
        let quotes = self.heard.starts_with(&self.anchor);
        if quotes || self.echoed >= ECHO || !self.fits() {
            return None;
        }
        if self.anchor.starts_with(&self.heard) && !over {
            return Some(Found::More);
        }
        Some(self.after_space(&self.heard, over))
    }

    /// In the middle of a sentence nothing begins with a capital or a number, and without a space.
    fn fits(&self) -> bool {
        let said = self.said.trim_end();
        let middle = |c: char| c.is_alphanumeric() || c == ',';
        let begins = |c: char| c.is_uppercase() || c.is_numeric() || c == '#' || c == '*';
        let number = said.ends_with(char::is_numeric) && self.heard.starts_with(char::is_numeric);
        number || !(said.ends_with(middle) && self.heard.starts_with(begins))
    }

    /// The answer begins with the last words, however many of them; the longest repetition counts.
    fn repeats(&mut self, over: bool) -> Option<Found> {
        let heard = self.heard.trim_start_matches(is_quoting);
        let said = self.said.trim_end();
        let tail = |at: &usize| said.get(*at..).unwrap_or_default();
        self.tails
            .retain(|at| tail(at).starts_with(heard) || heard.starts_with(tail(at)));
        let mut possible = self.tails.iter().map(tail);
        let longest = if over {
            possible.find(|tail| heard.starts_with(tail))
        } else {
            possible.next()
        }?;
        Some(match heard.strip_prefix(longest) {
            Some(rest) => self.after_space(rest, over),
            None => Found::More,
        })
    }

    /// The answer comes to the last words after others. The whole of a short text is no proof in the middle of another.
    fn comes_to_the_anchor(&mut self, over: bool) -> Option<Found> {
        let needle = self.anchor.as_bytes();
        if self.anchor.chars().count() < ANCHOR.start {
            return None;
        }
        let from = self.searched.saturating_sub(needle.len());
        let Some(at) = memmem::find(self.heard.as_bytes().get(from..)?, needle) else {
            self.searched = self.heard.len();
            return None;
        };
        let rest = self.heard.get(from + at + needle.len()..)?;
        Some(self.after_space(rest, over))
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

/// What may stand before a quotation.
fn is_quoting(c: char) -> bool {
    c.is_whitespace() || "\u{2026}\"'`.\u{201c}\u{201e}".contains(c)
}

/// Where the last words begin, from many to few: whole words of scripts that part them by spaces.
fn tails(text: &str) -> Vec<usize> {
    let ends = text.char_indices().rev().take(BACK).skip(REPEATED - 1);
    let mut starts: Vec<usize> = ends
        .map(|(at, _)| at)
        .filter(|at| {
            let (before, tail) = text.split_at(*at);
            let Some(first) = tail.chars().next() else {
                return false;
            };
            let begins =
                before.is_empty() || before.ends_with(char::is_whitespace) || !first.is_ascii();
            let words = tail.split_whitespace().count();
            begins && !first.is_whitespace() && (words >= WORDS || !tail.is_ascii())
        })
        .collect();
    starts.reverse();
    starts
}

fn joint(rest: &str, whole: bool) -> Found {
    let text = (!rest.is_empty()).then(|| Delta::Text(rest.to_owned()));
    Found::Joint {
        rest: text.into_iter().collect(),
        whole,
    }
}

/// How many bytes both begin with, in whole characters.
fn shared(a: &str, b: &str) -> usize {
    a.chars()
        .zip(b.chars())
        .take_while(|(a, b)| a == b)
        .map(|(c, _)| c.len_utf8())
        .sum()
}
