//! One frame: a pure function of what the screen remembers.

use super::{
    app::App,
    confirm, detail, events, footer, header, help, layout, menu,
    overlay::Overlay,
    palette, rungs, table,
    theme::{Palette, Role},
    tiny, trends, words,
};
use crate::source::Source;
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
pub fn picture(source: Arc<dyn Source>, palette: Palette, size: Size) -> Buffer {
    let app = App::new(source, palette, false);
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
        Overlay::Line(line) => Some(palette::draw(app, line, area, buf)),
    };
    if app.ascii {
        words::to_ascii(buf);
    }
    cursor
}

fn board(app: &App, area: Rect, buf: &mut Buffer) {
    let panels = layout::panels(area, app.rows().len());
    if panels.kind == layout::Kind::Tiny {
        tiny::draw(app, area, buf);
        if area.height > 5 {
            footer::draw(app, panels.footer, buf);
        }
        return;
    }
    header::draw(app, panels.header, buf);
    header::draw_headline(app, panels.headline, buf);
    footer::draw(app, panels.footer, buf);
    if app.detail {
        let body = Rect {
            height: panels.footer.y.saturating_sub(panels.table.y),
            ..panels.table
        };
        detail::draw(app, body, buf);
        return;
    }
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
