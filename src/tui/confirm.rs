//! "Are you sure?", with what it means now. No is the default.
//!
//! ```text
//! ┌ force anthropic/claude open --for 10m ─────────────────────────┐
//! │ 31.2 req/s of chat move to gemini/gemini-2.5-pro, RAMP 25%     │
//! │ it ends by itself in 10m, through a probe                      │
//! │                                                                │
//! │ do it? y yes   n no                                            │
//! └────────────────────────────────────────────────────────────────┘
//! ```

use super::{
    app::App,
    draw::{clear, framed, put, title, wrap},
    layout::centered,
    overlay::Dialog,
    theme::Role,
    words::width,
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

/// Draws the question; gives where the cursor belongs, when something has to be typed.
pub(super) fn draw(app: &App, dialog: &Dialog, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = app.awake;
    let question = dialog.question();
    let prompt = prompt(dialog);
    let widest = dialog
        .lines
        .iter()
        .map(|l| width(l))
        .chain([
            width(&question),
            width(&prompt).saturating_add(dialog.word.as_deref().map_or(0, width)),
        ])
        .max()
        .unwrap_or(0);
    let wide = widest.saturating_add(6).clamp(44, 100).min(area.width);
    let reasons: Vec<_> = dialog
        .lines
        .iter()
        .flat_map(|l| wrap(l, wide.saturating_sub(4)))
        .collect();
    let lines = u16::try_from(reasons.len()).unwrap_or(u16::MAX);
    let place = centered(area, wide, lines.saturating_add(4));
    clear(place, buf, theme);
    let inner = framed(place, buf, title(&question, "", theme), theme, true);
    let x = inner.x.saturating_add(1);
    let room = inner.right().saturating_sub(x);
    // The prompt has the last line, whatever the height; reasons give way before it.
    let last = inner.bottom().saturating_sub(1);
    for (y, line) in (inner.y..last).zip(&reasons) {
        put(buf, (x, y), line, room, theme.style(Role::Text));
    }
    let end = put(buf, (x, last), &prompt, room, theme.bold(Role::Warn));
    let word = dialog.word.as_ref()?;
    let typed = dialog.input.value();
    let right = word == typed.trim();
    let style = theme.bold(if right { Role::Good } else { Role::Text });
    let end = put(
        buf,
        (end, last),
        typed,
        inner.right().saturating_sub(end),
        style,
    );
    if right {
        let text = "  ⏎ does it";
        put(
            buf,
            (end, last),
            text,
            inner.right().saturating_sub(end),
            theme.style(Role::Dim),
        );
    }
    let cursor = u16::try_from(dialog.input.visual_cursor()).unwrap_or(u16::MAX);
    let start = x.saturating_add(width(&prompt));
    Some(Position::new(
        start.saturating_add(cursor).min(inner.right()),
        last,
    ))
}

fn prompt(dialog: &Dialog) -> String {
    dialog.word.as_ref().map_or_else(
        || "do it? y yes, n no: ".to_owned(),
        |w| format!("type {w} to do it: "),
    )
}
