//! Whether the tiers' times add up inside a route's deadline.

use super::{
    finding::{About, Finding},
    rules,
};
use crate::{
    config::Route,
    model::{
        time::{duration_text, latency},
        topology::tier_name,
    },
    router::{RETRY_COSTS, kept_back},
};
use std::time::Duration;

/// The SDKs of OpenAI and Anthropic, for Python and for Node, give a call ten minutes unless they are told otherwise.
pub(super) const CLIENTS_WAIT: Duration = Duration::from_mins(10);

/// What each tier has for a whole answer when every tier above has failed as often as it may be tried again, and then
/// hung. `serves`: which of them take traffic; the others use no time, but time is kept for them.
pub(super) fn shares(route: &Route, serves: &[bool]) -> Vec<Duration> {
    let mut left = route.deadline;
    let last = route.tiers.len().saturating_sub(1);
    let tiers = route.tiers.iter().zip(serves).enumerate();
    tiers
        .map(|(i, (tier, &serves))| {
            if !serves {
                return Duration::ZERO;
            }
            let most = left.saturating_sub(kept_back(left, last.saturating_sub(i)));
            let tries = RETRY_COSTS.saturating_mul(tier.retries.into());
            left = left.saturating_sub(tries.saturating_add(tier.timeout).min(most));
            tier.timeout.min(most)
        })
        .collect()
}

pub(super) fn findings(route: &Route, serves: &[bool], shares: &[Duration]) -> Vec<Finding> {
    let about = || About::Route(route.id.clone());
    let mut found = Vec::new();
    found.extend(hang(route, serves, shares));
    if route.deadline > CLIENTS_WAIT {
        found.push(Finding::new(
            &rules::DEADLINE_TOO_LONG,
            about(),
            &["routes", &route.id, "deadline"],
            format!(
                "the deadline is {}; the SDKs of OpenAI and Anthropic leave after {} unless told otherwise",
                duration_text(route.deadline),
                duration_text(CLIENTS_WAIT)
            ),
            "set a shorter deadline, and timeouts that add up inside it",
        ));
    }
    for (i, tier) in route.tiers.iter().enumerate() {
        let Some(ttft) = tier.ttft_timeout.filter(|ttft| *ttft >= tier.timeout) else {
            continue;
        };
        found.push(Finding::new(
            &rules::TTFT_TOO_LATE,
            about(),
            &["routes", &route.id, "tiers", &i.to_string()],
            format!(
                "the {} waits {} for the first content and {} for the whole answer",
                tier_name(i),
                duration_text(ttft),
                duration_text(tier.timeout)
            ),
            "set a shorter ttft_timeout, or leave it out: it is learned",
        ));
    }
    found
}

/// What is left for the tiers below when those above hang.
fn hang(route: &Route, serves: &[bool], shares: &[Duration]) -> Option<Finding> {
    let id: &str = &route.id;
    let tiers = route.tiers.iter().enumerate().zip(serves).zip(shares);
    let serving = tiers.filter(|((_, serves), _)| **serves);
    let asked: Vec<_> = serving
        .map(|(((i, tier), _), &share)| (i, tier, share))
        .collect();
    let (&(i, first, share), below) = asked.split_first()?;
    let (_, _, next) = below.first()?;
    let deadline = duration_text(route.deadline);
    if share < first.timeout {
        return Some(Finding::new(
            &rules::DEADLINE_EATEN,
            About::Route(route.id.clone()),
            &["routes", id, "deadline"],
            format!(
                "the {} may take {} of a deadline of {deadline}: when it hangs, the next tier has {}",
                tier_name(i),
                duration_text(first.timeout),
                latency(*next)
            ),
            format!(
                "give the {} a shorter timeout, or the route a longer deadline",
                tier_name(i)
            ),
        ));
    }
    let (i, tier, share) = below.iter().find(|(_, t, share)| *share < t.timeout / 2)?;
    Some(Finding::new(
        &rules::TIER_STARVED,
        About::Route(route.id.clone()),
        &["routes", id, "tiers", &i.to_string()],
        format!(
            "when all above it hang, the {} has {} of its {}, within a deadline of {deadline}",
            tier_name(*i),
            latency(*share),
            duration_text(tier.timeout)
        ),
        "give the tiers above shorter timeouts, or the route a longer deadline",
    ))
}
