//! Under what an answer is kept: a scope that must agree in everything, and the question inside it.

use super::{
    ask::Ask,
    canon::{Canon, Hash},
    normal::normalise,
};
use crate::model::{Dialect, RouteId};
use std::fmt;

/// Hashes only: no prompt is ever kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// Tenant, route, system prompt, history, tools, format and sampling: these agree to the letter, or it is another
    /// question.
    pub(super) scope: Hash,
    /// The question to the letter.
    pub(super) exact: Hash,
    /// The scope and the question with its spelling evened out: where the entry lies.
    pub(super) normal: Hash,
}

/// The key of a request; none when its answer is not to be kept or served from what was kept: the last message is
/// not the user's own words (a tool's result, a prefill), it carries pictures or files, it asks for several answers
/// or for variety (`n` over 1, `temperature` over 1), for live data, or it cannot be read.
///
/// The order and spacing of JSON make no difference, nor which door it came through, unless the body says something
/// that only one dialect can say. `tenant` is whoever was authenticated, never what a header claims.
pub fn key(door: Dialect, route: &RouteId, tenant: Option<&str>, body: &[u8]) -> Option<Key> {
    let ask = Ask::read(door, body)?;
    let mut canon = Canon::new("scope 1");
    canon.text(route).optional(tenant);
    canon.optional(ask.is_of_one_door().then_some(door.as_str()));
    canon.count(ask.system.len());
    for text in &ask.system {
        canon.text(text);
    }
    canon.count(ask.history.len());
    for turn in &ask.history {
        turn.write(&mut canon);
    }
    ask.settings.write(&mut canon);
    Some(Key::of(canon.hash(), &ask.question))
}

impl Key {
    fn of(scope: Hash, question: &[String]) -> Self {
        let mut letter = Canon::new("letter");
        letter.bytes(&scope);
        for text in question {
            letter.text(text);
        }
        let exact = letter.hash();
        // Several texts in one message are documents as often as prose; their spelling is left alone.
        let normal = if let [text] = question {
            Canon::new("normal")
                .bytes(&scope)
                .text(&normalise(text))
                .hash()
        } else {
            exact
        };
        Self {
            scope,
            exact,
            normal,
        }
    }

    /// The same question to another model family: an answer of one is not the answer of the other.
    #[must_use]
    pub fn for_family(self, family: &str) -> Self {
        let with = |hash: &Hash| Canon::new("family").text(family).bytes(hash).hash();
        Self {
            scope: with(&self.scope),
            exact: with(&self.exact),
            normal: with(&self.normal),
        }
    }
}

/// Enough of it to tell two entries apart in a log.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self
            .normal
            .first_chunk()
            .map_or(0, |start| u32::from_be_bytes(*start));
        write!(f, "Key({start:08x})")
    }
}

#[cfg(test)]
mod tests;
