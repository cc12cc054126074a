//! Routes and their tiers in order: which share of the traffic each answers, and what would happen now if it were opened.
//!
//! ```text
//! ┌ routes ──────────────────────────────────────────────────────────────────────────────────┐
//! │   route  tier       deployment        breaker   share 5m   p95  if it were opened now     │
//! │   chat   31.0/s: 1.2% cached, 0 canned, 0 failed                                          │
//! │ ▸        primary    anthropic/claude  ■ OPEN        0.0%     -  it takes no traffic       │
//! │          secondary  openai/gpt-4.1    ● CLOSED     93.1%  1.9s  27.9 req/s → gemini/…      │
//! └───────────────────────────────────────────────────────────────────────────────────────────┘
//! ```

use super::{
    app::App,
    draw::{framed, put, title, wrap},
    grid::{Cell, Grid, Head},
    radius,
    theme::Role,
    words::{breaker, count, per_second, percent, width},
};
use crate::model::{
    DeploymentId, Snapshot,
    snapshot::{DeploymentView, RouteView},
    time::{latency, short},
    topology::tier_name,
};
use ratatui::{buffer::Buffer, layout::Rect};

const HEADS: [Head; 7] = [
    Head::left("route", 1),
    Head::left("tier", 4),
    Head::left("deployment", 0),
    Head::left("breaker", 0),
    Head::right("share 5m", 2),
    Head::right("p95", 5),
    Head::left("if it were opened now", 3),
];

impl App {
    /// Every place in every route, as they are listed.
    fn places(&self) -> impl Iterator<Item = (&RouteView, usize, &DeploymentId)> {
        self.shown()
            .routes
            .iter()
            .flat_map(|r| r.tiers.iter().enumerate().map(move |(i, id)| (r, i, id)))
    }

    /// The row keys are about the deployment under the cursor here too.
    pub(super) fn go_routes(&mut self, by: isize) {
        let last = self.places().count().saturating_sub(1);
        let next = self.route_at.min(last).saturating_add_signed(by).min(last);
        let id = self.places().nth(next).map(|(_, _, id)| id.clone());
        self.route_at = next;
        if id.is_some() {
            self.chosen = id;
        }
    }
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let (s, theme) = (app.shown(), app.theme);
    let inner = framed(area, buf, title("routes", "", theme), theme, true);
    if s.routes.is_empty() {
        let text = "no routes are configured";
        put(
            buf,
            (inner.x, inner.y),
            text,
            inner.width,
            theme.style(Role::Dim),
        );
        return;
    }
    let at = app.route_at.min(app.places().count().saturating_sub(1));
    let rows = app.places().map(|(r, i, id)| row(s, r, i, id)).collect();
    // What is cut from the last column stands under the list, and how each route fares.
    let notes = notes(app, at, inner.width);
    let below = u16::try_from(notes.len())
        .unwrap_or(u16::MAX)
        .min(inner.height / 2);
    let list = Rect {
        height: inner.height.saturating_sub(below),
        ..inner
    };
    let grid = Grid {
        heads: &HEADS,
        rows,
        at,
    };
    grid.draw(list, buf, theme);
    for (y, (line, role)) in (list.bottom()..inner.bottom()).zip(notes) {
        put(buf, (inner.x, y), &line, inner.width, theme.style(role));
    }
}

fn row(s: &Snapshot, r: &RouteView, i: usize, id: &DeploymentId) -> Vec<Cell> {
    let name = if i == 0 {
        r.id.to_string()
    } else {
        String::new()
    };
    let d = s.deployment(id);
    let (state, role) = d.map_or((String::new(), Role::Dim), state);
    let share = share(r, i).map_or(("-".to_owned(), Role::Dim), |share| {
        (
            percent(share),
            if share > 0.0 { Role::Text } else { Role::Dim },
        )
    });
    let p95 = d.and_then(|d| d.p95).map_or("-".to_owned(), latency);
    vec![
        (name, Role::Text),
        (tier_name(i), Role::Dim),
        (id.to_string(), Role::Text),
        (state, role),
        share,
        (p95, Role::Text),
        (radius::if_opened(s, r, id), Role::Dim),
    ]
}

fn state(d: &DeploymentView) -> (String, Role) {
    let (glyph, word, role) = breaker(d);
    (format!("{glyph} {word}"), role)
}

/// Of all that the route answered; none where it answered nothing.
fn share(r: &RouteView, tier: usize) -> Option<f64> {
    let all = answered(r);
    let own = r.tiers_5m.get(tier).copied().unwrap_or(0);
    (all > 0).then(|| f64::from(own) / f64::from(all))
}

fn answered(r: &RouteView) -> u32 {
    let tiers = r
        .tiers_5m
        .iter()
        .fold(0_u32, |sum, n| sum.saturating_add(*n));
    [r.cached_5m, r.canned_5m, r.failed_5m]
        .into_iter()
        .fold(tiers, u32::saturating_add)
}

/// What the route under the cursor does besides its tiers, and the whole of what was cut from its row.
fn notes(app: &App, at: usize, room: u16) -> Vec<(String, Role)> {
    let s = app.shown();
    let Some((r, _, id)) = app.places().nth(at) else {
        return Vec::new();
    };
    let all = f64::from(answered(r)).max(1.0);
    let part = |n: u32| format!("{} ({})", percent(f64::from(n) / all), count(n.into()));
    let mut lines = vec![(String::new(), Role::Text)];
    let text = format!(
        "{}: {} req/s; in 5 min {} cached, {} canned, {} failed",
        r.id,
        per_second(r.per_s),
        part(r.cached_5m),
        part(r.canned_5m),
        part(r.failed_5m)
    );
    let bad = r.failed_5m > 0;
    let role = if bad { Role::Bad } else { Role::Text };
    lines.extend(wrap(&text, room).into_iter().map(|line| (line, role)));
    if let Some(on) = &r.rung3 {
        let left = short(s.at.until(on.until));
        let text = format!(
            "on rung 3 by {} for {left}: everybody gets the canned answer",
            on.who
        );
        lines.extend(
            wrap(&text, room)
                .into_iter()
                .map(|line| (line, Role::Manual)),
        );
    }
    let elsewhere = r.tiers_5m.get(r.tiers.len()).copied().unwrap_or(0);
    if elsewhere > 0 {
        let text = format!(
            "{} answered by others, for prompts that are too long or refused",
            part(elsewhere)
        );
        lines.extend(wrap(&text, room).into_iter().map(|line| (line, Role::Text)));
    }
    let whole = format!("if {id} were opened: {}", radius::if_opened(s, r, id));
    if width(&whole) > 0 {
        lines.extend(wrap(&whole, room).into_iter().map(|line| (line, Role::Dim)));
    }
    lines
}
