//! One route: its tiers, who is behind them, and its rungs.

use super::{
    deadline,
    finding::{About, Finding},
    rules,
};
use crate::{
    config::{Canned, CannedForm, Config, Route, Tier},
    fitness::{Lack, RouteFacts, falls_back_here, has_key},
    model::DeploymentId,
};

/// What `{…}` in a canned text may be.
const BLANKS: [&str; 3] = ["minutes", "support", "route"];

pub(super) fn findings(config: &Config, route: &Route, facts: &RouteFacts) -> Vec<Finding> {
    if let Some(above) = falls_back_here(config, route) {
        return vec![Finding::new(
            &rules::FALLBACK_ROUTE,
            About::Route(route.id.clone()),
            &["routes", &route.id],
            format!("route {above} falls back to it; asked for by its own name it has one tier"),
            "give it fallbacks of its own if clients ask for it",
        )];
    }
    let mut found: Vec<_> = failover(route, facts).into_iter().collect();
    found.extend(deadline::findings(route, facts));
    // Vectors are not cached, have no canned text, and no other model's are the same.
    if !route.embeds() {
        found.extend(rungs(route, facts));
        found.extend(windows(config, route));
    }
    found
}

/// Whether there is somebody else to ask.
fn failover(route: &Route, facts: &RouteFacts) -> Option<Finding> {
    let lack = facts.lack?;
    let rule = match lack {
        Lack::Tier => &rules::NO_TIER,
        Lack::SecondTier => &rules::ONE_TIER,
        Lack::Vendor => &rules::ONE_VENDOR,
        Lack::Account => &rules::ONE_ACCOUNT,
        Lack::Maker => &rules::ONE_MAKER,
    };
    let (message, todo) = facts.told(lack);
    let path = ["routes", &route.id, "tiers"];
    let about = About::Route(route.id.clone());
    Some(Finding::new(rule, about, &path, message, todo))
}

fn rungs(route: &Route, facts: &RouteFacts) -> Vec<Finding> {
    let id: &str = &route.id;
    let canned = &route.canned;
    let mut found = Vec::new();
    let mut tell = |rule, key: &str, message: String, todo: &str| {
        let about = About::Route(route.id.clone());
        found.push(Finding::new(
            rule,
            about,
            &["routes", id, key],
            message,
            todo,
        ));
    };
    if !facts.cache {
        tell(
            &rules::NO_CACHE,
            "cache",
            "no rung 1: its answers are not cached".to_owned(),
            "set cache.enabled and the route's cache to true",
        );
    }
    if canned.form == CannedForm::Error {
        tell(
            &rules::CANNED_ERROR,
            "canned",
            "rung 3 is a 503: callers' SDKs raise an error".to_owned(),
            "canned.form = \"answer\" gives a 200 with the text",
        );
        return found;
    }
    if let Some(blank) = unknown_blank(&canned.text) {
        tell(
            &rules::CANNED_BLANK,
            "canned",
            format!("nothing fills in {{{blank}}} in the canned text"),
            "write {minutes}, {support} or {route}",
        );
    }
    if canned.text == Canned::default().text && canned.support.is_empty() {
        tell(
            &rules::CANNED_DEFAULT,
            "canned",
            "rung 3 says the text that comes with breakerbox, and names nobody to turn to"
                .to_owned(),
            "write canned.text, or name somebody in canned.support",
        );
    }
    if canned.json.is_none() {
        tell(
            &rules::CANNED_NO_JSON,
            "canned",
            "rung 3 answers who asked for JSON with a plain text".to_owned(),
            "write canned.json, in the shape that its clients read",
        );
    }
    found
}

/// The first `{word}` that is none of the blanks.
fn unknown_blank(text: &str) -> Option<&str> {
    let is_word = |w: &&str| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let mut inside = text
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'));
    inside
        .by_ref()
        .map(|(word, _)| word)
        .find(|word| is_word(word) && !BLANKS.contains(word))
}

/// Where a prompt goes that is too long, or that a safety system refuses.
fn windows(config: &Config, route: &Route) -> Vec<Finding> {
    let id: &str = &route.id;
    let about = || About::Route(route.id.clone());
    let window = |id: &DeploymentId| config.deployments.get(id)?.context_window;
    let largest = |tiers: &[Tier]| {
        let all = tiers.iter().flat_map(|t| &t.deployments);
        all.filter(|id| has_key(config, id))
            .filter_map(window)
            .max()
    };
    let (primary, below) = route.tiers.split_at(1.min(route.tiers.len()));
    let own = largest(primary);
    let mut found = Vec::new();
    let larger =
        |other: Option<u32>| matches!((own, other), (Some(own), Some(other)) if other > own);
    if route.context_fallbacks.is_empty() {
        if !larger(largest(below)) {
            found.push(Finding::new(
                &rules::NO_LARGER_WINDOW,
                about(),
                &["routes", id],
                match own {
                    Some(own) => format!("no tier below is known to take more than the primary's {own} tokens"),
                    None => "no context_window is given for its primary, and it has no context_fallbacks".to_owned(),
                },
                "name context_fallbacks, or give the deployments their context_window",
            ));
        }
    } else if let (Some(own), Some(other)) = (own, largest(&route.context_fallbacks))
        && other <= own
    {
        found.push(Finding::new(
            &rules::SMALL_WINDOW,
            about(),
            &["routes", id, "context_fallbacks"],
            format!("its context_fallbacks take {other} tokens at most, its primary {own}"),
            "name a deployment with a larger window",
        ));
    }
    if route.policy_fallbacks.is_empty() {
        found.push(Finding::new(
            &rules::NO_POLICY_FALLBACK,
            about(),
            &["routes", id],
            "it has not opted in: what a safety system refuses is asked of nobody else",
            "name policy_fallbacks if that should be otherwise",
        ));
    }
    found
}
