//! What another replica's breaker found out.

use super::{Breaker, Move, machine::State, probe::Trip};
use crate::model::{ForceKind, Mono, Reason};

impl Breaker {
    /// Another replica saw this deployment fail: opens until its cooldown is over, or says that it would have.
    ///
    /// Only what serves opens. A breaker that is open, or looking, or held open by a person, knows as much already.
    /// The way back is the ordinary one, and asks for everything: what went wrong there was not seen here. A peer
    /// whose clock is wrong costs the longest cooldown at most.
    pub fn trip_by_fleet(&mut self, reason: Reason, until: Mono, now: Mono) -> Vec<Move> {
        let serves = matches!(self.state, State::Closed | State::Ramp(_));
        let held_open = self.held.is_some_and(|h| h.kind == ForceKind::Open);
        let wait = now
            .until(until)
            .min(self.settings.max_cooldown.max(self.settings.cooldown));
        if !serves || held_open || self.would_be_open.is_some() || wait.is_zero() {
            return Vec::new();
        }
        let closed = matches!(self.state, State::Closed);
        if closed && self.admits_everything() {
            return vec![self.would_open(wait, reason, now)];
        }
        if self.frozen() {
            return Vec::new();
        }
        if closed {
            self.count_relapse(now);
        }
        self.trip = Trip::HARD.and(Trip::QUALITY);
        vec![self.open(wait, reason, now)]
    }
}
