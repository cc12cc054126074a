//! One kept answer.

use super::canon::Hash;
use crate::{
    model::Wall,
    provider::chat::{Answer, Finish},
};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc, time::Duration};

/// A clock that was set back by more than this makes entries "of the future", and those are worth nothing.
const CLOCK_SKEW: Duration = Duration::from_mins(5);

/// How much one answer may weigh.
const MAX_ANSWER: usize = 1024 * 1024;

/// What an entry costs besides its answer: keys, counters, the tables' own nodes.
const OVERHEAD: usize = 256;

pub(super) struct Entry {
    /// The question that was asked, to the letter.
    pub(super) exact: Hash,
    pub(super) at: Wall,
    pub(super) answer: Arc<Answer>,
    /// Of the encoded answer.
    len: usize,
}

/// Why an answer is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotStored {
    /// Rung 3 said it, no model.
    Canned,
    /// It was cut short, or never said that it was whole.
    Cut,
    /// Nothing a caller could use.
    Empty,
    /// A safety system or the model itself refused.
    Refused,
    TooLarge,
}

impl fmt::Display for NotStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Canned => "canned answers are not kept",
            Self::Cut => "the answer is not whole",
            Self::Empty => "the answer is empty",
            Self::Refused => "refusals are not kept",
            Self::TooLarge => "the answer is over 1 MiB",
        })
    }
}

impl std::error::Error for NotStored {}

impl Entry {
    /// The entry, and what the store keeps of it.
    pub(super) fn new(
        exact: Hash,
        answer: &Answer,
        at: Wall,
    ) -> Result<(Self, Vec<u8>), NotStored> {
        if answer.model.starts_with("breakerbox/") {
            return Err(NotStored::Canned);
        }
        match answer.finish {
            Some(Finish::Stop | Finish::ToolUse) => {}
            Some(Finish::Policy | Finish::Refusal) => return Err(NotStored::Refused),
            Some(Finish::Length | Finish::Pause) | None => return Err(NotStored::Cut),
        }
        if answer.is_empty() {
            return Err(NotStored::Empty);
        }
        let answer = Arc::new(answer.clone());
        let mut entry = Self {
            exact,
            at,
            answer,
            len: 0,
        };
        let bytes = entry.encode();
        if bytes.len() > MAX_ANSWER {
            return Err(NotStored::TooLarge);
        }
        entry.len = bytes.len();
        Ok((entry, bytes))
    }

    /// None: it lies in the future.
    pub(super) fn age(&self, now: Wall) -> Option<Duration> {
        (self.at <= now + CLOCK_SKEW).then(|| now.since(self.at))
    }

    pub(super) fn weight(&self) -> u32 {
        u32::try_from(self.len + OVERHEAD).unwrap_or(u32::MAX)
    }

    /// Time, checksum, question, then the answer as JSON.
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        bytes.extend(self.exact);
        serde_json::to_writer(&mut bytes, &*self.answer).expect("an answer has only string keys");
        let sum = checksum(self.at, &bytes);
        [&self.at.0.to_le_bytes(), &sum, bytes.as_slice()].concat()
    }

    /// None: not bytes that [`Entry::new`] gave. A damaged answer is no answer.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let at = made_at(bytes);
        let (_, rest) = bytes.split_first_chunk::<8>()?;
        let (sum, rest) = rest.split_first_chunk::<8>()?;
        if *sum != checksum(at, rest) {
            return None;
        }
        let (&exact, json) = rest.split_first_chunk()?;
        Some(Self {
            exact,
            at,
            answer: serde_json::from_slice(json).ok()?,
            len: bytes.len(),
        })
    }
}

/// When the entry of these bytes was made, without reading its answer.
pub(super) fn made_at(bytes: &[u8]) -> Wall {
    Wall(bytes.first_chunk().map_or(0, |at| u64::from_le_bytes(*at)))
}

fn checksum(at: Wall, rest: &[u8]) -> [u8; 8] {
    let hash = Sha256::new()
        .chain_update(at.0.to_le_bytes())
        .chain_update(rest)
        .finalize();
    *hash.first_chunk().expect("a SHA-256 has 32 bytes")
}
