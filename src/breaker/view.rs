//! What a screen may know of a breaker.

use super::{Breaker, Watch, machine::State};
use crate::model::{
    ForceKind, Mono, Phase, Reason,
    series::{Mean, Share},
};

/// A force that lies over a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub kind: ForceKind,
    pub until: Mono,
}

/// One look at a breaker.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Its own phase, whatever lies over it.
    pub phase: Phase,
    pub since: Mono,
    /// When it moves next by itself.
    pub until: Option<Mono>,
    pub generation: u64,
    /// Why it moved last; none: it never did.
    pub reason: Option<Reason>,
    pub force: Option<Held>,
    /// Everything is admitted and weighed, and nothing is blocked.
    pub observing: bool,
    /// What its phase would be if nothing lay over it.
    pub would_be: Phase,
    /// From 0 (no evidence) to 1 (what trips).
    pub suspicion: f64,
    /// Over 300 s.
    pub errors: Share,
    /// The judge's mean over its window, since the last recovery began.
    pub judged: Mean,
    pub watch: Watch,
}

impl Breaker {
    /// Reads, and changes nothing.
    pub fn view(&self, now: Mono) -> View {
        View {
            phase: self.phase(),
            since: self.since,
            until: self.until(),
            generation: self.generation,
            reason: self.reason.clone(),
            force: self.held,
            observing: self.observes(),
            would_be: self.would_be(),
            suspicion: self.suspicion(now),
            errors: self.shown.total(now),
            judged: self.quality.rolling().mean(now),
            watch: self.watch(now),
        }
    }

    fn watch(&self, now: Mono) -> Watch {
        let watch = self.quality.watched(self.on_probation(now));
        let share = match &self.state {
            State::Closed => watch.share,
            State::Open { .. } => 0.0,
            State::Probe(_) => 1.0,
            State::Ramp(step) => step.judged_share(),
        };
        Watch { share, ..watch }
    }

    /// Evidence of errors alone, as a share of what trips.
    pub fn error_suspicion(&self, now: Mono) -> f64 {
        match self.state {
            State::Closed | State::Ramp(_) => self.errors.suspicion(self.threshold(now)),
            State::Open { .. } | State::Probe(_) => 1.0,
        }
    }

    const fn would_be(&self) -> Phase {
        match (self.phase(), self.would_be_open) {
            (Phase::Closed, Some(_)) => Phase::Open,
            (phase, _) => phase,
        }
    }

    fn suspicion(&self, now: Mono) -> f64 {
        match &self.state {
            State::Closed if self.would_be_open.is_some() => 1.0,
            State::Closed => self.error_suspicion(now).max(self.quality.suspicion()),
            State::Ramp(_) => self
                .error_suspicion(now)
                .max(self.quality.suspicion_in_ramp()),
            State::Open { .. } => 1.0,
            State::Probe(round) => round.suspicion(),
        }
    }
}
