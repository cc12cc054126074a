//! What has to agree before judged quality trips a breaker that serves: one judge alone is believed only if nobody
//! else can be asked.

use super::detector::Detector;
use crate::model::{DeploymentId, Mono};
use std::time::Duration;

/// Nobody else answered for so long: what is there decides, and says that it is unconfirmed.
const PATIENCE: Duration = Duration::from_secs(10);
/// Scores and evidence of a second judge that confirm.
const SECOND_N: u32 = 3;
const SECOND_EVIDENCE: f64 = 5.0;
/// Of so many answers that one judge calls bad, the other passes most: then the judge is at fault. Where a tenth of the
/// answers are garbage half of what is called bad is not, and 10 of 12 are passed by chance in 1 %.
const DISPUTED_N: u32 = 12;
const DISPUTED: f64 = 0.8;
/// A suspicion that returns within this goes on where it was.
const SECOND_HOLDS_FOR: Duration = Duration::from_mins(5);
/// Known answers that were scored again this recently speak for their judge.
const ANCHORS_HOLD_FOR: Duration = Duration::from_mins(2);

/// What is known besides the scores. Whoever drives the breaker keeps it current.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bench {
    /// The judge whose scores may trip; none: nobody can judge.
    pub first: Option<DeploymentId>,
    /// Another vendor's judge can be asked as well.
    pub second: bool,
    /// Known answers can be put to the judge.
    pub anchors: bool,
    /// Why nothing is to follow from its scores.
    pub spares: Option<Spares>,
}

/// Why quality trips nothing, whatever the scores say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spares {
    /// Every deployment under this judge has become worse at once: it is the judge, or what is asked.
    Drift,
    /// Nobody else would serve.
    LastOne,
}

/// Judges that were asked about the same answers, since the suspicion began.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Disputes {
    /// Answers that the second judge was asked about, and when there were enough of them.
    asked: u32,
    asked_enough: Mono,
    /// Scores of the second judge.
    second: u32,
    low: u32,
    low_but_passed: u32,
    last: Mono,
}

impl Disputes {
    pub(super) fn second_asked(&mut self, now: Mono) {
        self.asked += 1;
        if self.asked == SECOND_N {
            self.asked_enough = now;
        }
    }

    pub(super) fn second_scored(&mut self, now: Mono) {
        self.second += 1;
        self.last = now;
    }

    /// What was said long ago is not about now.
    pub(super) fn are_old(&self, now: Mono) -> bool {
        now.since(self.last) > SECOND_HOLDS_FOR
    }

    /// What the first judge and the second made of one answer.
    pub(super) fn both(&mut self, first: f64, second: f64, pass: f64) {
        if first < pass {
            self.low += 1;
            self.low_but_passed += u32::from(second >= pass);
        }
    }

    fn discredit(&self) -> bool {
        self.low >= DISPUTED_N && f64::from(self.low_but_passed) >= DISPUTED * f64::from(self.low)
    }
}

/// What the gate says to evidence that would be enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::breaker) enum Ruling {
    Wait,
    /// Everybody who could be asked agrees; or nobody answered in time.
    Trip {
        confirmed: bool,
    },
    /// It is the judge who is wrong: the second passes what it calls bad.
    Disputed {
        passed: u32,
        of: u32,
    },
    /// It would trip, but nobody else would serve.
    LastOne {
        confirmed: bool,
    },
}

/// The gate of one deployment.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Gate {
    pub(super) bench: Bench,
    pub(super) disputes: Disputes,
    /// When known answers were last found to be scored as ever.
    anchored: Option<Mono>,
    /// When known answers were last found to be scored lower, which is being looked into.
    doubted: Option<Mono>,
    /// Since when the evidence is enough.
    pub(super) alarm: Option<Mono>,
    /// The alarm whose patience is over.
    waited: Option<Mono>,
    /// The alarm of which it was said that nothing follows from it.
    spared: Option<Mono>,
}

impl Gate {
    pub(super) fn anchors_held(&mut self, now: Mono) {
        self.anchored = Some(now);
    }

    /// What was asked before says nothing about what led here.
    pub(super) fn anchors_count_no_more(&mut self) {
        self.anchored = None;
    }

    pub(super) fn doubted(&mut self, now: Mono) {
        self.doubted = Some(now);
        self.waited = None;
    }

    pub(super) fn anchors_are_stale(&self, began: Mono, now: Mono) -> bool {
        self.bench.anchors && !self.is_anchored(began, now)
    }

    /// Since the evidence began: how the judge was before says nothing about what it says now.
    fn is_anchored(&self, began: Mono, now: Mono) -> bool {
        self.anchored
            .is_some_and(|at| at >= began && now.since(at) < ANCHORS_HOLD_FOR)
    }

    /// True once for each alarm.
    pub(super) fn spare(&mut self) -> bool {
        let new = self.spared != self.alarm;
        self.spared = self.alarm;
        new
    }

    pub(super) fn patience_ends(&self) -> Option<Mono> {
        let alarm = self.alarm.filter(|_| self.waited != self.alarm);
        Some(self.patience_from(alarm?)? + PATIENCE)
    }

    /// Who was not asked is not silent: the second judge until there were answers to ask it about, and the first while
    /// a bad look at it is looked into.
    fn patience_from(&self, alarm: Mono) -> Option<Mono> {
        let second = &self.disputes;
        let unheard = self.bench.second && second.second < SECOND_N;
        if unheard && second.asked < SECOND_N {
            return None;
        }
        let asked = if unheard { second.asked_enough } else { alarm };
        Some(alarm.max(asked).max(self.doubted.unwrap_or(alarm)))
    }

    /// No timer brings more than what is there now.
    pub(super) fn waited(&mut self) {
        self.waited = self.alarm;
    }

    /// `alone`: the first judge's evidence would be enough without anybody else's.
    pub(super) fn rule(
        &self,
        first: &Detector,
        second: Option<&Detector>,
        alone: bool,
        now: Mono,
    ) -> Ruling {
        // Without an alarm it proves nothing: what one judge calls bad by mistake, another passes.
        let Some(since) = self.alarm else {
            return Ruling::Wait;
        };
        if alone && self.disputes.discredit() {
            return Ruling::Disputed {
                passed: self.disputes.low_but_passed,
                of: self.disputes.low,
            };
        }
        if self.bench.spares == Some(Spares::Drift) {
            return Ruling::Wait;
        }
        let heard = self.disputes.second >= SECOND_N;
        let agrees = second.is_some_and(|d| d.most() >= SECOND_EVIDENCE);
        if self.bench.second && heard && !agrees {
            return Ruling::Wait;
        }
        let by_second = !self.bench.second || heard;
        let by_anchors = !self.bench.anchors || self.is_anchored(first.run.began, now);
        let somebody = self.bench.second || self.bench.anchors;
        let confirmed = somebody && by_second && by_anchors;
        let ready = (by_second && by_anchors)
            || (alone
                && self
                    .patience_from(since)
                    .is_some_and(|from| now >= from + PATIENCE));
        match ready {
            false => Ruling::Wait,
            true if self.bench.spares == Some(Spares::LastOne) => Ruling::LastOne { confirmed },
            true => Ruling::Trip { confirmed },
        }
    }
}
