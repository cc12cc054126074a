//! A drill for people at a terminal: what is about to happen, each step as it comes, and what there was.

use super::{Ledger, Report, Scenario, ledger::Entry, report::mark};
use crate::model::{
    Wall,
    drill::{Drill, DrillStep},
    time::short,
};
use std::path::Path;

/// Before it begins.
pub fn opening(scenario: &Scenario) -> String {
    format!(
        "drill {}: {}\n{}\nIt takes {} at most. Every fault expires by itself; Ctrl-C clears them at once.\n",
        scenario.name,
        scenario.title,
        scenario.what.trim(),
        short(scenario.takes())
    )
}

/// A step as it comes; none for those that opening and closing tell.
pub fn step(at: Wall, drill: &Drill) -> Option<String> {
    let text = match &drill.step {
        DrillStep::Said { text } => text.clone(),
        DrillStep::Checked {
            check,
            passed,
            numbers,
        } => format!("{} {check}: {numbers}", mark(*passed)),
        DrillStep::Began { .. } | DrillStep::Ended { .. } | DrillStep::Remembered { .. } => {
            return None;
        }
    };
    Some(format!("{}Z  {text}", at.clock()))
}

/// When it is over.
pub fn closing(report: &Report, written: Option<&Path>) -> String {
    let passed = report.checks.iter().filter(|c| c.passed).count();
    let mut text = format!(
        "\n{}: {passed} of {} checks passed, after {}",
        report.result.as_str().to_uppercase(),
        report.checks.len(),
        short(report.ended.since(report.began))
    );
    if !report.why.is_empty() {
        text = format!("{text}\n{}", report.why);
    }
    match written {
        Some(path) => format!("{text}\nreport: {}", path.display()),
        None => text,
    }
}

/// All scenarios, and the last runs.
pub fn list(scenarios: &[Scenario], ledger: Option<&Ledger>, now: Wall) -> String {
    const LAST: usize = 10;
    let mut lines = Vec::new();
    for s in scenarios {
        lines.push(format!(
            "{:<18} {:>5}  {}",
            s.name,
            short(s.takes()),
            s.title
        ));
    }
    let entries = ledger.map(Ledger::entries).unwrap_or_default();
    lines.push(String::new());
    if entries.is_empty() {
        lines.push("No drill has been run yet.".to_owned());
    }
    for entry in entries.iter().rev().take(LAST) {
        lines.push(run(entry, now));
    }
    lines.join("\n")
}

fn run(entry: &Entry, now: Wall) -> String {
    let why = if entry.why.is_empty() {
        String::new()
    } else {
        format!(": {}", entry.why)
    };
    format!(
        "{} ago  {:<18} {:<7} {}/{} checks, on {}, by {}{why}",
        short(now.since(entry.ended)),
        entry.scenario,
        entry.result,
        entry.checks_passed,
        entry.checks,
        entry.config,
        entry.who
    )
}
