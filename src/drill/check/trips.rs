//! Checks of what the breakers did.

use super::{Answer, Why};
use crate::{
    drill::{record::Record, scenario::TierName},
    model::{
        Class, DeploymentId, Event, Kind, Phase, Reason, Wall, phase::Transition, time::latency,
    },
};
use std::time::Duration;

/// Breakers that opened under the faults, in order.
pub(super) fn opened(r: &Record) -> impl Iterator<Item = (Wall, &Transition)> {
    r.under_fault()
        .filter_map(|e: &std::sync::Arc<Event>| match &e.kind {
            Kind::Transition(t) if t.to == Phase::Open => Some((e.at, t)),
            _ => None,
        })
}

impl Why {
    fn is(self, reason: &Reason) -> bool {
        match (self, reason) {
            (Self::Credential, Reason::Certain { verdict }) => verdict.class == Class::Credential,
            (Self::Config, Reason::Certain { verdict }) => verdict.class == Class::Config,
            (Self::ErrorRate, Reason::ErrorRate { .. })
            | (Self::Quality, Reason::Quality { .. }) => true,
            _ => false,
        }
    }
}

pub(super) fn breaker_opened(r: &Record, tier: TierName, why: Why, within: Duration) -> Answer {
    let watched = of_tier(r, tier);
    let mut passed = !watched.is_empty();
    let mut said = Vec::new();
    for id in watched {
        let Some((at, t)) = opened(r).find(|(_, t)| t.deployment == *id) else {
            passed = false;
            said.push(format!("{id} did not open"));
            continue;
        };
        let after = at.since(r.faults.from);
        let right = why.is(&t.reason);
        passed &= right && after <= within;
        let wrong = if right { "" } else { ", the wrong reason" };
        said.push(format!(
            "{id} after {}: {}{wrong}",
            latency(after),
            t.reason
        ));
    }
    (passed, said.join("; "))
}

fn of_tier(r: &Record, tier: TierName) -> Vec<&DeploymentId> {
    match tier {
        TierName::All => r.tiers.iter().flat_map(|t| &t.deployments).collect(),
        TierName::At(i) => {
            let tier = r.tiers.get(i);
            tier.into_iter().flat_map(|t| &t.deployments).collect()
        }
        TierName::Judges => r.before.judge.judges.iter().collect(),
    }
}

/// Opened again from a probe or a ramp is the same outage.
fn tripped(r: &Record) -> impl Iterator<Item = (Wall, &Transition)> {
    opened(r).filter(|(_, t)| t.from == Phase::Closed)
}

pub(super) fn at_most(r: &Record, tier: TierName, times: usize) -> Answer {
    let watched = of_tier(r, tier);
    let (mut passed, mut said) = (!watched.is_empty(), Vec::new());
    for id in watched {
        let all: Vec<_> = tripped(r).filter(|(_, t)| t.deployment == *id).collect();
        passed &= all.len() <= times;
        match all.first() {
            None => said.push(format!("{id} stayed closed")),
            Some((at, t)) => said.push(format!(
                "{id} opened {} times, first after {}: {}",
                all.len(),
                latency(at.since(r.faults.from)),
                t.reason
            )),
        }
    }
    (passed, said.join("; "))
}

/// Evidence is failed attempts, so that neither luck with the clock nor slow failures decide it.
pub(super) fn second_is_faster(r: &Record) -> Answer {
    let trips: Vec<u32> = tripped(r)
        .filter(|(_, t)| r.is_of_tier(&t.deployment, 0))
        .filter_map(|(_, t)| match t.reason {
            Reason::ErrorRate { bad, .. } => Some(bad),
            _ => None,
        })
        .collect();
    match trips.as_slice() {
        [first, second, ..] => (
            second < first,
            format!("{first} failed attempts the first time, {second} the second"),
        ),
        some => {
            let n = some.len();
            (
                false,
                format!("the primary tripped on failures {n} times, not twice"),
            )
        }
    }
}

pub(super) fn primary_back(r: &Record, within: Duration) -> Answer {
    let (mut passed, mut said) = (true, Vec::new());
    for id in of_tier(r, TierName::At(0)) {
        let last = r.under_fault().rev().find_map(|e| match &e.kind {
            Kind::Transition(t) if t.deployment == *id => Some((e.at, t.to)),
            _ => None,
        });
        let after = |at: Wall| at.since(r.faults.to);
        let (good, text) = match last {
            None => (false, format!("{id} was never away")),
            Some((at, Phase::Closed)) => (
                after(at) <= within,
                format!("{id} after {}", latency(after(at))),
            ),
            Some((_, phase)) => (
                false,
                format!("{id} is {phase} after {}", latency(after(r.end))),
            ),
        };
        passed &= good;
        said.push(text);
    }
    (passed, said.join("; "))
}
