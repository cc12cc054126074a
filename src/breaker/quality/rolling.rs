//! The documented rolling mean of the judge's scores.

use crate::breaker::Window;
use crate::model::{Mono, series::Mean};
use std::time::Duration;

/// The window is exact to a sixtieth: a minute of an hour.
const PARTS: u32 = 60;
/// A ramp is judged on fewer answers than a closed breaker: it has few.
const MIN_N_IN_RAMP: u32 = 8;

/// A mean over a window, with a minimum sample. It is emptied whenever a recovery begins and again when it is
/// complete: with the scores that tripped it still inside, the first look after a cooldown would trip it again.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::breaker) struct RollingMean {
    scores: Window<Mean>,
    floor: f64,
    min_n: u32,
}

impl RollingMean {
    pub(super) fn new(window: Duration, floor: f64, min_n: u32) -> Self {
        Self {
            scores: Window::new(window, PARTS),
            floor,
            min_n,
        }
    }

    /// Changes the rule; the scores stay.
    pub(super) fn configure(&mut self, window: Duration, floor: f64, min_n: u32) {
        if Window::<Mean>::new(window, PARTS).span() != self.scores.span() {
            self.scores = self.scores.resized(window);
        }
        (self.floor, self.min_n) = (floor, min_n);
    }

    /// Counts one score.
    pub(super) fn record(&mut self, now: Mono, score: f64) {
        if let Some(mean) = self.scores.at(now) {
            mean.push(score);
        }
    }

    pub(super) fn clear(&mut self) {
        self.scores.clear();
    }

    pub(in crate::breaker) fn mean(&self, now: Mono) -> Mean {
        self.scores.total(now)
    }

    /// The mean, if it trips a closed breaker. Asked after a score under the floor only: good answers that grow old
    /// must not trip anything.
    pub(in crate::breaker) fn bad(&self, now: Mono) -> Option<(f64, u32)> {
        self.under_floor(now, self.min_n)
    }

    /// The same for a ramp.
    pub(in crate::breaker) fn bad_in_ramp(&self, now: Mono) -> Option<(f64, u32)> {
        self.under_floor(now, MIN_N_IN_RAMP.min(self.min_n))
    }

    fn under_floor(&self, now: Mono, min_n: u32) -> Option<(f64, u32)> {
        let all = self.mean(now);
        let mean = all.value().filter(|&mean| mean < self.floor)?;
        (all.n >= min_n).then_some((mean, all.n))
    }
}
