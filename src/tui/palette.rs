//! The line being typed: a command, a filter or a moment, over the last lines of the screen.
//!
//! ```text
//!   open  observe                                what can come next
//! :force anthropic/claude-sonnet o█
//! ```

use super::{
    app::App,
    complete::complete,
    draw::{clear, put},
    filter,
    overlay::{Line, Purpose},
    theme::Role,
    words::width,
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

/// Lines that what can come next may take.
const HINTS: usize = 3;
/// Lines that an error may take.
const ERROR: usize = 4;

/// Draws upwards from the line above `area`'s last, which stays the footer's; gives where the cursor belongs.
pub(super) fn draw(app: &App, line: &Line, area: Rect, buf: &mut Buffer) -> Position {
    let theme = app.awake;
    let y = area.bottom().saturating_sub(2).max(area.y);
    let strip = |y: u16| Rect {
        y,
        height: 1,
        ..area
    };
    clear(strip(y).intersection(area), buf, theme);
    let sign = match line.purpose {
        Purpose::Command => ":",
        Purpose::Filter => "/",
        Purpose::Time => "@",
    };
    let x = put(buf, (area.x, y), sign, 1, theme.bold(Role::Accent));
    let room = usize::from(area.right().saturating_sub(x).saturating_sub(1)).max(1);
    let skipped = line.input.visual_scroll(room);
    let shown: String = line.input.value().chars().skip(skipped).collect();
    let typed = area.right().saturating_sub(x);
    buf.set_stringn(
        x.min(area.right().saturating_sub(1)),
        y,
        &shown,
        usize::from(typed),
        theme.style(Role::Text),
    );
    for (y, (text, role)) in (area.y..y).rev().zip(above(app, line)) {
        clear(strip(y), buf, theme);
        put(buf, (x, y), &text, typed, theme.style(role));
    }
    let cursor = line.input.visual_cursor().saturating_sub(skipped);
    let cursor = x.saturating_add(u16::try_from(cursor).unwrap_or(u16::MAX));
    Position::new(cursor.min(area.right().saturating_sub(1)), y)
}

/// What stands above the line, from the lowest up: what is wrong with it, or what can come next.
fn above(app: &App, line: &Line) -> Vec<(String, Role)> {
    if let Some(error) = &line.error {
        let lines: Vec<_> = error
            .lines()
            .filter(|l| !l.trim().is_empty())
            .take(ERROR)
            .collect();
        return lines
            .into_iter()
            .rev()
            .map(|l| (l.to_owned(), Role::Bad))
            .collect();
    }
    match line.purpose {
        Purpose::Command => {}
        Purpose::Filter => return vec![(filter::TERMS.to_owned(), Role::Dim)],
        Purpose::Time => {
            let how = "14:03:22  2026-11-20T14:03:22Z (UTC), +5m  -30s from here";
            return vec![(how.to_owned(), Role::Dim)];
        }
    }
    let words = complete(line.input.value(), app.live(), app.desk()).0;
    let room = app.size.width.saturating_sub(4);
    let mut hints: Vec<String> = Vec::new();
    for word in words {
        let full = hints.len() >= HINTS;
        match hints.last_mut() {
            Some(line) if width(line).saturating_add(width(&word)) < room => {
                *line = format!("{line}  {word}");
            }
            Some(line) if full => {
                line.push('…');
                break;
            }
            _ => hints.push(word),
        }
    }
    let hints = hints.into_iter().rev();
    hints.map(|text| (text, Role::Dim)).collect()
}
