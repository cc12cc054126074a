//! A drill for people at a terminal: what is about to happen, each step as it comes, and what there was.

use super::{Ledger, Radius, Report, Scenario, ledger::Entry, report::mark};
use crate::model::{
    Wall,
    drill::{Drill, DrillStep},
    time::short,
};
use std::path::Path;

/// Before it begins.
pub fn opening(scenario: &Scenario, radius: Radius) -> String {
    let caution = radius
        .caution()
        .map_or(String::new(), |text| format!("; {text}"));
    format!(
        "drill {}: {}\n{}\nFailures are for {radius}, on a router of the drill's own{caution}.\nIt takes {} at most. Every fault \
         expires by itself; Ctrl-C clears them at once.\n",
        scenario.name,
        scenario.title,
        scenario.what.trim(),
        short(scenario.takes())
    )
}

/// A step as it comes; none for those that opening and closing tell.
pub fn step(at: Wall, drill: &Drill) -> Option<String> {
    let text = match &drill.step {
        DrillStep::Entered { phase, until } => match until {
            Some(until) => format!("{}, {} at most", phase.doing(), short(at.until(*until))),
            None => phase.doing().to_owned(),
        },
        DrillStep::Said { text } => text.clone(),
        DrillStep::Measured { what, numbers } => format!("{what}: {numbers}"),
        DrillStep::Checked {
            check,
            passed,
            numbers,
        } => format!("{} {check}: {numbers}", mark(*passed)),
        DrillStep::Began { .. }
        | DrillStep::Ended { .. }
        | DrillStep::Reported { .. }
        | DrillStep::Remembered { .. } => return None,
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

/// All scenarios and all runs, for programs.
pub fn list_json(scenarios: &[Scenario], ledger: Option<&Ledger>) -> serde_json::Value {
    let drills: Vec<_> = scenarios
        .iter()
        .map(|s| {
            let at_most = s.takes().as_secs();
            serde_json::json!({"name": s.name, "title": s.title, "takes_s": at_most})
        })
        .collect();
    let runs = ledger.map(Ledger::entries).unwrap_or_default();
    serde_json::json!({"drills": drills, "runs": runs})
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
        "{} ago  {:<18} {:<7} {}/{} checks in {}, on {}, by {}{why}",
        short(now.since(entry.ended)),
        entry.scenario,
        entry.result,
        entry.checks_passed,
        entry.checks,
        short(entry.took),
        entry.config,
        entry.who
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        drill::{report::tests::report, scenario::shipped},
        model::drill::DrillPlan,
    };

    #[test]
    fn the_list_has_every_drill_on_a_line_and_the_last_run_first() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::in_dir(dir.path());
        let all = shipped();
        let never = list(&all, Some(&ledger), Wall(0));
        assert_eq!(never.lines().count(), all.len() + 2);
        assert!(never.ends_with("No drill has been run yet."), "{never}");
        for ended in [1_000, 61_000] {
            let mut report = report();
            report.ended = Wall(ended);
            ledger.append(&report).unwrap();
        }
        let text = list(&all, Some(&ledger), Wall(121_000));
        let runs: Vec<_> = text.lines().skip(all.len() + 1).collect();
        assert!(runs[0].starts_with("1:00 ago  bad-key"), "{text}");
        assert!(
            runs[0].ends_with("failed  0/1 checks in 0:00, on abcdef, by oncall"),
            "{text}"
        );
        assert!(runs[1].starts_with("2:00 ago"), "{text}");
    }

    #[test]
    fn who_fails_its_own_requests_only_is_told_for_whom_a_breaker_opens() {
        let all = shipped();
        let said = |radius| opening(all.first().unwrap(), radius);
        let own = said(Radius::OnlyDrill);
        assert!(
            own.contains("the drill's own requests")
                && own.contains("a breaker that opens is open for everybody"),
            "{own}"
        );
        assert!(!said(Radius::Share(1.0)).contains("open for everybody"));
    }

    #[test]
    fn every_step_but_the_first_and_the_last_is_a_line() {
        let line = |step| {
            let scenario = "x".to_owned();
            super::step(Wall(0), &Drill { scenario, step })
        };
        let checked = DrillStep::Checked {
            check: "nothing reached the user".to_owned(),
            passed: false,
            numbers: "2 errors".to_owned(),
        };
        assert_eq!(
            line(checked).unwrap(),
            "00:00:00Z  ✗ nothing reached the user: 2 errors"
        );
        assert_eq!(
            line(DrillStep::Began {
                who: "x".to_owned(),
                plan: DrillPlan::default(),
            }),
            None
        );
    }
}
