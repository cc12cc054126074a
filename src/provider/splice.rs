//! Where two answers become one: what a second provider says is joined to what the caller already has, so that
//! nothing repeats and nothing is missing. Without proof that both agree there is no joint.
//!
//! What counts as proof depends on how the second provider was asked:
//! - any answer that begins with all that was said is that answer, whatever came before;
//! - one that was asked to go on ([`Manner::Continue`]) has to repeat the last words ([`anchor`]), and what comes after
//!   them is the rest;
//! - one that was given the text as its own beginning ([`Manner::Prefill`]) goes on by itself.

mod exact;
mod text;

use super::chat::Delta;
use crate::model::event::Manner;
use exact::Exact;
use text::Loose;

pub use text::anchor;

/// What the caller has of an answer that broke off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Call { name: String, arguments: String },
}

/// How far the joint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Not enough has been heard to say.
    Listening,
    /// From here on everything is new to the caller.
    Joined,
    /// This is another answer.
    Apart,
}

/// Joins one answer to another.
#[derive(Debug)]
pub struct Splicer {
    matcher: Option<Matcher>,
    /// Tokens of the answer that the second provider did not write.
    tokens: u64,
}

#[derive(Debug)]
enum Matcher {
    Loose(Loose),
    Exact(Exact),
}

/// What a matcher makes of a delta.
pub(crate) enum Found {
    More,
    /// What of it is new. The flag: the second provider wrote the whole answer itself.
    Joint {
        rest: Vec<Delta>,
        whole: bool,
    },
    Apart,
}

impl Said {
    pub(crate) fn new(pieces: Vec<Piece>) -> Self {
        Self(pieces)
    }

    /// The text, when there is nothing else.
    pub fn text(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub fn chars(&self) -> u64 {
        let of = |p: &Piece| match p {
            Piece::Text(text) => text.chars().count(),
            Piece::Call { arguments, .. } => arguments.chars().count(),
        };
        self.0.iter().map(|p| of(p) as u64).sum()
    }
}

impl Splicer {
    pub fn new(said: Said, manner: Manner) -> Self {
        let tokens = said.chars() / 4;
        let matcher = match said.text() {
            Some(text) if manner != Manner::Restart => Matcher::Loose(Loose::new(text, manner)),
            _ => Matcher::Exact(Exact::new(said.0)),
        };
        Self {
            matcher: Some(matcher),
            tokens,
        }
    }

    /// Takes what one event of the second provider says, and leaves of it what the caller is to see.
    pub fn pass(&mut self, deltas: &mut Vec<Delta>) -> Step {
        for delta in std::mem::take(deltas) {
            match delta {
                // The head has been told, and reasoning after content has no place in any dialect.
                Delta::Start { .. } | Delta::Reasoning(_) | Delta::Signature(_) => {
                    deltas.push(Delta::Life);
                }
                Delta::Text(_)
                | Delta::ToolStart { .. }
                | Delta::ToolArgs { .. }
                | Delta::Finish(_) => {
                    if self.hear(delta, deltas).is_none() {
                        return Step::Apart;
                    }
                }
                other => deltas.push(other),
            }
        }
        // Whether the bill is for the whole answer may be known only by the end of the event that brings it.
        for delta in deltas {
            if let Delta::Usage(usage) = delta {
                usage.output += self.tokens;
            }
        }
        if self.matcher.is_some() {
            Step::Listening
        } else {
            Step::Joined
        }
    }

    /// None: this is another answer.
    fn hear(&mut self, delta: Delta, out: &mut Vec<Delta>) -> Option<()> {
        let found = match &mut self.matcher {
            None => {
                out.push(delta);
                return Some(());
            }
            Some(Matcher::Loose(m)) => m.hear(delta),
            Some(Matcher::Exact(m)) => m.hear(delta),
        };
        match found {
            Found::Apart => return None,
            Found::More => out.push(Delta::Life),
            Found::Joint { rest, whole } => {
                self.matcher = None;
                if whole {
                    self.tokens = 0;
                }
                out.extend(rest);
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
