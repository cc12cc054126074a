//! One frame: a pure function of what the screen remembers.

use super::{
    app::{App, View},
    brief, confirm, detail, drill, events, footer, header, headline, help, layout, menu,
    overlay::Overlay,
    palette,
    run::Options,
    rungs, table,
    theme::Role,
    tiny, trends, words,
};
use crate::{model::text::Trouble, source::Source};
use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Position, Rect, Size},
};
use std::sync::Arc;

pub(super) fn view(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    if let Some(cursor) = draw(app, area, frame.buffer_mut())
        && area.contains(cursor)
    {
        frame.set_cursor_position(cursor);
    }
}

/// A frame of a source as it stands, without a terminal.
pub fn picture(source: Arc<dyn Source>, options: &Options, size: Size) -> Buffer {
    let app = App::new(source, options.palette, options.ascii);
    let area = Rect::new(0, 0, size.width, size.height);
    let mut buf = Buffer::empty(area);
    draw(&app, area, &mut buf);
    buf
}

/// Draws everything; gives where the cursor belongs, when something is being typed.
fn draw(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
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

fn panels(app: &App, area: Rect, troubles: &[Trouble]) -> layout::Panels {
    let lines = u16::try_from(troubles.len()).unwrap_or(u16::MAX);
    layout::panels(area, app.rows().len(), lines)
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
    let panels = panels(app, area, &headline::below(app.shown()));
    let events = match app.view {
        View::Detail => detail::events_area(app, body(&panels)),
        View::Events => body(&panels),
        View::Overview | View::Drill => panels.events,
    };
    events.height.saturating_sub(2)
}

fn board(app: &App, area: Rect, buf: &mut Buffer) {
    let troubles = headline::below(app.shown());
    let panels = panels(app, area, &troubles);
    if panels.kind == layout::Kind::Tiny {
        let keys = u16::from(area.height > 5);
        let above = Rect {
            height: area.height.saturating_sub(keys),
            ..area
        };
        tiny::draw(app, &troubles, above, buf);
        if keys > 0 {
            footer::draw(app, panels.footer, buf);
        }
        return;
    }
    header::draw(app, panels.header, buf, None);
    headline::draw(app, panels.headline, buf);
    headline::draw_judges(app, &troubles, panels.judges, buf);
    footer::draw(app, panels.footer, buf);
    match app.view {
        View::Overview => overview(app, &panels, buf),
        View::Detail => detail::draw(app, body(&panels), buf),
        View::Events => events::draw(app, body(&panels), buf, None),
        View::Drill => drill::draw(app, body(&panels), buf),
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
    events::draw(app, panels.events, buf, None);
}
