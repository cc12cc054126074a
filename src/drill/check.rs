//! What has to be true after a drill: pure predicates over a [`Record`]. Each says yes or no with the numbers that
//! decided it.

use super::{
    record::Record,
    scenario::{TierName, tier, time},
};
use crate::model::{
    Class, DeploymentId, Event, Kind, Phase, Reason, Snapshot, Verdict, Wall,
    event::Outcome,
    id::ExchangeId,
    phase::Transition,
    time::{latency, short},
};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, time::Duration};

/// Fewer requests have no 95th percentile worth the name.
const LEAST: u32 = 5;

/// One `[[check]]` of a scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Check {
    /// The first request to the primary fails fast: inside the tier's timeout, and by an answer, not by a silence.
    PrimaryFailsFast {},
    /// What the primary did not answer, the secondary did, after so many retries at most.
    SecondaryPicksUp { retries: u32 },
    /// The 95th percentile stays inside the bound.
    P95WithinSlo {
        #[serde(deserialize_with = "time")]
        slo: Duration,
    },
    /// No error and no broken answer, of whomever. A canned answer is one that reached the user, unless allowed.
    NothingReachedTheUser {
        #[serde(default)]
        canned: bool,
    },
    /// Every breaker of the tier opened, for this reason, soon enough.
    BreakerOpened {
        #[serde(deserialize_with = "tier")]
        tier: TierName,
        why: Why,
        #[serde(deserialize_with = "time")]
        within: Duration,
    },
    /// Everything was answered from the cache or with the canned text.
    LastRungsCarry {},
    /// Phases, forces, faults and rung 3 are what they were.
    AsBefore {
        /// A breaker that is still on its way back is stated, not counted against the drill.
        #[serde(default)]
        recovering: bool,
    },
}

/// Why a breaker should open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    Credential,
    Config,
    ErrorRate,
    Quality,
}

/// The answer to one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub check: String,
    pub passed: bool,
    /// The numbers that decided it.
    pub numbers: String,
}

type Answer = (bool, String);

impl Check {
    /// What it asks, in words.
    pub fn title(&self) -> String {
        match self {
            Self::PrimaryFailsFast {} => "the first request to the primary fails fast".to_owned(),
            Self::SecondaryPicksUp { retries: 1 } => {
                "the secondary picks up within one retry".to_owned()
            }
            Self::SecondaryPicksUp { retries } => {
                format!("the secondary picks up within {retries} retries")
            }
            Self::P95WithinSlo { slo } => {
                format!("p95 bumps but stays inside the SLO of {}", latency(*slo))
            }
            Self::NothingReachedTheUser { .. } => "nothing reached the user".to_owned(),
            Self::BreakerOpened { within, .. } => format!(
                "the breaker opened with the right reason within {}",
                latency(*within)
            ),
            Self::LastRungsCarry {} => "the last rungs carry everything".to_owned(),
            Self::AsBefore { .. } => "afterwards everything is as before".to_owned(),
        }
    }

    /// Whether it can be answered as soon as the faults are over.
    pub const fn is_about_faults(&self) -> bool {
        !matches!(
            self,
            Self::AsBefore { .. } | Self::NothingReachedTheUser { .. }
        )
    }

    pub fn answer(&self, record: &Record) -> Finding {
        let (passed, numbers) = match self {
            Self::PrimaryFailsFast {} => primary_fails_fast(record),
            Self::SecondaryPicksUp { retries } => secondary_picks_up(record, *retries),
            Self::P95WithinSlo { slo } => p95_within(record, *slo),
            Self::NothingReachedTheUser { canned } => nothing_reached_the_user(record, *canned),
            Self::BreakerOpened { tier, why, within } => {
                breaker_opened(record, *tier, *why, *within)
            }
            Self::LastRungsCarry {} => last_rungs_carry(record),
            Self::AsBefore { recovering } => as_before(record, *recovering),
        };
        Finding {
            check: self.title(),
            passed,
            numbers,
        }
    }
}

