//! From changed cells to the fewest bytes. crossterm's backend for ratatui says foreground and background anew whenever
//! one of them changes, and takes back every setting after each frame: in truecolor on a painted ground that was half
//! of all that went over the wire.

use crossterm::{
    cursor::MoveTo,
    queue,
    style::{Attribute, Print, SetAttribute, SetBackgroundColor, SetForegroundColor},
};
use ratatui::{
    backend::{Backend, ClearType, CrosstermBackend, IntoCrossterm, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
    style::{Color, Modifier},
};
use std::io::{self, Write};

/// How a terminal draws what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Pen {
    const PLAIN: Self = Self {
        fg: Color::Reset,
        bg: Color::Reset,
        modifier: Modifier::empty(),
    };

    const fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }

    /// From how the pen is to how it shall be.
    fn turn(self, to: Self, out: &mut impl Write) -> io::Result<()> {
        let gone = self.modifier.difference(to.modifier);
        let mut new = to.modifier.difference(self.modifier);
        // Bold and dim are ended together.
        let weight = Modifier::BOLD.union(Modifier::DIM);
        if gone.intersects(weight) {
            queue!(out, SetAttribute(Attribute::NormalIntensity))?;
            new |= to.modifier.intersection(weight);
        }
        for (modifier, on, off) in ATTRIBUTES {
            if gone.intersects(modifier)
                && let Some(off) = off
            {
                queue!(out, SetAttribute(off))?;
            }
            if new.intersects(modifier) {
                queue!(out, SetAttribute(on))?;
            }
        }
        if to.fg != self.fg {
            queue!(out, SetForegroundColor(to.fg.into_crossterm()))?;
        }
        if to.bg != self.bg {
            queue!(out, SetBackgroundColor(to.bg.into_crossterm()))?;
        }
        Ok(())
    }
}

/// Those that a theme uses, how each begins and how it ends.
const ATTRIBUTES: [(Modifier, Attribute, Option<Attribute>); 4] = [
    (Modifier::BOLD, Attribute::Bold, None),
    (Modifier::DIM, Attribute::Dim, None),
    (
        Modifier::UNDERLINED,
        Attribute::Underlined,
        Some(Attribute::NoUnderline),
    ),
    (
        Modifier::REVERSED,
        Attribute::Reverse,
        Some(Attribute::NoReverse),
    ),
];

pub(super) struct Paint<W: Write> {
    inner: CrosstermBackend<W>,
    /// The terminal's own cursor is not to be seen.
    hidden: bool,
}

impl<W: Write> Paint<W> {
    pub(super) const fn new(out: W) -> Self {
        Self {
            inner: CrosstermBackend::new(out),
            hidden: false,
        }
    }
}

impl<W: Write> Write for Paint<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.inner)
    }
}

impl<W: Write> Backend for Paint<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, cells: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let (mut pen, mut next) = (Pen::PLAIN, None);
        for (x, y, cell) in cells {
            if next != Some((x, y)) {
                queue!(self.inner, MoveTo(x, y))?;
            }
            next = Some((x.saturating_add(1), y));
            let to = Pen::of(cell);
            pen.turn(to, &mut self.inner)?;
            pen = to;
            queue!(self.inner, Print(cell.symbol()))?;
        }
        if pen != Pen::PLAIN {
            queue!(self.inner, SetAttribute(Attribute::Reset))?;
        }
        Ok(())
    }

    /// After every frame; said once.
    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.hidden {
            return Ok(());
        }
        self.hidden = true;
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.hidden = false;
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.inner.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::{
        tests::{Desk, scene},
        theme::{Palette, Role, Theme},
    };
    use ratatui::buffer::Buffer;
    use std::num::NonZeroU16;

    fn cells(n: u16) -> NonZeroU16 {
        NonZeroU16::new(n).unwrap()
    }

    fn seen(color: vt100::Color) -> Color {
        match color {
            vt100::Color::Default => Color::Reset,
            vt100::Color::Idx(i) => Color::Indexed(i),
            vt100::Color::Rgb(r, g, b) => Color::Rgb(r, g, b),
        }
    }

    fn painted(before: &Buffer, frame: &Buffer) -> Vec<u8> {
        let mut bytes = Vec::new();
        let cells = before.diff(frame).into_iter();
        Paint::new(&mut bytes).draw(cells).unwrap();
        bytes
    }

    fn assert_same(screen: &vt100::Screen, buf: &Buffer) {
        let (reversed, under) = (Modifier::REVERSED, Modifier::UNDERLINED);
        for y in 0..buf.area.height {
            for x in 0..buf.area.width {
                let (is, want) = (screen.cell(y, x).unwrap(), &buf[(x, y)]);
                let text = if is.contents().is_empty() {
                    " "
                } else {
                    is.contents()
                };
                assert_eq!(text, want.symbol(), "{x},{y}");
                let has = |m| want.modifier.contains(m);
                // The reader of this test knows one weight at a time: the last one said.
                let bold = has(Modifier::BOLD) && !has(Modifier::DIM);
                let marks = (is.bold(), is.dim(), is.inverse(), is.underline());
                let wanted = (bold, has(Modifier::DIM), has(reversed), has(under));
                assert_eq!(marks, wanted, "{x},{y}");
                assert_eq!(
                    (seen(is.fgcolor()), seen(is.bgcolor())),
                    (want.fg, want.bg),
                    "{x},{y}"
                );
            }
        }
    }

    #[test]
    fn a_terminal_shows_every_cell_as_it_was_drawn_frame_after_frame() {
        for palette in [Palette::Dark, Palette::Light, Palette::Mono] {
            let mut desk = Desk::with(scene::forced(), palette, false, false);
            let mut screen = vt100::Parser::new(cells(40), cells(120), 0);
            let mut before = Buffer::empty(desk.draw(120, 40).area);
            for keys in [
                "", "j", "\n", "\t", "?", "\u{1b}", "E", "W", "\u{1b}", "o", "\u{1b}",
            ] {
                let frame = desk.press(keys).draw(120, 40);
                screen.process(&painted(&before, &frame));
                assert_same(screen.screen(), &frame);
                before = frame;
            }
        }
    }

    #[test]
    fn what_stays_is_not_said_again() {
        let theme = Theme::new(Palette::Dark);
        let mut frame = Buffer::empty(ratatui::layout::Rect::new(0, 0, 3, 1));
        frame.set_string(0, 0, "a", theme.style(Role::Good));
        frame.set_string(1, 0, "b", theme.bold(Role::Good));
        frame.set_string(2, 0, "c", theme.style(Role::Bad));
        let text = String::from_utf8(painted(&Buffer::empty(frame.area), &frame)).unwrap();
        assert_eq!(text.matches("48;2").count(), 1, "{text:?}");
        assert_eq!(text.matches("38;2").count(), 2, "{text:?}");
        assert_eq!(painted(&frame, &frame), b"", "nothing for nothing");
    }
}
