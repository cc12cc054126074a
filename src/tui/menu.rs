//! Which failure, of what share; or which route.
//!
//! ```text
//! ┌ fault on openai/gpt-4.1 ───────────────────────────────────────────┐
//! │ share ← 30% →   for 5m                                             │
//! │ ▸ status=503         answers with this status in the provider's …  │
//! │   bad-key            really sends a wrong key                      │
//! └────────────────────────────────────────────────────────────────────┘
//! ```

use super::{
    app::App,
    draw::{clear, framed, put, title},
    layout::centered,
    overlay::{Items, Menu, RATES},
    theme::Role,
    words::CURSOR,
};
use crate::model::time::short;
use ratatui::{buffer::Buffer, layout::Rect};

const NAME: u16 = 26;
/// Rows that are not the menu's: the header, its own frame and share, the keys.
const AROUND: u16 = 7;

pub(super) fn draw(app: &App, menu: &Menu, area: Rect, buf: &mut Buffer) {
    let theme = app.awake;
    let (name, share, lines) = match &menu.items {
        Items::Faults {
            deployment,
            kinds,
            rate,
            ..
        } => {
            let percent = RATES.get(*rate).copied().unwrap_or(1.0) * 100.0;
            let lines: Vec<_> = kinds.iter().map(|k| (k.to_string(), k.explain())).collect();
            let share = format!("share ← {percent:.0}% →   for 5m");
            (format!("fault on {deployment}"), Some(share), lines)
        }
        Items::Rung3(routes) => {
            let lines = routes
                .iter()
                .map(|r| {
                    (
                        r.to_string(),
                        if &**r == "all" {
                            "every route"
                        } else {
                            "this route only"
                        },
                    )
                })
                .collect();
            ("canned answer for".to_owned(), None, lines)
        }
        Items::Drills { last, drills } => {
            let again = last.iter().map(|l| ("the last one".to_owned(), l.as_str()));
            let all = drills.iter().map(|d| {
                let name = format!("{:<17} {:>5}", d.name, short(d.takes));
                (name, d.title.as_str())
            });
            let lines = again.chain(all).collect();
            (
                "drill, and how long it takes at most".to_owned(),
                None,
                lines,
            )
        }
    };
    let head = u16::from(share.is_some());
    // What does not fit is scrolled to: the header and the keys stay.
    let room = area.height.saturating_sub(AROUND);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(room);
    let place = centered(area, 88, rows.saturating_add(2).saturating_add(head));
    clear(place, buf, theme);
    let inner = framed(place, buf, title(&name, "", theme), theme, true);
    let x = inner.x.saturating_add(1);
    if let Some(share) = share {
        put(
            buf,
            (x, inner.y),
            &share,
            inner.width.saturating_sub(1),
            theme.bold(Role::Warn),
        );
    }
    let top = inner.y.saturating_add(head);
    let height = usize::from(inner.bottom().saturating_sub(top));
    let first = menu.at.saturating_add(1).saturating_sub(height);
    for ((i, (name, text)), y) in lines
        .iter()
        .enumerate()
        .skip(first)
        .zip(top..inner.bottom())
    {
        let chosen = i == menu.at;
        let style = theme.style(if chosen { Role::Accent } else { Role::Text });
        let mark = if chosen { CURSOR } else { " " };
        put(buf, (x, y), &format!("{mark} {name}"), NAME, style);
        let at = x.saturating_add(NAME);
        put(
            buf,
            (at, y),
            text,
            inner.right().saturating_sub(at),
            theme.style(Role::Dim),
        );
        if chosen {
            buf.set_style(
                Rect {
                    y,
                    height: 1,
                    ..inner
                },
                theme.selected(),
            );
        }
    }
}