/// How long the first failure took is known only as "at most": from the request, or from the fault being set, to the
/// first word of the failure.
fn primary_fails_fast(r: &Record) -> Answer {
    let Some((exchange, verdict, told)) = first_failure_of_primary(r) else {
        let why = "no request to the primary failed: the fault reached nobody";
        return (false, why.to_owned());
    };
    let timeout = r.tiers.first().map(|t| t.timeout).unwrap_or_default();
    let opened = opened(r)
        .find(|(_, t)| r.is_of_tier(&t.deployment, 0))
        .map_or(told, |(at, _)| at.min(told));
    let since_fault = opened.since(r.faults.from);
    let since_sent = r
        .samples
        .iter()
        .find(|s| s.exchange.as_ref() == Some(exchange))
        .map_or(Duration::MAX, |s| told.since(s.sent));
    let took = since_fault.min(since_sent);
    let how = if verdict.silent {
        ", after a silence"
    } else {
        ""
    };
    (
        !verdict.silent && took < timeout,
        format!(
            "{verdict} after at most {}{how}; the tier's timeout is {}",
            latency(took),
            latency(timeout)
        ),
    )
}

fn first_failure_of_primary(r: &Record) -> Option<(&ExchangeId, &Verdict, Wall)> {
    r.under_fault().find_map(|e| match &e.kind {
        Kind::Fallback {
            exchange,
            from,
            verdict,
            ..
        } if e.injected && r.is_of_tier(from, 0) => Some((exchange, verdict, e.at)),
        _ => None,
    })
}

/// Decided by the requests that the primary failed. A secondary that asked to be left alone (429) is rightly passed
/// over, at no cost to the caller; one that fails or is broken is not.
fn secondary_picks_up(r: &Record, retries: u32) -> Answer {
    let mut moved: HashMap<&ExchangeId, (u32, Option<&DeploymentId>, Wall)> = HashMap::new();
    for event in r.under_fault() {
        if let Kind::Fallback { exchange, to, .. } = &event.kind
            && event.injected
        {
            let (failures, by, at) = moved.entry(exchange).or_default();
            *failures += 1;
            (*by, *at) = (to.as_ref(), event.at);
        }
    }
    let by_second = |by: Option<&DeploymentId>| by.is_some_and(|d| r.is_of_tier(d, 1));
    let most = moved.values().map(|(n, ..)| *n).max().unwrap_or_default();
    let second = moved.values().filter(|(_, by, _)| by_second(*by)).count();
    let limited = moved
        .values()
        .filter(|(_, by, at)| by.is_some() && !by_second(*by) && secondary_was_limited(r, *at))
        .count();
    let lost = moved.len() - second - limited;
    (
        second > 0 && lost == 0 && most <= retries,
        format!(
            "{} failed at the primary, {most} failed attempts each at most; {second} picked up by the secondary, \
             {limited} passed on while it was rate limited, {lost} by nobody or another",
            moved.len()
        ),
    )
}

/// Whether the secondary was rate limited when a request that ended at `at` looked for the next tier.
fn secondary_was_limited(r: &Record, at: Wall) -> bool {
    let slack = r.tiers.first().map(|t| t.timeout).unwrap_or_default();
    r.events.iter().any(|e| match &e.kind {
        Kind::Gated {
            deployment, until, ..
        } => r.is_of_tier(deployment, 1) && e.at <= at && at <= *until + slack,
        _ => false,
    })
}

fn p95_within(r: &Record, slo: Duration) -> Answer {
    let (steady, drill) = (r.numbers(r.steady), r.numbers(r.faults));
    let text = format!(
        "p95 {} (n={}) in the steady state, {} (n={}) in the drill, bound {}",
        latency(steady.p95),
        steady.requests,
        latency(drill.p95),
        drill.requests,
        latency(slo)
    );
    if drill.requests < LEAST {
        return (false, format!("{text}: under {LEAST} requests say nothing"));
    }
    (drill.p95 <= slo, text)
}

