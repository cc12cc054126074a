//! The deployments: the last thing to go.
//!
//! ```text
//! ┌ deployments ──────────────────────────────────────────────────────────────────────────────────────────┐
//! │   tier      deployment       breaker     for   err 5m  judge 1h   rate      req/s    p95  why / next   │
//! │▸  primary   anthropic/claude ■ OPEN     4:12    38.4%  0.91 n=31  ▁▁▁▁▁▆█     0.0  18.2s  error_rate … │
//! │   secondary openai/gpt-4.1   ● CLOSED  23h53     0.3%  0.88 n=40  ▁▁▁▁▁▁▁    31.2   1.9s  serving      │
//! └────────────────────────────────────────────── error_rate 38.4% > 2.0% n=812, probe in 0:48 ───────────┘
//! ```
//!
//! Where a window is too narrow, columns go in the order of their priority, never breaker and error rate; what was
//! cut from the selected row's last column then stands in the lower border.

use super::{
    app::{App, Pane},
    columns::{COLUMNS, Column, DROPPED, SPARK, WHY, cell, note},
    draw::{framed, put, title},
    fit::fit_clauses,
    theme::Role,
    words::{breaker, fit, width},
};
use crate::model::{
    snapshot::DeploymentView,
    text::{self, Clause, Rank},
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use Column as C;

/// Columns between columns.
const fn gap(room: u16) -> u16 {
    if room < WIDE { 1 } else { 2 }
}

/// From here on there is air; and a column for what the note says as well.
const WIDE: u16 = 150;

/// Columns with their widths, as many as fit.
fn fitted(app: &App, rows: &[&DeploymentView], room: u16) -> Vec<(Column, u16)> {
    let mut columns: Vec<(Column, u16)> = COLUMNS
        .iter()
        .filter(|&&c| match c {
            C::Suspicion => room >= WIDE,
            C::Normal => room >= WIDE && !app.shown().normal.is_empty(),
            _ => true,
        })
        .map(|&c| {
            let wide = match c {
                C::Rate => SPARK,
                C::Why => WHY,
                C::Mark => 2,
                _ => rows
                    .iter()
                    .map(|d| width(&cell(c, d, app).0))
                    .fold(width(c.heading()).max(c.least(room)), u16::max),
            };
            (c, wide)
        })
        .collect();
    let total = |columns: &[(Column, u16)]| {
        columns
            .iter()
            .fold(0_u16, |sum, (_, w)| {
                sum.saturating_add(*w).saturating_add(gap(room))
            })
            .saturating_sub(gap(room))
    };
    let all = columns.clone();
    for gone in DROPPED {
        if total(&columns) <= room {
            break;
        }
        columns.retain(|(c, _)| *c != gone);
    }
    // What is left over may still hold a narrow column that went before a wide one.
    for back in DROPPED.iter().rev() {
        let kept = |c: Column| columns.iter().any(|(k, _)| *k == c);
        let wider: Vec<_> = all
            .iter()
            .filter(|(c, _)| c == back || kept(*c))
            .copied()
            .collect();
        if total(&wider) <= room {
            columns = wider;
        }
    }
    let used = total(&columns);
    let has_why = columns.iter().any(|(c, _)| *c == C::Why);
    let stretch = if has_why { C::Why } else { C::Deployment };
    for (c, w) in &mut columns {
        // Too narrow even so: the name is cut. Room left over goes to the words.
        if used > room && *c == C::Deployment {
            *w = w.saturating_sub(used.saturating_sub(room));
        } else if used < room && *c == stretch && has_why {
            *w = w.saturating_add(room.saturating_sub(used));
        }
    }
    columns
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let detail = match app.filter.text.as_str() {
        "" => String::new(),
        text => format!("/{text}"),
    };
    let focused = app.pane == Pane::Rows;
    let inner = framed(
        area,
        buf,
        title("deployments", &detail, theme),
        theme,
        focused,
    );
    let rows = app.rows();
    if rows.is_empty() {
        put(
            buf,
            (inner.x, inner.y),
            "no deployments are configured",
            inner.width,
            theme.style(Role::Dim),
        );
        return;
    }
    let columns = fitted(app, &rows, inner.width);
    line(buf, inner, &columns, |c, _| {
        (c.heading().to_owned(), theme.style(Role::Dim))
    });
    let at = app
        .selected()
        .and_then(|d| rows.iter().position(|r| r.id == d.id))
        .unwrap_or(0);
    let height = usize::from(inner.height.saturating_sub(1));
    let first = first(at, height);
    for (y, d) in (inner.y.saturating_add(1)..inner.bottom()).zip(rows.iter().skip(first)) {
        let strip = Rect {
            y,
            height: 1,
            ..inner
        };
        line(buf, strip, &columns, |c, room| {
            let (text, role) = match c {
                C::Why => (fit_clauses(unsaid(d, app, &columns), room), Role::Text),
                _ => cell(c, d, app),
            };
            (text, style(app, d, c, role))
        });
        if app.selected().is_some_and(|x| x.id == d.id) {
            buf.set_style(strip, theme.selected());
        }
    }
    let below = rows.len().saturating_sub(first).saturating_sub(height);
    border_notes(app, area, buf, &columns, below);
}

/// The first row in sight.
const fn first(selected: usize, height: usize) -> usize {
    selected.saturating_add(1).saturating_sub(height)
}

/// Which row stands in a line of the table's area.
pub(super) fn row_at(app: &App, area: Rect, y: u16) -> Option<usize> {
    let line = y.checked_sub(area.y)?.checked_sub(2)?;
    if y.saturating_add(1) >= area.bottom() {
        return None;
    }
    let rows = app.rows();
    let selected = app.selected()?;
    let at = rows.iter().position(|r| r.id == selected.id)?;
    let height = usize::from(area.height.saturating_sub(3));
    let row = first(at, height).saturating_add(usize::from(line));
    (row < rows.len()).then_some(row)
}

/// The note without what a column of its own says.
fn unsaid(d: &DeploymentView, app: &App, columns: &[(Column, u16)]) -> Vec<Clause> {
    let mut note = note(d, app.shown());
    if columns.iter().any(|(c, _)| *c == C::Suspicion) && note.len() > 1 {
        note.retain(|c| c.rank != Rank::Suspicion);
    }
    note
}

fn style(app: &App, d: &DeploymentView, column: Column, role: Role) -> Style {
    if d.disabled.is_some() {
        return app.theme.style(Role::Dim);
    }
    match (column, role) {
        (C::Breaker, _) | (C::Err | C::Judge, Role::Bad) => app.theme.bold(role),
        _ => app.theme.style(role),
    }
}

fn line(
    buf: &mut Buffer,
    area: Rect,
    columns: &[(Column, u16)],
    say: impl Fn(Column, u16) -> (String, Style),
) {
    let mut x = area.x;
    for &(c, w) in columns {
        let (text, style) = say(c, w);
        let shift = if c.right() {
            w.saturating_sub(width(&text))
        } else {
            0
        };
        let room = w.min(area.right().saturating_sub(x));
        put(
            buf,
            (x.saturating_add(shift), area.y),
            &text,
            room.saturating_sub(shift),
            style,
        );
        x = x.saturating_add(w).saturating_add(gap(area.width));
    }
}

/// What did not fit: the selected row's note, and how many rows lie below.
fn border_notes(app: &App, area: Rect, buf: &mut Buffer, columns: &[(Column, u16)], below: usize) {
    let y = area.bottom().saturating_sub(1);
    let mut right = area.right().saturating_sub(2);
    if below > 0 {
        let text = format!(" {below} more ");
        right = right.saturating_sub(width(&text));
        put(
            buf,
            (right, y),
            &text,
            width(&text),
            app.theme.bold(Role::Accent),
        );
        right = right.saturating_sub(1);
    }
    let Some(d) = app.selected() else { return };
    let why = columns
        .iter()
        .find(|(c, _)| *c == C::Why)
        .map_or(0, |(_, w)| *w);
    let note = unsaid(d, app, columns);
    if width(&text::join(&note)) > why {
        let x = area.x.saturating_add(2);
        let room = right.saturating_sub(x).saturating_sub(2);
        let text = format!(" {} ", fit(&fit_clauses(note, room), room));
        let role = breaker(d).2;
        put(
            buf,
            (x, y),
            &text,
            right.saturating_sub(x),
            app.theme.style(role),
        );
    }
}
