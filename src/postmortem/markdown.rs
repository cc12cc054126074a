//! The post-mortem as Markdown: what a team pastes into its own page and goes on writing in.

use super::{
    Began, Beside, Episode, Facts, Incident, PostMortem, budget::Budget, episode::Judged,
    timeline::Moment,
};
use crate::model::{
    Wall,
    time::{duration_text, latency, short},
};
use std::fmt::Write as _;

pub(super) fn render(p: &PostMortem) -> String {
    let mut out = format!("# Post-mortem, {}\n\n{}\n\n", stretch(p), p.sentence());
    for run in &p.runs {
        let on = if run.simulated {
            ", simulated providers"
        } else {
            ""
        };
        // A String takes everything, here and below.
        let _ = writeln!(
            out,
            "- breakerbox {} since {}Z, configuration {}{on}",
            run.version,
            seconds(run.at),
            run.config_hash
        );
    }
    for note in &p.notes {
        let _ = writeln!(out, "- {note}");
    }
    users(&mut out, p);
    if let Some(budget) = &p.budget {
        out.push_str("\n## Error budget\n\n");
        for line in budget_lines(budget) {
            let _ = writeln!(out, "- {line}");
        }
    }
    out.push_str("\n## What opened\n");
    if p.episodes.is_empty() {
        out.push_str("\nNo breaker opened.\n");
    }
    for episode in &p.episodes {
        let _ = writeln!(
            out,
            "\n### {}, {}Z\n",
            episode.deployment,
            episode.opened.clock()
        );
        for (name, text) in episode_facts(episode) {
            let _ = writeln!(out, "- {name}: {text}");
        }
    }
    if let Some(all) = &p.beside {
        beside(&mut out, all);
    }
    deployments(&mut out, &p.deployments);
    list(&mut out, "Who did what", &p.people, "Nobody gave an order.");
    list(&mut out, "Timeline", &p.timeline, "Nothing happened.");
    out
}

pub(super) fn stretch(p: &PostMortem) -> String {
    format!(
        "{}Z to {}Z ({})",
        seconds(p.from),
        p.to.clock(),
        short(p.took())
    )
}

/// `2026-11-20T14:03:22`
pub(super) fn seconds(at: Wall) -> String {
    let text = at.to_string();
    text.split('.').next().unwrap_or(&text).to_owned()
}

/// Each rung with its count and its share.
pub(super) fn rungs(p: &PostMortem) -> Vec<(&'static str, u32, String)> {
    let by = &p.users.by;
    let all = by.answered();
    let row = |name, n: u32| {
        let share = match all {
            0 => "-".to_owned(),
            all => format!("{:.2}%", f64::from(n) / f64::from(all) * 100.0),
        };
        (name, n, share)
    };
    vec![
        row("the primary", by.primary),
        row("rung 1, the cache", by.cached),
        row("rung 2, a tier below", by.fallback),
        row("rung 3, canned", by.canned),
        row("an error", by.error),
        row("a broken stream", by.broken),
    ]
}

fn users(out: &mut String, p: &PostMortem) {
    out.push_str("\n## What reached users\n\n| answered by | requests | share |\n|---|---|---|\n");
    for (name, n, share) in rungs(p) {
        let _ = writeln!(out, "| {name} | {n} | {share} |");
    }
    out.push('\n');
    for line in user_lines(p) {
        let _ = writeln!(out, "- {line}");
    }
}

pub(super) fn user_lines(p: &PostMortem) -> Vec<String> {
    let by = &p.users.by;
    let mut lines = Vec::new();
    if let Some(q) = &p.users.quantiles {
        let (p50, p95, p99) = (latency(q.p50), latency(q.p95), latency(q.p99));
        lines.push(format!(
            "whole answers took {p50} at the median, {p95} at p95, {p99} at p99"
        ));
    }
    for (n, what) in [
        (by.caller_error, "the callers' own mistakes"),
        (by.left, "callers who left before their answer"),
        (by.client_retries, "requests that an SDK sent again"),
    ] {
        if n > 0 {
            lines.push(format!("{what}: {n}"));
        }
    }
    lines
}

pub(super) fn budget_lines(b: &Budget) -> Vec<String> {
    let canned = if b.slo.canned_is_good {
        ""
    } else {
        "; a canned answer is not"
    };
    let mut lines = vec![format!("objective: {}", b.slo)];
    if let Some(reached) = b.reached {
        lines.push(format!(
            "served as promised: {:.3}% ({} of {n} were not, {:.1} may be{canned})",
            reached * 100.0,
            b.bad,
            b.allowed,
            n = b.n
        ));
    }
    if let Some(spent) = b.spent {
        lines.push(format!(
            "spent: {:.2}% of the whole window's budget, at this stretch's rate of requests",
            spent * 100.0
        ));
    }
    for burn in &b.burn {
        let over = duration_text(std::time::Duration::from_secs(burn.over_s));
        lines.push(format!(
            "worst {over}: {:.1} times faster than allowed",
            burn.rate
        ));
    }
    if let (Some(held), Some(p95)) = (b.p95_held, b.slo.p95) {
        let how = if held { "held" } else { "BROKEN" };
        lines.push(format!("p95 within {}: {how}", latency(p95)));
    }
    lines
}

