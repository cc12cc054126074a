//! Which drills can be started on a configuration, as a screen needs to know them.

use super::{Scenario, preflight, run::route_of, scenario::TierName, stage::resolve};
use crate::{
    config::{Config, Route},
    model::{
        DeploymentId,
        drill::{DrillInfo, PlannedFault},
    },
};

pub fn catalogue(scenarios: &[Scenario], config: &Config) -> Vec<DrillInfo> {
    scenarios.iter().map(|s| info(s, config)).collect()
}

fn info(scenario: &Scenario, config: &Config) -> DrillInfo {
    let route = route_of(scenario, config);
    let unfit = match &route {
        Ok(route) => preflight::unfit(config, route, scenario).or_else(|| {
            scenario
                .faults
                .iter()
                .find_map(|f| meant(route, config, f.tier).err())
        }),
        Err(why) => Some(why.clone()),
    };
    let route = route.ok();
    let faults = scenario.faults.iter().map(|f| PlannedFault {
        round: f.round,
        at: f.at,
        lasts: f.lasts,
        tier: f.tier.words(),
        deployments: route
            .and_then(|r| meant(r, config, f.tier).ok())
            .unwrap_or_default(),
        kind: f.kind.clone(),
        rate: f.rate,
    });
    DrillInfo {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        what: scenario.what.trim().replace('\n', " "),
        route: route.map(|r| r.id.clone()),
        steady: scenario.steady_s,
        takes: scenario.takes(),
        faults: faults.collect(),
        checks: scenario.titles(),
        abort_errors: scenario.abort.errors,
        abort_p95: scenario.abort.p95,
        unfit,
    }
}

fn meant(route: &Route, config: &Config, tier: TierName) -> Result<Vec<DeploymentId>, String> {
    resolve(route, &config.judge.judges, tier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::parse, drill::scenario::shipped};

    fn told(toml: &str) -> Vec<DrillInfo> {
        let key = |_: &str| Some("k".to_owned());
        let config = parse("c.toml", toml, &key).unwrap_or_else(|e| panic!("{e}"));
        catalogue(&shipped(), &config)
    }

    #[test]
    fn every_drill_names_the_deployments_that_it_would_break_here() {
        let all = told(
            "routes.r.tiers = ['anthropic/a', 'openai/b']\njudge.judges = ['openai/j', 'gemini/j']",
        );
        assert_eq!(all.len(), shipped().len());
        let bad_key = all.iter().find(|d| d.name == "bad-key-tuesday").unwrap();
        assert_eq!(bad_key.route.as_deref(), Some("r"));
        assert_eq!(
            bad_key.faults[0].line(),
            "bad-key on 100% of the primary (anthropic/a) for 15s, at once"
        );
        assert_eq!((bad_key.checks.len(), &bad_key.unfit), (6, &None));
        let drift = all.iter().find(|d| d.name == "judge-drift").unwrap();
        assert_eq!(
            drift.faults[0].deployments,
            ["openai/j".into(), "gemini/j".into()]
        );
    }

    #[test]
    fn a_route_of_vectors_is_not_sent_a_drills_chats() {
        let all = told(
            "routes.e.tiers = ['openai/text-embedding-3-large']\nroutes.r.tiers = ['anthropic/a', 'openai/b']",
        );
        assert!(all.iter().all(|d| d.route.as_deref() == Some("r")));
        let none = told("routes.e.tiers = ['openai/text-embedding-3-large']");
        let why = none[0].unfit.as_ref().unwrap();
        assert!(why.contains("no route to drill that chats"), "{why}");
    }

    #[test]
    fn what_can_only_fail_is_said_before_anybody_starts_it() {
        let all = told("routes.r.tiers = ['anthropic/a']");
        assert!(
            all.iter()
                .all(|d| d.unfit.as_ref().unwrap().contains("its only tier"))
        );
    }
}
