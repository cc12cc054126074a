//! How a screen in another process comes to the router's snapshot and stays with it.
//!
//! Not events are sent and added up again, but what became of the snapshot that the router's own reducer made: the screen
//! shows the same numbers to the last digit, whenever it came. The router keeps a [`Mirror`] of what each screen has, and
//! sends what is missing in it; a screen that takes a message late gets one with more in it instead of many, so nothing
//! has to wait in a queue. All messages are bounded: the first has how things stand, and what fits of the history,
//! newest first; the rest comes with the next ones.

use super::{
    DeploymentId, Event, Snapshot,
    event::Exchanges,
    order::Role,
    request::{FailureView, RequestView},
    snapshot::{JudgedView, Point},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use tail::Change;
use uuid::Uuid;

use super::is_default;

mod patch;
mod tail;
#[cfg(test)]
mod tests;

/// Of these messages. Another one is another language.
pub const PROTOCOL: u32 = 1;
/// No message is longer, the first one included.
pub const MOST_BYTES: usize = 256 * 1024;
/// So often a share of history is halved until a message fits; then it has none.
const HALVES: u32 = 10;

/// What the router says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum ToScreen {
    /// The first.
    Hello(Hello),
    Update(Box<Update>),
    /// From now on it gets how things stand and no history, seldom; or all of it again.
    Pace {
        slow: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub protocol: u32,
    /// The router's.
    pub version: String,
    pub role: Role,
}

/// What a screen says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum FromScreen {
    Command {
        actor: String,
        /// In the one grammar.
        command: String,
        ticket: Uuid,
    },
    /// A message was missed: everything once more.
    Again,
}

/// What became of the snapshot since the message before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Update {
    /// Counts on by one; with 0 it begins anew, with nothing.
    n: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    standing: Option<Value>,
    #[serde(flatten)]
    lists: Lists,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Lists {
    #[serde(skip_serializing_if = "Option::is_none")]
    exchanges: Option<Change<(u64, Exchanges)>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Change<Arc<Event>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<Change<Arc<RequestView>>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    deployments: BTreeMap<DeploymentId, Histories>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Histories {
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<Change<Point>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<Change<JudgedView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<Change<FailureView>>,
}

/// What a screen has. The router's grows with what it sends, the screen's with what it gets.
#[derive(Debug, Clone, Default)]
pub struct Mirror {
    /// Of the next message.
    n: u64,
    standing: Value,
    held: Held,
    /// Of all history, how much of it: the newest.
    share: f64,
}

#[derive(Debug, Clone, Default)]
struct Held {
    exchanges: Arc<VecDeque<(u64, Exchanges)>>,
    events: Arc<VecDeque<Arc<Event>>>,
    requests: Arc<VecDeque<Arc<RequestView>>>,
    deployments: BTreeMap<DeploymentId, HeldOfOne>,
}

#[derive(Debug, Clone, Default)]
struct HeldOfOne {
    points: Arc<VecDeque<Point>>,
    scores: Arc<VecDeque<JudgedView>>,
    failures: Arc<VecDeque<FailureView>>,
}

impl Held {
    fn of(s: &Snapshot, share: f64) -> Self {
        let of_one = |d: &super::snapshot::DeploymentView| HeldOfOne {
            points: tail::newest(&d.points, share),
            scores: tail::newest(&d.scores, share),
            failures: tail::newest(&d.failures, share),
        };
        Self {
            exchanges: tail::newest(&s.exchanges, share),
            events: tail::newest(&s.events, share),
            requests: tail::newest(&s.requests, share),
            deployments: s
                .deployments
                .iter()
                .map(|d| (d.id.clone(), of_one(d)))
                .collect(),
        }
    }

    fn changes(&self, to: &Self) -> Lists {
        let deployments = to.deployments.iter().filter_map(|(id, new)| {
            let none = HeldOfOne::default();
            let old = self.deployments.get(id).unwrap_or(&none);
            let moved = Histories {
                points: between(&old.points, &new.points),
                scores: between(&old.scores, &new.scores),
                failures: between(&old.failures, &new.failures),
            };
            (moved != Histories::default()).then(|| (id.clone(), moved))
        });
        Lists {
            exchanges: between(&self.exchanges, &to.exchanges),
            events: between(&self.events, &to.events),
            requests: between(&self.requests, &to.requests),
            deployments: deployments.collect(),
        }
    }

    fn change(&mut self, lists: Lists) -> Result<(), String> {
        take(lists.exchanges, &mut self.exchanges)?;
        take(lists.events, &mut self.events)?;
        take(lists.requests, &mut self.requests)?;
        for (id, moved) in lists.deployments {
            let d = self.deployments.entry(id).or_default();
            take(moved.points, &mut d.points)?;
            take(moved.scores, &mut d.scores)?;
            take(moved.failures, &mut d.failures)?;
        }
        Ok(())
    }
}

fn between<T: Clone + PartialEq>(
    old: &Arc<VecDeque<T>>,
    new: &Arc<VecDeque<T>>,
) -> Option<Change<T>> {
    if Arc::ptr_eq(old, new) {
        return None;
    }
    Change::between(old, new)
}

fn take<T: Clone + PartialEq>(
    change: Option<Change<T>>,
    list: &mut Arc<VecDeque<T>>,
) -> Result<(), String> {
    change.map_or(Ok(()), |change| change.apply(list))
}

/// How much of the history is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// What is missing in the screen's, as much of it as fits.
    All,
    /// The screen keeps what it has.
    None,
}

