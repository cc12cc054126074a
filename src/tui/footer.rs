//! The last line: what became of the last command, and the keys there are, as many as fit.
//!
//! ```text
//! sent: force openai/gpt-4.1 open --for 10m (waiting)    o force open  c force closed  ? help  q quit
//! ```

use super::{
    app::App,
    draw::{Item, keep, put},
    keys,
    theme::Role,
    words::width,
};
use ratatui::{buffer::Buffer, layout::Rect};

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.awake;
    let mut x = area.x;
    if let Some((text, role)) = app.outbox.status(app.is_lost(), area.width) {
        x = put(buf, (x, area.y), &text, area.width, theme.bold(role)).saturating_add(3);
    }
    let room = area.right().saturating_sub(x);
    // An item is measured with its key, then written in two styles.
    let items = keys::offered(app.context(), app.desk())
        .into_iter()
        .map(|b| {
            Item::new(
                format!("{} {}", first(b.shown), b.label),
                theme.style(Role::Dim),
                b.rank(app.desk()),
            )
        })
        .collect();
    for item in keep(items, room, 2) {
        let wide = width(&item.text);
        if x.saturating_add(wide) > area.right() {
            break;
        }
        let (key, label) = item.text.split_once(' ').unwrap_or((&item.text, ""));
        let end = put(buf, (x, area.y), key, room, theme.bold(Role::Accent)).saturating_add(1);
        put(buf, (end, area.y), label, room, item.style);
        x = x.saturating_add(wide).saturating_add(2);
    }
}

/// The first of several keys for the same.
fn first(shown: &str) -> &str {
    shown.split(' ').next().unwrap_or(shown)
}
