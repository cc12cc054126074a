//! What only the whole configuration can tell, whichever format it came from.

use super::{Config, problem::Report, tree::Span};
use crate::model::DeploymentId;

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

/// Nobody judges their own: for every deployment of every route, some judge is of another vendor.
pub(super) fn judges(config: &Config, at: &Span, report: &Report) {
    let vendor = |id: &DeploymentId| config.maker_of(id);
    let judges: Vec<_> = config.judge.judges.iter().filter_map(vendor).collect();
    if judges.len() < config.judge.judges.len() || judges.is_empty() {
        return; // a judge that does not exist has been reported where it is named
    }
    let mut unjudged: Vec<(&str, &str)> = Vec::new();
    for route in config.routes.values() {
        let fallbacks = route
            .context_fallbacks
            .iter()
            .chain(&route.policy_fallbacks);
        for id in route
            .tiers
            .iter()
            .chain(fallbacks)
            .flat_map(|t| &t.deployments)
        {
            if let Some(own) = vendor(id)
                && judges.iter().all(|judge| *judge == own)
                && !unjudged.contains(&(&**id, own))
            {
                unjudged.push((id, own));
            }
        }
    }
    for (id, own) in unjudged {
        report.error(
            at.clone(),
            format!(
                "judge.judges: nobody may judge {id}: every judge is of its own vendor {own:?}; \
                 add one of another vendor"
            ),
        );
    }
}
