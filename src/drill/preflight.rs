//! Before anything is broken: can this configuration fail over at all, and is the router quiet enough to be drilled?

use crate::{
    config::{Config, Route, Tier},
    model::{Phase, Snapshot},
};
use std::collections::HashSet;

/// Why a drill of this route would fail whatever happens; none when failing over is possible.
pub(super) fn unfit(config: &Config, route: &Route) -> Option<String> {
    let id = &route.id;
    let Some((primary, below)) = route.tiers.split_first() else {
        return Some(format!("route {id} has no tiers"));
    };
    if below.is_empty() {
        return Some(format!(
            "route {id} has one tier: there is nothing to fail over to; add a deployment of another vendor to its tiers"
        ));
    }
    for (tier, name) in [Some(primary), below.first()]
        .into_iter()
        .flatten()
        .zip(["primary", "secondary"])
    {
        if let Some(why) = disabled(config, tier) {
            let names: Vec<_> = tier.deployments.iter().map(|d| &**d).collect();
            return Some(format!(
                "the {name} of route {id}, {}, takes no traffic: {why}",
                names.join(", ")
            ));
        }
    }
    let vendors = |t: &Tier| -> HashSet<String> {
        let of = |d| config.provider_of(d).map(|p| p.vendor.clone());
        t.deployments.iter().filter_map(of).collect()
    };
    let first = vendors(primary);
    let usable = below.iter().filter(|t| disabled(config, t).is_none());
    let elsewhere = usable.into_iter().any(|t| !vendors(t).is_subset(&first));
    if !elsewhere {
        let mut vendors: Vec<_> = first.into_iter().collect();
        vendors.sort();
        return Some(format!(
            "every tier of route {id} is of the same vendor ({}): its outage takes them all; add a tier of another one",
            vendors.join(", ")
        ));
    }
    None
}

/// Why nothing in a tier takes traffic.
fn disabled(config: &Config, tier: &Tier) -> Option<String> {
    let why = |d| {
        config
            .provider_of(d)
            .map_or(Some("its provider is not known".to_owned()), |p| {
                p.missing_key.clone()
            })
    };
    let all: Option<Vec<_>> = tier.deployments.iter().map(why).collect();
    all.map(|whys| whys.join("; "))
}

/// Why a drill now would measure something else than what it does; none when all is quiet.
pub(super) fn busy(route: &Route, now: &Snapshot) -> Option<String> {
    if let Some((what, until)) = now.overrides().first() {
        return Some(format!(
            "{what} until {}Z: a drill would measure that; wait, or take it off",
            until.clock()
        ));
    }
    let all = route.tiers.iter().flat_map(|t| &t.deployments);
    let sick = all
        .filter_map(|id| now.deployment(id))
        .find(|d| d.disabled.is_none() && d.phase != Phase::Closed)?;
    Some(format!(
        "{} is {}: this is no quiet Tuesday",
        sick.id, sick.phase
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn unfit_is(tiers: &str, more: &str) -> Option<String> {
        let toml = format!("routes.r.tiers = [{tiers}]\n{more}");
        let env = |name: &str| (!name.starts_with('G')).then(|| "k".to_owned());
        let config = parse("c.toml", &toml, &env).unwrap_or_else(|e| panic!("{e}"));
        unfit(&config, config.route("r").unwrap())
    }

    #[test]
    fn two_tiers_of_two_vendors_can_fail_over() {
        assert_eq!(unfit_is("'anthropic/a', 'openai/b'", ""), None);
        assert_eq!(unfit_is("'openai/a', 'openai/b', 'anthropic/c'", ""), None);
    }

    #[test]
    fn a_breaker_that_is_not_closed_makes_it_no_day_for_a_drill() {
        let config = parse("c.toml", "routes.r.tiers = ['openai/a']", &|_: &str| {
            Some("k".to_owned())
        })
        .unwrap_or_else(|e| panic!("{e}"));
        let route = config.route("r").unwrap();
        let at = |phase| {
            let mut deployment = crate::drill::check::tests::view("openai/a");
            deployment.phase = phase;
            let deployments = vec![deployment];
            busy(
                route,
                &Snapshot {
                    deployments,
                    ..Snapshot::default()
                },
            )
        };
        assert_eq!(at(Phase::Closed), None);
        assert!(at(Phase::Ramp(5)).unwrap().contains("openai/a is RAMP 5%"));
    }

    #[test]
    fn one_tier_cannot() {
        let why = unfit_is("'anthropic/a'", "").unwrap();
        assert!(why.contains("one tier"), "{why}");
    }

    #[test]
    fn the_same_vendor_twice_cannot() {
        let why = unfit_is("'openai/a', 'openai/b'", "").unwrap();
        assert!(why.contains("same vendor (openai)"), "{why}");
        let other = "[providers.x]\ndialect = 'openai'\nbase_url = 'http://x'\nkey = 'none'\nvendor = 'openai'";
        assert!(unfit_is("'openai/a', 'x/b'", other).is_some());
    }

    #[test]
    fn a_secondary_without_a_key_cannot() {
        let why = unfit_is("'openai/a', 'gemini/b', 'anthropic/c'", "").unwrap();
        assert!(
            why.contains("secondary") && why.contains("GEMINI_API_KEY"),
            "{why}"
        );
        let why = unfit_is("'gemini/a', 'openai/b'", "").unwrap();
        assert!(why.contains("primary"), "{why}");
    }
}
