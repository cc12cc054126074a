//! A window too small for a table: the facts that matter most, a line each, worst first.
//!
//! ```text
//!  users FAILING  served 98.2%                   14:03:22Z
//! provider availability  anthropic/claude-sonnet: error_r…
//! ▸■ OPEN      38.4%  anthropic/claude-sonnet
//!  ● CLOSED     0.3%  openai/gpt-4.1
//! ```

use super::{
    app::{App, View},
    draw::put,
    drill, header,
    headline::{self, Notes},
    theme::Role,
    words::{CURSOR, breaker, err, is_blind, width},
};
use ratatui::{buffer::Buffer, layout::Rect};

pub(super) fn draw(app: &App, notes: &Notes, area: Rect, buf: &mut Buffer) {
    let line = |n: u16| Rect {
        y: area.y.saturating_add(n),
        height: 1,
        ..area
    };
    // Header, headline and all rows come before lines about judges, and what the connection is like before all.
    let said = u16::from(notes.link.is_some());
    let taken = u16::try_from(app.rows().len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let room = area.height.saturating_sub(taken).max(said);
    let lines = notes.lines().min(room);
    let trouble = notes.troubles.first().filter(|_| lines <= said);
    header::draw(app, line(0), buf, trouble);
    if app.view == View::Drill {
        let below = Rect {
            height: area.height.saturating_sub(1),
            ..line(1)
        };
        drill::plain(app, below, buf);
        return;
    }
    let headline = Rect {
        height: lines.saturating_add(1),
        ..line(1)
    };
    headline::draw(app, notes, headline.intersection(area), buf);
    let above = lines.saturating_add(2);
    rows(
        app,
        Rect {
            y: area.y.saturating_add(above),
            height: area.height.saturating_sub(above),
            ..area
        },
        buf,
    );
}

fn rows(app: &App, area: Rect, buf: &mut Buffer) {
    let (s, theme) = (app.shown(), app.theme);
    let rows = app.rows();
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
        let x = put(buf, (x, y), &d.id, area.right().saturating_sub(x), style).saturating_add(2);
        let watched = match d.watch {
            w if w.alarm => "alarm".to_owned(),
            w if w.suspicion >= 0.5 => format!("suspicion {:.0}%", w.suspicion * 100.0),
            w if w.looks.is_some() => "looks wrong".to_owned(),
            _ if is_blind(d, s) => "blind".to_owned(),
            _ => String::new(),
        };
        let room = area.right().saturating_sub(x);
        put(buf, (x, y), &watched, room, theme.style(Role::Warn));
    }
}
