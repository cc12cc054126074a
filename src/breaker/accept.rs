//! A person knows better: the answers, or their judge, have changed for good.

use super::{Breaker, Move, machine::State};
use crate::model::{DeploymentId, Mono, Reason};

impl Breaker {
    /// What was scored since it last looked as usual is usual from now on, and nothing of it is held against the
    /// deployment. One that opened for its answers does not close by that: it looks now. The error is for the person
    /// who asked.
    pub fn accept_baseline(&mut self, who: &str, now: Mono) -> Result<Vec<Move>, String> {
        if !self.quality.accept(|_| true) {
            return Err("its answers are scored as usual: there is nothing to accept".to_owned());
        }
        self.quality.clear();
        if !self.trip.is_of_quality() {
            return Ok(Vec::new());
        }
        self.trip = self.trip.without_quality();
        self.would_be_open = None;
        let who = who.to_owned();
        match self.state {
            State::Open { .. } if !self.frozen() => {
                return Ok(vec![self.probe(Reason::ProbeAsked { who }, now)]);
            }
            State::Probe(_) => {
                self.generation += 1;
                self.state = State::Probe(self.new_round());
            }
            State::Closed | State::Open { .. } | State::Ramp(_) => {}
        }
        Ok(Vec::new())
    }

    /// A judge that was found at fault is asked again as it is: what it scored lately is usual for it.
    pub fn take_back(&mut self, judge: &DeploymentId) {
        self.quality.accept(|by| by == judge);
    }
}
