//! The machine's tests, and the small hand that drives it through simulated time.

mod accepted;
mod confirmation;
mod forces;
mod peers;
mod properties;
mod quality;
mod recovery;
mod simulation;
mod trips;

use super::*;
use crate::model::{Class, DeploymentId, Mono, Phase, Reason, Verdict};
use std::time::Duration;

fn judge() -> DeploymentId {
    DeploymentId::from("other/judge")
}

/// A breaker with a clock of its own.
struct Rig {
    breaker: Breaker,
    now: Mono,
}

impl Rig {
    fn new(settings: Settings) -> Self {
        let now = Mono::from_secs(1_000);
        Self {
            breaker: Breaker::new(settings, 7, now),
            now,
        }
    }

    fn with_cooldown(secs: u64) -> Self {
        Self::new(Settings {
            cooldown: Duration::from_secs(secs),
            ..Settings::default()
        })
    }

    /// Tripped by failures one second apart.
    fn tripped(settings: Settings) -> Self {
        let mut rig = Self::new(settings);
        rig.trip();
        rig
    }

    /// In the first step of the ramp after a hard outage.
    fn ramping() -> Self {
        let mut rig = Self::tripped(Settings::default());
        rig.wait_until_probe();
        rig.pass_probe();
        rig
    }

    fn phase(&self) -> Phase {
        self.breaker.view(self.now).phase
    }

    fn wait(&mut self, secs: f64) -> Vec<Move> {
        self.now = self.now + Duration::from_secs_f64(secs);
        self.breaker.tick(self.now)
    }

    fn admitted(&mut self) -> Option<Permit> {
        match self.breaker.admit(self.now) {
            Admission::Serve(permit) | Admission::Probe(permit) => Some(permit),
            Admission::Refuse(_) => None,
        }
    }

    fn permit(&mut self) -> Permit {
        self.admitted().expect("it admits here")
    }

    fn refusal(&mut self) -> Refusal {
        match self.breaker.admit(self.now) {
            Admission::Refuse(refusal) => refusal,
            admission => panic!("it refuses here: {admission:?}"),
        }
    }

    fn report(&mut self, permit: Permit, class: Class) -> Vec<Move> {
        let verdict = match class {
            Class::Ok => Verdict::ok(),
            Class::Credential => Verdict::new(class, "invalid_key").status(401),
            _ => Verdict::new(class, "test"),
        };
        self.breaker.report(permit, &verdict, self.now)
    }

    /// One whole request, if it is admitted.
    fn request(&mut self, class: Class) -> Vec<Move> {
        match self.admitted() {
            Some(permit) => self.report(permit, class),
            None => Vec::new(),
        }
    }

    /// One judge can be asked, or none.
    fn judge_available(&mut self, available: bool) {
        self.breaker.sit(Bench {
            first: available.then(judge),
            ..Bench::default()
        });
    }

    fn score(&mut self, ticket: Ticket, value: f64) -> Vec<Move> {
        let score = Score {
            judge: judge(),
            value,
            other: None,
        };
        self.breaker.score(ticket, &score, self.now)
    }

    /// One request that is answered well and scored so.
    fn judged(&mut self, score: f64) -> Vec<Move> {
        let Some(permit) = self.admitted() else {
            return Vec::new();
        };
        let ticket = permit.ticket();
        let mut moves = self.report(permit, Class::Ok);
        moves.extend(self.score(ticket, score));
        moves
    }

    fn trip(&mut self) -> Vec<Move> {
        for _ in 0..10 {
            let moves = self.request(Class::Fault);
            if !moves.is_empty() {
                return moves;
            }
            self.wait(1.0);
        }
        panic!("ten failures did not trip it");
    }

    /// Follows the breaker's own timers until it probes.
    fn wait_until_probe(&mut self) -> Duration {
        let began = self.now;
        while self.phase() != Phase::Probe {
            let next = self.breaker.next_timer().expect("an open breaker has one");
            self.now = self.now.max(next);
            self.breaker.tick(self.now);
        }
        self.now.since(began)
    }

    /// Clean probes until it lets go.
    fn pass_probe(&mut self) -> u32 {
        for n in 1..200 {
            self.wait(0.2);
            self.request(Class::Ok);
            if self.phase() != Phase::Probe {
                return n;
            }
        }
        panic!("200 clean probes did not pass");
    }

    /// Good traffic until it is closed.
    fn recover(&mut self) -> Duration {
        let began = self.now;
        self.wait_until_probe();
        for _ in 0..100_000 {
            self.wait(0.1);
            self.request(Class::Ok);
            if self.phase() == Phase::Closed {
                return self.now.since(began);
            }
        }
        panic!("it did not recover");
    }
}

fn to(moves: &[Move]) -> Vec<Phase> {
    moves
        .iter()
        .filter_map(|m| match m {
            Move::To { to, .. } => Some(*to),
            _ => None,
        })
        .collect()
}

fn reason(moves: &[Move]) -> &Reason {
    moves
        .iter()
        .find_map(|m| match m {
            Move::To { reason, .. } | Move::WouldTrip { reason, .. } => Some(reason),
            _ => None,
        })
        .expect("it moved")
}

/// How long the breaker will be open, as its move says.
fn open_for(moves: &[Move], now: Mono) -> f64 {
    moves
        .iter()
        .find_map(|m| match m {
            Move::To {
                to: Phase::Open,
                until,
                ..
            } => *until,
            _ => None,
        })
        .expect("it opened")
        .since(now)
        .as_secs_f64()
}
