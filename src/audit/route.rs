//! One route: its tiers, who is behind them, and its rungs.

use super::{
    deadline,
    finding::{About, Finding, Rule},
    rules,
};
use crate::{
    config::{Canned, CannedForm, Config, Route, Tier},
    model::{DeploymentId, RouteId, time::as_ms},
};
use indexmap::IndexSet;
use serde::Serialize;
use std::time::Duration;

/// What `{…}` in a canned text may be.
const BLANKS: [&str; 3] = ["minutes", "support", "route"];

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RouteFacts {
    pub route: RouteId,
    #[serde(rename = "deadline_ms", with = "as_ms")]
    pub deadline: Duration,
    pub tiers: Vec<TierFacts>,
    /// Of the tiers that take traffic.
    pub makers: IndexSet<String>,
    /// The hosts that they are behind.
    pub accounts: IndexSet<String>,
    pub cache: bool,
    /// `answer`, or `error`.
    pub canned: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TierFacts {
    pub deployments: Vec<DeploymentId>,
    pub takes_traffic: bool,
    #[serde(rename = "timeout_ms", with = "as_ms")]
    pub timeout: Duration,
    /// What it has of that when every tier above hangs.
    #[serde(rename = "has_ms", with = "as_ms")]
    pub has: Duration,
}

pub(super) fn has_key(config: &Config, id: &DeploymentId) -> bool {
    config
        .provider_of(id)
        .is_some_and(|p| p.missing_key.is_none())
}

impl RouteFacts {
    pub(super) fn of(config: &Config, route: &Route) -> Self {
        let serves: Vec<bool> = route.tiers.iter().map(|t| serves(config, t)).collect();
        let shares = deadline::shares(route, &serves);
        let tiers = route.tiers.iter().zip(&serves).zip(shares);
        let tiers = tiers.map(|((tier, &takes_traffic), has)| TierFacts {
            deployments: tier.deployments.clone(),
            takes_traffic,
            timeout: tier.timeout,
            has,
        });
        let asked = || {
            let all = route.tiers.iter().flat_map(|t| &t.deployments);
            all.filter(|id| has_key(config, id))
        };
        let host = |id| config.provider_of(id).map(|p| p.host().to_owned());
        Self {
            route: route.id.clone(),
            deadline: route.deadline,
            tiers: tiers.collect(),
            makers: asked()
                .filter_map(|id| config.maker_of(id).map(str::to_owned))
                .collect(),
            accounts: asked().filter_map(host).collect(),
            cache: route.cache && config.cache.enabled,
            canned: match route.canned.form {
                CannedForm::Answer => "answer",
                CannedForm::Error => "error",
            },
        }
    }
}

fn serves(config: &Config, tier: &Tier) -> bool {
    tier.deployments.iter().any(|id| has_key(config, id))
}

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
    let serves: Vec<_> = facts.tiers.iter().map(|t| t.takes_traffic).collect();
    let shares: Vec<_> = facts.tiers.iter().map(|t| t.has).collect();
    found.extend(deadline::findings(route, &serves, &shares));
    // Vectors are not cached, have no canned text, and no other model's are the same.
    if !route.embeds() {
        found.extend(rungs(route, facts));
        found.extend(windows(config, route));
    }
    found
}

/// In LiteLLM's format: the route for which this one is there.
fn falls_back_here<'c>(config: &'c Config, route: &Route) -> Option<&'c RouteId> {
    let [only] = route.tiers.as_slice() else {
        return None;
    };
    let is_below = |other: &&Route| {
        let below = other.tiers.iter().skip(1).chain(&other.context_fallbacks);
        let mut below = below.chain(&other.policy_fallbacks);
        below.any(|tier| tier.deployments == only.deployments)
    };
    let others = config.routes.values().filter(|other| other.id != route.id);
    config
        .litellm
        .then(|| others.filter(|r| is_below(r)).map(|r| &r.id).next())
        .flatten()
}

/// Whether there is somebody else to ask.
fn failover(route: &Route, facts: &RouteFacts) -> Option<Finding> {
    let serving: Vec<_> = facts.tiers.iter().filter(|t| t.takes_traffic).collect();
    let (rule, message, todo) = match serving.as_slice() {
        [] => (
            &rules::NO_TIER,
            "none of its tiers has a key".to_owned(),
            "set the keys that are missing",
        ),
        [only] => alone(only, facts.tiers.len()),
        all => together(route, facts, all.len())?,
    };
    let path = ["routes", &route.id, "tiers"];
    let about = About::Route(route.id.clone());
    Some(Finding::new(rule, about, &path, message, todo))
}

type Said = (&'static Rule, String, &'static str);

/// The only tier of so many that takes traffic.
fn alone(only: &TierFacts, of: usize) -> Said {
    let names = join(only.deployments.iter().map(|id| &**id));
    let (message, todo) = if of > 1 {
        (
            format!("of {of} tiers only {names} has a key"),
            "set the keys that are missing",
        )
    } else {
        let message = if only.deployments.len() > 1 {
            format!(
                "its deployments take turns in one tier ({names}); what fails at one is not asked of another"
            )
        } else {
            format!("{names} is its only tier")
        };
        (
            message,
            "add a tier below, of another maker; in LiteLLM's files a fallback",
        )
    };
    (&rules::ONE_TIER, message, todo)
}

/// What so many tiers have in common that should not go down together.
fn together(route: &Route, facts: &RouteFacts, n: usize) -> Option<Said> {
    // Other makers' vectors are no substitute.
    let one_maker = facts.makers.len() == 1 && !route.embeds();
    let (makers, accounts) = (join(&facts.makers), join(&facts.accounts));
    match (one_maker, facts.accounts.len()) {
        (true, 1) => Some((
            &rules::ONE_VENDOR,
            format!("its {n} tiers are all {makers}'s, at {accounts}"),
            "add a tier of another maker, at another address",
        )),
        (false, 1) => Some((
            &rules::ONE_ACCOUNT,
            format!("its {n} tiers are all behind {accounts}"),
            "add a tier at another address",
        )),
        (true, _) => Some((
            &rules::ONE_MAKER,
            format!("its {n} tiers are all {makers}'s, behind {accounts}"),
            "add a tier of another maker",
        )),
        (false, _) => None,
    }
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

fn join(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let words: Vec<_> = words.into_iter().collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    words.join(", ")
}
