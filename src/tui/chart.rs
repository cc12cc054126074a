//! One chart, centred on its limit.
//!
//! ```text
//! 100% │          ⢀⣴⣿⣿⣿      logarithmic from the limit to the worst
//!      │         ⢠⣿⣿⣿⣿⣿
//! 2.0% │┄┄┄┄┄┄┄┄┄⣿⣿⣿⣿⣿⣿┄    the limit: always the middle row
//!      │
//!      │┈ ┈ ┈ ┈ ┈ ┈ ┈ ┈     what is normal lies between two such lines, and is shaded where there are colours
//!   0% │⣀⣀⣀⣀⣀⣀⣀⣀⡀            linear from the best to the limit
//!       15 min ago      now
//! ```
//!
//! Where bad is low (the judge) it stands on its head. A stretch without a value is a gap. What is over the limit
//! is filled, what is under it is a line: ink means trouble.

use super::{
    theme::{Role, Theme},
    words::width,
};
use crate::model::scale::Scale;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

impl Scale {
    /// Which of `rows` rows, from the top; 0 is strictly the middle one's.
    fn row(self, value: f64, half: u16) -> Row {
        let badness = self.badness(value);
        let up = if self.high_is_good { -badness } else { badness };
        let steps = steps(up.abs(), half);
        if steps == 0 {
            Row::Limit
        } else if up > 0.0 {
            Row::Above(steps)
        } else {
            Row::Below(steps)
        }
    }
}

/// Dots away from the limit's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Above(u16),
    Limit,
    Below(u16),
}

/// A share of `half`, at least 1 unless it is nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=half first"
)]
fn steps(share: f64, half: u16) -> u16 {
    (share.clamp(0.0, 1.0) * f64::from(half)).ceil() as u16
}

/// What is drawn: one value per stretch of time, oldest first.
#[derive(Debug)]
pub(super) struct Chart<'a> {
    pub(super) scale: Scale,
    /// None is a gap.
    pub(super) values: &'a [Option<f64>],
    /// Which of them are of so little that they are greyed; those that are not here are not.
    pub(super) few: &'a [bool],
    /// Top, limit, bottom.
    pub(super) ticks: [String; 3],
    pub(super) span: &'a str,
    /// What is normal, from and to.
    pub(super) band: Option<(f64, f64)>,
}

/// Dots per cell in braille.
const ACROSS: u16 = 2;
const DOWN: u16 = 4;

/// How many values a chart of this width can show.
pub(super) fn room(area: Rect) -> usize {
    usize::from(plot(area).width.saturating_mul(ACROSS))
}

const TICK: u16 = 6;

/// The part with the dots: an odd number of rows, so that there is a middle one.
fn plot(area: Rect) -> Rect {
    let axis = u16::from(area.height >= 6);
    let height = area.height.saturating_sub(axis);
    Rect {
        x: area.x.saturating_add(TICK),
        width: area.width.saturating_sub(TICK),
        height: if height.is_multiple_of(2) {
            height.saturating_sub(1)
        } else {
            height
        },
        ..area
    }
}

