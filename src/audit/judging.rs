//! Whether the judge's score can trip anything, and whether anybody bears it out.

use super::{
    finding::{About, Finding},
    route::has_key,
    rules,
};
use crate::{
    config::{BreakerMode, Config, judged},
    model::{DeploymentId, time::duration_text},
};
use indexmap::{IndexMap, IndexSet};
use std::time::Duration;

/// Where every answer is garbage the breaker opens after 17 bad ones (the median of `simulate` at one request a second);
/// most of them are read by a second judge too, and 8 known answers are put to the first.
const CALLS_OF_A_TRIP: u32 = 40;
/// A trip that waits longer than this for its calls comes after the users' complaints.
const TRIP_WITHIN: Duration = Duration::from_mins(10);
/// Below this only what is useless by the shipped rubric fails: it gives 0.3 to what is mostly wrong.
const LEAST_PASS: f64 = 0.1;
/// A route with more traffic than this is rare.
const MUCH_TRAFFIC: f64 = 10.0;
/// While nothing is suspected, so many answers per second are judged at least, where there are as many.
const JUDGED_AT_LEAST: f64 = 0.1;

pub(super) fn findings(config: &Config) -> Vec<Finding> {
    if config.judge.judges.is_empty() {
        return vec![Finding::new(
            &rules::NO_JUDGE,
            About::Judging,
            &["judge", "judges"],
            "no judge is named: answers that are wrong trip nothing",
            "name judge.judges, of another maker than the tiers; LiteLLM's files have no place for them (`breakerbox config show` writes a native one)",
        )];
    }
    let mut found: Vec<_> = vanity(config).into_iter().collect();
    found.extend(bench(config));
    found
}

/// Why scores come to nothing.
fn vanity(config: &Config) -> Option<Finding> {
    let (judge, breaker) = (&config.judge, &config.breaker);
    let mut why = Vec::new();
    let mut key = "";
    let mut tell = |at, text: String| {
        key = if key.is_empty() { at } else { key };
        why.push(text);
    };
    if breaker.observe {
        tell("judges", "breaker.mode is \"observe\"".to_owned());
    }
    if judge.sample <= 0.0 {
        tell("sample", "sample is 0: no answer is judged".to_owned());
    }
    if breaker.judge_threshold < LEAST_PASS {
        let text = format!(
            "breaker.judge_threshold is {}: what is mostly wrong scores 0.3, and passes",
            breaker.judge_threshold
        );
        tell("judges", text);
    }
    if let Some(most) = judge.max_per_day.filter(|most| *most < CALLS_OF_A_TRIP) {
        let text = format!("max_per_day is {most}, and a trip takes some {CALLS_OF_A_TRIP} calls");
        tell("max_per_day", text);
    }
    let minutes = CALLS_OF_A_TRIP.div_ceil(judge.max_per_minute.max(1));
    if Duration::from_mins(minutes.into()) > TRIP_WITHIN {
        let text = format!(
            "max_per_minute is {}: the {CALLS_OF_A_TRIP} calls of a trip take {minutes} minutes",
            judge.max_per_minute
        );
        tell("max_per_minute", text);
    }
    if let Some(text) = unreachable_mean(config) {
        tell("min_n", text);
    }
    let (first, rest) = why.split_first()?;
    let all = rest
        .iter()
        .fold(first.clone(), |all, more| format!("{all}; {more}"));
    Some(Finding::new(
        &rules::VANITY_JUDGE,
        About::Judging,
        &["judge", key],
        format!("the score is a vanity signal: {all}"),
        "let it trip a breaker, or do without judges and save their cost",
    ))
}

/// The rolling mean says nothing before it has `min_n` scores within `window`.
fn unreachable_mean(config: &Config) -> Option<String> {
    let judge = &config.judge;
    if config.breaker.mode != BreakerMode::RollingMean || judge.sample <= 0.0 {
        return None;
    }
    let (min_n, window) = (f64::from(judge.min_n), judge.window.as_secs_f64());
    let span = duration_text(judge.window);
    let budget = f64::from(judge.max_per_minute) * (window / 60.0).max(1.0);
    let budget = judge.max_per_day.map_or(budget, |day| {
        budget.min(f64::from(day) * (window / 86_400.0).max(1.0))
    });
    if budget < min_n {
        return Some(format!(
            "min_n is {min_n}, and the budget allows {budget:.0} calls in {span}"
        ));
    }
    // Slow traffic is judged whole; faster traffic by the floor, then by its share.
    let wanted = min_n / window.max(1.0);
    let rate = if wanted <= JUDGED_AT_LEAST {
        wanted
    } else {
        wanted / judge.sample
    };
    (rate > MUCH_TRAFFIC)
        .then(|| format!("min_n = {min_n} scores within {span} take {rate:.0} requests a second"))
}

/// Who may judge whom, among those that have a key.
fn bench(config: &Config) -> Vec<Finding> {
    let judges = config.judge.judges.iter().filter(|id| has_key(config, id));
    let judges: IndexSet<&str> = judges.filter_map(|id| config.maker_of(id)).collect();
    let mut blind: Vec<&DeploymentId> = Vec::new();
    let mut alone: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for id in judged(config).into_iter().filter(|id| has_key(config, id)) {
        let own = config.maker_of(id);
        let mut others = judges.iter().filter(|maker| Some(**maker) != own);
        match (others.next(), others.next()) {
            (None, _) => blind.push(id),
            (Some(only), None) => alone.entry(*only).or_default().push(id),
            _ => {}
        }
    }
    let path = ["judge", "judges"];
    let mut found = Vec::new();
    if !blind.is_empty() {
        let names: Vec<&str> = blind.iter().map(|id| &***id).collect();
        found.push(Finding::new(
            &rules::BLIND,
            About::Judging,
            &path,
            format!(
                "no judge of another maker has a key to judge {}",
                names.join(", ")
            ),
            "set the judges' keys, or name a judge that has one",
        ));
    }
    for (maker, deployments) in alone {
        found.push(Finding::new(
            &rules::ONE_JUDGE_MAKER,
            About::Judging,
            &path,
            format!("only {maker}'s judges can judge {}", deployments.join(", ")),
            "add a judge of a third maker",
        ));
    }
    found
}
