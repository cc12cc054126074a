//! What has to be true after a drill: pure predicates over a [`Record`]. Each says yes or no with the numbers that
//! decided it.

mod before;
mod hits;
mod judged;
mod trips;

pub(super) use before::still_recovering;

use super::{
    record::Record,
    scenario::{TierName, tier, time},
};
use crate::model::{
    DeploymentId, Kind, Verdict, Wall,
    event::{Outcome, Picked},
    id::ExchangeId,
    time::latency,
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
    /// No breaker of the tier opened.
    NothingTripped {
        #[serde(deserialize_with = "tier")]
        tier: TierName,
    },
    /// However often things change, a breaker follows only so often.
    OpensAtMost {
        #[serde(deserialize_with = "tier")]
        tier: TierName,
        times: usize,
    },
    /// In the second round the primary's breaker needs less evidence than in the first.
    SecondTripFaster {},
    /// The primary was away, and is back so soon after the last fault.
    PrimaryBack {
        #[serde(deserialize_with = "time")]
        within: Duration,
    },
    /// So many requests met the `fault`th fault at most.
    UpstreamHits { fault: usize, at_most: u64 },
    /// So many users got what the faults made up before the breaker opened.
    BadAnswers { at_most: u64 },
    /// It is said that nobody can judge.
    JudgeBlind {
        #[serde(deserialize_with = "time")]
        within: Duration,
    },
    /// A judge that changed is found out: drift is declared, or it is dismissed.
    JudgeFoundOut {
        #[serde(deserialize_with = "time")]
        within: Duration,
    },
    /// Configuration, routes, phases, forces, faults, gates, rung 3 and judges are what they were.
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
            Self::NothingTripped { .. } => "no breaker opened".to_owned(),
            Self::OpensAtMost { times, .. } => {
                format!("the breaker follows at most {times} times")
            }
            Self::SecondTripFaster {} => "the second trip takes less evidence".to_owned(),
            Self::PrimaryBack { within } => {
                format!("the primary is back within {}", latency(*within))
            }
            Self::UpstreamHits { at_most, .. } => {
                format!("at most {at_most} requests go where nothing is to be had")
            }
            Self::BadAnswers { at_most } => {
                format!("at most {at_most} bad answers before the breaker opens")
            }
            Self::JudgeBlind { within } => {
                format!("that nobody can judge is said within {}", latency(*within))
            }
            Self::JudgeFoundOut { within } => {
                format!("the judge is found out within {}", latency(*within))
            }
            Self::AsBefore { .. } => "afterwards everything is as before".to_owned(),
        }
    }

    /// Whether it can be answered as soon as the faults are over.
    pub const fn is_about_faults(&self) -> bool {
        !matches!(
            self,
            Self::AsBefore { .. } | Self::NothingReachedTheUser { .. } | Self::PrimaryBack { .. }
        )
    }

    /// Which fault it counts, from 1.
    pub(super) const fn fault(&self) -> Option<usize> {
        match self {
            Self::UpstreamHits { fault, .. } => Some(*fault),
            _ => None,
        }
    }

    pub fn answer(&self, record: &Record) -> Finding {
        let (passed, numbers) = match self {
            Self::PrimaryFailsFast {} => primary_fails_fast(record),
            Self::SecondaryPicksUp { retries } => secondary_picks_up(record, *retries),
            Self::P95WithinSlo { slo } => p95_within(record, *slo),
            Self::NothingReachedTheUser { canned } => nothing_reached_the_user(record, *canned),
            Self::BreakerOpened { tier, why, within } => {
                trips::breaker_opened(record, *tier, *why, *within)
            }
            Self::LastRungsCarry {} => last_rungs_carry(record),
            Self::NothingTripped { tier } => trips::at_most(record, *tier, 0),
            Self::OpensAtMost { tier, times } => trips::at_most(record, *tier, *times),
            Self::SecondTripFaster {} => trips::second_is_faster(record),
            Self::PrimaryBack { within } => trips::primary_back(record, *within),
            Self::UpstreamHits { fault, at_most } => hits::upstream(record, *fault, *at_most),
            Self::BadAnswers { at_most } => hits::bad_answers(record, *at_most),
            Self::JudgeBlind { within } => judged::blind(record, *within),
            Self::JudgeFoundOut { within } => judged::found_out(record, *within),
            Self::AsBefore { recovering } => before::as_before(record, *recovering),
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
    let opened = trips::opened(r)
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
    let poor = poor_stand_in(r);
    let and = poor.as_ref().map(|w| format!("; but {w}"));
    (
        second > 0 && lost == 0 && most <= retries && poor.is_none(),
        format!(
            "{} failed at the primary, {most} failed attempts each at most; {second} picked up by the secondary, \
             {limited} passed on while it was rate limited, {lost} by nobody or another{}",
            moved.len(),
            and.unwrap_or_default()
        ),
    )
}

/// Somebody who answers with a 200 and nonsense has not picked up.
fn poor_stand_in(r: &Record) -> Option<String> {
    let below = |s: &&super::Sample| s.rung == Some(2) && s.is_good();
    let own: Vec<_> = r.sent_in(r.faults).filter(below).collect();
    let wrong: Vec<_> = own.iter().filter_map(|s| s.looks.as_ref()).collect();
    if let Some(first) = wrong.first().filter(|_| wrong.len() * 2 > own.len()) {
        return Some(format!(
            "{} of its {} answers look wrong ({first})",
            wrong.len(),
            own.len()
        ));
    }
    let scores: Vec<f64> = r
        .under_fault()
        .filter(|e| !e.injected)
        .filter_map(|e| match &e.kind {
            Kind::Score {
                deployment,
                score,
                picked: Picked::Sample | Picked::Return,
                ..
            } if r.is_of_tier(deployment, 1) => Some(*score),
            _ => None,
        })
        .collect();
    let n = u32::try_from(scores.len()).unwrap_or(u32::MAX);
    let mean = scores.iter().sum::<f64>() / f64::from(n.max(1));
    let floor = r.before.judge_threshold;
    (n >= LEAST && mean < floor)
        .then(|| format!("its answers are judged {mean:.2} on average (n={n}), under {floor:.2}"))
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

#[cfg(test)]
pub(super) mod tests;