impl Chart<'_> {
    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer, theme: Theme) {
        let plot = plot(area);
        if plot.width == 0 || plot.height == 0 {
            return;
        }
        let middle = plot.y.saturating_add(plot.height / 2);
        let limit = "┄".repeat(usize::from(plot.width));
        buf.set_string(plot.x, middle, limit, theme.style(Role::Dim));
        self.ticks(area, plot, middle, buf, theme);
        let half = (plot.height / 2).saturating_mul(DOWN);
        let band = self.band(plot, half);
        edges(band, middle, buf, theme);
        let shown = usize::from(plot.width.saturating_mul(ACROSS));
        let skip = self.values.len().saturating_sub(shown);
        for (x, first) in (plot.x..plot.right()).zip((skip..self.values.len()).step_by(2)) {
            self.column(x, first, plot, half, buf, theme);
        }
        if let Some(shade) = theme.shade() {
            buf.set_style(band, Style::new().bg(shade));
        }
        self.legend(area, plot, buf, theme);
    }

    /// The rows between what is normal; none of them: an empty area.
    fn band(&self, plot: Rect, half: u16) -> Rect {
        let Some((low, high)) = self.band else {
            return Rect::default();
        };
        let cell = |value| match self.scale.row(value, half) {
            Row::Above(n) => half.saturating_sub(n) / DOWN,
            Row::Limit => half / DOWN,
            Row::Below(n) => {
                half.saturating_add(DOWN)
                    .saturating_add(n)
                    .saturating_sub(1)
                    / DOWN
            }
        };
        let (top, bottom) = (cell(high), cell(low).min(plot.height.saturating_sub(1)));
        Rect {
            y: plot.y.saturating_add(top),
            height: bottom.saturating_sub(top).saturating_add(1),
            ..plot
        }
    }

    /// Says what the lines of the band are, where the axis has room for it.
    fn legend(&self, area: Rect, plot: Rect, buf: &mut Buffer, theme: Theme) {
        const TEXT: &str = "┈ ┈ normal";
        let wide = width(TEXT)
            .saturating_add(width(self.span).saturating_mul(2))
            .saturating_add(4);
        if self.band.is_none() || area.height <= plot.height || area.height < 6 || plot.width < wide
        {
            return;
        }
        let x = plot
            .x
            .saturating_add(plot.width.saturating_sub(width(TEXT)) / 2);
        buf.set_string(x, plot.bottom(), TEXT, theme.style(Role::Dim));
    }

    /// One column of cells: two values side by side.
    fn column(&self, x: u16, first: usize, plot: Rect, half: u16, buf: &mut Buffer, theme: Theme) {
        let of = |at: usize| {
            let value = self.values.get(at).copied().flatten()?;
            let few = self.few.get(at).copied().unwrap_or(false);
            Some((self.scale.row(value, half), few))
        };
        let rows = [of(first), of(first.saturating_add(1))];
        for y in 0..plot.height {
            let mut dots = 0_u8;
            let (mut bad, mut told) = (false, false);
            for (side, row) in rows.iter().enumerate() {
                let Some((row, few)) = row else { continue };
                let over = self.is_bad(*row);
                for dot in 0..DOWN {
                    if lit(*row, over, y.saturating_mul(DOWN).saturating_add(dot), half) {
                        dots |= braille(side, dot);
                        bad |= over && !few;
                        told |= !few;
                    }
                }
            }
            if dots > 0 {
                let glyph =
                    char::from_u32(0x2800_u32.saturating_add(u32::from(dots))).unwrap_or(' ');
                let role = match (bad, told) {
                    (true, _) => Role::Bad,
                    (false, true) => Role::Good,
                    (false, false) => Role::Dim,
                };
                if let Some(cell) = buf.cell_mut((x, plot.y.saturating_add(y))) {
                    cell.set_char(glyph).set_style(theme.style(role));
                }
            }
        }
    }

    const fn is_bad(&self, row: Row) -> bool {
        match row {
            Row::Limit => false,
            Row::Above(_) => !self.scale.high_is_good,
            Row::Below(_) => self.scale.high_is_good,
        }
    }

    fn ticks(&self, area: Rect, plot: Rect, middle: u16, buf: &mut Buffer, theme: Theme) {
        let rows = [plot.y, middle, plot.bottom().saturating_sub(1)];
        for (i, (text, y)) in self.ticks.iter().zip(rows).enumerate() {
            // In a chart of one row only the limit has a place.
            if plot.height < 3 && i != 1 {
                continue;
            }
            let x = area
                .x
                .saturating_add(TICK.saturating_sub(1).saturating_sub(width(text)));
            let style = theme.style(if i == 1 { Role::Text } else { Role::Dim });
            buf.set_stringn(x, y, text, usize::from(TICK), style);
        }
        if area.height > plot.height && area.height >= 6 {
            let y = plot.bottom();
            let dim = theme.style(Role::Dim);
            buf.set_stringn(plot.x, y, self.span, usize::from(plot.width), dim);
            let x = plot.right().saturating_sub(3);
            if x > plot.x.saturating_add(width(self.span)) {
                buf.set_stringn(x, y, "now", 3, dim);
            }
        }
    }
}

/// The first and the last row of what is normal, drawn before everything else. The limit keeps its row.
fn edges(band: Rect, middle: u16, buf: &mut Buffer, theme: Theme) {
    let last = band.bottom().saturating_sub(1);
    for y in [band.y, last].into_iter().filter(|y| *y != middle) {
        for x in (band.x..band.right()).step_by(2) {
            buf.set_string(x, y, "┈", theme.style(Role::Dim));
        }
    }
}

/// Whether the dot `dot` rows from the top is part of a value. The middle cell belongs to the limit alone: it lights
/// up for a value on the limit, and where a filled column passes through.
fn lit(row: Row, filled: bool, dot: u16, half: u16) -> bool {
    let below = half.saturating_add(DOWN);
    match row {
        Row::Limit => dot == half.saturating_add(DOWN / 2),
        Row::Above(n) => {
            let top = half.saturating_sub(n);
            if filled {
                (top..half).contains(&dot)
            } else {
                dot == top
            }
        }
        Row::Below(n) => {
            let end = below.saturating_add(n);
            if filled {
                (below..end).contains(&dot)
            } else {
                dot == end.saturating_sub(1)
            }
        }
    }
}

/// The bit of one dot in a braille cell: columns of 1, 2, 3, 7 and 4, 5, 6, 8.
const fn braille(side: usize, dot: u16) -> u8 {
    match (side, dot) {
        (0, 0) => 0x01,
        (0, 1) => 0x02,
        (0, 2) => 0x04,
        (0, _) => 0x40,
        (_, 0) => 0x08,
        (_, 1) => 0x10,
        (_, 2) => 0x20,
        (_, _) => 0x80,
    }
}

/// A value in eight steps, as one cell of a sparkline: the limit lies between the fourth and the fifth.
pub(super) fn spark(scale: Scale, value: f64) -> &'static str {
    const LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let badness = scale.badness(value);
    let level = if badness <= 0.0 {
        steps(badness + 1.0, 4).saturating_sub(1)
    } else {
        steps(badness, 4).saturating_add(3)
    };
    LEVELS.get(usize::from(level)).unwrap_or(&"█")
}

#[cfg(test)]
mod tests;
