//! Who is asked what, and when. Pure: time is an argument.
//!
//! The interval is shared out: each deployment has a place in it, and is asked there once per interval, a little
//! earlier or later. So they never fire together, whatever the jitter and however long one of them had users to answer.
//! One that is under suspicion is asked more often, in the same way, until the suspicion ends.

use crate::{
    config::{Canary, CanaryPrompt},
    model::{DeploymentId, Mono},
};
use std::{sync::Arc, time::Duration};

/// Of an interval, at most. With many deployments it is the width of a place.
const JITTER: f64 = 0.2;

#[derive(Debug)]
pub(super) struct Schedule {
    canary: Option<Arc<Canary>>,
    seats: Vec<Seat>,
    /// Where the interval begins: replicas that start together do not fire together either.
    offset: f64,
    rng: fastrand::Rng,
}

#[derive(Debug)]
struct Seat {
    deployment: DeploymentId,
    due: Mono,
    /// Which prompt is next.
    turn: usize,
    /// It is under suspicion.
    haste: bool,
}

/// One deployment is to be asked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) deployment: DeploymentId,
    pub(super) prompt: CanaryPrompt,
    /// No user was answered for a whole interval.
    pub(super) quiet: bool,
}

impl Schedule {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        Self {
            canary: None,
            seats: Vec::new(),
            offset: rng.f64(),
            rng,
        }
    }

    /// Takes a configuration over; the same one changes nothing.
    pub(super) fn follow(&mut self, canary: Option<&Canary>, now: Mono) {
        if self.canary.as_deref() == canary {
            return;
        }
        self.canary = canary.cloned().map(Arc::new);
        let deployments = canary.map(|c| c.deployments.as_slice()).unwrap_or_default();
        self.seats = deployments
            .iter()
            .map(|id| Seat {
                deployment: id.clone(),
                due: Mono::default(),
                turn: 0,
                haste: false,
            })
            .collect();
        for place in 0..self.seats.len() {
            self.seats[place].due = self.next(place, now);
        }
    }

    /// Who is to be asked now. `heard`: when a deployment last had a user's request to end; `suspected`: whether it is to be
    /// asked more often.
    pub(super) fn due(
        &mut self,
        now: Mono,
        heard: impl Fn(&DeploymentId) -> Option<Mono>,
        suspected: impl Fn(&DeploymentId) -> bool,
    ) -> Vec<Due> {
        let mut all = Vec::new();
        let Some(canary) = self.canary.clone() else {
            return all;
        };
        for place in 0..self.seats.len() {
            let haste = suspected(&self.seats[place].deployment);
            if haste && !std::mem::replace(&mut self.seats[place].haste, haste) {
                let sooner = self.next(place, now);
                let seat = &mut self.seats[place];
                seat.due = seat.due.min(sooner);
            }
            self.seats[place].haste = haste;
            if now < self.seats[place].due {
                continue;
            }
            self.seats[place].due = self.next(place, now);
            let seat = &mut self.seats[place];
            let quiet = heard(&seat.deployment).is_none_or(|at| now.since(at) >= canary.every);
            let prompt = canary.prompts.get(seat.turn % canary.prompts.len().max(1));
            let Some(prompt) = prompt.filter(|_| quiet || !canary.only_when_quiet) else {
                continue;
            };
            seat.turn = seat.turn.wrapping_add(1);
            all.push(Due {
                deployment: seat.deployment.clone(),
                prompt: prompt.clone(),
                quiet,
            });
        }
        all
    }

    /// The next time that belongs to a place. What was missed (the machine slept) is not made up for.
    fn next(&mut self, place: usize, now: Mono) -> Mono {
        let every = self.canary.as_ref().map_or(Duration::MAX, |c| c.every);
        let often = if self.seats[place].haste {
            Canary::HASTE
        } else {
            1
        };
        let (every, n) = (every / often, self.seats.len());
        let begins = every.mul_f64((self.offset + share(place, n)).fract());
        let begins = micros(begins);
        let interval = micros(every).max(1);
        let into = (now.0 % interval + interval - begins % interval) % interval;
        let jitter = every.mul_f64(share(1, n).min(JITTER) * self.rng.f64());
        now + Duration::from_micros(interval - into) + jitter
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are a few deployments")]
fn share(of: usize, all: usize) -> f64 {
    of as f64 / all.max(1) as f64
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
