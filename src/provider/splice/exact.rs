//! An answer that begins, piece by piece, with all that was said: the only joint for calls of tools and for JSON,
//! where half of one answer and half of another are neither.

use super::{Found, Piece};
use crate::provider::chat::Delta;
use std::collections::VecDeque;

#[derive(Debug)]
pub(super) struct Exact {
    /// What has not been repeated yet.
    left: VecDeque<Piece>,
    /// The call that is being repeated.
    calling: Option<u32>,
}

impl Exact {
    pub(super) fn new(said: Vec<Piece>) -> Self {
        Self {
            left: said.into(),
            calling: None,
        }
    }

    pub(super) fn hear(&mut self, delta: Delta) -> Found {
        match delta {
            Delta::Text(text) => self.text(&text),
            Delta::ToolStart {
                index, ref name, ..
            } => {
                if self.is_repeated() {
                    return new(vec![delta]);
                }
                self.start(index, name)
            }
            Delta::ToolArgs { index, ref json } => {
                if self.calling == Some(index) {
                    self.arguments(index, json)
                } else if self.is_repeated() {
                    new(vec![delta])
                } else {
                    Found::Apart
                }
            }
            delta if self.is_repeated() => new(vec![delta]),
            _ => Found::Apart,
        }
    }

    /// Nothing is left to repeat, or the rest of a call whose arguments all came.
    fn is_repeated(&self) -> bool {
        match self.left.front() {
            None => true,
            Some(Piece::Text(text)) => text.is_empty() && self.left.len() == 1,
            Some(Piece::Call { arguments, .. }) => {
                self.calling.is_some() && arguments.is_empty() && self.left.len() == 1
            }
        }
    }

    fn text(&mut self, heard: &str) -> Found {
        let Some(Piece::Text(text)) = self.left.front_mut() else {
            return if self.is_repeated() {
                new(vec![Delta::Text(heard.to_owned())])
            } else {
                Found::Apart
            };
        };
        match rest(text, heard) {
            Some("") => Found::More,
            Some(more) if self.left.len() == 1 => new(vec![Delta::Text(more.to_owned())]),
            _ => Found::Apart,
        }
    }

    fn start(&mut self, index: u32, heard: &str) -> Found {
        // What stood before the call has to be over.
        let over = match self.left.front() {
            Some(Piece::Text(text)) => text.is_empty(),
            Some(Piece::Call { arguments, .. }) => self.calling.is_some() && arguments.is_empty(),
            None => false,
        };
        if over {
            self.left.pop_front();
        } else if self.calling.is_some() || matches!(self.left.front(), Some(Piece::Text(_))) {
            return Found::Apart;
        }
        match self.left.front() {
            Some(Piece::Call { name, .. }) if name == heard => {
                self.calling = Some(index);
                Found::More
            }
            _ => Found::Apart,
        }
    }

    fn arguments(&mut self, index: u32, heard: &str) -> Found {
        let Some(Piece::Call { arguments, .. }) = self.left.front_mut() else {
            return Found::Apart;
        };
        match rest(arguments, heard) {
            Some("") => Found::More,
            Some(more) if self.left.len() == 1 => new(vec![Delta::ToolArgs {
                index,
                json: more.to_owned(),
            }]),
            _ => Found::Apart,
        }
    }
}

/// Takes off `said` what `heard` repeats of it; what of `heard` is new, and none when they differ.
fn rest<'h>(said: &mut String, heard: &'h str) -> Option<&'h str> {
    if let Some(more) = heard.strip_prefix(said.as_str()) {
        said.clear();
        return Some(more);
    }
    let left = said.strip_prefix(heard)?.to_owned();
    *said = left;
    Some("")
}

fn new(rest: Vec<Delta>) -> Found {
    Found::Joint { rest, whole: true }
}
