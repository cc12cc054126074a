//! One deployment, large.
//!
//! ```text
//! ┌ anthropic/claude-sonnet ■ OPEN ──────────────────────────────────────────────┐
//! │ breaker  OPEN for 4:12: quality 0.58 < 0.70, 23 of 41 bad, judge             │
//! │            openai/gpt-4.1, since 13:58:40, probe in 0:48                     │
//! │ evidence enough: it tripped; 11% usually do not pass; confirmed              │
//! │ normal   err 0.0%-1.1% (+37.3), judge 0.84-0.93 (-0.31), p95 1.2s-2.6s (9.6x) │
//! │ place    primary of chat, secondary of summarize                             │
//! │ now      0.0 req/s, 0 in flight, 0 tokens/s   p50 1.2s  p95 18.2s  …         │
//! │ 5 min    312 of 812 attempts failed, 0 rate-limited                          │
//! └──────────────────────────────────────────────────────────────────────────────┘
//! ┌ error rate ──────────────────────────┐┌ judge ───────────────────────────────┐
//! └──────────────────────────────────────┘└──────────────────────────────────────┘
//! ┌ judged answers ──────────────────────────────┐┌ events of it ────────────────┐
//! └──────────────────────────────────────────────┘└──────────────────────────────┘
//! ```

use super::{
    app::App,
    columns::note,
    draw::{framed, put, wrap},
    events, judged,
    layout::even,
    normal, table,
    theme::Role,
    trends,
    words::{breaker, count, gauge, is_blind, per_second},
};
use crate::model::{
    Kind, Phase, Reason, Snapshot,
    snapshot::DeploymentView,
    text,
    time::{latency, short},
    topology::tier_name,
};
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};
use std::time::Duration;

/// From here on there is room for what is the same every day.
const TALL: u16 = 26;
/// Columns of a label; and with the frame.
const LABEL: u16 = 10;
const FRAME: u16 = 13;
/// From this height on a chart in its frame has an axis.
const AXIS: u16 = 8;
/// Cells of the gauge of evidence.
const GAUGE: usize = 20;

struct Panes {
    facts: Rect,
    charts: Rect,
    judged: Rect,
    events: Rect,
}

impl Panes {
    fn of(area: Rect, facts: usize) -> Self {
        let facts = u16::try_from(facts).unwrap_or(u16::MAX).saturating_add(2);
        let facts = facts.min(area.height);
        let charts = even(area.height.saturating_sub(facts).saturating_mul(3) / 5);
        // Without an axis it is the odd ones that have a middle row.
        let charts = if charts < AXIS {
            charts.saturating_sub(1)
        } else {
            charts
        };
        let [facts, charts, below] = Layout::vertical([
            Constraint::Length(facts),
            Constraint::Length(charts),
            Constraint::Min(0),
        ])
        .areas(area);
        // What judges say is longer than what happened.
        let [judged, events] =
            Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(below);
        Self {
            facts,
            charts,
            judged,
            events,
        }
    }
}

/// Where the events of the deployment stand.
pub(super) fn events_area(app: &App, area: Rect) -> Rect {
    app.selected().map_or_else(Rect::default, |d| {
        Panes::of(area, facts(d, app.shown(), area).len()).events
    })
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(d) = app.selected() else {
        return table::draw(app, area, buf);
    };
    let facts = facts(d, app.shown(), area);
    let panes = Panes::of(area, facts.len());
    draw_facts(app, d, &facts, panes.facts, buf);
    trends::of_one(app, panes.charts, buf);
    judged::draw(app, d, panes.judged, buf);
    events::draw(app, panes.events, buf, Some(&d.id));
}

/// A line with its label.
type Fact = (&'static str, String, Role);

/// What has to be read in full is broken, the rest is cut.
fn facts(d: &DeploymentView, s: &Snapshot, area: Rect) -> Vec<Fact> {
    let mut lines = Vec::new();
    let mut add = |label: &'static str, text: &str, role| {
        let broken = wrap(text, area.width.saturating_sub(FRAME));
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        lines.extend(labels.zip(broken).map(|(label, text)| (label, text, role)));
    };
    add("breaker", &standing(d, s), Role::Text);
    if let Some((label, text)) = before(d, s) {
        add(label, &text, Role::Text);
    }
    let (text, role) = evidence(d, s);
    add("evidence", &text, role);
    if let Some((text, role)) = normal::fact(d, s) {
        add("normal", &text, role);
    }
    lines.push(("place", places(d, s), Role::Text));
    if area.height >= TALL {
        let model = format!(
            "{} at {}, in the dialect {}",
            d.model, d.provider, d.dialect
        );
        lines.push(("model", model, Role::Text));
    }
    lines.push(("now", flow(d), Role::Text));
    lines.push(("5 min", lately(d, s), Role::Text));
    lines
}

fn draw_facts(app: &App, d: &DeploymentView, lines: &[Fact], area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let (glyph, word, role) = breaker(d);
    let head = Line::from(vec![
        Span::styled(format!(" {} ", d.id), theme.bold(Role::Text)),
        Span::styled(format!("{glyph} {word} "), theme.bold(role)),
    ]);
    let inner = framed(area, buf, head, theme, true);
    for (y, (label, text, role)) in (inner.y..inner.bottom()).zip(lines) {
        let x = inner.x.saturating_add(1);
        put(buf, (x, y), label, LABEL, theme.style(Role::Dim));
        let x = inner.x.saturating_add(LABEL);
        let room = inner.right().saturating_sub(x);
        put(buf, (x, y), text, room, theme.style(*role));
    }
}

