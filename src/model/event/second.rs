//! What happened in one second: of a deployment, of all exchanges, of a route.

use super::Outcome;
use crate::model::{
    DeploymentId, RouteId, finding::Tally, is_default, request::CacheHit, series::Latency,
    verdict::Classes,
};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap as _};

/// One second of one deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    pub deployment: DeploymentId,
    #[serde(default, skip_serializing_if = "is_default")]
    pub ok: u32,
    /// Counted against the error rate.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fail: u32,
    /// 429s and spent quotas.
    #[serde(default, skip_serializing_if = "is_default")]
    pub throttled: u32,
    /// Neither: caller errors, aborts, refusals.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignored: u32,
    /// Prompts of our own that ended, and those of them that came to nothing. They are in no other field.
    #[serde(default, skip_serializing_if = "is_default")]
    pub canary: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub canary_failed: u32,
    /// What was wrong with those in `fail` and `throttled`, and with how many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Classes,
    /// The same of those in `ignored`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored_classes: Classes,
    /// How many of the users' attempts each fault hit: (fault id, hits). An event's own `injected` stands beside it on
    /// the wire.
    #[serde(rename = "fault_hits", default, skip_serializing_if = "Vec::is_empty")]
    pub injected: Vec<(u32, u32)>,
    /// Attempts under way when the second ended.
    #[serde(default, skip_serializing_if = "is_default")]
    pub in_flight: u32,
    /// What was visibly wrong with answers, and with how many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Tally,
    /// Output tokens per second, over the answers that ended.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tokens: u32,
    /// Time to first content.
    #[serde(default, skip_serializing_if = "Latency::is_empty")]
    pub ttft: Latency,
    /// Time to the whole answer.
    #[serde(default, skip_serializing_if = "Latency::is_empty")]
    pub total: Latency,
}

/// One second of all exchanges.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Exchanges {
    pub primary: u32,
    pub fallback: u32,
    pub cached: u32,
    pub canned: u32,
    pub caller_error: u32,
    pub error: u32,
    pub broken: u32,
    pub left: u32,
    /// Requests that an SDK said it was sending again (`x-stainless-retry-count` > 0).
    #[serde(skip_serializing_if = "is_default")]
    pub client_retries: u32,
    /// Time to the whole answer, as the caller saw it.
    #[serde(skip_serializing_if = "Latency::is_empty")]
    pub total: Latency,
    /// Who answered, by route; those without traffic are not named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteSecond>,
}

/// One second of one route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteSecond {
    pub route: RouteId,
    /// Answered by each of the deployments in its topology's order; one more at the end: by others, whom long or refused
    /// prompts go to. Without the zeros at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<u32>,
    /// Of those, the ones that no deployment of the first tier answered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fallback: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub cached: u32,
    /// Of those, the ones whose question was spelled differently, and the ones that were too old.
    #[serde(default, skip_serializing_if = "is_default")]
    pub normalised: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub stale: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub canned: u32,
    /// Whose caller saw a failure of ours.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failed: u32,
    /// Of those, the ones whose stream had begun.
    #[serde(default, skip_serializing_if = "is_default")]
    pub broken: u32,
    /// The callers' own mistakes, and those who left.
    #[serde(default, skip_serializing_if = "is_default")]
    pub other: u32,
    /// Of those, the ones who left.
    #[serde(default, skip_serializing_if = "is_default")]
    pub left: u32,
}

/// Who answered: the route's place, or the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answered {
    pub place: Option<usize>,
    pub cache: Option<CacheHit>,
}

/// As events say it: in most seconds most outcomes are none. Reports and snapshots name them all.
pub(super) fn without_zeros<S: Serializer>(e: &Exchanges, s: S) -> Result<S::Ok, S::Error> {
    let counts = [
        ("primary", e.primary),
        ("fallback", e.fallback),
        ("cached", e.cached),
        ("canned", e.canned),
        ("caller_error", e.caller_error),
        ("error", e.error),
        ("broken", e.broken),
        ("left", e.left),
        ("client_retries", e.client_retries),
    ];
    let mut map = s.serialize_map(None)?;
    for (outcome, n) in counts.iter().filter(|(_, n)| *n > 0) {
        map.serialize_entry(outcome, n)?;
    }
    if !e.total.is_empty() {
        map.serialize_entry("total", &e.total)?;
    }
    if !e.routes.is_empty() {
        map.serialize_entry("routes", &e.routes)?;
    }
    map.end()
}

impl Exchanges {
    pub fn count(&mut self, outcome: Outcome) {
        let slot = match outcome {
            Outcome::Primary => &mut self.primary,
            Outcome::Fallback => &mut self.fallback,
            Outcome::Cached => &mut self.cached,
            Outcome::Canned => &mut self.canned,
            Outcome::CallerError => &mut self.caller_error,
            Outcome::Error => &mut self.error,
            Outcome::Broken => &mut self.broken,
            Outcome::Left => &mut self.left,
        };
        *slot = slot.saturating_add(1);
    }

