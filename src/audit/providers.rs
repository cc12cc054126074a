//! Keys, and deployments that take no traffic.

use super::{
    finding::{About, Finding},
    rules,
};
use crate::{
    config::{Config, KeySource, Provider, judged, named},
    model::DeploymentId,
};
use std::collections::HashSet;

pub(super) fn findings(config: &Config) -> Vec<Finding> {
    let keys = config.providers.values().filter_map(|p| no_key(config, p));
    keys.chain(unrouted(config)).collect()
}

fn no_key(config: &Config, provider: &Provider) -> Option<Finding> {
    let why = provider.missing_key.as_ref()?;
    let deployments = config.deployments.values();
    let own: Vec<&str> = deployments
        .filter(|d| d.provider == provider.id)
        .map(|d| &*d.id)
        .collect();
    if own.is_empty() {
        return None;
    }
    let message = format!(
        "{}: {why}; without traffic: {}",
        provider.id,
        own.join(", ")
    );
    let (rule, todo) = match &provider.key_from {
        // Nobody switches a provider off in LiteLLM's format: it wants a key, or breakerbox does not serve it.
        KeySource::Off(why) if why.starts_with("no key") => (&rules::NO_KEY, mend(provider)),
        KeySource::Off(_) if config.litellm => {
            let todo = "choose another way to the model, or leave it out";
            (&rules::UNSUPPORTED, todo.to_owned())
        }
        KeySource::Off(_) => {
            let todo = "take disabled out when it should serve";
            (&rules::DISABLED, todo.to_owned())
        }
        _ => (&rules::NO_KEY, mend(provider)),
    };
    let path = ["providers", &provider.id];
    Some(Finding::new(rule, About::Providers, &path, message, todo))
}

fn mend(provider: &Provider) -> String {
    match &provider.key_from {
        KeySource::Env(name) => {
            format!("set {name} where the router runs, and where this is checked")
        }
        KeySource::File(path) => format!(
            "make {} readable for whom the router runs as",
            path.display()
        ),
        KeySource::Command(words) => format!(
            "see why {} gives no key",
            words.first().map_or("the command", String::as_str)
        ),
        _ => "say where its key comes from".to_owned(),
    }
}

fn unrouted(config: &Config) -> Option<Finding> {
    let mut used: HashSet<&DeploymentId> = config.routes.values().flat_map(named).collect();
    used.extend(judged(config));
    used.extend(&config.judge.judges);
    let idle = config.deployments.keys().filter(|id| !used.contains(id));
    let idle: Vec<&str> = idle.map(|id| &**id).collect();
    let first = idle.first()?;
    Some(Finding::new(
        &rules::UNROUTED,
        About::Providers,
        &["deployments", first],
        format!("no route names {}", idle.join(", ")),
        "give it a place in a route, or take it out",
    ))
}
