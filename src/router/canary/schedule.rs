//! Who is asked what, and when. Pure: time is an argument.
//!
//! The interval is shared out: each deployment has a place in it, and is asked there once per interval, a little
//! earlier or later. So they never fire together, whatever the jitter and however long one of them had users to answer.

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
            })
            .collect();
        for place in 0..self.seats.len() {
            self.sit(place, now);
        }
    }

    /// Who is to be asked now. `heard`: when a deployment last had a user's request to end.
    pub(super) fn due(
        &mut self,
        now: Mono,
        heard: impl Fn(&DeploymentId) -> Option<Mono>,
    ) -> Vec<Due> {
        let mut all = Vec::new();
        let Some(canary) = self.canary.clone() else {
            return all;
        };
        for place in 0..self.seats.len() {
            if now < self.seats[place].due {
                continue;
            }
            self.sit(place, now);
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
    fn sit(&mut self, place: usize, now: Mono) {
        let Some(every) = self.canary.as_ref().map(|c| c.every) else {
            return;
        };
        let n = self.seats.len();
        let begins = every.mul_f64((self.offset + share(place, n)).fract());
        let begins = micros(begins);
        let interval = micros(every).max(1);
        let into = (now.0 % interval + interval - begins % interval) % interval;
        let jitter = every.mul_f64(share(1, n).min(JITTER) * self.rng.f64());
        self.seats[place].due = now + Duration::from_micros(interval - into) + jitter;
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