impl Mirror {
    /// At the router: the message that brings the screen to `now`, or as near as one message can.
    pub fn send(&mut self, now: &Snapshot, history: History) -> Result<String, serde_json::Error> {
        let standing = serde_json::to_value(now.clone().standing())?;
        let patch = patch::diff(&self.standing, &standing);
        if history == History::None {
            let update = Update {
                n: self.n,
                standing: patch,
                lists: Lists::default(),
            };
            (self.standing, self.n) = (standing, self.n + 1);
            return serde_json::to_string(&ToScreen::Update(Box::new(update)));
        }
        for share in self.shares() {
            let held = Held::of(now, share);
            let update = Update {
                n: self.n,
                standing: patch.clone(),
                lists: self.held.changes(&held),
            };
            let text = serde_json::to_string(&ToScreen::Update(Box::new(update)))?;
            if text.len() <= MOST_BYTES || share == 0.0 {
                (self.standing, self.held, self.share) = (standing, held, share);
                self.n += 1;
                return Ok(text);
            }
        }
        // The last share is 0, and that one is taken.
        Ok(String::new())
    }

    /// Has the screen everything that there was when it was sent last?
    pub fn is_whole(&self) -> bool {
        self.share >= 1.0
    }

    /// From all of it down to nothing: what is tried in turn.
    fn shares(&self) -> impl Iterator<Item = f64> + use<> {
        let held = self.share;
        let halves = |n: u32| 1.0 / f64::from(1_u32 << n);
        let grows = (0..HALVES).map(move |n| held + (1.0 - held) * halves(n));
        let shrinks = (0..HALVES).map(move |n| held * halves(n));
        grows.chain(shrinks).chain([0.0])
    }

    /// At the screen. The error says what does not fit: a message was missed, and everything is wanted again.
    pub fn take(&mut self, update: Update) -> Result<(), String> {
        if update.n == 0 {
            *self = Self::default();
        }
        if update.n != self.n {
            return Err(format!(
                "message {} came where {} was due",
                update.n, self.n
            ));
        }
        if let Some(patch) = update.standing {
            patch::apply(&mut self.standing, patch)?;
        }
        self.held.change(update.lists)?;
        self.n += 1;
        Ok(())
    }

    /// At the screen: what the router showed.
    pub fn snapshot(&self) -> Result<Snapshot, serde_json::Error> {
        let mut s = Snapshot::deserialize(&self.standing)?;
        let held = &self.held;
        (s.exchanges, s.events) = (Arc::clone(&held.exchanges), Arc::clone(&held.events));
        s.requests = Arc::clone(&held.requests);
        for d in &mut s.deployments {
            if let Some(held) = held.deployments.get(&d.id) {
                (d.points, d.scores) = (Arc::clone(&held.points), Arc::clone(&held.scores));
                d.failures = Arc::clone(&held.failures);
            }
        }
        Ok(s)
    }
}
