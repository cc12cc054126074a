//! What a drill saw: events, its own requests, and how things stood before and after. Plain data.

use crate::model::{
    DeploymentId, Event, Kind, Snapshot, Wall,
    event::{Exchanges, SCHEMA},
    id::ExchangeId,
    time::{as_ms, latency},
};
use crate::postmortem::{Gather, PostMortem};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

/// How late a second's bucket may come.
const BUCKET_LATE: Duration = Duration::from_millis(1_200);

/// One of the drill's own requests, as its caller saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub sent: Wall,
    pub took: Duration,
    /// None: no answer at all.
    pub status: Option<u16>,
    /// Complete, and without an error inside the stream.
    pub whole: bool,
    pub rung: Option<u8>,
    pub deployment: Option<DeploymentId>,
    pub attempts: u32,
    pub exchange: Option<ExchangeId>,
    /// What is visibly wrong with the answer.
    pub looks: Option<String>,
}

impl Sample {
    pub fn is_good(&self) -> bool {
        self.status == Some(200) && self.whole
    }

    pub fn done(&self) -> Wall {
        self.sent + self.took
    }
}

/// A stretch of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    pub from: Wall,
    pub to: Wall,
}

impl Window {
    pub fn has(&self, at: Wall) -> bool {
        (self.from..=self.to).contains(&at)
    }
}

/// A tier of the drilled route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierFacts {
    pub deployments: Vec<DeploymentId>,
    pub timeout: Duration,
}

/// Everything the checks look at.
#[derive(Debug, Clone)]
pub struct Record {
    pub events: Vec<Arc<Event>>,
    pub samples: Vec<Sample>,
    pub tiers: Vec<TierFacts>,
    pub steady: Window,
    /// From the first fault that was set to the last that was cleared.
    pub faults: Window,
    /// The numbers that the router gave to each fault of the scenario.
    pub set: Vec<BTreeSet<u32>>,
    /// When the watching ended.
    pub end: Wall,
    pub before: Arc<Snapshot>,
    pub after: Arc<Snapshot>,
}

/// A window in figures, over the drill's own requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Numbers {
    pub requests: u32,
    pub failed: u32,
    /// By who answered: the primary, the cache, a tier below, the canned text.
    pub primary: u32,
    pub cached: u32,
    pub fallback: u32,
    pub canned: u32,
    #[serde(rename = "p50_ms", with = "as_ms")]
    pub p50: Duration,
    #[serde(rename = "p95_ms", with = "as_ms")]
    pub p95: Duration,
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} requests, {} failed, p50 {}, p95 {}; primary {}, cached {}, fallback {}, canned {}",
            self.requests,
            self.failed,
            latency(self.p50),
            latency(self.p95),
            self.primary,
            self.cached,
            self.fallback,
            self.canned
        )
    }
}

impl Numbers {
    fn count(&mut self, sample: &Sample) {
        self.requests += 1;
        if !sample.is_good() {
            self.failed += 1;
            return;
        }
        match sample.rung {
            Some(0) => self.primary += 1,
            Some(1) => self.cached += 1,
            Some(2) => self.fallback += 1,
            Some(3) => self.canned += 1,
            _ => {}
        }
    }
}

impl Record {
    /// The drill's own requests that were sent in a window.
    pub fn sent_in(&self, window: Window) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |s| window.has(s.sent))
    }

    pub fn numbers(&self, window: Window) -> Numbers {
        let mut numbers = Numbers::default();
        let mut times = Vec::new();
        for sample in self.sent_in(window) {
            numbers.count(sample);
            times.push(sample.took);
        }
        times.sort_unstable();
        (numbers.p50, numbers.p95) = (quantile(&times, 50), quantile(&times, 95));
        numbers
    }

    /// As a journal would tell it, which begins with how things stood.
    pub fn story(&self) -> Option<PostMortem> {
        let standing = Box::new((*self.before).clone().standing());
        let (schema, from) = (SCHEMA, self.steady.from);
        let mut gather = Gather::new(from, self.end, None);
        let begun = Event::new(0, from, Kind::Continued { schema, standing });
        gather.take(&Arc::new(begun));
        for event in &self.events {
            gather.take(event);
        }
        gather.done(Vec::new())
    }

    /// What all callers got since the first fault, the drill's own and everybody's.
    pub fn everybody(&self) -> Exchanges {
        exchanges(&self.events, self.faults.from, self.end)
    }

    /// The events since the first fault.
    pub fn under_fault(&self) -> impl DoubleEndedIterator<Item = &Arc<Event>> {
        let from = self.faults.from;
        self.events.iter().filter(move |e| e.at >= from)
    }

    pub fn is_of_tier(&self, deployment: &DeploymentId, tier: usize) -> bool {
        let tier = self.tiers.get(tier);
        tier.is_some_and(|t| t.deployments.contains(deployment))
    }
}

/// The nearest rank: a value that was measured, not one between two.
pub(super) fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

/// All exchanges that ended between two times, going by when their second was told.
pub(super) fn exchanges(events: &[Arc<Event>], from: Wall, to: Wall) -> Exchanges {
    let mut sum = Exchanges::default();
    for event in events {
        if let Kind::Exchanges(second) = &event.kind
            && event.at > from
            && event.at <= to + BUCKET_LATE
        {
            sum.add(second);
        }
    }
    sum
}
