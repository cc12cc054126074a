//! Before anything is broken: can this configuration fail over at all, and is the router quiet enough to be drilled?

use super::{
    Scenario,
    check::{Check, Why},
    scenario::TierName,
};
use crate::{
    config::{CannedForm, Config, Route, Tier},
    fitness::{RouteFacts, judging},
    model::{DeploymentId, ForceKind, Phase, Snapshot, time::duration_text, topology::tier_name},
};

/// Why a drill of this route would fail whatever happens; none when failing over is possible.
pub(super) fn unfit(config: &Config, route: &Route, scenario: &Scenario) -> Option<String> {
    let facts = RouteFacts::of(config, route);
    tiers(config, route, &facts)
        .or_else(|| times(route, &facts, scenario))
        .or_else(|| breaker(config, scenario))
        .or_else(|| judges(config, route, scenario))
        .or_else(|| canned(route, scenario))
}

fn tiers(config: &Config, route: &Route, facts: &RouteFacts) -> Option<String> {
    let id = &route.id;
    let off = route
        .tiers
        .iter()
        .enumerate()
        .take(2)
        .find_map(|(i, tier)| {
            let why = disabled(config, tier)?;
            let names: Vec<_> = tier.deployments.iter().map(|d| &**d).collect();
            Some(format!(
                "the {} of route {id}, {}, takes no traffic: {why}",
                tier_name(i),
                names.join(", ")
            ))
        });
    off.or_else(|| {
        let lack = facts.lack.filter(|lack| lack.is_fatal())?;
        let (message, todo) = facts.told(lack);
        Some(format!("route {id} cannot fail over: {message}; {todo}"))
    })
}

/// A primary that hangs must leave somebody the time to stand in.
fn times(route: &Route, facts: &RouteFacts, scenario: &Scenario) -> Option<String> {
    let id = &route.id;
    if let Some((i, next)) = facts.eaten() {
        return Some(format!(
            "route {id}: {}; lower the tier's timeout",
            facts.eats(i, next)
        ));
    }
    let (own, patience) = (route.tiers.first()?.timeout, scenario.traffic.patience);
    if own >= patience {
        return Some(format!(
            "the primary of route {id} may take {}, and callers wait {} (traffic.patience): they have left before \
             the secondary is asked; lower the tier's timeout",
            duration_text(own),
            duration_text(patience)
        ));
    }
    let slo = scenario.hangs_within().filter(|slo| own >= *slo)?;
    Some(format!(
        "the primary of route {id} may take {}, and the drill's bound for p95 is {}: while it hangs, who does not stream \
         waits longer than that until the breaker opens; lower the tier's timeout, or drill a file of your own with a \
         larger slo",
        duration_text(own),
        duration_text(slo)
    ))
}

/// A breaker that cannot open for what the drill does.
fn breaker(config: &Config, scenario: &Scenario) -> Option<String> {
    let opens = |c: &&Check| matches!(c, Check::BreakerOpened { .. });
    scenario.checks.iter().find(opens)?;
    if config.breaker.observe {
        return Some(
            "breaker.mode is observe: breakers only say what they would do, and open for nothing"
                .to_owned(),
        );
    }
    let tolerated = config.breaker.err_threshold;
    let too_many = scenario.checks.iter().find_map(|c| match c {
        Check::BreakerOpened {
            tier,
            why: Why::ErrorRate,
            ..
        } => strongest(scenario, *tier).filter(|rate| *rate <= tolerated),
        _ => None,
    })?;
    Some(format!(
        "breaker.err_threshold tolerates {:.0}% failures, and the drill makes {:.0}%: it never opens for them; the usual \
         threshold is 2%",
        tolerated * 100.0,
        too_many * 100.0
    ))
}

/// The largest share that any fault on a tier has.
fn strongest(scenario: &Scenario, tier: TierName) -> Option<f64> {
    let on = scenario
        .faults
        .iter()
        .filter(|f| f.tier == tier || f.tier == TierName::All);
    on.map(|f| f.rate).max_by(f64::total_cmp)
}

/// Bad answers are seen by nobody but a judge of another maker.
fn judges(config: &Config, route: &Route, scenario: &Scenario) -> Option<String> {
    if !scenario.needs_judges() {
        return None;
    }
    let judges = &config.judge.judges;
    if judges.is_empty() {
        return Some(
            "nobody judges (judge.judges is empty): bad answers would be served for ever; name a judge of another maker"
                .to_owned(),
        );
    }
    if let Some(within) = scenario.trips_on_quality() {
        if let Some((_, why)) = judging::vanity(config).first() {
            return Some(format!("the judges' scores can trip no breaker: {why}"));
        }
        if let Some(why) = judging::too_slow(config, within) {
            let within = duration_text(within);
            return Some(format!(
                "{why}, and the drill waits {within} for one; allow more, or drill a file of your own that waits longer"
            ));
        }
    }
    if config.judge.sample <= 0.0 {
        return Some("judge.sample is 0: no answer is judged".to_owned());
    }
    let primaries = &route.tiers.first()?.deployments;
    let alone = |id: &&DeploymentId| judging::makers_that_may_judge(config, id).is_empty();
    let unjudged = primaries.iter().find(alone)?;
    Some(format!(
        "nobody may judge {unjudged}: every judge is of its own maker or has no key"
    ))
}

/// When everything is down the canned answer is all there is.
fn canned(route: &Route, scenario: &Scenario) -> Option<String> {
    let asked = scenario
        .checks
        .iter()
        .any(|c| matches!(c, Check::LastRungsCarry {}));
    (asked && route.canned.form == CannedForm::Error).then(|| {
        format!(
            "route {} has no canned answer (canned.form = \"error\"): with every tier down users get a 503",
            route.id
        )
    })
}

