//! The plain cooldown router itself.

use crate::model::{DeploymentId, Snapshot};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Failures within [`WINDOW_S`] that take a deployment out.
pub(super) const FAILS: u32 = 3;
pub(super) const WINDOW_S: u64 = 60;
pub(super) const COOLDOWN_S: u64 = 60;
/// Sums of fractions are not exact.
const EPSILON: f64 = 1e-9;
/// How fast it is forgotten how much each route is asked.
const FADE: f64 = 0.98;

/// Requests, or fractions of them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub(super) upstream: f64,
    pub(super) users: f64,
    pub(super) lower: f64,
    pub(super) bad: f64,
}

impl Outcome {
    pub(super) fn add(&mut self, other: &Self) {
        self.upstream += other.upstream;
        self.users += other.users;
        self.lower += other.lower;
        self.bad += other.bad;
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a count of requests is far under 2^52"
    )]
    pub(super) const fn whole(upstream: u64, users: u64, lower: u64, bad: u64) -> Self {
        Self {
            upstream: upstream as f64,
            users: users as f64,
            lower: lower as f64,
            bad: bad as f64,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Unit {
    disabled: bool,
    /// Failures of the last minute.
    failures: VecDeque<(u64, f64)>,
    /// It gets nothing before this second.
    out_until: u64,
}

/// A route; those with the same tiers are one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Route {
    tiers: Vec<usize>,
    /// How much it is asked, as a share of all.
    weight: f64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Plain {
    units: Vec<Unit>,
    routes: Vec<Route>,
}

impl Plain {
    /// `moved` says where each deployment stood before.
    pub(super) fn topology(&mut self, s: &Snapshot, moved: &[Option<usize>]) {
        let mut old = std::mem::take(&mut self.units);
        let units = s.deployments.iter().zip(moved).map(|(d, was)| Unit {
            disabled: d.disabled.is_some(),
            ..was
                .and_then(|i| old.get_mut(i))
                .map(std::mem::take)
                .unwrap_or_default()
        });
        self.units = units.collect();
        let place = |id: &DeploymentId| s.deployments.iter().position(|d| d.id == *id);
        self.routes.clear();
        for route in &s.routes {
            let tiers: Vec<_> = route.tiers.iter().filter_map(place).collect();
            if !tiers.is_empty() && self.routes.iter().all(|r| r.tiers != tiers) {
                self.routes.push(Route { tiers, weight: 0.0 });
            }
        }
    }

    pub(super) fn is_tier(&self, unit: usize) -> bool {
        self.routes.iter().any(|r| r.tiers.contains(&unit))
    }

    pub(super) fn is_cooling(&self, sec: u64) -> bool {
        self.units.iter().any(|u| u.out_until > sec)
    }

    /// A second in which it does what was really done: (failed, all) attempts of each deployment.
    pub(super) fn saw(&mut self, sec: u64, attempts: &[(u32, u32)]) {
        for (unit, (failed, _)) in self.units.iter_mut().zip(attempts) {
            unit.fail(sec, f64::from(*failed));
        }
        let firsts: Vec<_> = self
            .routes
            .iter()
            .map(|r| r.tiers.first().copied())
            .collect();
        for (i, route) in self.routes.iter_mut().enumerate() {
            let sharing = firsts.iter().filter(|first| **first == firsts[i]).count();
            let (_, n) = firsts[i]
                .and_then(|f| attempts.get(f))
                .copied()
                .unwrap_or_default();
            let sharing = u32::try_from(sharing).unwrap_or(u32::MAX);
            route.weight = route.weight * FADE + f64::from(n) / f64::from(sharing.max(1));
        }
    }

    /// A second of its own: so many requests, and of each deployment the share that fails and the share of its answers
    /// that is bad.
    pub(super) fn send(&mut self, sec: u64, requests: f64, known: &[(f64, f64)]) -> Outcome {
        let total: f64 = self.routes.iter().map(|r| r.weight).sum();
        let n = f64::from(u32::try_from(self.routes.len()).unwrap_or(u32::MAX).max(1));
        let mut out = Outcome::default();
        for route in &self.routes {
            let share = if total > EPSILON {
                route.weight / total
            } else {
                1.0 / n
            };
            let mut left = requests * share;
            for (place, &tier) in route.tiers.iter().enumerate() {
                let Some((unit, &(failing, bad))) = self.units.get_mut(tier).zip(known.get(tier))
                else {
                    continue;
                };
                let sent = unit.takes(sec, left, failing);
                let failed = sent * failing;
                unit.fail(sec, failed);
                let served = sent - failed;
                out.upstream += failed;
                out.bad += served * bad;
                if place > 0 {
                    out.lower += served;
                }
                left -= served;
            }
            out.users += left;
        }
        out
    }
}

impl Unit {
    /// How many of so many requests it gets before it is taken out.
    fn takes(&self, sec: u64, requests: f64, failing: f64) -> f64 {
        if self.disabled || self.out_until > sec {
            return 0.0;
        }
        let until = f64::from(FAILS) - self.recent(sec);
        if requests * failing > until {
            until.max(0.0) / failing
        } else {
            requests
        }
    }

    fn recent(&self, sec: u64) -> f64 {
        let recent = self.failures.iter().filter(|(s, _)| s + WINDOW_S > sec);
        recent.map(|(_, n)| n).sum()
    }

    fn fail(&mut self, sec: u64, n: f64) {
        if n <= 0.0 {
            return;
        }
        while self
            .failures
            .front()
            .is_some_and(|(s, _)| s + WINDOW_S <= sec)
        {
            self.failures.pop_front();
        }
        self.failures.push_back((sec, n));
        if self.recent(sec) >= f64::from(FAILS) - EPSILON {
            self.out_until = sec + COOLDOWN_S;
            self.failures.clear();
        }
    }
}
