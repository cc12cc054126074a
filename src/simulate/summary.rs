//! Many scenarios in one table, as Markdown: what a runbook shows.

use super::{
    expect::{Count, Secs},
    report::{Figures, Report, Time},
};
use std::fmt::Write as _;

const HEAD: [&str; 9] = [
    "scenario",
    "trips after (median / p95)",
    "rolling mean",
    "bad answers before",
    "rolling mean",
    "false trips a day",
    "rolling mean",
    "judge calls against 5 %",
    "expected",
];

/// One row a scenario.
pub fn summary(reports: &[Report]) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(reports.iter().map(|r| row(r, reports)));
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|i| {
            rows.iter()
                .map(|r| r.get(i).map_or(0, |c| c.chars().count()))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for (i, row) in rows.iter().enumerate() {
        line(
            &mut text,
            row.iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}")),
        );
        if i == 0 {
            line(&mut text, widths.iter().map(|width| "-".repeat(*width)));
        }
    }
    text.trim_end().to_owned()
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    let cells: Vec<_> = cells.collect();
    // A String takes everything.
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

fn row(report: &Report, all: &[Report]) -> [String; HEAD.len()] {
    let (ours, naive) = (&report.breakerbox, &report.rolling_mean);
    let namesakes = all.iter().filter(|r| r.scenario == report.scenario).count();
    let name = if namesakes > 1 {
        format!("{} ({})", report.scenario, report.noise)
    } else {
        report.scenario.clone()
    };
    let held = report.expected.iter().filter(|f| f.held).count();
    let bad = |f: &Figures| {
        f.first_trip
            .map_or_else(dash, |_| format!("{:.0}", f.bad_before_trip))
    };
    [
        name,
        time(ours.first_trip),
        time(naive.first_trip),
        bad(ours),
        bad(naive),
        Count(ours.false_trips_per_day).to_string(),
        Count(naive.false_trips_per_day).to_string(),
        format!("{:.2}", ours.judge_cost),
        format!("{held} of {}", report.expected.len()),
    ]
}

fn time(time: Option<Time>) -> String {
    let secs = |t: Option<f64>| Secs(t.unwrap_or(f64::INFINITY)).to_string();
    time.map_or_else(dash, |t| format!("{} / {}", secs(t.median), secs(t.p95)))
}

fn dash() -> String {
    "-".to_owned()
}
