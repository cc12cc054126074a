//! A window too small for a table: the facts that matter most, a line each, worst first.
//!
//! ```text
//!  users FAILING  served 98.2%                   14:03:22Z
//! provider availability  anthropic/claude-sonnet: error_r…
//! ▸■ OPEN      38.4%  anthropic/claude-sonnet
//!  ● CLOSED     0.3%  openai/gpt-4.1
//! ```

use super::{
    app::App,
    draw::put,
    header,
    theme::Role,
    words::{CURSOR, breaker, err, sickness, width},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::cmp::Reverse;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let line = |n: u16| Rect {
        y: area.y.saturating_add(n),
        height: 1,
        ..area
    };
    header::draw(app, line(0), buf);
    if area.height > 1 {
        header::draw_headline(app, line(1), buf);
    }
    rows(
        app,
        Rect {
            y: area.y.saturating_add(2),
            height: area.height.saturating_sub(2),
            ..area
        },
        buf,
    );
}

fn rows(app: &App, area: Rect, buf: &mut Buffer) {
    let (s, theme) = (app.shown(), app.theme);
    let mut rows = app.rows();
    rows.sort_by_key(|d| Reverse(sickness(d)));
    let words: Vec<_> = rows
        .iter()
        .map(|d| {
            let (glyph, word, role) = breaker(d);
            (format!("{glyph} {word}"), role)
        })
        .collect();
    let wide = words.iter().map(|(w, _)| width(w)).max().unwrap_or(0);
    for ((y, d), (word, role)) in (area.y..area.bottom()).zip(rows).zip(words) {
        let selected = app.selected().is_some_and(|x| x.id == d.id);
        let mark = if selected { CURSOR } else { " " };
        let x = put(buf, (area.x, y), mark, 1, theme.bold(Role::Accent));
        put(
            buf,
            (x, y),
            &word,
            area.right().saturating_sub(x),
            theme.bold(role),
        );
        let (value, role) = err(d.errors_5m, s.err_threshold);
        let x = x.saturating_add(wide).saturating_add(1);
        let value = format!("{value:>6}");
        let x = put(
            buf,
            (x, y),
            &value,
            area.right().saturating_sub(x),
            theme.style(role),
        )
        .saturating_add(2);
        let style = if selected {
            theme.bold(Role::Accent)
        } else {
            theme.style(Role::Text)
        };
        put(buf, (x, y), &d.id, area.right().saturating_sub(x), style);
    }
}
