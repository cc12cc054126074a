//! What is measured in one run.

use super::{
    GRACE,
    clock::Clock,
    expect::Cause,
    judges::Worth,
    scenario::{Scenario, Spell, Step},
    side::{Moved, Purpose},
};
use crate::model::{Mono, Phase};

#[derive(Debug)]
pub(super) struct Tally {
    begins: Mono,
    /// In the run's own time.
    spells: Vec<Spell>,
    sick: Vec<Clock<bool>>,
    /// Of every provider, what its breaker did, since before the measuring began.
    log: Vec<(Mono, Moved)>,
    tripped: bool,
    counts: Counts,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) requests: u64,
    /// Users who got an answer, of whatever worth.
    pub(super) answered: u64,
    /// Users who got none.
    pub(super) unserved: u64,
    /// Users who were told of their own mistake.
    pub(super) told: u64,
    /// Bad answers that users got from a provider while it was bad, and how many of them before its first trip.
    pub(super) bad: u64,
    pub(super) bad_before_trip: u64,
    pub(super) shadows: u64,
    pub(super) calls: [u64; Purpose::ALL.len()],
    /// Judges that were found at fault, each time, and why.
    pub(super) faults: Vec<(usize, String)>,
}

/// What one run came to. A time is infinite when it never happened, and none when there was nothing to wait for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    pub(super) counts: Counts,
    pub(super) first_trip: Option<f64>,
    pub(super) cause: Option<Cause>,
    pub(super) why: String,
    pub(super) relapse: Option<f64>,
    pub(super) recover: Option<f64>,
    /// The words of the first open that was not right.
    pub(super) wrong_why: String,
    pub(super) opens: u64,
    pub(super) outside: u64,
    pub(super) wrong_closes: u64,
}

impl Tally {
    pub(super) fn new(scenario: &Scenario, begins: Mono) -> Self {
        let spells = scenario.spells();
        let sick = |provider| {
            let own = spells.iter().filter(|s| s.provider == provider);
            let steps: Vec<Step<bool>> = own
                .flat_map(|s| [Some((s.from, true)), s.to.map(|to| (to, false))])
                .flatten()
                .map(|(at, is)| Step {
                    at: at.since(Mono::default()),
                    is,
                })
                .collect();
            Clock::new(&steps, begins)
        };
        let later = |at: Mono| begins + at.since(Mono::default());
        Self {
            begins,
            sick: (0..scenario.providers.len()).map(sick).collect(),
            spells: spells
                .iter()
                .map(|s| Spell {
                    provider: s.provider,
                    from: later(s.from),
                    to: s.to.map(later),
                })
                .collect(),
            log: Vec::new(),
            tripped: false,
            counts: Counts::default(),
        }
    }

    pub(super) fn is_sick(&mut self, provider: usize, now: Mono) -> bool {
        self.sick.get_mut(provider).is_some_and(|sick| sick.at(now))
    }

    /// What is counted, once the measuring has begun.
    fn counting(&mut self, now: Mono) -> Option<&mut Counts> {
        (now >= self.begins).then_some(&mut self.counts)
    }

    pub(super) fn arrived(&mut self, now: Mono) {
        if let Some(counts) = self.counting(now) {
            counts.requests += 1;
        }
    }

    pub(super) fn answered(&mut self, worth: Worth, sick: bool, now: Mono) {
        let tripped = self.tripped;
        let Some(counts) = self.counting(now) else {
            return;
        };
        counts.answered += 1;
        if sick && worth != Worth::Good {
            counts.bad += 1;
            counts.bad_before_trip += u64::from(!tripped);
        }
    }

    pub(super) fn told(&mut self, now: Mono) {
        if let Some(counts) = self.counting(now) {
            counts.told += 1;
        }
    }

    pub(super) fn unserved(&mut self, now: Mono) {
        if let Some(counts) = self.counting(now) {
            counts.unserved += 1;
        }
    }

    pub(super) fn probed(&mut self, now: Mono) {
        if let Some(counts) = self.counting(now) {
            counts.shadows += 1;
        }
    }

    pub(super) fn judge_called(&mut self, purpose: Purpose, now: Mono) {
        if let Some(counts) = self.counting(now) {
            let place = Purpose::ALL.iter().position(|(_, p)| *p == purpose);
            if let Some(calls) = place.and_then(|i| counts.calls.get_mut(i)) {
                *calls += 1;
            }
        }
    }

    pub(super) fn judge_at_fault(&mut self, fault: (usize, String), now: Mono) {
        if let Some(counts) = self.counting(now) {
            counts.faults.push(fault);
        }
    }

    pub(super) fn moved(&mut self, moved: Moved, now: Mono) {
        if !self.tripped && moved.is_trip() {
            self.tripped = self.spells.iter().any(|s| s.explains(&moved, now));
        }
        self.log.push((now, moved));
    }

