//! One round of probes: how many may look at once, and when they have seen enough.
//!
//! The same likelihood ratio as in the error test, turned round: "still as bad as when it tripped" against "no more
//! than the limit". So the round sizes itself: 3 clean probes after a hard outage, 15 after 30 % failures, 59 after
//! 10 %.

use super::{errors::tolerable, quality::Illness};
use crate::model::{Mono, series::Mean};
use std::time::Duration;

const ACCEPT: f64 = -5.0;
/// Bad answers are subtler than errors, and each round is another chance to miss them: e less.
const ACCEPT_QUALITY: f64 = -6.5;
const REJECT: f64 = 2.5;
/// So many clean ones in a row are enough after a trip too mild to tell from health.
const CLEAN_ENOUGH: u32 = 60;
/// A trip for quality says nothing about errors: a few clean ones show that there are none.
const CLEAN_AFTER_QUALITY: u32 = 3;
/// Evidence of bad answers that ends a round.
const REJECT_QUALITY: f64 = 3.0;
/// So many answers are judged at least while there is a judge.
const JUDGED_ENOUGH: u32 = 2;
const IN_FLIGHT: usize = 3;

/// What the last trip was like: it decides how much evidence takes it back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trip {
    /// The share of requests that failed; none: errors were not why.
    severity: Option<f64>,
    /// What the answers looked like; none: nobody complained of them.
    quality: Option<Illness>,
}

impl Trip {
    /// Nearly everything failed, or nothing is known.
    pub(super) const HARD: Self = Self {
        severity: Some(0.9),
        quality: None,
    };
    /// The answers were bad, nobody knows how.
    pub(super) const QUALITY: Self = Self::of_quality(Illness::UNKNOWN);

    pub(super) const fn of_quality(illness: Illness) -> Self {
        Self {
            severity: None,
            quality: Some(illness),
        }
    }

    pub(super) fn of_errors(rate: f64, limit: f64) -> Self {
        let mildest = (2.0 * tolerable(limit)).min(0.9);
        Self {
            severity: Some(rate.clamp(mildest, 0.9)),
            quality: None,
        }
    }

    /// Both went wrong. The milder error rate is the one that takes the longer look.
    pub(super) fn and(self, other: Self) -> Self {
        let severity = match (self.severity, other.severity) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let quality = match (self.quality, other.quality) {
            (Some(a), Some(b)) => Some(a.milder(b)),
            (a, b) => a.or(b),
        };
        Self { severity, quality }
    }

    /// Nobody complains of the answers any more.
    pub(super) const fn without_quality(self) -> Self {
        Self {
            quality: None,
            ..self
        }
    }

    pub(super) const fn is_of_quality(self) -> bool {
        self.quality.is_some()
    }

    /// What the judged answers of a round have to disprove.
    pub(super) fn illness(self) -> Illness {
        self.quality.unwrap_or(Illness::UNKNOWN)
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
    /// The same since the last failure.
    in_a_row: u32,
    judged: Mean,
    /// How much more the judged answers look ill than well.
    judged_evidence: f64,
    judged_last: Option<Mono>,
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
            in_a_row: 0,
            judged: Mean::default(),
            judged_evidence: 0.0,
            judged_last: None,
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
        self.in_a_row += 1;
        self.evidence += self.on_ok;
        if self.errors_accepted() {
            self.content_since.get_or_insert(now);
        }
    }

    /// True: that one was one too many.
    pub(super) fn failed(&mut self) -> bool {
        self.evidence += self.on_fail;
        self.in_a_row = 0;
        if !self.errors_accepted() {
            self.content_since = None;
        }
        self.evidence >= REJECT
    }

    fn errors_accepted(&self) -> bool {
        if self.trip.severity.is_none() {
            self.clean >= CLEAN_AFTER_QUALITY && self.evidence <= 0.0
        } else {
            self.evidence <= ACCEPT || self.in_a_row >= CLEAN_ENOUGH
        }
    }

    /// What its judged answers have to disprove.
    pub(super) fn illness(&self) -> Illness {
        self.trip.illness()
    }

    /// Counts a score and what it weighs. Some: the answers are still bad.
    pub(super) fn judged(&mut self, score: f64, weight: f64, now: Mono) -> Option<Outcome> {
        self.judged.push(score);
        self.judged_evidence += weight;
        self.judged_last = Some(now);
        (self.judged_evidence >= REJECT_QUALITY).then(|| self.judged_bad())
    }

    fn judged_bad(&self) -> Outcome {
        Outcome::JudgedBad {
            mean: self.judged.value().unwrap_or_default(),
            n: self.judged.n,
        }
    }

    /// After a trip for errors the answers need only be better than not; after one for quality that is the question.
    fn quality_accepted(&self) -> bool {
        let enough = if self.trip.is_of_quality() {
            ACCEPT_QUALITY
        } else {
            0.0
        };
        self.judged.n >= JUDGED_ENOUGH && self.judged_evidence <= enough
    }

    /// What the round has come to, if it has. A judge that is silent for too long is not waited for.
    pub(super) fn outcome(&self, now: Mono, judge: Option<Judging>) -> Option<Outcome> {
        let since = self.content_since?;
        let Some(judge) = judge else {
            return Some(Outcome::Passed { clean: self.clean });
        };
        if self.quality_accepted() {
            return Some(Outcome::Passed { clean: self.clean });
        }
        let silent_since = self.judged_last.map_or(since, |last| last.max(since));
        if now < silent_since + judge.patience {
            return None;
        }
        Some(if self.judged_evidence > 0.0 {
            self.judged_bad()
        } else {
            Outcome::Passed { clean: self.clean }
        })
    }

    /// When it can move without another event.
    pub(super) fn next_timer(&self, stuck: Duration, judge: Option<Judging>) -> Option<Mono> {
        let places = self.places.iter().flatten().map(|p| p.since + stuck);
        let patience = self.content_since.map(|since| {
            let silent_since = self.judged_last.map_or(since, |last| last.max(since));
            silent_since + judge.map_or(Duration::ZERO, |j| j.patience)
        });
        places.chain(patience).min()
    }

    /// From 1 (nothing taken back yet) to 0 (all of it).
    pub(super) fn suspicion(&self) -> f64 {
        let left = if self.trip.is_of_quality() {
            1.0 - self.judged_evidence / ACCEPT_QUALITY
        } else {
            1.0 - self.evidence / ACCEPT
        };
        left.clamp(0.0, 1.0)
    }
}

/// How a round of probes ends well, or at the judge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Outcome {
    Passed { clean: u32 },
    JudgedBad { mean: f64, n: u32 },
}

/// A judge that can be reached, and how long its silence is borne.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judging {
    pub(super) patience: Duration,
}
