//! What only the whole configuration can tell, whichever format it came from.

use super::{Config, Route, problem::Report, tree::Span};
use crate::model::{DeploymentId, RouteId};
use indexmap::{IndexMap, IndexSet};

/// Deployments without a key take no traffic: worth a warning, and a problem when none is left.
pub(super) fn key_holders(config: &Config, report: &Report) {
    let mut left = false;
    for (id, provider) in &config.providers {
        let deployments: Vec<&str> = config
            .deployments
            .values()
            .filter(|d| d.provider == *id)
            .map(|d| &*d.id)
            .collect();
        match &provider.missing_key {
            Some(reason) if !deployments.is_empty() => report.warn(format!(
                "provider {id}: {reason}; it takes no traffic ({})",
                deployments.join(", ")
            )),
            Some(_) => {}
            None => left |= !deployments.is_empty(),
        }
    }
    if report.has_problems() {
        return;
    }
    if left {
        return routes_without_keys(config, report);
    }
    let reasons: Vec<String> = config
        .providers
        .values()
        .filter_map(|p| Some(format!("{}: {}", p.id, p.missing_key.as_ref()?)))
        .collect();
    report.error_in_file(if config.deployments.is_empty() {
        "no deployment: nothing to route to (`breakerbox config init` writes an example)".to_owned()
    } else {
        format!("no deployment can take traffic: {}", reasons.join("; "))
    });
}

fn routes_without_keys(config: &Config, report: &Report) {
    let is_off = |id| {
        config
            .provider_of(id)
            .is_none_or(|p| p.missing_key.is_some())
    };
    for route in config.routes.values() {
        if route.tiers.iter().flat_map(|t| &t.deployments).all(is_off) {
            report.warn(format!(
                "route {}: no tier can take traffic; only the cache and the canned answer are left",
                route.id
            ));
        }
    }
}

/// Nobody judges their own: for every deployment of every route, some judge is of another maker. Only one such maker is
/// worth a warning: then nobody can confirm what its judges say.
pub(super) fn judges(config: &Config, at: &Span, report: &Report) {
    let judges: Vec<&str> = config
        .judge
        .judges
        .iter()
        .filter_map(|id| config.maker_of(id))
        .collect();
    if judges.len() < config.judge.judges.len() || judges.is_empty() {
        return; // a judge that does not exist has been reported where it is named
    }
    let mut alone: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for id in judged(config) {
        let Some(own) = config.maker_of(id) else {
            continue;
        };
        let others: IndexSet<&str> = judges.iter().copied().filter(|j| *j != own).collect();
        if others.is_empty() {
            let listed: Vec<&str> = config.judge.judges.iter().map(|id| &**id).collect();
            report.error(
                at.clone(),
                format!(
                    "judge.judges: nobody may judge {id}: {} {} of its own maker {own:?}; add a judge of another maker",
                    listed.join(", "),
                    if listed.len() == 1 { "is" } else { "are all" },
                ),
            );
        } else if let (Some(only), 1) = (others.first(), others.len()) {
            alone.entry(only).or_default().push(id);
        }
    }
    for (maker, deployments) in alone {
        report.warn(format!(
            "judge.judges: only judges made by {maker:?} may judge {}: what they say is confirmed by known answers alone; \
             a judge of a third maker would give a second opinion",
            deployments.join(", ")
        ));
    }
}

/// Canaries that find nobody to ask are a slip; without judges they are half of what they could be.
pub(super) fn canary(config: &Config, at: &Span, report: &Report) {
    let Some(canary) = &config.canary else { return };
    if canary.deployments.is_empty() && !report.has_problems() {
        report.error(
            at.clone(),
            "canary: no route names a deployment that answers in words; name some: deployments = [\"provider/model\"]",
        );
    }
    if config.judge.judges.is_empty() {
        report.warn(
            "canary: nobody judges what comes back (judge.judges is empty): only failures will be seen",
        );
    }
}

/// Every deployment whose answers are judged, once.
pub(crate) fn judged(config: &Config) -> IndexSet<&DeploymentId> {
    let canaries = config.canary.iter().flat_map(|c| &c.deployments);
    let mut all: IndexSet<_> = config.routes.values().flat_map(named).collect();
    all.extend(canaries);
    all
}

pub(crate) fn named(route: &Route) -> impl Iterator<Item = &DeploymentId> {
    let fallbacks = route
        .context_fallbacks
        .iter()
        .chain(&route.policy_fallbacks);
    let tiers = route.tiers.iter().chain(fallbacks);
    tiers.flat_map(|tier| &tier.deployments)
}

/// Every deployment that a route names, but those that embed: a prompt is nothing that they could answer, and a model
/// that is not there for it looks like one that is not there.
pub(crate) fn that_chat(routes: &IndexMap<RouteId, Route>) -> Vec<DeploymentId> {
    let routes = routes.values().filter(|r| !r.same_embeddings);
    let chats = |id: &&DeploymentId| !embeds(id);
    let all: IndexSet<_> = routes.flat_map(named).filter(chats).cloned().collect();
    all.into_iter().collect()
}

fn embeds(id: &DeploymentId) -> bool {
    id.to_ascii_lowercase().contains("embed")
}

impl Route {
    /// It gives vectors, as far as its names tell.
    pub fn embeds(&self) -> bool {
        self.same_embeddings || self.tiers.iter().flat_map(|t| &t.deployments).all(embeds)
    }
}
