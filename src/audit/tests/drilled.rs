use super::{DAY, GOOD, NOW, entry, read};
use crate::{
    audit::{Audit, Facts, audit},
    drill::ledger::Entry,
    model::drill::DrillResult::{self, Aborted, Failed, Passed},
};
use std::time::Duration;

fn after(runs: &[(&str, DrillResult, u32)], change: impl Fn(&mut Entry)) -> Audit {
    let config = read("c.toml", GOOD);
    let drills: Vec<_> = runs
        .iter()
        .map(|(scenario, result, days)| {
            let mut entry = entry(&config, scenario, *result, DAY * *days);
            change(&mut entry);
            entry
        })
        .collect();
    audit(Facts {
        config: &config,
        drills: &drills,
        now: NOW,
    })
}

fn ids(runs: &[(&str, DrillResult, u32)]) -> Vec<&'static str> {
    super::ids(&after(runs, |_| {}))
}

#[test]
fn a_configuration_that_was_never_drilled_says_so() {
    assert_eq!(ids(&[]), ["never-drilled"]);
    assert_eq!(
        ids(&[("hang", Aborted, 1)]),
        ["never-drilled"],
        "it says nothing"
    );
}

#[test]
fn drills_of_the_simulated_providers_count_for_nobody() {
    let simulated = after(&[("hang", Passed, 1)], |e| {
        e.config = "simulated".to_owned();
    });
    assert_eq!(super::ids(&simulated), ["never-drilled"]);
    assert_eq!(simulated.drill, None);
}

#[test]
fn drills_of_another_configuration_do_not_count_either_and_are_named() {
    let other = after(&[("hang", Passed, 2)], |e| {
        e.config = "0123456789ab".to_owned();
    });
    assert_eq!(super::ids(&other), ["never-drilled"]);
    let said = &other.findings[0].message;
    assert!(
        said.ends_with("the last was of 0123456789ab, 2d ago"),
        "{said}"
    );
}

#[test]
fn a_drill_counts_for_thirty_five_days() {
    assert_eq!(ids(&[("hang", Passed, 35)]), [""; 0]);
    assert_eq!(ids(&[("hang", Passed, 36)]), ["stale-drill"]);
    assert_eq!(
        ids(&[("hang", Passed, 36), ("all-down", Passed, 3)]),
        [""; 0]
    );
}

#[test]
fn what_failed_last_is_an_error_until_it_passes() {
    assert_eq!(ids(&[("hang", Failed, 3)]), ["failed-drill"]);
    assert_eq!(ids(&[("hang", Failed, 3), ("hang", Passed, 2)]), [""; 0]);
    assert_eq!(
        ids(&[("hang", Failed, 3), ("all-down", Passed, 2)]),
        ["failed-drill"]
    );
    assert_eq!(
        ids(&[("hang", Passed, 40), ("hang", Failed, 2)]),
        ["failed-drill", "stale-drill"]
    );
}

#[test]
fn what_a_failed_drill_said_is_told() {
    let failed = after(&[("hang", Failed, 3)], |e| e.checks_passed = 4);
    let said = &failed.findings[0].message;
    assert_eq!(said, "drill hang failed 3d ago: 4 of 6 checks passed");
    let last = failed.drill.unwrap();
    assert_eq!((last.scenario.as_str(), last.result), ("hang", Failed));
    assert_eq!(NOW.since(last.ended), Duration::from_hours(72));
}

#[test]
fn a_drill_that_was_broken_off_is_told_as_that_and_counts_for_none() {
    let audit = after(&[("hang", Aborted, 1)], |entry| {
        entry.why = "somebody stopped it".to_owned();
    });
    let found = audit.findings.iter().find(|f| f.rule.id == "never-drilled");
    let said = &found.unwrap().message;
    assert!(
        said.contains("hang, was broken off 1d ago: somebody stopped it"),
        "{said}"
    );
}
