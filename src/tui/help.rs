//! Every key there is, from the one table; letters typed search it.
//!
//! ```text
//! ┌ help  /forc ─────────────────────────────────────────────────────────┐
//! │ everywhere                                                           │
//! │   o         nothing is sent to it: force <deployment> open --for 10m │
//! └──────────────────────────────────────────────────────────────────────┘
//! ```

use super::{
    app::App,
    draw::{clear, framed, put, title},
    keys::{self, Context, Desk},
    layout::centered,
    overlay::Help,
    theme::{Role, Theme},
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// One line of the help.
struct Entry {
    key: &'static str,
    text: String,
    style: Style,
}

fn entries(search: &str, desk: Desk, theme: Theme) -> Vec<Entry> {
    let mut all = Vec::new();
    for context in Context::ALL {
        let found: Vec<_> = keys::existing(desk)
            .filter(|b| b.context == context)
            .filter(|b| {
                let words = format!("{} {} :{} {}", b.shown, b.label, b.word, b.help);
                let words = words.to_lowercase();
                words.contains(&search.to_lowercase())
            })
            .collect();
        if found.is_empty() {
            continue;
        }
        all.push(Entry {
            key: "",
            text: context.title().to_owned(),
            style: theme.bold(Role::Text),
        });
        all.extend(found.into_iter().map(|b| Entry {
            key: b.shown,
            text: b.told(),
            style: theme.style(Role::Text),
        }));
    }
    all
}

const KEYS: u16 = 10;

pub(super) fn draw(app: &App, help: &Help, area: Rect, buf: &mut Buffer) {
    let theme = app.awake;
    let search = help.search.value();
    let entries = entries(search, app.desk(), theme);
    let lines = u16::try_from(entries.len()).unwrap_or(u16::MAX);
    let place = centered(area, 104, lines.saturating_add(2).max(8));
    clear(place, buf, theme);
    let detail = if search.is_empty() {
        "letters search".to_owned()
    } else {
        format!("/{search}")
    };
    let inner = framed(place, buf, title("help", &detail, theme), theme, true);
    let most = lines.saturating_sub(inner.height);
    let scroll = help.scroll.min(most);
    for (y, e) in (inner.y..inner.bottom()).zip(entries.iter().skip(usize::from(scroll))) {
        let indent = if e.key.is_empty() { 1 } else { 3 };
        let x = inner.x.saturating_add(indent);
        put(buf, (x, y), e.key, KEYS, theme.bold(Role::Accent));
        let x = if e.key.is_empty() {
            x
        } else {
            x.saturating_add(KEYS)
        };
        put(
            buf,
            (x, y),
            &e.text,
            inner.right().saturating_sub(x),
            e.style,
        );
    }
    if entries.is_empty() {
        put(
            buf,
            (inner.x, inner.y),
            "no key has these letters",
            inner.width,
            theme.style(Role::Dim),
        );
    }
    if scroll < most {
        let more = format!(" {} more, ↓ ", most.saturating_sub(scroll));
        let x = place.x.saturating_add(2);
        put(
            buf,
            (x, place.bottom().saturating_sub(1)),
            &more,
            place.width,
            theme.bold(Role::Accent),
        );
    }
}
