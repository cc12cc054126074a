//! One round of probes: how many may look at once, and when they have seen enough.
//!
//! The same likelihood ratio as in the error test, turned round: "still as bad as when it tripped" against "no more
//! than the limit". So the round sizes itself: 3 clean probes after a hard outage, 15 after 30 % failures, 59 after
//! 10 %.

use super::errors::tolerable;
use crate::model::{Mono, series::Mean};
use std::time::Duration;

const ACCEPT: f64 = -5.0;
const REJECT: f64 = 2.5;
/// So many clean ones are enough after a trip too mild to tell from health.
const CLEAN_ENOUGH: u32 = 60;
/// A trip for quality says nothing about errors: a few clean ones show that there are none.
const CLEAN_AFTER_QUALITY: u32 = 3;
/// With so many scores a mean under the floor is no bad luck (0.3 % of healthy rounds, at 0.87 ± 0.14).
const JUDGED_ENOUGH: u32 = 5;
const IN_FLIGHT: usize = 3;

/// What the last trip was like: it decides how much evidence takes it back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trip {
    /// The share of requests that failed; none: errors were not why.
    severity: Option<f64>,
    pub(super) quality: bool,
}

impl Trip {
    /// Nearly everything failed, or nothing is known.
    pub(super) const HARD: Self = Self {
        severity: Some(0.9),
        quality: false,
    };
    pub(super) const QUALITY: Self = Self {
        severity: None,
        quality: true,
    };

    pub(super) fn of_errors(rate: f64, limit: f64) -> Self {
        let mildest = (2.0 * tolerable(limit)).min(0.9);
        Self {
            severity: Some(rate.clamp(mildest, 0.9)),
            quality: false,
        }
    }

    /// Both went wrong. The milder error rate is the one that takes the longer look.
    pub(super) fn and(self, other: Self) -> Self {
        let severity = match (self.severity, other.severity) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self {
            severity,
            quality: self.quality || other.quality,
        }
    }

    /// How many judged answers a round needs while there is a judge.
    const fn judged_needed(self) -> u32 {
        if self.quality { 3 } else { 2 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    id: u64,
    since: Mono,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Round {
    trip: Trip,
    on_ok: f64,
    on_fail: f64,
    evidence: f64,
    clean: u32,
    judged: Mean,
    places: [Option<Place>; IN_FLIGHT],
    next_id: u64,
    /// Since when the error side has seen enough.
    content_since: Option<Mono>,
}

impl Round {
    pub(super) fn new(trip: Trip, limit: f64) -> Self {
        let p0 = tolerable(limit);
        let severity = trip.severity.unwrap_or(p0.max(0.3));
        Self {
            trip,
            on_ok: ((1.0 - severity) / (1.0 - p0)).ln(),
            on_fail: (severity.max(0.3) / p0).ln(),
            evidence: 0.0,
            clean: 0,
            judged: Mean::default(),
            places: [None; IN_FLIGHT],
            next_id: 0,
            content_since: None,
        }
    }

    /// A place for one more probe: one alone until one has come back clean.
    pub(super) fn admit(&mut self, now: Mono) -> Option<u64> {
        let limit = if self.clean == 0 { 1 } else { IN_FLIGHT };
        if self.in_flight() >= limit {
            return None;
        }
        let free = self.places.iter_mut().find(|p| p.is_none())?;
        self.next_id += 1;
        *free = Some(Place {
            id: self.next_id,
            since: now,
        });
        Some(self.next_id)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.places.iter().flatten().count()
    }

    /// Gives a place back.
    pub(super) fn free(&mut self, id: u64) {
        for place in &mut self.places {
            if place.is_some_and(|p| p.id == id) {
                *place = None;
            }
        }
    }

    /// Takes places back from probes that are not heard of any more. If one does come back it still counts: long
    /// answers are answers.
    pub(super) fn free_stuck(&mut self, now: Mono, after: Duration) {
        for place in &mut self.places {
            if place.is_some_and(|p| now >= p.since + after) {
                *place = None;
            }
        }
    }

    pub(super) fn clean(&mut self, now: Mono) {
        self.clean = self.clean.saturating_add(1);
        self.evidence += self.on_ok;
        if self.errors_accepted() {
            self.content_since.get_or_insert(now);
        }
    }

    /// True: that one was one too many.
    pub(super) fn failed(&mut self) -> bool {
        self.evidence += self.on_fail;
        if !self.errors_accepted() {
            self.content_since = None;
        }
        self.evidence >= REJECT
    }

    fn errors_accepted(&self) -> bool {
        if self.trip.severity.is_none() {
            self.clean >= CLEAN_AFTER_QUALITY && self.evidence <= 0.0
        } else {
            self.evidence <= ACCEPT || self.clean >= CLEAN_ENOUGH
        }
    }

    /// Counts a score. Some: the answers are still bad.
    pub(super) fn judged(&mut self, score: f64, floor: f64) -> Option<Outcome> {
        self.judged.push(score);
        let (mean, n) = (self.judged.value()?, self.judged.n);
        (n >= JUDGED_ENOUGH && mean < floor).then_some(Outcome::JudgedBad { mean, n })
    }

    /// What the round has come to, if it has.
    pub(super) fn outcome(&self, now: Mono, judge: Option<Judging>) -> Option<Outcome> {
        let since = self.content_since?;
        let Some(judge) = judge else {
            return Some(Outcome::Passed { clean: self.clean });
        };
        let mean = self.judged.value();
        let good = mean.is_none_or(|mean| mean >= judge.floor);
        let waited = now >= since + judge.patience;
        match mean {
            _ if good && (waited || self.judged.n >= self.trip.judged_needed()) => {
                Some(Outcome::Passed { clean: self.clean })
            }
            Some(mean) if !good && waited => Some(Outcome::JudgedBad {
                mean,
                n: self.judged.n,
            }),
            _ => None,
        }
    }

    /// When it can move without another event.
    pub(super) fn next_timer(&self, stuck: Duration, judge: Option<Judging>) -> Option<Mono> {
        let places = self.places.iter().flatten().map(|p| p.since + stuck);
        let patience = self
            .content_since
            .map(|since| since + judge.map_or(Duration::ZERO, |j| j.patience));
        places.chain(patience).min()
    }

    /// From 1 (nothing taken back yet) to 0 (all of it).
    pub(super) fn suspicion(&self) -> f64 {
        (1.0 - self.evidence / ACCEPT).clamp(0.0, 1.0)
    }
}

/// How a round of probes ends well, or at the judge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Outcome {
    Passed { clean: u32 },
    JudgedBad { mean: f64, n: u32 },
}

/// A judge that can be reached, and what is asked of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judging {
    pub(super) floor: f64,
    pub(super) patience: Duration,
}
