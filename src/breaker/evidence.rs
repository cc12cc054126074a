//! What the machine makes of what comes back: verdicts, and the timers of a recovery.

use super::{
    Breaker, Mode, Move, Permit,
    errors::{LEAST_FAILED, Severity, TRIP_IN_RAMP},
    machine::State,
    permit::Kind,
    probe::{Judging, Outcome, Trip},
    ramp::Step,
};
use crate::model::{Mono, Reason, Verdict, series::Share, verdict::Counts};

/// The literal rule looks at so many seconds, and never at fewer attempts than this.
const LITERAL_S: u32 = 60;
const LITERAL_MIN_N: u32 = 20;

impl Breaker {
    /// An attempt ended. What was admitted under an older generation counts as nothing.
    pub fn report(&mut self, permit: Permit, verdict: &Verdict, now: Mono) -> Vec<Move> {
        let Some(kind) = permit.redeem(self.generation) else {
            return Vec::new();
        };
        let counts = verdict.class.counts();
        let fail = match counts {
            Counts::Ok => Some(false),
            Counts::Fail | Counts::Trip => Some(true),
            Counts::Gate | Counts::Ignore => None,
        };
        if let (Some(fail), Some(share)) = (fail, self.shown.at(now)) {
            share.add(Share {
                bad: u32::from(fail),
                n: 1,
            });
        }
        match (kind, counts) {
            (Kind::Probe(id), _) => self.probe_back(id, verdict, now),
            (Kind::Normal | Kind::Ramp, Counts::Trip) => self.open_at_once(verdict, now),
            (Kind::Forced, Counts::Trip) if self.watches() => self.open_at_once(verdict, now),
            (Kind::Normal, _) => self.weigh(fail, now),
            (Kind::Ramp, _) => self.weigh_in_ramp(fail, now),
            (Kind::Forced, _) if self.watches() => self.weigh(fail, now),
            (Kind::Forced, _) => Vec::new(),
        }
    }

    /// An attempt was given up before it had a verdict: a probe's place is free again, and nothing counts.
    pub fn forget(&mut self, permit: Permit, now: Mono) -> Vec<Move> {
        let Some(kind) = permit.redeem(self.generation) else {
            return Vec::new();
        };
        if let (Kind::Probe(id), State::Probe(round)) = (kind, &mut self.state) {
            round.free(id);
        }
        self.settle(now)
    }

