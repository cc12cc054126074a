//! Which panels fit a window, and where they stand.
//!
//! ```text
//! under 60×16      from 60×16         from 100×32         from 160×48
//! ┌──────────┐     ┌───────────┐      ┌─────────────┐     ┌───────────────────┐
//! │users     │     │header     │      │header       │     │header             │
//! │incident  │     │incident   │      │incident     │     │incident           │
//! │worst rows│     │table      │      │table        │     │table              │
//! └──────────┘     │events     │      │errors│judge │     │errors × all       │
//!                  │keys       │      │rungs │events│     │judge  × all       │
//!                  └───────────┘      │keys         │     │rungs │events      │
//!                                     └─────────────┘     │keys               │
//!                                                         └───────────────────┘
//! ```
//!
//! Over the incident stands what has to be known of the connection, under it up to three lines about the
//! judges, when something is wrong with them.

use ratatui::layout::{Constraint, Layout, Rect};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The facts that matter most, and as many rows as there is room for.
    Tiny,
    /// Table and events.
    Small,
    /// And the trends of the selected deployment.
    Medium,
    /// And the trends of all.
    Large,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Panels {
    pub(super) kind: Kind,
    pub(super) header: Rect,
    /// With what stands beside it: about the connection and the judges, a line each.
    pub(super) headline: Rect,
    pub(super) table: Rect,
    /// Trends, one over the other or side by side; empty where there is no room.
    pub(super) trends: Rect,
    pub(super) rungs: Rect,
    pub(super) events: Rect,
    pub(super) footer: Rect,
}

pub(super) const fn kind(area: Rect) -> Kind {
    match (area.width, area.height) {
        (w, h) if w < 60 || h < 16 => Kind::Tiny,
        (w, h) if w >= 160 && h >= 48 => Kind::Large,
        (w, h) if w >= 100 && h >= 32 => Kind::Medium,
        _ => Kind::Small,
    }
}

/// Lines of a table: a border above and below, and a heading.
const TABLE_FRAME: u16 = 3;

/// `rows` deployments want to be seen, and `notes` lines stand beside the headline.
pub(super) fn panels(area: Rect, rows: usize, notes: u16) -> Panels {
    let kind = kind(area);
    let notes = if kind == Kind::Tiny { 0 } else { notes };
    let [header, headline, body, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(notes.saturating_add(1)),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    let rows = u16::try_from(rows).unwrap_or(u16::MAX).max(1);
    let most = match kind {
        Kind::Tiny => body.height,
        Kind::Small => body.height.saturating_sub(5),
        Kind::Medium | Kind::Large => body.height / 3,
    };
    let table = rows
        .saturating_add(TABLE_FRAME)
        .min(most.max(TABLE_FRAME.saturating_add(1)));
    let trends = match kind {
        Kind::Tiny | Kind::Small => 0,
        Kind::Medium => even(body.height.saturating_sub(table) / 2),
        Kind::Large => {
            even(body.height.saturating_sub(table).saturating_mul(3) / 10).saturating_mul(2)
        }
    };
    let [table, trends, bottom] = Layout::vertical([
        Constraint::Length(table),
        Constraint::Length(trends),
        Constraint::Min(0),
    ])
    .areas(body);
    let rungs = match kind {
        Kind::Tiny | Kind::Small => 0,
        Kind::Medium | Kind::Large => bottom.width.saturating_mul(9) / 20,
    };
    let [rungs, events] =
        Layout::horizontal([Constraint::Length(rungs), Constraint::Min(0)]).areas(bottom);
    Panels {
        kind,
        header,
        headline,
        table,
        trends,
        rungs,
        events,
        footer,
    }
}

/// A chart of even height, less its frame and its axis, has a middle row.
pub(super) const fn even(height: u16) -> u16 {
    height & !1
}

/// A box in the middle of `area`, no larger than it.
pub(super) fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x.saturating_add(area.width.saturating_sub(width) / 2),
        y: area
            .y
            .saturating_add(area.height.saturating_sub(height) / 2),
        width,
        height,
    }
}
