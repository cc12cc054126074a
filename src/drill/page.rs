//! A drill's report as one page, with the charts of what happened.

use super::{
    Report,
    report::{mark, side_by_side},
};
use crate::{model::time::short, postmortem};
use maud::{Markup, html};

pub(super) fn render(report: &Report) -> Markup {
    let title = format!("Drill: {}", report.title);
    let result = report.result.as_str().to_uppercase();
    let on = if report.simulated {
        "simulated providers".to_owned()
    } else {
        format!("configuration {}", report.config_hash)
    };
    postmortem::page(
        &title,
        &html! {
            h1 { (title) }
            p.said { b { (result) } @if !report.why.is_empty() { ": " (report.why) } }
            p { (report.what.trim()) }
            p.dim {
                (report.scenario) ", " (report.began) ", " (short(report.ended.since(report.began)))
                ", by " (report.who) ", on " (on) ", " (report.radius) ". "
                (report.route) ": " (report.tiers.join(" → "))
            }
            h2 { "Checks" }
            @if report.checks.is_empty() { p { "None was reached." } }
            ul {
                @for check in &report.checks {
                    li { (mark(check.passed)) " " b { (check.check) } ": " (check.numbers) }
                }
            }
            @if !report.recovering.is_empty() {
                p { "Still on the way back: " (report.recovering.join("; ")) "." }
            }
            h2 { "The drill's own requests" }
            table {
                tr { th {} th { "steady" } th { "drill" } }
                @for [name, steady, drill] in side_by_side(&report.steady, &report.drill) {
                    tr { td { (name) } td.n { (steady) } td.n { (drill) } }
                }
            }
            @if let Some(story) = &report.story { (story.body()) }
        },
    )
}
