//! One deployment, large.
//!
//! ```text
//! ┌ anthropic/claude-sonnet ■ OPEN ──────────────┐┌ latency  5 min ──────────────┐
//! │ breaker  OPEN for 4:12: quality 0.58 < 0.70, ││               p50   p95   p99│
//! │            23 of 41 bad, probe in 0:48       │└──────────────────────────────┘
//! │ evidence enough: it tripped                  │┌ failures ────────────────────┐
//! │ errors   34.4% n=288 in 5 min: fault 98      ││                              │
//! └──────────────────────────────────────────────┘└──────────────────────────────┘
//! ┌ error rate ──────────────────────────┐┌ judge ───────────────────────────────┐
//! └──────────────────────────────────────┘└──────────────────────────────────────┘
//! ┌ judged answers ──────────┐┌ history ────────────────┐┌ events of it ─────────┐
//! └──────────────────────────┘└─────────────────────────┘└───────────────────────┘
//! ```
//!
//! With less room, latencies and failures are lines of the facts and the history is among the events; in the smallest window
//! the charts go too, since two lines of a chart tell less than the answers and events that stand in their place.

mod facts;
mod failures;
mod history;
mod latency;

use super::{
    app::App,
    draw::{framed, put},
    events, judged,
    layout::{self, even},
    table,
    theme::Role,
    trends,
    words::breaker,
};
use crate::model::{Snapshot, snapshot::DeploymentView};
use facts::{Fact, LABEL, Room, facts};
use latency::{latency_row, quantiles};
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

/// From this height on a chart in its frame has an axis.
const AXIS: u16 = 8;
/// Failures that are worth a panel, with its frame and heading.
const FAILURES: u16 = 6;
/// Of the window, what is not this view's: header, headline and keys.
const AROUND: u16 = 3;

struct Panes {
    facts: Rect,
    latency: Rect,
    failures: Rect,
    charts: Rect,
    judged: Rect,
    history: Rect,
    events: Rect,
}

/// As the dashboard would be laid out in the same window.
fn kind(area: Rect) -> layout::Kind {
    layout::kind(Rect {
        height: area.height.saturating_add(AROUND),
        ..area
    })
}

/// The facts and where everything stands.
fn laid_out(d: &DeploymentView, s: &Snapshot, area: Rect) -> (Vec<Fact>, Panes) {
    let kind = kind(area);
    let beside = kind == layout::Kind::Large;
    let aside = if beside {
        area.width.saturating_mul(2) / 5
    } else {
        0
    };
    let room = Room {
        width: area.width.saturating_sub(aside),
        height: area.height,
        charts: matches!(kind, layout::Kind::Medium | layout::Kind::Large),
        beside,
    };
    let facts = facts(d, s, room);
    let lines = u16::try_from(facts.len()).unwrap_or(u16::MAX);
    let least = if beside {
        latency::HEIGHT.saturating_add(FAILURES)
    } else {
        0
    };
    let above = lines.saturating_add(2).max(least).min(area.height);
    let charts = charts(kind, area.height.saturating_sub(above));
    let [above, charts, below] = Layout::vertical([
        Constraint::Length(above),
        Constraint::Length(charts),
        Constraint::Min(0),
    ])
    .areas(area);
    let [left, right] =
        Layout::horizontal([Constraint::Min(0), Constraint::Length(aside)]).areas(above);
    let [latency, failures] =
        Layout::vertical([Constraint::Length(latency::HEIGHT), Constraint::Min(0)]).areas(right);
    let [judged, history, events] = below_charts(kind, below);
    let panes = Panes {
        facts: left,
        latency,
        failures,
        charts,
        judged,
        history,
        events,
    };
    (facts, panes)
}

fn charts(kind: layout::Kind, left: u16) -> u16 {
    let charts = match kind {
        layout::Kind::Tiny | layout::Kind::Small => return 0,
        layout::Kind::Medium | layout::Kind::Large => even(left / 2),
    };
    // Without an axis it is the odd ones that have a middle row.
    if charts < AXIS {
        charts.saturating_sub(1)
    } else {
        charts
    }
}

/// Judged answers, history, events. What judges say is longer than what happened.
fn below_charts(kind: layout::Kind, area: Rect) -> [Rect; 3] {
    match kind {
        // Side by side neither could be read.
        layout::Kind::Tiny | layout::Kind::Small => {
            let judged = area.height / 2;
            let [judged, events] =
                Layout::vertical([Constraint::Length(judged), Constraint::Min(0)]).areas(area);
            [judged, Rect::default(), events]
        }
        layout::Kind::Medium => {
            let [judged, events] =
                Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(area);
            [judged, Rect::default(), events]
        }
        layout::Kind::Large => {
            let [judged, right] =
                Layout::horizontal([Constraint::Fill(9), Constraint::Fill(10)]).areas(area);
            let [history, events] = Layout::vertical([Constraint::Fill(1); 2]).areas(right);
            [judged, history, events]
        }
    }
}

/// Where the events of the deployment stand.
pub(super) fn events_area(app: &App, area: Rect) -> Rect {
    app.selected()
        .map_or_else(Rect::default, |d| laid_out(d, app.shown(), area).1.events)
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(d) = app.selected() else {
        return table::draw(app, area, buf);
    };
    let (facts, panes) = laid_out(d, app.shown(), area);
    draw_facts(app, d, &facts, panes.facts, buf);
    if !panes.latency.is_empty() {
        latency::draw(app, d, panes.latency, buf);
        failures::draw(app, d, panes.failures, buf);
    }
    if !panes.charts.is_empty() {
        trends::of_one(app, panes.charts, buf);
    }
    judged::draw(app, d, panes.judged, buf);
    if !panes.history.is_empty() {
        history::draw(app, d, panes.history, buf);
    }
    events::draw(app, panes.events, buf, Some(&d.id));
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
