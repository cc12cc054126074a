//! What a scenario came to: a table for a person, an object for a script.

use super::{
    expect::{Count, Finding, Secs},
    scenario::{Noise, Scenario},
    side::Purpose,
    stats::{at, mean, median, real},
    tally::Outcome,
};
use crate::model::time::duration_text;
use serde::Serialize;
use std::{collections::BTreeMap, fmt, time::Duration};

const DAY_S: f64 = 86_400.0;
/// What the naive breaker pays judges for.
const PLAIN_SAMPLING: f64 = 0.05;

/// One scenario, run with all its seeds on both sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub scenario: String,
    pub what: String,
    pub noise: &'static str,
    pub rate_rps: f64,
    pub seeds: u32,
    pub warm: bool,
    pub seconds: f64,
    pub breakerbox: Figures,
    pub rolling_mean: Figures,
    pub expected: Vec<Finding>,
    pub passed: bool,
}

/// Over the seeds of one side. Times are in seconds; none: never.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// None where there is nothing to find.
    pub(super) first_trip: Option<Time>,
    /// How often each reason was the first trip's.
    pub(super) reasons: BTreeMap<&'static str, u32>,
    /// The first trip's words, in one of the runs.
    pub(super) example: String,
    pub(super) bad_before_trip: f64,
    pub(super) bad_served: f64,
    pub(super) relapse: Option<Time>,
    pub(super) recovery: Option<Time>,
    pub(super) opens: f64,
    pub(super) wrong_closes: f64,
    pub(super) false_trips_per_day: f64,
    /// Why, in one of the runs.
    pub(super) false_trip_example: String,
    pub(super) judge_calls: f64,
    pub(super) judge_calls_by: BTreeMap<&'static str, f64>,
    pub(super) judge_calls_per_day: f64,
    /// Against 5 % of all answers.
    pub(super) judge_cost: f64,
    pub(super) judge_faults: f64,
    /// Why, in one of the runs.
    pub(super) judge_fault_example: String,
    pub(super) shadow_probes: f64,
    pub(super) requests: f64,
    pub(super) unserved: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Time {
    pub(super) median: Option<f64>,
    pub(super) p95: Option<f64>,
    /// The share of runs in which it never came.
    pub(super) never: f64,
}

impl Report {
    pub(super) fn new(
        scenario: &Scenario,
        noise: Noise,
        ours: &[Outcome],
        naive: &[Outcome],
    ) -> Self {
        let expected = scenario.expect.check(ours, scenario.unseen());
        let seconds = scenario.duration().as_secs_f64();
        Self {
            scenario: scenario.name.clone(),
            what: scenario.what.clone(),
            noise: noise.as_str(),
            rate_rps: scenario.rate_rps,
            seeds: scenario.seeds,
            warm: scenario.warm,
            seconds,
            breakerbox: Figures::of(ours, seconds),
            rolling_mean: Figures::of(naive, seconds),
            passed: expected.iter().all(|f| f.held),
            expected,
        }
    }
}

impl Figures {
    fn of(runs: &[Outcome], seconds: f64) -> Self {
        let average = |of: &dyn Fn(&Outcome) -> u64| {
            mean(&runs.iter().map(|r| real(of(r))).collect::<Vec<_>>())
        };
        let middle = |of: &dyn Fn(&Outcome) -> u64| {
            median(&runs.iter().map(|r| real(of(r))).collect::<Vec<_>>())
        };
        let calls = |r: &Outcome| r.counts.calls.iter().sum::<u64>();
        let days = seconds / DAY_S;
        let mut reasons = BTreeMap::new();
        for cause in runs.iter().filter_map(|r| r.cause) {
            *reasons.entry(cause.as_str()).or_insert(0) += 1;
        }
        let by = Purpose::ALL.iter().enumerate().map(|(i, (name, _))| {
            let of = |r: &Outcome| r.counts.calls.get(i).copied().unwrap_or(0);
            (*name, average(&of))
        });
        let faults = runs.iter().flat_map(|r| &r.counts.faults);
        let answers = average(&|r| r.counts.answered).max(1.0);
        Self {
            first_trip: Time::of(runs, |r| r.first_trip),
            reasons,
            example: example(runs.iter().map(|r| r.why.as_str())),
            bad_before_trip: middle(&|r| r.counts.bad_before_trip),
            bad_served: middle(&|r| r.counts.bad),
            relapse: Time::of(runs, |r| r.relapse),
            recovery: Time::of(runs, |r| r.recover),
            opens: average(&|r| r.opens),
            wrong_closes: average(&|r| r.wrong_closes),
            false_trips_per_day: average(&|r| r.outside) / days,
            false_trip_example: example(runs.iter().map(|r| r.wrong_why.as_str())),
            judge_calls: average(&calls),
            judge_calls_by: by.filter(|(_, n)| *n > 0.0).collect(),
            judge_calls_per_day: average(&calls) / days,
            judge_cost: average(&calls) / (PLAIN_SAMPLING * answers),
            judge_faults: average(&|r| r.counts.faults.len() as u64),
            judge_fault_example: example(faults.map(|(_, why)| why.as_str())),
            shadow_probes: average(&|r| r.counts.shadows),
            requests: average(&|r| r.counts.requests),
            unserved: average(&|r| r.counts.unserved),
        }
    }

