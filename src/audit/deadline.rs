//! Whether the tiers' times add up inside a route's deadline.

use super::{
    finding::{About, Finding},
    rules,
};
use crate::{
    config::Route,
    fitness::RouteFacts,
    model::{
        time::{duration_text, latency},
        topology::tier_name,
    },
};
use std::time::Duration;

/// The SDKs of OpenAI and Anthropic, for Python and for Node, give a call ten minutes unless they are told otherwise.
pub(super) const CLIENTS_WAIT: Duration = Duration::from_mins(10);

pub(super) fn findings(route: &Route, facts: &RouteFacts) -> Vec<Finding> {
    let about = || About::Route(route.id.clone());
    let mut found = Vec::new();
    found.extend(hang(route, facts));
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
fn hang(route: &Route, facts: &RouteFacts) -> Option<Finding> {
    let id: &str = &route.id;
    let deadline = duration_text(route.deadline);
    if let Some((i, next)) = facts.eaten() {
        return Some(Finding::new(
            &rules::DEADLINE_EATEN,
            About::Route(route.id.clone()),
            &["routes", id, "deadline"],
            facts.eats(i, next),
            format!(
                "give the {} a shorter timeout, or the route a longer deadline",
                tier_name(i)
            ),
        ));
    }
    let mut below = facts.asked().skip(1);
    let (i, tier) = below.find(|(_, tier)| tier.has < tier.timeout / 2)?;
    Some(Finding::new(
        &rules::TIER_STARVED,
        About::Route(route.id.clone()),
        &["routes", id, "tiers", &i.to_string()],
        format!(
            "when all above it hang, the {} has {} of its {}, within a deadline of {deadline}",
            tier_name(i),
            latency(tier.has),
            duration_text(tier.timeout)
        ),
        "give the tiers above shorter timeouts, or the route a longer deadline",
    ))
}