pub(super) fn episode_facts(e: &Episode) -> Vec<(&'static str, String)> {
    let began = format!(
        "{}Z, {}",
        e.began.clock(),
        match &e.began_with {
            Began::Fault { fault, who } => format!("when {who} injected {fault}"),
            Began::Evidence => "where the evidence begins".to_owned(),
            Began::Opening => "no earlier sign".to_owned(),
        }
    );
    let mut facts = vec![
        ("why", e.reason.to_string()),
        ("began", began),
        ("time to detect", latency_or_none(e.detected_in())),
        (
            "time to recover",
            match e.recovered_in() {
                Some(took) => format!("{} to all of its traffic", short(took)),
                None => "not back when this ends".to_owned(),
            },
        ),
    ];
    if let Some(ramped) = e.ramped {
        facts.push((
            "first traffic again",
            format!("after {}", short(ramped.since(e.opened))),
        ));
    }
    if e.probes_failed + e.relapses > 0 {
        facts.push((
            "ways back that failed",
            format!("{} probes, {} ramps", e.probes_failed, e.relapses),
        ));
    }
    facts.push((
        "upstream hits",
        format!(
            "{} before it opened ({} failed), {} while open or probed, {} on the ramp ({} failed)",
            e.before.attempts,
            e.before.failed,
            e.while_open.attempts,
            e.while_ramping.attempts,
            e.while_ramping.failed
        ),
    ));
    facts.push((
        "users meanwhile",
        format!(
            "{} answered: {} by the primary, {} cached, {} by a tier below, {} canned, {} errors",
            e.users.answered(),
            e.users.primary,
            e.users.cached,
            e.users.fallback,
            e.users.canned,
            e.users.failed()
        ),
    ));
    if let Some(bad) = e.bad_served() {
        facts.push((
            "bad answers served",
            format!("about {bad}, as far as the judged ones stand for all"),
        ));
    }
    if let Some(judged) = &e.judged {
        facts.push(("judged", judged_text(judged)));
    }
    facts
}

fn latency_or_none(d: std::time::Duration) -> String {
    if d.is_zero() {
        "at once".to_owned()
    } else {
        latency(d)
    }
}

fn judged_text(j: &Judged) -> String {
    let judges: Vec<_> = j.judges.iter().map(|j| &**j).collect();
    let mut text = format!(
        "{} of {} bad, mean {:.2}, by {}",
        j.bad,
        j.n,
        j.mean,
        judges.join(", ")
    );
    for opinion in &j.worst {
        let _ = write!(text, "; {}Z {:.2}", opinion.at.clock(), opinion.score);
        // Journals leave judges' words out unless they are told to keep them.
        if !opinion.why.is_empty() {
            let _ = write!(text, " ({})", opinion.why);
        }
    }
    text
}

fn beside(out: &mut String, all: &Beside) {
    let _ = writeln!(out, "\n## {}\n\n{}", Beside::TITLE, all.words());
    for incident in &all.incidents {
        let _ = writeln!(out, "\n### {}\n", incident.title());
        let _ = writeln!(out, "| {} |\n|---|---|---|", Incident::COLUMNS.join(" | "));
        for row in incident.rows() {
            let _ = writeln!(out, "| {} |", row.join(" | "));
        }
    }
    out.push('\n');
    for line in Beside::assumptions() {
        let _ = writeln!(out, "- {line}");
    }
}

fn deployments(out: &mut String, all: &[Facts]) {
    out.push_str("\n## Deployments\n\n| deployment | attempts | failed | judged | mean | p50 | p95 | p99 |\n|---|---|---|---|---|---|---|---|\n");
    for row in all.iter().map(deployment_row) {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
}

pub(super) fn deployment_row(f: &Facts) -> [String; 8] {
    let q = |of: fn(&super::Quantiles) -> std::time::Duration| {
        f.quantiles
            .as_ref()
            .map_or("-".to_owned(), |q| latency(of(q)))
    };
    [
        f.deployment.to_string(),
        f.hits.attempts.to_string(),
        f.hits.failed.to_string(),
        f.judged.to_string(),
        f.mean.map_or("-".to_owned(), |m| format!("{m:.2}")),
        q(|q| q.p50),
        q(|q| q.p95),
        q(|q| q.p99),
    ]
}

fn list(out: &mut String, title: &str, moments: &[Moment], none: &str) {
    let _ = writeln!(out, "\n## {title}\n");
    if moments.is_empty() {
        let _ = writeln!(out, "{none}");
    }
    for moment in moments {
        let _ = writeln!(out, "- {}Z {}", moment.at.clock(), told(moment));
    }
}

pub(super) fn told(moment: &Moment) -> String {
    match moment.times {
        1 => moment.text.clone(),
        n => format!("{} (×{n})", moment.text),
    }
}
