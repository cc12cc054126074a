//! What this replica knows of everything that was told, and which of two notes about one thing holds. Pure.

use crate::model::{Wall, fleet::Note};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, time::Duration};

/// How long a note is kept. A force lasts a day at most, so whatever a note took back is over by then.
pub(super) const KEEP: Duration = Duration::from_hours(25);
/// Lua counts in floating point: whole numbers are exact up to here.
const EXACT: u64 = 1 << 53;

/// When something was told, in an order that all replicas agree on.
///
/// The epoch is a hybrid clock: milliseconds of wall time, but always more than everything that was seen before. So
/// whoever acts knowing of another act comes after it, whatever the clocks say; only acts on two sides of a
/// partition are put in order by the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Stamp {
    pub(super) epoch: u64,
    /// Tells two replicas apart that act in the same millisecond.
    pub(super) tie: u32,
}

/// A note as it goes through Redis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Letter {
    #[serde(flatten)]
    pub(super) stamp: Stamp,
    pub(super) replica: String,
    #[serde(flatten)]
    pub(super) note: Note,
}

impl Letter {
    fn is_stale(&self, now: Wall) -> bool {
        Wall(self.stamp.epoch) + KEEP < now
    }
}

/// The last letter about each thing.
#[derive(Debug)]
pub(super) struct Board {
    replica: String,
    tie: u32,
    latest: u64,
    letters: BTreeMap<String, Letter>,
}

impl Board {
    pub(super) fn new(replica: &str) -> Self {
        let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(replica));
        Self {
            replica: replica.to_owned(),
            tie: u32::from_be_bytes([a, b, c, d]),
            latest: 0,
            letters: BTreeMap::new(),
        }
    }

    /// Something happened here: it comes after everything that is known.
    pub(super) fn post(&mut self, note: Note, now: Wall) -> Letter {
        self.latest = now.0.max(self.latest + 1);
        let letter = Letter {
            stamp: Stamp {
                epoch: self.latest,
                tie: self.tie,
            },
            replica: self.replica.clone(),
            note,
        };
        self.letters.insert(letter.note.about(), letter.clone());
        letter
    }

    /// Something was told elsewhere. Whether it is news, and so has to be carried out here.
    pub(super) fn merge(&mut self, letter: &Letter, now: Wall) -> bool {
        if letter.is_stale(now) || letter.stamp.epoch >= EXACT {
            return false;
        }
        self.latest = self.latest.max(letter.stamp.epoch);
        let about = letter.note.about();
        let known = self.letters.get(&about);
        if known.is_some_and(|known| known.stamp >= letter.stamp) {
            return false;
        }
        self.letters.insert(about, letter.clone());
        true
    }

    /// What is known here, and there not or not as newly.
    pub(super) fn unknown_to(&mut self, there: &[Letter], now: Wall) -> Vec<Letter> {
        self.letters.retain(|_, letter| !letter.is_stale(now));
        let stamps: BTreeMap<_, _> = there.iter().map(|l| (l.note.about(), l.stamp)).collect();
        self.letters
            .iter()
            .filter(|(about, l)| stamps.get(*about).is_none_or(|theirs| *theirs < l.stamp))
            .map(|(_, l)| l.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests;