    pub(super) fn outcome(self) -> Outcome {
        let first = self.first_trip();
        let measured = || self.log.iter().filter(|(at, _)| *at >= self.begins);
        let sick_then = |at: Mono, m: &Moved| self.spells.iter().any(|s| s.explains(m, at));
        let still_bad = |at: Mono, m: &Moved| {
            self.spells
                .iter()
                .any(|s| s.provider == m.provider && s.covers(at))
        };
        let count = |is: &dyn Fn(Mono, &Moved) -> bool| {
            measured().filter(|(at, m)| is(*at, m)).count() as u64
        };
        Outcome {
            opens: count(&|_, m| m.is_open()),
            outside: count(&|at, m| m.is_open() && !sick_then(at, m)),
            wrong_closes: count(&|at, m| m.to == Phase::Closed && still_bad(at, m)),
            first_trip: self.time_to_trip(),
            cause: first.map(|(_, m)| m.cause),
            wrong_why: measured()
                .find(|(at, m)| m.is_open() && !sick_then(*at, m))
                .map(|(_, m)| m.why.clone())
                .unwrap_or_default(),
            why: first.map(|(_, m)| m.why.clone()).unwrap_or_default(),
            relapse: self.relapse(),
            recover: self.recover(),
            counts: self.counts,
        }
    }

    /// From the first illness to the first trip that is right. None where there is nothing to find, or where the
    /// breaker was away already, for no good reason.
    fn time_to_trip(&self) -> Option<f64> {
        let onset = self
            .spells
            .first()
            .filter(|s| self.serves_at(s.provider, s.from))?;
        let trip = self.first_trip();
        Some(trip.map_or(f64::INFINITY, |(at, _)| secs(*at, onset.from)))
    }

    /// The first trip that is right.
    fn first_trip(&self) -> Option<&(Mono, Moved)> {
        let right = |at: Mono, m: &Moved| self.spells.iter().any(|s| s.explains(m, at));
        self.log.iter().find(|(at, m)| m.is_trip() && right(*at, m))
    }

    /// How long a later spell of the same provider went on before it tripped again, if it served when that began.
    fn relapse(&self) -> Option<f64> {
        let first = self.spells.first()?;
        let again = self.spells.iter().skip(1).find(|s| {
            s.provider == first.provider
                && matches!(
                    self.phase_at(s.provider, s.from),
                    Phase::Closed | Phase::Ramp(_)
                )
        })?;
        let trip = self
            .log
            .iter()
            .find(|(at, m)| *at >= again.from && m.is_trip() && again.explains(m, *at));
        Some(trip.map_or(f64::INFINITY, |(at, _)| secs(*at, again.from)))
    }

    /// From the end of the last spell to a closed breaker.
    fn recover(&self) -> Option<f64> {
        let last = self
            .spells
            .iter()
            .filter(|s| s.to.is_some())
            .max_by_key(|s| s.to)?;
        let well = last.to?;
        // What is still on its way when it ends may trip it yet.
        let settled = well + GRACE;
        if self.phase_at(last.provider, settled) == Phase::Closed {
            return Some(self.closed_between(last.provider, well, settled));
        }
        let closed = self
            .log
            .iter()
            .find(|(at, m)| *at >= settled && m.provider == last.provider && m.to == Phase::Closed);
        Some(closed.map_or(f64::INFINITY, |(at, _)| secs(*at, well)))
    }

    /// When, after `well`, it closed for the last time before `settled`.
    fn closed_between(&self, provider: usize, well: Mono, settled: Mono) -> f64 {
        let closed = self.log.iter().rev().find(|(at, m)| {
            (well..settled).contains(at) && m.provider == provider && m.to == Phase::Closed
        });
        closed.map_or(0.0, |(at, _)| secs(*at, well))
    }

    fn serves_at(&self, provider: usize, at: Mono) -> bool {
        matches!(self.phase_at(provider, at), Phase::Closed | Phase::Ramp(_))
    }

    fn phase_at(&self, provider: usize, at: Mono) -> Phase {
        let last = self
            .log
            .iter()
            .rev()
            .find(|(t, m)| *t <= at && m.provider == provider);
        last.map_or(Phase::Closed, |(_, m)| m.to)
    }
}

impl Moved {
    /// From all of the traffic to none of it.
    fn is_open(&self) -> bool {
        self.is_trip() && self.from == Phase::Closed
    }

    /// From serving to not serving.
    fn is_trip(&self) -> bool {
        self.to == Phase::Open && matches!(self.from, Phase::Closed | Phase::Ramp(_))
    }
}

impl Spell {
    /// Whether a trip is right: the provider was bad then, or had been until just before.
    fn explains(&self, moved: &Moved, at: Mono) -> bool {
        self.provider == moved.provider
            && at >= self.from
            && self.to.is_none_or(|to| at < to + GRACE)
    }
}

fn secs(at: Mono, since: Mono) -> f64 {
    at.since(since).as_secs_f64()
}

#[cfg(test)]
#[path = "tests/tally.rs"]
mod tests;
