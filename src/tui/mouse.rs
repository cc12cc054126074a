//! Clicks and the wheel, where somebody asked for them.

use super::{
    app::{App, Flow, Pane, View},
    overlay::Overlay,
    table, view,
};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

/// Events passed in one notch of the wheel.
const NOTCH: isize = 3;

impl App {
    pub(super) fn mouse(&mut self, event: MouseEvent) -> Flow {
        // What lies over the dashboard is answered by keys alone: a click that slips must not say yes.
        if !self.mouse || !matches!(self.overlay, Overlay::None) {
            return Flow::Go;
        }
        let place = Position::new(event.column, event.row);
        let screen = Rect::from((Position::ORIGIN, self.size));
        let pane = view::pane_at(self, screen, place);
        match event.kind {
            MouseEventKind::ScrollUp | MouseEventKind::ScrollDown => {
                let down = event.kind == MouseEventKind::ScrollDown;
                self.pane = pane.map_or(self.pane, |(pane, _)| pane);
                let step = if self.pane == Pane::Events || self.view == View::Events {
                    NOTCH
                } else {
                    1
                };
                self.go(if down { step } else { step.saturating_neg() });
            }
            MouseEventKind::Down(MouseButton::Left) => {
                let Some((pane, area)) = pane else {
                    return Flow::Go;
                };
                self.pane = pane;
                if pane == Pane::Rows
                    && self.view == View::Overview
                    && let Some(row) = table::row_at(self, area, event.row)
                {
                    self.chosen = self.rows().get(row).map(|d| d.id.clone());
                }
            }
            _ => {}
        }
        Flow::Go
    }
}
