//! Whether the judge's score can trip anything, and whether anybody bears it out.

use super::{
    finding::{About, Finding},
    rules,
};
use crate::{
    config::{Config, judged},
    fitness::{has_key, judging},
    model::DeploymentId,
};
use indexmap::IndexMap;

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
    let why = judging::vanity(config);
    let (key, _) = why.first()?;
    let all: Vec<&str> = why.iter().map(|(_, text)| text.as_str()).collect();
    Some(Finding::new(
        &rules::VANITY_JUDGE,
        About::Judging,
        &["judge", key],
        format!("the score is a vanity signal: {}", all.join("; ")),
        "let it trip a breaker, or do without judges and save their cost",
    ))
}

/// Who may judge whom, among those that have a key.
fn bench(config: &Config) -> Vec<Finding> {
    let mut blind: Vec<&DeploymentId> = Vec::new();
    let mut alone: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for id in judged(config).into_iter().filter(|id| has_key(config, id)) {
        let makers = judging::makers_that_may_judge(config, id);
        match (makers.first(), makers.len()) {
            (None, _) => blind.push(id),
            (Some(only), 1) => alone.entry(*only).or_default().push(id),
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