/// The breaker's own phase, what a person laid over it, and why.
fn standing(d: &DeploymentView, s: &Snapshot) -> String {
    let since = short(s.at.since(d.since.max(s.started)));
    // The line of the evidence says the rest.
    let watched = text::watched(d);
    let mut note = note(d, s);
    note.retain(|c| !watched.contains(c));
    format!("{} for {since}: {}", d.phase, text::join(&note))
}

/// Why it tripped last, or moved last, where the line above does not say so.
fn before(d: &DeploymentView, s: &Snapshot) -> Option<(&'static str, String)> {
    let shown = d.force.is_none() && d.phase != Phase::Closed;
    if shown && d.phase == Phase::Open {
        return None;
    }
    let trip = s.events.iter().rev().find_map(|e| match &e.kind {
        Kind::Transition(t) if t.deployment == d.id && t.to == Phase::Open => {
            Some(format!("{}: {}", e.at.clock(), t.reason))
        }
        _ => None,
    });
    let moved = || {
        let reason = d.reason.as_ref().filter(|_| !shown)?;
        Some(format!("{}: {reason}", d.since.clock()))
    };
    trip.map(|t| ("tripped", t))
        .or_else(|| moved().map(|m| ("moved", m)))
}

/// How much speaks against it, and how closely it is looked at.
fn evidence(d: &DeploymentView, s: &Snapshot) -> (String, Role) {
    let (first, role) = match gauge(d, GAUGE) {
        Some((gauge, role)) if d.watch.alarm => {
            let text = format!("{gauge} of a trip: enough evidence, asking others");
            (text, role)
        }
        Some((gauge, role)) => (format!("{gauge} of a trip"), role),
        None if d.phase == Phase::Open => ("enough: it tripped".to_owned(), Role::Text),
        None => ("none is gathered".to_owned(), Role::Dim),
    };
    let role = if is_blind(d, s) { Role::Warn } else { role };
    let mut parts = vec![first];
    parts.extend(scores(d));
    parts.extend(judging(d, s));
    if let Some(Reason::Quality {
        usual: Some(usual),
        confirmed,
        ..
    }) = &d.reason
    {
        parts.push(format!("{:.0}% usually do not pass", usual * 100.0));
        parts.extend(confirmed.then(|| "confirmed".to_owned()));
    }
    (parts.join("; "), role)
}

fn judging(d: &DeploymentView, s: &Snapshot) -> Option<String> {
    if s.judge.judges.is_empty() {
        return Some("nobody judges".to_owned());
    }
    if is_blind(d, s) {
        let why = s.judge.unavailable.as_deref();
        return Some(why.map_or_else(|| "blind".to_owned(), |why| format!("blind, {why}")));
    }
    let share = d.watch.share;
    (share > 0.0 && d.phase != Phase::Open).then(|| text::judged(&d.watch))
}

/// What its judge has against it; else what is usual.
fn scores(d: &DeploymentView) -> Option<String> {
    let scores = text::scores(&d.watch);
    if !scores.is_empty() && d.phase != Phase::Open {
        return Some(text::join(&scores));
    }
    let usual = d.watch.usual?;
    Some(format!("usual score {usual:.2}"))
}

/// Every route it is a tier of.
fn places(d: &DeploymentView, s: &Snapshot) -> String {
    let mut places: Vec<_> = s
        .routes
        .iter()
        .filter_map(|r| {
            let at = r.tiers.iter().position(|t| *t == d.id)?;
            Some(format!("{} of {}", tier_name(at), r.id))
        })
        .collect();
    if let Some(at) = s.judge.judges.iter().position(|j| *j == d.id) {
        places.push(format!(
            "judge {} of {}",
            at.saturating_add(1),
            s.judge.judges.len()
        ));
    }
    if places.is_empty() {
        return "no route uses it".to_owned();
    }
    places.join(", ")
}

fn flow(d: &DeploymentView) -> String {
    let time = |d: Option<Duration>| d.map_or_else(|| "-".to_owned(), latency);
    format!(
        "{} req/s, {} in flight, {} tokens/s   p50 {}  p95 {}  first token p95 {}",
        per_second(d.attempts_per_s),
        d.in_flight,
        per_second(d.tokens_per_s),
        time(d.p50),
        time(d.p95),
        time(d.ttft_p95),
    )
}

fn lately(d: &DeploymentView, s: &Snapshot) -> String {
    let users = format!(
        "{} of {} attempts failed, {} rate-limited",
        count(d.errors_5m.bad.into()),
        count(d.errors_5m.n.into()),
        count(d.throttled_5m.into()),
    );
    let Some(last) = &d.canary_last else {
        return users;
    };
    let ago = short(s.at.since(last.at));
    match &last.failed {
        None => format!("{users}; canary answered {ago} ago"),
        Some(verdict) => format!("{users}; canary FAILED {ago} ago: {verdict}"),
    }
}
