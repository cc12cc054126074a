//! One deployment, large.
//!
//! ```text
//! ┌ anthropic/claude-sonnet ■ OPEN ──────────────────────────────────────────────┐
//! │ breaker  OPEN for 4:12: error_rate 38.4% > 2.0% n=812, probe in 0:48          │
//! │ place    primary of chat, secondary of summarize                             │
//! │ model    claude-sonnet at anthropic, in the dialect anthropic                │
//! │ now      0.0 req/s, 0 in flight, 0 tokens/s   p50 1.2s  p95 18.2s  …         │
//! │ 5 min    312 of 812 attempts failed, 0 rate-limited                          │
//! └──────────────────────────────────────────────────────────────────────────────┘
//! ┌ error rate ──────────────────────────┐┌ judge ───────────────────────────────┐
//! └──────────────────────────────────────┘└──────────────────────────────────────┘
//! ┌ judged answers ──────────────────────┐┌ events of it ────────────────────────┐
//! └──────────────────────────────────────┘└──────────────────────────────────────┘
//! ```

use super::{
    app::App,
    columns::note,
    draw::{framed, put, title},
    events,
    layout::even,
    table,
    theme::Role,
    trends,
    words::{breaker, count, per_second},
};
use crate::model::{
    Snapshot,
    snapshot::DeploymentView,
    time::{latency, short},
    topology::tier_name,
};
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};
use std::time::Duration;

const FACTS: u16 = 7;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(d) = app.selected() else {
        return table::draw(app, area, buf);
    };
    let facts = FACTS.min(area.height);
    let charts = even(area.height.saturating_sub(facts).saturating_mul(3) / 5);
    let [top, middle, bottom] = Layout::vertical([
        Constraint::Length(facts),
        Constraint::Length(charts),
        Constraint::Min(0),
    ])
    .areas(area);
    self::facts(app, d, top, buf);
    trends::of_one(app, middle, buf);
    let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).areas(bottom);
    judged(app, d, left, buf);
    events::draw(app, right, buf, Some(&d.id));
}

fn facts(app: &App, d: &DeploymentView, area: Rect, buf: &mut Buffer) {
    let (s, theme) = (app.shown(), app.theme);
    let (glyph, word, role) = breaker(d);
    let head = Line::from(vec![
        Span::styled(format!(" {} ", d.id), theme.bold(Role::Text)),
        Span::styled(format!("{glyph} {word} "), theme.bold(role)),
    ]);
    let inner = framed(area, buf, head, theme, true);
    let lines = [
        ("breaker", standing(d, s)),
        ("place", places(d, s)),
        (
            "model",
            format!(
                "{} at {}, in the dialect {}",
                d.model, d.provider, d.dialect
            ),
        ),
        ("now", flow(d)),
        ("5 min", lately(d)),
    ];
    for (y, (label, text)) in (inner.y..inner.bottom()).zip(lines) {
        put(
            buf,
            (inner.x.saturating_add(1), y),
            label,
            8,
            theme.style(Role::Dim),
        );
        let x = inner.x.saturating_add(10);
        put(
            buf,
            (x, y),
            &text,
            inner.right().saturating_sub(x),
            theme.style(Role::Text),
        );
    }
}

/// The breaker's own phase, what a person laid over it, and why.
fn standing(d: &DeploymentView, s: &Snapshot) -> String {
    let since = short(s.at.since(d.since.max(s.started)));
    format!("{} for {since}: {}", d.phase, note(d, s))
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

fn lately(d: &DeploymentView) -> String {
    format!(
        "{} of {} attempts failed, {} rate-limited",
        count(d.errors_5m.bad.into()),
        count(d.errors_5m.n.into()),
        count(d.throttled_5m.into()),
    )
}

/// The last judged answers, newest first, with the judge's own words.
fn judged(app: &App, d: &DeploymentView, area: Rect, buf: &mut Buffer) {
    let (s, theme) = (app.shown(), app.theme);
    let inner = framed(area, buf, title("judged answers", "", theme), theme, false);
    for (y, j) in (inner.y..inner.bottom()).zip(d.scores.iter().rev()) {
        let low = j.score < s.judge_threshold;
        let x = put(buf, (inner.x, y), &j.at.clock(), 8, theme.style(Role::Dim)).saturating_add(1);
        let mark = if low { "■" } else { "●" };
        let role = if low { Role::Bad } else { Role::Good };
        let score = format!("{mark} {:.2}", j.score);
        let x = put(buf, (x, y), &score, 6, theme.bold(role)).saturating_add(1);
        let room = inner.right().saturating_sub(x);
        let reason = if j.reason.is_empty() {
            "no reason given"
        } else {
            &j.reason
        };
        let x = put(buf, (x, y), reason, room, theme.style(Role::Text)).saturating_add(1);
        let by = format!("by {}", j.judge);
        put(
            buf,
            (x, y),
            &by,
            inner.right().saturating_sub(x),
            theme.style(Role::Dim),
        );
    }
    if d.scores.is_empty() {
        put(
            buf,
            (inner.x, inner.y),
            "none yet",
            inner.width,
            theme.style(Role::Dim),
        );
    }
}
