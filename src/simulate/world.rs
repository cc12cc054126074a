//! Providers in time: what becomes of a request, and when.

use super::{
    TTFT_DEADLINE,
    clock::Clock,
    judges::Worth,
    scenario::{Health, Scenario},
};
use crate::model::Mono;
use std::time::Duration;

/// A request's fate at one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Answered(Worth),
    /// A fast 5xx.
    Failed,
    /// More than it can take: 529.
    Overloaded,
    /// Nothing until the deadline for the first token.
    Silent,
    /// 429
    Limited,
    /// 400: the caller's own mistake.
    Mistaken,
    /// 401: our key is refused.
    Locked,
}

#[derive(Debug)]
pub(super) struct World {
    providers: Vec<Upstream>,
    traffic: Clock<f64>,
    rate: f64,
}

#[derive(Debug)]
struct Upstream {
    health: Clock<Health>,
    /// What it can take at once, a second's worth at most; refilled by time.
    room: f64,
    seen: Mono,
}

impl World {
    pub(super) fn new(scenario: &Scenario, begins: Mono) -> Self {
        let upstream = |p: &super::scenario::Provider| Upstream {
            health: Clock::new(&p.phases, begins),
            room: f64::INFINITY,
            seen: Mono::default(),
        };
        Self {
            providers: scenario.providers.iter().map(upstream).collect(),
            traffic: Clock::starting_with(1.0, &scenario.traffic, begins),
            rate: scenario.rate_rps,
        }
    }

    /// When the next request comes: a Poisson stream, whose rate may change on the way. None: never.
    pub(super) fn next_arrival(&mut self, now: Mono, rng: &mut fastrand::Rng) -> Option<Mono> {
        let mut from = now;
        loop {
            let rate = self.rate * self.traffic.at(from);
            let change = self.traffic.changes();
            if rate > 0.0 {
                let gap = -(1.0 - rng.f64()).ln() / rate;
                let at = from + Duration::from_secs_f64(gap);
                // Without memory: where the rate changes the wait begins anew.
                if change.is_none_or(|change| at < change) {
                    return Some(at);
                }
            }
            from = change?;
        }
    }

    /// Sends one request to a provider: what comes of it, and after how long.
    pub(super) fn send(
        &mut self,
        provider: usize,
        now: Mono,
        rng: &mut fastrand::Rng,
    ) -> (Fate, Duration) {
        let Some(upstream) = self.providers.get_mut(provider) else {
            return (Fate::Failed, Duration::ZERO);
        };
        let health = upstream.health.at(now);
        let fate = if upstream.takes(health.capacity_rps, now) {
            fate(&health, rng)
        } else {
            Fate::Overloaded
        };
        let quick = || Duration::from_millis(100);
        match fate {
            Fate::Silent => (fate, TTFT_DEADLINE),
            Fate::Answered(_) => match spread(health.latency, rng) {
                takes if takes >= TTFT_DEADLINE => (Fate::Silent, TTFT_DEADLINE),
                takes => (fate, takes),
            },
            _ => (fate, spread(quick(), rng)),
        }
    }
}

impl Upstream {
    /// Whether there is room for one more.
    fn takes(&mut self, capacity: f64, now: Mono) -> bool {
        if capacity.is_infinite() {
            self.room = f64::INFINITY;
            return true;
        }
        let passed = now.since(self.seen).as_secs_f64();
        self.seen = now;
        self.room = (self.room + passed * capacity).min(capacity.max(1.0));
        if capacity <= 0.0 || self.room < 1.0 {
            return false;
        }
        self.room -= 1.0;
        true
    }
}

fn fate(health: &Health, rng: &mut fastrand::Rng) -> Fate {
    let mut at = rng.f64();
    for (share, fate) in [
        (health.c401, Fate::Locked),
        (health.hang, Fate::Silent),
        (health.err, Fate::Failed),
        (health.c429, Fate::Limited),
        (health.c400, Fate::Mistaken),
    ] {
        if at < share {
            return fate;
        }
        at -= share;
    }
    let at = rng.f64();
    Fate::Answered(if at < health.garbage {
        Worth::Garbage
    } else if at < health.garbage + health.mediocre {
        Worth::Mediocre
    } else {
        Worth::Good
    })
}

/// A time around its median, with a tail to the right: close to a lognormal of 0.4.
pub(super) fn spread(median: Duration, rng: &mut fastrand::Rng) -> Duration {
    // Four uniform numbers make a good enough bell; its deviation is 0.577.
    let bell: f64 = (0..4).map(|_| rng.f64() - 0.5).sum();
    median.mul_f64((0.7 * bell).exp())
}

#[cfg(test)]
#[path = "tests/world.rs"]
mod tests;