    /// What stands in this side's column, line by line.
    fn cells(&self) -> [(&'static str, String); 13] {
        let time = |t: &Option<Time>| t.map_or_else(|| "-".to_owned(), |t| t.to_string());
        let reasons: Vec<_> = self.reasons.keys().copied().collect();
        [
            ("time to trip", time(&self.first_trip)),
            (
                "for",
                if reasons.is_empty() {
                    "-".to_owned()
                } else {
                    reasons.join(", ")
                },
            ),
            (
                "bad answers before it",
                format!("{:.0}", self.bad_before_trip),
            ),
            ("bad answers in all", format!("{:.0}", self.bad_served)),
            ("relapse found after", time(&self.relapse)),
            ("recovered after", time(&self.recovery)),
            ("opens", Count(self.opens).to_string()),
            ("wrong closes", Count(self.wrong_closes).to_string()),
            (
                "false trips per day",
                Count(self.false_trips_per_day).to_string(),
            ),
            (
                "judge calls per day",
                format!("{:.0}", self.judge_calls_per_day),
            ),
            ("  against plain 5 %", format!("{:.2} x", self.judge_cost)),
            (
                "judges found at fault",
                Count(self.judge_faults).to_string(),
            ),
            ("users without an answer", Count(self.unserved).to_string()),
        ]
    }
}

/// The first that is not empty.
fn example<'a>(mut all: impl Iterator<Item = &'a str>) -> String {
    all.find(|why| !why.is_empty())
        .unwrap_or_default()
        .to_owned()
}

impl Time {
    /// None when no run had anything to wait for.
    fn of(runs: &[Outcome], of: impl Fn(&Outcome) -> Option<f64>) -> Option<Self> {
        let all: Vec<f64> = runs.iter().filter_map(of).collect();
        if all.is_empty() {
            return None;
        }
        let finite = |secs: f64| secs.is_finite().then_some(secs);
        let never = all.iter().filter(|t| t.is_infinite()).count() as u64;
        Some(Self {
            median: finite(median(&all)),
            p95: finite(at(&all, 95)),
            never: real(never) / real(all.len() as u64),
        })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = |t: Option<f64>| Secs(t.unwrap_or(f64::INFINITY));
        if self.median.is_none() && self.never >= 1.0 {
            return f.write_str("never");
        }
        write!(f, "{}, p95 {}", secs(self.median), secs(self.p95))
    }
}

/// The table, what was expected, and whether it came.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lasts = duration_text(Duration::from_secs_f64(self.seconds.round()));
        writeln!(
            f,
            "{}: {} req/s, {} seeds of {lasts}, {} baseline, {} judges",
            self.scenario,
            self.rate_rps,
            self.seeds,
            if self.warm { "warm" } else { "cold" },
            self.noise,
        )?;
        if !self.what.is_empty() {
            writeln!(f, "{}", self.what)?;
        }
        writeln!(f, "\n  {:<24}{:<26}rolling mean", "", "breakerbox")?;
        for ((name, ours), (_, naive)) in self
            .breakerbox
            .cells()
            .into_iter()
            .zip(self.rolling_mean.cells())
        {
            if ours != "-" || naive != "-" {
                writeln!(f, "  {name:<24}{ours:<26}{naive}")?;
            }
        }
        if !self.expected.is_empty() {
            writeln!(f, "\n  expected")?;
        }
        for finding in &self.expected {
            let mark = if finding.held { '✓' } else { '✗' };
            writeln!(f, "  {mark} {}: {}", finding.expected, finding.came)?;
        }
        Ok(())
    }
}