    /// One outcome against a closed breaker.
    fn weigh(&mut self, fail: Option<bool>, now: Mono) -> Vec<Move> {
        let Some(fail) = fail.filter(|_| self.would_be_open.is_none()) else {
            return Vec::new();
        };
        let threshold = self.threshold(now);
        let struck = self.errors.record(secs(now), fail, threshold)
            && self.errors.severity(secs(now)).bad >= LEAST_FAILED;
        let seen = match self.settings.mode {
            Mode::Sequential if struck => self.errors.severity(secs(now)),
            Mode::RollingMean if fail => match self.literal_rate(now) {
                Some(seen) => seen,
                None => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        let limit = self.settings.err_threshold;
        self.trip = Trip::of_errors(seen.rate(), limit);
        let reason = Reason::ErrorRate {
            rate: seen.rate(),
            limit,
            bad: seen.bad,
            n: seen.n,
            window_s: seen.over_s,
        };
        self.open_from_closed(reason, now)
    }

    fn open_at_once(&mut self, verdict: &Verdict, now: Mono) -> Vec<Move> {
        if self.would_be_open.is_some() {
            return Vec::new();
        }
        self.trip = match self.state {
            State::Ramp(_) => self.trip.and(Trip::HARD),
            _ => Trip::HARD,
        };
        let verdict = verdict.clone();
        self.open_from_closed(Reason::Certain { verdict }, now)
    }

    fn weigh_in_ramp(&mut self, fail: Option<bool>, now: Mono) -> Vec<Move> {
        let State::Ramp(step) = &mut self.state else {
            return Vec::new();
        };
        let Some(fail) = fail else {
            return self.settle(now);
        };
        if !fail {
            step.count_ok();
        }
        if !self.errors.record(secs(now), fail, TRIP_IN_RAMP) {
            return self.settle(now);
        }
        let seen = self.errors.severity(secs(now));
        let reason = Reason::RampFailed {
            rate: seen.rate(),
            bad: seen.bad,
            n: seen.n,
        };
        let trip = Trip::of_errors(seen.rate(), self.settings.err_threshold);
        self.ramp_failed(reason, trip, now)
    }

    /// The error rate of the last minute, where it breaks the literal rule.
    fn literal_rate(&self, now: Mono) -> Option<Severity> {
        let minute = self.shown.newest(now, u64::from(LITERAL_S));
        let over = minute.rate()? > self.settings.err_threshold && minute.n >= LITERAL_MIN_N;
        over.then_some(Severity {
            bad: minute.bad,
            n: minute.n,
            over_s: LITERAL_S,
        })
    }

    pub(super) fn ramp_failed(&mut self, reason: Reason, trip: Trip, now: Mono) -> Vec<Move> {
        self.trip = self.trip.and(trip);
        let wait = self.settings.after_ramp_failure(self.ramp_failures);
        self.ramp_failures = self.ramp_failures.saturating_add(1);
        let wait = self.jittered(wait, 0.2);
        vec![self.open(wait, reason, now)]
    }

    fn probe_back(&mut self, id: u64, verdict: &Verdict, now: Mono) -> Vec<Move> {
        let State::Probe(round) = &mut self.state else {
            return Vec::new();
        };
        round.free(id);
        let rejected = match verdict.class.counts() {
            Counts::Ok => {
                round.clean(now);
                false
            }
            Counts::Ignore => false,
            Counts::Fail => round.failed(),
            Counts::Gate | Counts::Trip => true,
        };
        if !rejected {
            return self.settle(now);
        }
        let wait = if verdict.class.counts() == Counts::Trip {
            self.cooldown()
        } else {
            self.jittered(self.settings.reprobe(), 0.2)
        };
        let verdict = verdict.clone();
        vec![self.open(wait, Reason::ProbeFailed { verdict }, now)]
    }

    pub(super) fn probe_outcome(&mut self, outcome: Outcome, now: Mono) -> Vec<Move> {
        vec![match outcome {
            Outcome::Passed { clean } => {
                self.errors.head_start();
                self.quality.head_start();
                let first = State::Ramp(Step::first());
                self.go(first, Reason::ProbePassed { clean }, now)
            }
            Outcome::JudgedBad { mean, n } => {
                self.trip = self.trip.and(Trip::QUALITY);
                let wait = self.jittered(self.settings.reprobe(), 0.2);
                self.open(wait, Reason::ProbeJudgedBad { mean, n }, now)
            }
        }]
    }

    /// Moves if what has been gathered (or waited for) is enough.
    pub(super) fn settle(&mut self, now: Mono) -> Vec<Move> {
        if self.frozen() {
            return Vec::new();
        }
        match &self.state {
            State::Probe(round) => match round.outcome(now, self.judging()) {
                Some(outcome) => self.probe_outcome(outcome, now),
                None => Vec::new(),
            },
            State::Ramp(step) if now >= self.step_due(step) => {
                let reason = Reason::RampStep { ok: step.ok() };
                match step.above() {
                    Some(above) => vec![self.go(State::Ramp(above), reason, now)],
                    None => vec![self.close(reason, now)],
                }
            }
            _ => Vec::new(),
        }
    }

    /// Whether forced traffic is weighed: only to say what a closed breaker would do.
    fn watches(&self) -> bool {
        self.admits_everything() && matches!(self.state, State::Closed)
    }

    pub(super) fn judging(&self) -> Option<Judging> {
        self.quality.bench().first.as_ref().map(|_| Judging {
            patience: self.settings.judge_patience(self.trip.is_of_quality()),
        })
    }
}

/// The error test counts in seconds.
fn secs(now: Mono) -> f64 {
    now.since(Mono::default()).as_secs_f64()
}
