//! The post-mortem as one page that needs nothing beside it: no script, no font, no picture from elsewhere.

use super::{
    Beside, Incident, PostMortem, chart,
    markdown::{
        budget_lines, deployment_row, episode_facts, rungs, seconds, stretch, told, user_lines,
    },
    timeline::Moment,
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1b1b;--dim:#5f6368;--rule:#d5d8dc;--bg:#fff}\
@media(prefers-color-scheme:dark){:root{--ink:#ececec;--dim:#a8adb3;--rule:#43474d;--bg:#16181b}}\
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--bg);max-width:64rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid var(--rule)}h3{font-size:1rem}\
table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}\
th{font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums}time,.dim{color:var(--dim);font-variant-numeric:tabular-nums}\
.said{font-size:1.1rem}svg{width:100%;height:auto}ul{padding-left:1.2rem}li{overflow-wrap:anywhere}";

pub(super) fn render(p: &PostMortem) -> Markup {
    let title = format!("Post-mortem, {}", stretch(p));
    page(
        &title,
        &html! {
            h1 { (title) }
            p.said { (p.sentence()) }
            (runs(p))
            (body(p))
        },
    )
}

/// Everything under the headline.
pub(super) fn body(p: &PostMortem) -> Markup {
    html! {
        (users(p))
        @if let Some(budget) = &p.budget {
            h2 { "Error budget" }
            ul { @for line in budget_lines(budget) { li { (line) } } }
        }
        (episodes(p))
        @if let Some(all) = &p.beside { (beside(all)) }
        h2 { "Charts" }
        @for chart in chart::all(p) { h3 { (chart.title) } (chart.svg) }
        (deployments(p))
        (moments("Who did what", &p.people, "Nobody gave an order."))
        (moments("Timeline", &p.timeline, "Nothing happened."))
    }
}

/// The frame of a page that stands alone.
pub fn page(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

fn runs(p: &PostMortem) -> Markup {
    html! {
        ul.dim {
            @for run in &p.runs {
                li {
                    "breakerbox " (run.version) " since " (seconds(run.at)) "Z, configuration " (run.config_hash)
                    @if run.simulated { ", simulated providers" }
                }
            }
            @for note in &p.notes { li { (note) } }
        }
    }
}

fn users(p: &PostMortem) -> Markup {
    html! {
        h2 { "What reached users" }
        table {
            tr { th { "answered by" } th { "requests" } th { "share" } }
            @for (name, n, share) in rungs(p) {
                tr { td { (name) } td.n { (n) } td.n { (share) } }
            }
        }
        ul { @for line in user_lines(p) { li { (line) } } }
    }
}

fn episodes(p: &PostMortem) -> Markup {
    html! {
        h2 { "What opened" }
        @if p.episodes.is_empty() { p { "No breaker opened." } }
        @for episode in &p.episodes {
            h3 { (episode.deployment) ", " (episode.opened.clock()) "Z" }
            table {
                @for (name, text) in episode_facts(episode) { tr { th { (name) } td { (text) } } }
            }
        }
    }
}

fn beside(all: &Beside) -> Markup {
    html! {
        h2 { (Beside::TITLE) }
        p { (all.words()) }
        @for incident in &all.incidents {
            h3 { (incident.title()) }
            table {
                tr { @for name in Incident::COLUMNS { th { (name) } } }
                @for row in incident.rows() { tr { @for cell in row { td { (cell) } } } }
            }
        }
        ul.dim { @for line in Beside::assumptions() { li { (line) } } }
    }
}

fn deployments(p: &PostMortem) -> Markup {
    html! {
        h2 { "Deployments" }
        table {
            tr {
                @for name in ["deployment", "attempts", "failed", "judged", "mean", "p50", "p95", "p99"] {
                    th { (name) }
                }
            }
            @for row in p.deployments.iter().map(deployment_row) {
                tr { @for cell in row { td { (cell) } } }
            }
        }
    }
}

fn moments(title: &str, all: &[Moment], none: &str) -> Markup {
    html! {
        h2 { (title) }
        @if all.is_empty() { p { (none) } }
        ul { @for moment in all { li { time { (moment.at.clock()) "Z" } " " (told(moment)) } } }
    }
}
