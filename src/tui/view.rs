//! One frame: a pure function of what the screen remembers.

use super::{
    app::{App, Pane, View},
    brief, confirm, detail,
    draw::{framed, paragraph, title},
    drill, events, faults, footer, header,
    headline::{self, Notes},
    help, layout, menu,
    overlay::Overlay,
    palette, requests, routes,
    run::Options,
    rungs, table,
    theme::Role,
    tiny, trends, wall, waterfall, words,
};
use crate::source::Source;
use ratatui::{
    buffer::{Buffer, Cell},
    layout::{Position, Rect, Size},
};
use std::sync::Arc;

/// A frame of a source as it stands, without a terminal.
pub fn picture(source: Arc<dyn Source>, options: &Options, size: Size) -> Buffer {
    let mut app = App::new(source, options.palette, options.ascii);
    app.view = options.view;
    let area = Rect::new(0, 0, size.width, size.height);
    let mut buf = Buffer::empty(area);
    draw(&app, area, &mut buf);
    buf
}

/// A drawn buffer as lines of text.
pub(super) fn text(buf: &Buffer) -> String {
    let mut text = String::new();
    for row in buf.content.chunks(usize::from(buf.area.width).max(1)) {
        let line: String = row.iter().map(Cell::symbol).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Draws everything; gives where the cursor belongs, when something is being typed.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    buf.set_style(area, app.theme.style(Role::Text));
    board(app, area, buf);
    let cursor = match &app.overlay {
        Overlay::None => None,
        Overlay::Help(help) => {
            help::draw(app, help, area, buf);
            None
        }
        Overlay::Confirm(dialog) => confirm::draw(app, dialog, area, buf),
        Overlay::Menu(menu) => {
            menu::draw(app, menu, area, buf);
            None
        }
        Overlay::Brief(page) => {
            brief::draw(app, page, area, buf);
            None
        }
        Overlay::Line(line) => Some(palette::draw(app, line, area, buf)),
    };
    if app.ascii {
        words::to_ascii(buf);
    }
    cursor
}

fn panels(app: &App, area: Rect, notes: &Notes) -> layout::Panels {
    layout::panels(area, app.rows().len(), notes.lines())
}

/// What a detail view takes up.
const fn body(panels: &layout::Panels) -> Rect {
    Rect {
        height: panels.footer.y.saturating_sub(panels.table.y),
        ..panels.table
    }
}

/// Lines of events that a window of this size shows.
pub(super) fn events_shown(app: &App, area: Rect) -> u16 {
    let panels = panels(app, area, &Notes::of(app, area.width));
    let events = match app.view {
        View::Detail => detail::events_area(app, body(&panels)),
        View::Events => body(&panels),
        _ => panels.events,
    };
    let events = if app.zoomed && app.pane == Pane::Events {
        body(&panels)
    } else {
        events
    };
    events.height.saturating_sub(2)
}

/// Which pane is at a place, and what area it has.
pub(super) fn pane_at(app: &App, area: Rect, place: Position) -> Option<(Pane, Rect)> {
    let panels = panels(app, area, &Notes::of(app, area.width));
    let body = body(&panels);
    if app.zoomed || app.view == View::Events {
        return body.contains(place).then_some((app.pane, body));
    }
    let all = match app.view {
        View::Overview => vec![
            (Pane::Rows, panels.table),
            (Pane::Trends, panels.trends),
            (Pane::Rungs, panels.rungs),
            (lower(app), panels.events),
        ],
        View::Detail => vec![
            (Pane::Events, detail::events_area(app, body)),
            (Pane::Rows, body),
        ],
        _ => Vec::new(),
    };
    all.into_iter().find(|(_, area)| area.contains(place))
}

/// What stands under the table where there is room for one panel only.
const fn lower(app: &App) -> Pane {
    match app.pane {
        Pane::Rows => Pane::Events,
        pane => pane,
    }
}

fn board(app: &App, area: Rect, buf: &mut Buffer) {
    if app.view == View::Wall {
        wall::draw(app, area, buf);
        return;
    }
    let notes = Notes::of(app, area.width);
    let panels = panels(app, area, &notes);
    if panels.kind == layout::Kind::Tiny {
        let keys = u16::from(area.height > 5);
        let above = Rect {
            height: area.height.saturating_sub(keys),
            ..area
        };
        tiny::draw(app, &notes, above, buf);
        if keys > 0 {
            footer::draw(app, panels.footer, buf);
        }
        return;
    }
    header::draw(app, panels.header, buf, None);
    headline::draw(app, &notes, panels.headline, buf);
    footer::draw(app, panels.footer, buf);
    if app.knows_nothing() {
        return unborn(app, body(&panels), buf);
    }
    match app.view {
        View::Overview | View::Detail if app.zoomed => zoomed(app, body(&panels), buf),
        View::Overview => overview(app, &panels, buf),
        View::Detail => detail::draw(app, body(&panels), buf),
        View::Events => events::draw(app, body(&panels), buf, None),
        View::Requests => requests::draw(app, body(&panels), buf),
        View::Waterfall => waterfall::draw(app, body(&panels), buf),
        View::Routes => routes::draw(app, body(&panels), buf),
        View::Faults => faults::draw(app, body(&panels), buf),
        View::Drill => drill::draw(app, body(&panels), buf),
        View::Wall => {}
    }
}

/// Nothing is known of any deployment, and no list may say that there are none.
fn unborn(app: &App, area: Rect, buf: &mut Buffer) {
    let inner = framed(
        area,
        buf,
        title("breakerbox", "", app.theme),
        app.theme,
        false,
    );
    let text = if app.is_lost() {
        "This screen has heard nothing from the router so far, and goes on trying. If it runs elsewhere, name it: \
         breakerbox attach 4777 (a port of this machine), or wss://HOST."
    } else {
        "The router is starting."
    };
    paragraph(buf, inner, text, app.theme.style(Role::Dim));
}

fn zoomed(app: &App, area: Rect, buf: &mut Buffer) {
    let about = app.selected().filter(|_| app.view == View::Detail);
    match app.pane {
        Pane::Rows if app.view == View::Overview => table::draw(app, area, buf),
        Pane::Rows | Pane::Trends => trends::of_one(app, area, buf),
        Pane::Rungs => rungs::draw(app, area, buf),
        Pane::Events => events::draw(app, area, buf, about.map(|d| &d.id)),
    }
}

fn overview(app: &App, panels: &layout::Panels, buf: &mut Buffer) {
    table::draw(app, panels.table, buf);
    match panels.kind {
        layout::Kind::Medium => trends::of_one(app, panels.trends, buf),
        layout::Kind::Large => trends::of_all(app, panels.trends, buf),
        _ => {}
    }
    if panels.rungs.width > 0 {
        rungs::draw(app, panels.rungs, buf);
    }
    match (panels.kind, lower(app)) {
        (layout::Kind::Small, Pane::Trends) => trends::of_one(app, panels.events, buf),
        (layout::Kind::Small, Pane::Rungs) => rungs::draw(app, panels.events, buf),
        _ => events::draw(app, panels.events, buf, None),
    }
}