/// A tier that a person has taken out: then there is nothing to fail over from, or to.
pub(super) fn out_of_force(route: &Route, now: &Snapshot) -> Option<String> {
    route.tiers.iter().enumerate().take(2).find_map(|(i, tier)| {
        let force = |id: &DeploymentId| now.deployment(id)?.force.as_ref();
        let forced = |id| force(id).filter(|f| f.kind == ForceKind::Open);
        let by: Option<Vec<_>> = tier.deployments.iter().map(forced).collect();
        let by = by?.into_iter().next()?;
        Some(format!(
            "the {} of route {} is forced open by {} until {}Z: nothing would fail over; release it",
            tier_name(i),
            route.id,
            by.who,
            by.until.clock()
        ))
    })
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
        unfit_for("bad-key-tuesday", tiers, more)
    }

    fn unfit_for(drill: &str, tiers: &str, more: &str) -> Option<String> {
        let scenario = crate::drill::scenario::find(drill).unwrap();
        let toml = format!("routes.r.tiers = [{tiers}]\n{more}");
        let env = |name: &str| (!name.starts_with('G')).then(|| "k".to_owned());
        let config = parse("c.toml", &toml, &env).unwrap_or_else(|e| panic!("{e}"));
        unfit(&config, config.route("r").unwrap(), &scenario)
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
        assert!(why.contains("its only tier"), "{why}");
    }

    #[test]
    fn the_same_vendor_twice_cannot() {
        let why = unfit_is("'openai/a', 'openai/b'", "").unwrap();
        assert!(why.contains("all openai's, at api.openai.com"), "{why}");
        let other = |key| {
            format!(
                "[providers.x]\ndialect = 'openai'\nbase_url = 'http://x'\n{key}\nvendor = 'openai'"
            )
        };
        let why = unfit_is("'openai/a', 'x/b'", &other("key_env = 'OPENAI_API_KEY'")).unwrap();
        assert!(why.contains("paid with one key"), "{why}");
        // Another address and another key: worth a drill, and a warning of the audit.
        assert_eq!(
            unfit_is("'openai/a', 'x/b'", &other("key_env = 'X_KEY'")),
            None
        );
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

    const TWO: &str = "'anthropic/a', 'openai/b'";

    #[track_caller]
    fn fails(drill: &str, more: &str, says: &str) {
        let why = unfit_for(drill, TWO, more).unwrap_or_else(|| panic!("{more} is taken"));
        assert!(why.contains(says), "{why}");
    }

    #[test]
    fn a_primary_that_may_take_all_the_time_there_is_leaves_none_to_the_secondary() {
        let slow = "{ deployment = 'anthropic/a', timeout = '30s' }, 'openai/b'";
        let why = unfit_for("hang", slow, "routes.r.deadline = '30s'").unwrap();
        assert!(why.contains("when it hangs, the next tier has"), "{why}");
        let patient = "{ deployment = 'anthropic/a', timeout = '5m' }, 'openai/b'";
        let why = unfit_for("hang", patient, "").unwrap();
        assert!(why.contains("callers wait 2m"), "{why}");
    }

    #[test]
    fn a_primary_that_hangs_for_longer_than_the_drills_bound_is_named_with_both_numbers() {
        fails(
            "hang",
            "",
            "may take 1m, and the drill's bound for p95 is 40s",
        );
        let short = "{ deployment = 'anthropic/a', timeout = '30s' }, 'openai/b'";
        assert_eq!(unfit_for("hang", short, ""), None);
        assert_eq!(unfit_for("slow", TWO, ""), None);
    }

    #[test]
    fn judges_that_may_not_be_asked_often_enough_for_the_drill_are_found() {
        let own = "judge.judges = ['openai/j', 'anthropic/j']\njudge.max_per_minute = ";
        let says = "judge.max_per_minute is 20: the 40 calls of a trip take 2:00, and the drill waits 1m30s";
        fails("brownout-30", &format!("{own}20"), says);
        assert_eq!(unfit_for("brownout-30", TWO, &format!("{own}40")), None);
        // Longer drills wait for longer.
        assert_eq!(unfit_for("august-2025", TWO, &format!("{own}20")), None);
    }

    #[test]
    fn a_breaker_that_opens_for_nothing_is_found() {
        fails("mid-stream", "breaker.err_threshold = 0.6", "tolerates 60%");
        fails("april-7", "breaker.mode = 'observe'", "only say");
        assert_eq!(unfit_for("april-7", TWO, ""), None);
    }

    #[test]
    fn bad_answers_that_nobody_judges_are_never_found() {
        fails("brownout-30", "", "nobody judges");
        let own = "judge.judges = ['openai/j', 'gemini/j']";
        // Gemini has no key, and OpenAI's own judge may not judge OpenAI's primary.
        let why = unfit_for("brownout-30", "'openai/b', 'anthropic/a'", own).unwrap();
        assert!(why.contains("nobody may judge openai/b"), "{why}");
        let none = format!("{own}\njudge.sample = 0.0");
        fails("brownout-30", &none, "no answer is judged");
        assert_eq!(unfit_for("brownout-30", TWO, own), None);
    }

    #[test]
    fn without_a_canned_answer_nothing_carries_when_everything_is_down() {
        fails(
            "all-down",
            "routes.r.canned = { form = 'error' }",
            "no canned answer",
        );
        assert_eq!(unfit_for("all-down", TWO, ""), None);
    }
}
