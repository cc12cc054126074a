//! A list in columns with a cursor: what the views of requests, faults and routes are drawn with.
//!
//! Where a window is narrow, columns of least priority go; the last one takes what is left.

use super::{
    draw::put,
    theme::{Role, Theme},
    words::{CURSOR, width},
};
use ratatui::{buffer::Buffer, layout::Rect};

#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) text: &'static str,
    pub(super) right: bool,
    /// The lowest stay longest; 0 always.
    pub(super) priority: u8,
}

impl Head {
    pub(super) const fn left(text: &'static str, priority: u8) -> Self {
        Self {
            text,
            right: false,
            priority,
        }
    }

    pub(super) const fn right(text: &'static str, priority: u8) -> Self {
        Self {
            text,
            right: true,
            priority,
        }
    }
}

/// What a cell says and how.
pub(super) type Cell = (String, Role);

pub(super) struct Grid<'a> {
    pub(super) heads: &'a [Head],
    pub(super) rows: Vec<Vec<Cell>>,
    /// The row under the cursor.
    pub(super) at: usize,
}

/// Columns between columns, and of the cursor.
const GAP: u16 = 2;
const MARK: u16 = 2;
/// The last column is worth having from here on.
const LAST: u16 = 12;

impl Grid<'_> {
    /// Draws heading and rows; gives how many rows lie below.
    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer, theme: Theme) -> usize {
        let columns = self.fitted(area.width);
        self.line(area, &columns, buf, |i| {
            let head = self.heads.get(i)?;
            Some((head.text.to_owned(), theme.style(Role::Dim)))
        });
        let height = usize::from(area.height.saturating_sub(1));
        let first = self.at.saturating_add(1).saturating_sub(height);
        let places = area.y.saturating_add(1)..area.bottom();
        for (y, (n, row)) in places.zip(self.rows.iter().enumerate().skip(first)) {
            let strip = Rect {
                y,
                height: 1,
                ..area
            };
            if n == self.at {
                put(buf, (area.x, y), CURSOR, 1, theme.bold(Role::Accent));
            }
            self.line(strip, &columns, buf, |i| {
                let (text, role) = row.get(i)?;
                Some((text.clone(), theme.style(*role)))
            });
            if n == self.at {
                buf.set_style(strip, theme.selected());
            }
        }
        self.rows.len().saturating_sub(first).saturating_sub(height)
    }

    /// The columns that fit, with their widths.
    fn fitted(&self, room: u16) -> Vec<(usize, u16)> {
        let wide = |i: usize, head: &Head| {
            let cells = self.rows.iter().filter_map(|row| row.get(i));
            cells.fold(width(head.text), |most, (text, _)| most.max(width(text)))
        };
        let last = self.heads.len().saturating_sub(1);
        let mut columns: Vec<(usize, u16)> = self
            .heads
            .iter()
            .enumerate()
            .map(|(i, head)| (i, wide(i, head)))
            .collect();
        let needed = |i: usize, w: u16| if i == last { w.min(LAST) } else { w };
        let total = |columns: &[(usize, u16)]| {
            columns.iter().fold(MARK, |sum, (i, w)| {
                sum.saturating_add(needed(*i, *w)).saturating_add(GAP)
            })
        };
        while total(&columns).saturating_sub(GAP) > room {
            let gone = columns
                .iter()
                .enumerate()
                .filter_map(|(at, (i, _))| Some((at, self.heads.get(*i)?.priority)))
                .filter(|(_, priority)| *priority > 0)
                .max_by_key(|(_, priority)| *priority);
            let Some((at, _)) = gone else { break };
            columns.remove(at);
        }
        columns
    }

    fn line(
        &self,
        area: Rect,
        columns: &[(usize, u16)],
        buf: &mut Buffer,
        say: impl Fn(usize) -> Option<(String, ratatui::style::Style)>,
    ) {
        let mut x = area.x.saturating_add(MARK);
        for (n, (i, wide)) in columns.iter().enumerate() {
            let Some((text, style)) = say(*i) else {
                continue;
            };
            let left = area.right().saturating_sub(x);
            let is_last = n.saturating_add(1) == columns.len();
            let room = if is_last { left } else { left.min(*wide) };
            let right = self.heads.get(*i).is_some_and(|head| head.right);
            let shift = if right && !is_last {
                room.saturating_sub(width(&text))
            } else {
                0
            };
            let place = (x.saturating_add(shift), area.y);
            put(buf, place, &text, room.saturating_sub(shift), style);
            x = x.saturating_add(*wide).saturating_add(GAP);
        }
    }
}
