//! For a screen on the wall: what has to be read from across the room, in letters of several lines.
//!
//! The word for the users, what was served, the shape of the incident, and the deployments, the worst first.

use super::{
    app::App,
    draw::put,
    header, headline,
    theme::Role,
    words::{breaker, err, fit, served, short_name, users, width},
};
use crate::{
    model::{snapshot::DeploymentView, time::short},
    source::Link,
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Line, widgets::Widget};
use tui_big_text::{BigText, PixelSize};

/// Letters of one size: columns and lines of each.
#[derive(Debug, Clone, Copy)]
struct Size {
    pixels: PixelSize,
    wide: u16,
    high: u16,
}

const LARGE: Size = Size {
    pixels: PixelSize::Full,
    wide: 8,
    high: 8,
};
/// Two by two to a cell; not in ASCII.
const MIDDLE: Size = Size {
    pixels: PixelSize::Quadrant,
    wide: 4,
    high: 4,
};

/// Letters of a name without which it says nothing.
const NAME: u16 = 6;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let s = app.shown();
    let mut rest = Rect {
        height: area.height.saturating_sub(1),
        ..area
    };
    let last = Rect {
        y: rest.bottom(),
        height: area.height.min(1),
        ..area
    };
    header::draw(app, last, buf, None);
    if let Some(text) = app.link_note(area.width).filter(|_| rest.height > 0) {
        headline::draw_link(app, &text, rest, buf);
        skip(&mut rest, 2);
    }
    let (word, style) = first(app);
    large(app, &mut rest, &word, style, buf);
    if app.is_lost() && !app.knows_nothing() {
        let were = format!("users were {}", s.users.word.as_str());
        middle(app, &mut rest, &were, app.theme.bold(Role::Text), buf);
    }
    if let Some(share) = served(s.users.failed_5m) {
        let style = app.theme.style(Role::Text);
        middle(app, &mut rest, &format!("served {share}"), style, buf);
    }
    if rest.height > 1 {
        headline::draw_shape(app, Rect { height: 1, ..rest }, buf);
        skip(&mut rest, 2);
    }
    let rows = app.rows();
    let mut drawn = 0_usize;
    for d in rows.iter().filter(|d| d.disabled.is_none()) {
        let (text, style) = row(app, d, rest.width);
        if rest.height == 0 {
            break;
        }
        middle(app, &mut rest, &text, style, buf);
        drawn = drawn.saturating_add(1);
    }
    let left = rows
        .iter()
        .filter(|d| d.disabled.is_none())
        .count()
        .saturating_sub(drawn);
    if left > 0 {
        let text = format!(" {left} more ");
        let place = (
            area.right().saturating_sub(width(&text)),
            last.y.saturating_sub(1),
        );
        put(
            buf,
            place,
            &text,
            width(&text),
            app.theme.bold(Role::Accent),
        );
    }
}

/// The name gives way, the number never; the vendor says less than the model.
fn row(app: &App, d: &DeploymentView, room: u16) -> (String, Style) {
    let (glyph, word, role) = breaker(d);
    let (rate, _) = err(d.errors_5m, app.shown().err_threshold);
    let name = short_name(d, app.shown());
    let letters = room / MIDDLE.wide;
    let style = app.theme.bold(role);
    let fits = |facts: &String| letters >= width(facts).saturating_add(NAME);
    let facts = [format!("{word} {rate} "), format!("{word} ")];
    let Some(facts) = facts.into_iter().find(fits).filter(|_| !app.ascii) else {
        return (format!("{glyph} {word} {rate} {}", d.id), style);
    };
    let name = fit(name, letters.saturating_sub(width(&facts)));
    (format!("{facts}{name}").replace('…', "."), style)
}

/// What has to be seen first.
fn first(app: &App) -> (String, Style) {
    match (&app.link, app.knows_nothing()) {
        (Link::Lost { .. }, true) => ("connecting".to_owned(), app.awake.bold(Role::Info)),
        (Link::Lost { silent, .. }, false) => {
            let stale = format!("STALE {}", short(*silent));
            (stale, app.awake.bold(Role::Warn))
        }
        (_, true) => ("starting".to_owned(), app.awake.bold(Role::Info)),
        (_, false) => {
            let word = app.shown().users.word;
            let text = format!("users {}", word.as_str());
            (text, app.theme.bold(users(word)))
        }
    }
}

fn large(app: &App, rest: &mut Rect, text: &str, style: Style, buf: &mut Buffer) {
    let fits = rest.width >= width(text).saturating_mul(LARGE.wide) && rest.height >= 24;
    if fits {
        big(rest, text, style, LARGE, buf);
    } else {
        middle(app, rest, text, style, buf);
    }
}

/// In letters where they fit, else as plain text.
fn middle(app: &App, rest: &mut Rect, text: &str, style: Style, buf: &mut Buffer) {
    let fits = rest.width >= width(text).saturating_mul(MIDDLE.wide) && rest.height >= MIDDLE.high;
    if fits && !app.ascii {
        big(rest, text, style, MIDDLE, buf);
    } else if rest.height > 0 {
        put(buf, (rest.x, rest.y), text, rest.width, style);
        skip(rest, 1);
    }
}

fn big(rest: &mut Rect, text: &str, style: Style, size: Size, buf: &mut Buffer) {
    let area = Rect {
        height: size.high,
        ..*rest
    };
    BigText::builder()
        .pixel_size(size.pixels)
        .style(style)
        .lines([Line::from(text)])
        .build()
        .render(area, buf);
    skip(rest, size.high.saturating_add(1));
}

fn skip(rest: &mut Rect, lines: u16) {
    let lines = lines.min(rest.height);
    rest.y = rest.y.saturating_add(lines);
    rest.height = rest.height.saturating_sub(lines);
}