fn nothing_reached_the_user(r: &Record, canned: bool) -> Answer {
    let all = r.everybody();
    let told = r
        .under_fault()
        .filter(
            |e| matches!(&e.kind, Kind::Unserved { outcome, .. } if *outcome != Outcome::Canned),
        )
        .count();
    let own: Vec<_> = r
        .samples
        .iter()
        .filter(|s| s.sent >= r.faults.from)
        .collect();
    let bad = own.iter().filter(|s| !s.is_good()).count();
    let refused = own.iter().filter(|s| s.status == Some(401)).count();
    let own_canned = own.iter().filter(|s| s.rung == Some(3)).count();
    let quiet = all.failed() == 0 && told == 0 && bad == 0;
    let uncanned = canned || (all.canned == 0 && own_canned == 0);
    let asked = all.answered() > 0 || !own.is_empty();
    (
        quiet && uncanned && asked,
        format!(
            "{} answered, {} errors, {} broken, {} canned; of the drill's own {}, {bad} failed ({refused} with a raw 401)",
            all.answered(),
            all.error,
            all.broken,
            all.canned,
            own.len()
        ),
    )
}

/// Breakers that opened under the faults, in order.
fn opened(r: &Record) -> impl Iterator<Item = (Wall, &Transition)> {
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

fn breaker_opened(r: &Record, tier: TierName, why: Why, within: Duration) -> Answer {
    let watched: Vec<&DeploymentId> = match tier {
        TierName::All => r.tiers.iter().flat_map(|t| &t.deployments).collect(),
        TierName::At(i) => r
            .tiers
            .get(i)
            .into_iter()
            .flat_map(|t| &t.deployments)
            .collect(),
    };
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

fn last_rungs_carry(r: &Record) -> Answer {
    let set = r.under_fault().filter_map(|e| match &e.kind {
        Kind::FaultAdded(_) => Some(e.at),
        _ => None,
    });
    // While some tiers are not yet broken, or no longer, a model may well answer.
    let all_down = set.max().unwrap_or(r.faults.from);
    let window = super::Window {
        from: all_down,
        to: r.faults.to,
    };
    let asked: Vec<_> = r
        .sent_in(window)
        .filter(|s| s.done() <= r.faults.to)
        .collect();
    let by = |rung| {
        asked
            .iter()
            .filter(|s| s.is_good() && s.rung == Some(rung))
            .count()
    };
    let (cached, canned) = (by(1), by(3));
    (
        !asked.is_empty() && cached + canned == asked.len(),
        format!(
            "of {} requests, {cached} from the cache, {canned} canned",
            asked.len()
        ),
    )
}

fn as_before(r: &Record, recovering: bool) -> Answer {
    let changed = changes(r);
    let back = still_recovering(&r.before, &r.after);
    let passed = changed.is_empty() && (recovering || back.is_empty());
    let said: Vec<_> = changed.into_iter().chain(back).collect();
    let took = short(r.end.since(r.faults.to));
    match (passed, said.is_empty()) {
        (_, true) => (
            passed,
            format!("phases, forces, faults and rung 3, {took} after the last fault"),
        ),
        _ => (passed, said.join("; ")),
    }
}

/// What does not go away by itself.
fn changes(r: &Record) -> Vec<String> {
    let (before, after) = (&r.before, &r.after);
    let mut said = Vec::new();
    for was in &before.deployments {
        let Some(is) = after.deployment(&was.id) else {
            said.push(format!("{} is gone", was.id));
            continue;
        };
        if was.force != is.force {
            let force = is.force.as_ref();
            let now = force.map_or("not forced any more".to_owned(), |f| {
                format!("forced {}", f.kind)
            });
            said.push(format!("{} is {now}", was.id));
        }
        if was.disabled != is.disabled {
            said.push(format!("{} was disabled or enabled", was.id));
        }
    }
    let ids = |s: &Snapshot| s.faults.iter().map(|f| f.fault.id).collect::<Vec<_>>();
    if ids(before) != ids(after) {
        said.push(format!(
            "{} faults before, {} after",
            before.faults.len(),
            after.faults.len()
        ));
    }
    for (was, is) in before.routes.iter().zip(&after.routes) {
        if was.rung3 != is.rung3 {
            said.push(format!("rung 3 of {} was switched", was.id));
        }
    }
    said
}

/// Breakers that are not yet what they were.
pub(super) fn still_recovering(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let moved = before.deployments.iter().filter_map(|was| {
        let is = after.deployment(&was.id)?;
        (is.phase != was.phase).then(|| format!("{} is still {}", was.id, is.phase))
    });
    moved.collect()
}

#[cfg(test)]
pub(super) mod tests;
