//! When this configuration was drilled last. Drills of the simulated providers are of nobody's configuration, and count
//! for none.

use super::{
    Facts,
    finding::{About, Finding},
    rules,
};
use crate::{
    drill::ledger::{Entry, config_name},
    model::{Wall, drill::DrillResult, time::short},
};
use indexmap::IndexMap;
use serde::Serialize;
use std::time::Duration;

/// A drill that passed is believed for so long: once a month, and a few days.
pub const DRILL_AGE: Duration = Duration::from_hours(35 * 24);

/// The last drill of this configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastDrill {
    pub scenario: String,
    pub ended: Wall,
    pub result: DrillResult,
}

pub(super) fn findings(facts: Facts<'_>) -> (Option<LastDrill>, Vec<Finding>) {
    let name = config_name(&facts.config.hash, false);
    // One that was broken off says nothing.
    let done = |e: &&Entry| e.config == name && e.result != DrillResult::Aborted;
    let runs: Vec<&Entry> = facts.drills.iter().filter(done).collect();
    let last = runs.last().map(|e| LastDrill {
        scenario: e.scenario.clone(),
        ended: e.ended,
        result: e.result,
    });
    let tell = |rule, message, todo| Finding::new(rule, About::Drills, &[], message, todo);
    let mut found = Vec::new();
    let mut latest: IndexMap<&str, &Entry> = IndexMap::new();
    for run in &runs {
        latest.insert(&run.scenario, run);
    }
    let ago = |at: Wall| short(facts.now.since(at));
    for run in latest.values().filter(|r| r.result == DrillResult::Failed) {
        let why = if run.why.is_empty() {
            format!("{} of {} checks passed", run.checks_passed, run.checks)
        } else {
            run.why.clone()
        };
        found.push(tell(
            &rules::FAILED_DRILL,
            format!(
                "drill {} failed {} ago: {why}",
                run.scenario,
                ago(run.ended)
            ),
            again(&run.scenario),
        ));
    }
    let passed = runs.iter().rfind(|r| r.result == DrillResult::Passed);
    match passed {
        None if runs.is_empty() => found.push(tell(
            &rules::NEVER_DRILLED,
            match facts.drills.iter().rfind(|e| e.config != config_name("", true)) {
                Some(own) if own.config == name => format!(
                    "the last drill of this configuration, {}, was broken off {} ago: {}",
                    own.scenario,
                    ago(own.ended),
                    own.why
                ),
                None => "no drill of this configuration is in the ledger".to_owned(),
                Some(other) => format!(
                    "no drill of this configuration ({name}) is in the ledger; the last was of {}, {} ago",
                    other.config,
                    ago(other.ended)
                ),
            },
            again("bad-key-tuesday"),
        )),
        Some(run) if facts.now.since(run.ended) > DRILL_AGE => found.push(tell(
            &rules::STALE_DRILL,
            format!(
                "the last drill that passed, {}, was {} ago; more than {} is too long",
                run.scenario,
                ago(run.ended),
                short(DRILL_AGE)
            ),
            again(&run.scenario),
        )),
        _ => {}
    }
    (last, found)
}

fn again(scenario: &str) -> String {
    format!("breakerbox drill {scenario} --config FILE, on a quiet day")
}