    /// Those that ended with an answer of any rung, or with an error of ours.
    pub const fn answered(&self) -> u32 {
        self.primary + self.fallback + self.cached + self.canned + self.error + self.broken
    }

    /// Those whose caller saw a failure of ours.
    pub const fn failed(&self) -> u32 {
        self.error + self.broken
    }

    /// Those that were served, but not by the primary or an equal answer from the cache.
    pub const fn degraded(&self) -> u32 {
        self.fallback + self.canned
    }

    /// Adds the counts; latencies and routes are kept by the second.
    pub fn add(&mut self, other: &Self) {
        self.primary += other.primary;
        self.fallback += other.fallback;
        self.cached += other.cached;
        self.canned += other.canned;
        self.caller_error += other.caller_error;
        self.error += other.error;
        self.broken += other.broken;
        self.left += other.left;
        self.client_retries += other.client_retries;
    }
}

impl RouteSecond {
    pub const fn empty(route: RouteId) -> Self {
        Self {
            route,
            tiers: Vec::new(),
            fallback: 0,
            cached: 0,
            normalised: 0,
            stale: 0,
            canned: 0,
            failed: 0,
            broken: 0,
            other: 0,
            left: 0,
        }
    }

    /// Counts one.
    pub fn count(&mut self, outcome: Outcome, by: Answered) {
        let slot = match outcome {
            Outcome::Primary | Outcome::Fallback => {
                let place = by.place.unwrap_or_default();
                if self.tiers.len() <= place {
                    self.tiers.resize(place + 1, 0);
                }
                &mut self.tiers[place]
            }
            Outcome::Cached => &mut self.cached,
            Outcome::Canned => &mut self.canned,
            Outcome::Error | Outcome::Broken => &mut self.failed,
            Outcome::CallerError | Outcome::Left => &mut self.other,
        };
        *slot = slot.saturating_add(1);
        let part = match (outcome, by.cache) {
            (Outcome::Fallback, _) => &mut self.fallback,
            (Outcome::Cached, Some(CacheHit::Normalised)) => &mut self.normalised,
            (Outcome::Cached, Some(CacheHit::Stale)) => &mut self.stale,
            (Outcome::Broken, _) => &mut self.broken,
            (Outcome::Left, _) => &mut self.left,
            _ => return,
        };
        *part = part.saturating_add(1);
    }

    /// How many ended so.
    pub fn of(&self, outcome: Outcome) -> u32 {
        match outcome {
            Outcome::Primary => self.tiers.iter().sum::<u32>().saturating_sub(self.fallback),
            Outcome::Fallback => self.fallback,
            Outcome::Cached => self.cached,
            Outcome::Canned => self.canned,
            Outcome::CallerError => self.other.saturating_sub(self.left),
            Outcome::Error => self.failed.saturating_sub(self.broken),
            Outcome::Broken => self.broken,
            Outcome::Left => self.left,
        }
    }

    /// How many the cache answered so.
    pub const fn hits(&self, how: CacheHit) -> u32 {
        match how {
            CacheHit::Exact => self.cached.saturating_sub(self.normalised + self.stale),
            CacheHit::Normalised => self.normalised,
            CacheHit::Stale => self.stale,
        }
    }

    /// All of its exchanges.
    pub fn n(&self) -> u32 {
        self.tiers.iter().sum::<u32>() + self.cached + self.canned + self.failed + self.other
    }

    pub fn add(&mut self, other: &Self) {
        if self.tiers.len() < other.tiers.len() {
            self.tiers.resize(other.tiers.len(), 0);
        }
        for (sum, n) in self.tiers.iter_mut().zip(&other.tiers) {
            *sum += n;
        }
        self.fallback += other.fallback;
        self.cached += other.cached;
        self.normalised += other.normalised;
        self.stale += other.stale;
        self.canned += other.canned;
        self.failed += other.failed;
        self.broken += other.broken;
        self.other += other.other;
        self.left += other.left;
    }
}

impl Bucket {
    pub fn empty(deployment: DeploymentId) -> Self {
        Self {
            deployment,
            ok: 0,
            fail: 0,
            throttled: 0,
            ignored: 0,
            canary: 0,
            canary_failed: 0,
            classes: Vec::new(),
            ignored_classes: Vec::new(),
            injected: Vec::new(),
            findings: Vec::new(),
            in_flight: 0,
            tokens: 0,
            ttft: Latency::default(),
            total: Latency::default(),
        }
    }

    /// What the error rate is a share of.
    pub const fn counted(&self) -> u32 {
        self.ok + self.fail
    }

    /// Users' own.
    pub const fn attempts(&self) -> u32 {
        self.ok + self.fail + self.throttled + self.ignored
    }

    pub const fn is_idle(&self) -> bool {
        let nothing_ended = self.attempts() == 0 && self.canary == 0;
        nothing_ended && self.in_flight == 0 && self.findings.is_empty()
    }
}
