//! What a person lays over a breaker, and how trust comes back after it.

use super::{Breaker, Held, Move, machine::State};
use crate::model::{ForceKind, Mono, Reason};

impl Breaker {
    /// Lays a force over the breaker, in place of the one that is there. It ends on the tick after `until`.
    ///
    /// What was admitted before counts no more, and what is admitted under it is never learned from.
    pub fn force(&mut self, kind: ForceKind, until: Mono, _now: Mono) -> Vec<Move> {
        let was_doubtful = self.held.is_some() && (self.distrusted || self.would_be_open.is_some());
        self.distrusted = was_doubtful || kind == ForceKind::Open;
        self.held = Some(Held { kind, until });
        self.start_over();
        Vec::new()
    }

    /// Takes the force off. Without one nothing happens.
    pub fn release(&mut self, now: Mono) -> Vec<Move> {
        self.end_force(now)
    }

    /// Trust is earned again through a probe, except where the deployment has served everything all the while and
    /// gave no cause to open.
    pub(super) fn end_force(&mut self, now: Mono) -> Vec<Move> {
        if self.held.take().is_none() {
            return Vec::new();
        }
        let trusted = !self.distrusted && self.would_be_open.is_none();
        self.distrusted = false;
        match self.state {
            State::Closed if trusted => self.start_over(),
            State::Probe(_) => self.start_over(),
            _ => {
                self.start_over();
                return vec![self.probe(Reason::ForceEnded, now)];
            }
        }
        Vec::new()
    }

    /// A new generation in the same phase, with nothing gathered yet.
    fn start_over(&mut self) {
        self.generation += 1;
        self.would_be_open = None;
        self.fresh_evidence();
        if let State::Probe(_) = self.state {
            self.state = State::Probe(self.new_round());
        }
    }
}
