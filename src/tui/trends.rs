//! Error rate and judge score over time: of the selected deployment side by side, or of all, one column each.
//!
//! ```text
//! ┌ error rate  anthropic/claude  38.4% n=812 ─┐┌ judge  anthropic/claude  0.91 n=31 ───────┐
//! │100% │        ⢀⣴⣿                           ││1.00 │⠉⠉⠉⠉⠉⠉⠉                              │
//! │2.0% │┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄││0.70 │┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄│
//! │  0% │⣀⣀⣀⣀⣀⣀⣀⡀                              ││0.00 │                                    │
//! └────────────────────────────────────────────┘└───────────────────────────────────────────┘
//! ```

use super::{
    app::{App, View},
    chart::{Chart, room},
    draw::{framed, put},
    series,
    theme::{Role, Theme},
    words::{breaker, count, err, fit, is_blind, percent, score, width},
};
use crate::model::{
    Snapshot,
    normal::Band,
    scale::Scale,
    snapshot::{DeploymentView, HISTORY_S},
    text,
};
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

/// A column narrower than this says too little.
const NARROWEST: u16 = 40;

/// The two charts of one deployment, side by side.
pub(super) fn of_one(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(d) = app.selected() else { return };
    let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).areas(area);
    errors(app, d, left, buf, false);
    scores(app, d, right, buf, false);
    if app.view != View::Detail {
        spent(app, right, buf);
    }
}

/// The charts of as many deployments as there is room for: error rates above, scores below.
pub(super) fn of_all(app: &App, area: Rect, buf: &mut Buffer) {
    let rows = app.rows();
    let places = usize::from(area.width / NARROWEST).clamp(1, rows.len().max(1));
    let at = app
        .selected()
        .and_then(|d| rows.iter().position(|r| r.id == d.id))
        .unwrap_or(0);
    let first = at
        .saturating_add(1)
        .saturating_sub(places)
        .min(rows.len().saturating_sub(places));
    let [above, below] = Layout::vertical([Constraint::Fill(1); 2]).areas(area);
    let columns = vec![Constraint::Fill(1); places];
    let tops = Layout::horizontal(&columns).split(above);
    let bottoms = Layout::horizontal(&columns).split(below);
    for ((d, top), bottom) in rows.iter().skip(first).zip(tops.iter()).zip(bottoms.iter()) {
        let selected = app.selected().is_some_and(|x| x.id == d.id);
        errors(app, d, *top, buf, selected);
        scores(app, d, *bottom, buf, selected);
    }
    if let Some(last) = bottoms.last() {
        spent(app, *last, buf);
    }
}

fn errors(app: &App, d: &DeploymentView, area: Rect, buf: &mut Buffer, selected: bool) {
    let (s, theme) = (app.shown(), app.theme);
    let (value, role) = err(d.errors_5m, s.err_threshold);
    let number = format!("{value} n={}", count(d.errors_5m.n.into()));
    let head = heading("error rate", d, (&number, role), area.width, theme);
    let inner = framed(area, buf, head, theme, selected);
    let window = (s.at.secs(), HISTORY_S);
    let values = series::errors(d, window, room(inner));
    let few = series::few(d, window, room(inner));
    let limit = percent(s.err_threshold);
    let normal = s.normal(&d.id).and_then(|n| n.bands.errors);
    chart(
        normal,
        s.err_threshold,
        false,
        (&values, &few),
        ["100%".to_owned(), limit, "0%".to_owned()],
    )
    .draw(inner, buf, theme);
    nothing(&values, "no attempts in 15 min", inner, buf, theme);
}

fn scores(app: &App, d: &DeploymentView, area: Rect, buf: &mut Buffer, selected: bool) {
    let (s, theme) = (app.shown(), app.theme);
    let (value, role) = score(d, s);
    let head = heading("judge", d, (&value, role), area.width, theme);
    let inner = framed(area, buf, head, theme, selected);
    let values = series::scores(d, (s.at.secs(), HISTORY_S), room(inner));
    let floor = format!("{:.2}", s.judge_threshold);
    let normal = s.normal(&d.id).and_then(|n| n.bands.judge);
    chart(
        normal,
        s.judge_threshold,
        true,
        (&values, &[]),
        ["1.00".to_owned(), floor, "0.00".to_owned()],
    )
    .draw(inner, buf, theme);
    nothing(&values, unjudged(d, s), inner, buf, theme);
}

fn unjudged(d: &DeploymentView, s: &Snapshot) -> &'static str {
    if s.judge.judges.is_empty() {
        "nobody judges"
    } else if is_blind(d, s) {
        "blind: no judge can be asked"
    } else {
        "no scores in 15 min"
    }
}

/// What all judges together cost, quietly, in a lower border.
pub(super) fn spent(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(text) = text::spent(&app.shown().judge) else {
        return;
    };
    let text = format!(" judges: {text} ");
    let wide = width(&text);
    if wide.saturating_add(4) > area.width || area.height < 3 {
        return;
    }
    let x = area.right().saturating_sub(wide).saturating_sub(2);
    let y = area.bottom().saturating_sub(1);
    put(buf, (x, y), &text, wide, app.theme.style(Role::Dim));
}

fn chart<'a>(
    normal: Option<Band>,
    limit: f64,
    high_is_good: bool,
    (values, few): (&'a [Option<f64>], &'a [bool]),
    ticks: [String; 3],
) -> Chart<'a> {
    Chart {
        scale: Scale {
            limit,
            high_is_good,
        },
        values,
        few,
        ticks,
        span: "15 min ago",
        band: normal.map(|band| (band.low, band.high)),
    }
}

/// Says in words that a chart is empty: an empty chart looks like a calm one.
fn nothing(values: &[Option<f64>], text: &str, area: Rect, buf: &mut Buffer, theme: Theme) {
    if values.iter().any(Option::is_some) || area.height < 3 {
        return;
    }
    let x = area
        .x
        .saturating_add(area.width.saturating_sub(width(text)) / 2);
    let y = area.y.saturating_add(area.height / 4);
    let text = fit(text, area.width);
    buf.set_stringn(x, y, text, usize::from(area.width), theme.style(Role::Dim));
}

/// ` error rate  anthropic/claude  38.4% n=812 `: the name gives way, the number never.
fn heading(
    what: &str,
    d: &DeploymentView,
    (number, role): (&str, Role),
    room: u16,
    theme: Theme,
) -> Line<'static> {
    let fixed = width(what).saturating_add(width(number)).saturating_add(8);
    let name = fit(&d.id, room.saturating_sub(fixed)).into_owned();
    Line::from(vec![
        Span::styled(format!(" {what} "), theme.bold(Role::Text)),
        Span::styled(format!(" {name} "), theme.style(breaker(d).2)),
        Span::styled(format!(" {number} "), theme.bold(role)),
    ])
}
