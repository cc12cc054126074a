//! The error test: a sequential likelihood ratio instead of a window and a minimum sample.
//!
//! Three hypotheses ("3 × the limit", "10 × the limit", "nearly everything fails") each gather evidence against
//! "no more than the limit fails". An answer takes evidence away, a failure adds some, and none falls under zero, so
//! the past of a healthy provider weighs nothing. Four failures in a row are enough at any traffic; 10 % failures
//! take about 160 requests, 5 % about 750.

use crate::model::series::Share;

/// Evidence that trips: about ln 100 000, or one false trip in so many chances.
pub(super) const TRIP: f64 = 11.5;
/// In a ramp less is enough: the provider has just been bad.
pub(super) const TRIP_IN_RAMP: f64 = 0.6 * TRIP;
/// After a recovery a thirtieth of the odds is enough (ln 30 less).
pub(super) const TRIP_ON_PROBATION: f64 = TRIP - 3.4;
/// Three failures prove nothing on probation either: in a row they come by chance about once in a hundred days.
pub(super) const LEAST_FAILED: u32 = 4;
/// A ramp starts under suspicion.
const HEAD_START: f64 = 0.25 * TRIP;
/// One second can bring a third of what trips, so that no blip does. The slack keeps three full seconds from
/// missing the threshold by rounding.
const PER_SECOND: f64 = TRIP / 3.0 + 0.01;
const SLOT_S: f64 = 1.0;

/// How bad it was: the share of failures since the evidence began to gather.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Severity {
    pub(super) bad: u32,
    pub(super) n: u32,
    /// Over how many seconds.
    pub(super) over_s: u32,
}

impl Severity {
    pub(super) fn rate(self) -> f64 {
        f64::from(self.bad) / f64::from(self.n.max(1))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct ErrorTest {
    on_fail: [f64; 3],
    on_ok: [f64; 3],
    evidence: [f64; 3],
    /// Evidence when the current second began, and when that was.
    slot: [f64; 3],
    slot_at: f64,
    /// Since the evidence left zero.
    began: f64,
    n: u32,
    bad: u32,
}

impl ErrorTest {
    pub(super) fn new(limit: f64) -> Self {
        let mut test = Self {
            on_fail: [0.0; 3],
            on_ok: [0.0; 3],
            evidence: [0.0; 3],
            slot: [0.0; 3],
            slot_at: f64::NEG_INFINITY,
            began: 0.0,
            n: 0,
            bad: 0,
        };
        test.tolerate(limit);
        test
    }

    /// Changes the tolerated rate; the evidence stays.
    pub(super) fn tolerate(&mut self, limit: f64) {
        let p0 = tolerable(limit);
        let arms = [(3.0 * p0).min(0.5), (10.0 * p0).min(0.8), 0.9];
        self.on_fail = arms.map(|q| (q / p0).ln());
        self.on_ok = arms.map(|q| ((1.0 - q) / (1.0 - p0)).ln());
    }

    /// Counts one outcome at `t` seconds. True: a failure brought the evidence to `threshold`.
    pub(super) fn record(&mut self, t: f64, fail: bool, threshold: f64) -> bool {
        if t - self.slot_at >= SLOT_S {
            self.slot_at = t;
            self.slot = self.evidence;
        }
        let step = if fail { &self.on_fail } else { &self.on_ok };
        let mut most = 0.0_f64;
        for ((evidence, step), slot) in self.evidence.iter_mut().zip(step).zip(&self.slot) {
            let most_now = (slot + PER_SECOND).min(TRIP + 1.0);
            *evidence = (*evidence + step).min(most_now).max(0.0);
            most = most.max(*evidence);
        }
        if most == 0.0 {
            (self.n, self.bad) = (0, 0);
        } else {
            if self.n == 0 {
                self.began = t;
            }
            self.n = self.n.saturating_add(1);
            self.bad = self.bad.saturating_add(u32::from(fail));
        }
        fail && most >= threshold
    }

    /// Starts again from nothing.
    pub(super) fn reset(&mut self) {
        self.start_from(0.0);
    }

    /// Starts again with the suspicion that a ramp begins with.
    pub(super) fn head_start(&mut self) {
        self.start_from(HEAD_START);
    }

    fn start_from(&mut self, evidence: f64) {
        self.evidence = [evidence; 3];
        self.slot_at = f64::NEG_INFINITY;
        (self.n, self.bad) = (0, 0);
    }

    /// Evidence as a share of what trips.
    pub(super) fn suspicion(&self, threshold: f64) -> f64 {
        let most = self.evidence.iter().copied().fold(0.0, f64::max);
        (most / threshold).clamp(0.0, 1.0)
    }

    /// What was counted since the evidence began to gather.
    pub(super) const fn gathered(&self) -> Share {
        Share {
            bad: self.bad,
            n: self.n,
        }
    }

    pub(super) fn severity(&self, t: f64) -> Severity {
        Severity {
            bad: self.bad,
            n: self.n,
            over_s: whole_seconds(t - self.began),
        }
    }

    #[cfg(test)]
    pub(super) fn evidence(&self) -> [f64; 3] {
        self.evidence
    }
}

/// The limit as far as the test has a meaning: at half of all requests every hypothesis still lies above it.
pub(super) fn tolerable(limit: f64) -> f64 {
    limit.clamp(1e-4, 0.5)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of u32 first"
)]
fn whole_seconds(secs: f64) -> u32 {
    secs.ceil().clamp(1.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
#[path = "tests/errors.rs"]
mod tests;
