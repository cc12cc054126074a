//! From changed cells to the fewest bytes. crossterm's backend for ratatui says foreground and background anew whenever
//! one of them changes, and takes back every setting after each frame: in truecolor on a painted ground that was half
//! of all that went over the wire.

use super::shift::{Shift, rows};
use crossterm::{
    Command,
    cursor::{Hide, MoveTo, MoveToColumn, Show},
    execute, queue,
    style::{Attribute, Print, SetAttribute, SetBackgroundColor, SetForegroundColor},
    terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate},
};
use ratatui::{
    backend::IntoCrossterm,
    buffer::{Buffer, Cell, CellWidth},
    layout::Position,
    style::{Color, Modifier},
};
use std::{
    io::{self, Write},
    mem,
};

/// A frame of 250×80 in truecolor is about this large.
const FRAME_BYTES: usize = 64 * 1024;

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

    /// For this one; what cannot be seen of a blank stays as it is.
    fn for_cell(self, cell: &Cell) -> Self {
        let to = Self::of(cell);
        if cell.symbol() == " " && !SEEN_ON_BLANKS.intersects(to.modifier | self.modifier) {
            Self { bg: to.bg, ..self }
        } else {
            to
        }
    }

    /// Whether it would draw a few cells as they are.
    fn draws(self, cells: &[Cell]) -> bool {
        cells.len() <= STRIDE && cells.iter().all(|cell| self.for_cell(cell) == self)
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

const SEEN_ON_BLANKS: Modifier = Modifier::REVERSED.union(Modifier::UNDERLINED);

/// To write so many cells again is no dearer than to go past them.
const STRIDE: usize = 6;

/// A terminal, and what is on it.
pub(super) struct Paint<W: Write> {
    out: W,
    shown: Buffer,
    /// Where the terminal's own cursor can be seen.
    cursor: Option<Position>,
    /// What a frame comes to: it leaves in one write.
    bytes: Vec<u8>,
}

impl<W: Write> Paint<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            shown: Buffer::default(),
            cursor: None,
            bytes: Vec::with_capacity(FRAME_BYTES),
        }
    }

    /// What is on the terminal is unknown: the next frame is written whole.
    pub(super) fn forget(&mut self) {
        (self.shown, self.cursor) = (Buffer::default(), None);
    }

    /// What is no part of a frame.
    pub(super) fn say(&mut self, what: impl Command) -> io::Result<()> {
        execute!(self.out, what)
    }

    /// One frame, which the terminal shows at once or not at all; nothing for one that is there already.
    pub(super) fn frame(&mut self, next: Buffer, cursor: Option<Position>) -> io::Result<()> {
        let mut bytes = mem::take(&mut self.bytes);
        bytes.clear();
        queue!(bytes, BeginSynchronizedUpdate)?;
        let begun = bytes.len();
        self.cells(&next, &mut bytes)?;
        if (bytes.len(), cursor) != (begun, self.cursor) {
            match cursor {
                Some(at) => queue!(bytes, MoveTo(at.x, at.y))?,
                None if self.cursor.is_some() => queue!(bytes, Hide)?,
                None => {}
            }
            if cursor.is_some() && self.cursor.is_none() {
                queue!(bytes, Show)?;
            }
            queue!(bytes, EndSynchronizedUpdate)?;
            self.out.write_all(&bytes)?;
            self.out.flush()?;
        }
        (self.shown, self.cursor, self.bytes) = (next, cursor, bytes);
        Ok(())
    }

    /// From what is shown to what shall be. The pen is plain before and after.
    fn cells(&mut self, next: &Buffer, out: &mut Vec<u8>) -> io::Result<()> {
        if self.shown.area != next.area {
            queue!(out, Clear(ClearType::All))?;
            self.shown = Buffer::empty(next.area);
        } else if let Some(shift) = Shift::between(&self.shown, next) {
            shift.write(out)?;
            shift.apply(&mut self.shown);
        }
        let mut pen = Pen::PLAIN;
        for (y, (old, new)) in (0..).zip(rows(&self.shown).into_iter().zip(rows(next))) {
            // Half of a wide character is of no use, and terminals disagree which ones are wide.
            let whole = old != new && (has_wide(old) || has_wide(new));
            // Where the terminal's cursor is in this line, if it is sure.
            let mut there = None;
            let mut covered = 0;
            for (x, (was, cell)) in (0_u16..).zip(old.iter().zip(new)) {
                if x < covered || (cell == was && !whole) {
                    continue;
                }
                match there {
                    None if covered == 0 => queue!(out, MoveTo(x, y))?,
                    Some(there) if there == x => {}
                    Some(there) if pen.draws(between(new, there, x)) => {
                        for cell in between(new, there, x) {
                            queue!(out, Print(cell.symbol()))?;
                        }
                    }
                    _ => queue!(out, MoveToColumn(x))?,
                }
                covered = x.saturating_add(cell.cell_width().max(1));
                there = (cell.cell_width() == 1).then_some(covered);
                let to = pen.for_cell(cell);
                pen.turn(to, out)?;
                pen = to;
                queue!(out, Print(cell.symbol()))?;
            }
        }
        if pen != Pen::PLAIN {
            queue!(out, SetAttribute(Attribute::Reset))?;
        }
        Ok(())
    }
}

fn between(row: &[Cell], from: u16, to: u16) -> &[Cell] {
    row.get(usize::from(from)..usize::from(to))
        .unwrap_or_default()
}

fn has_wide(row: &[Cell]) -> bool {
    row.iter().any(|cell| cell.cell_width() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::{
        tests::{Desk, scene},
        theme::{Palette, Role, Theme},
    };
    use proptest::prelude::*;
    use ratatui::{layout::Rect, style::Style};
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
        let mut paint = Paint::new(Vec::new());
        paint.shown = before.clone();
        paint.frame(frame.clone(), None).unwrap();
        paint.out
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
                if is.is_wide_continuation() {
                    continue;
                }
                if text == " " && !is.inverse() && !want.modifier.intersects(SEEN_ON_BLANKS) {
                    assert!(!is.underline(), "{x},{y}");
                    assert_eq!(seen(is.bgcolor()), want.bg, "{x},{y}");
                    continue;
                }
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

    /// Lines as lists have them: alike at both ends, some with wide characters, some on another ground.
    fn line() -> impl Strategy<Value = (String, bool)> {
        ("[a-c界語 ]{0,14}", any::<bool>())
    }

    fn board(lines: &[(String, bool)]) -> Buffer {
        let height = u16::try_from(lines.len()).unwrap();
        let mut buf = Buffer::empty(Rect::new(0, 0, 40, height));
        for (y, (text, on_ground)) in (0..).zip(lines) {
            let ground = if *on_ground {
                Color::Indexed(4)
            } else {
                Color::Reset
            };
            buf.set_style(Rect::new(0, y, 40, 1), Style::new().bg(ground));
            let text = format!("│ {} │", text.repeat(2));
            buf.set_string(0, y, text, Style::new().fg(Color::Indexed(2)));
        }
        buf
    }

    /// What a frame does to a list.
    #[derive(Debug, Clone)]
    enum Turn {
        Insert(usize, Vec<(String, bool)>, usize),
        Remove(usize, usize, usize),
        Change(usize, (String, bool)),
    }

    fn turn() -> impl Strategy<Value = Turn> {
        let at = 0..12_usize;
        prop_oneof![
            (at.clone(), prop::collection::vec(line(), 1..4), at.clone())
                .prop_map(|(at, new, end)| Turn::Insert(at, new, end)),
            (at.clone(), 1..4_usize, at.clone()).prop_map(|(at, n, end)| Turn::Remove(at, n, end)),
            (at, line()).prop_map(|(at, line)| Turn::Change(at, line)),
        ]
    }

    fn take(turn: Turn, lines: &mut [(String, bool)]) {
        match turn {
            Turn::Insert(at, new, end) => {
                let band = &mut lines[at.min(end)..=at.max(end)];
                let n = new.len().min(band.len());
                band.rotate_right(n);
                band[..n].clone_from_slice(&new[..n]);
            }
            Turn::Remove(at, n, end) => {
                let band = &mut lines[at.min(end)..=at.max(end)];
                let n = n.min(band.len());
                band.rotate_left(n);
            }
            Turn::Change(at, line) => lines[at] = line,
        }
    }

    /// What comes after the lines were moved, with something left behind where they were.
    fn littered(shown: &Buffer, next: &Buffer, bytes: &[u8]) -> Vec<u8> {
        let Some(shift) = Shift::between(shown, next) else {
            return bytes.to_vec();
        };
        let mut bare = shown.clone();
        shift.apply(&mut bare);
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (moved, rest) = text.split_once("\x1b[r").unwrap();
        let litter = (1..)
            .zip(rows(&bare))
            .filter(|(_, row)| row[0].modifier == Modifier::all());
        let litter = litter.map(|(y, row)| format!("\x1b[{y}H\x1b[45m{}", "#".repeat(row.len())));
        format!("{moved}\x1b[r{}\x1b[m{rest}", litter.collect::<String>()).into_bytes()
    }

    proptest! {
        #[test]
        fn lists_that_move_are_shown_to_the_cell_whatever_a_terminal_leaves_behind_them(
            lines in prop::collection::vec(line(), 12),
            turns in prop::collection::vec(prop::collection::vec(turn(), 1..3), 1..6),
        ) {
            let mut lines = lines;
            let mut screen = vt100::Parser::new(cells(12), cells(40), 0);
            let mut shown = Buffer::empty(board(&lines).area);
            for turns in turns {
                for turn in turns {
                    take(turn, &mut lines);
                }
                let next = board(&lines);
                screen.process(&littered(&shown, &next, &painted(&shown, &next)));
                assert_same(screen.screen(), &next);
                shown = next;
            }
        }
    }

    #[test]
    fn a_new_line_on_top_of_a_list_moves_the_others_and_costs_little_more_than_itself() {
        let lines: Vec<_> = (0..12)
            .map(|i| (format!("{i} ").repeat(6), false))
            .collect();
        for (from, to) in [(1, 2), (2, 1)] {
            let (shown, next) = (board(&lines[from..from + 9]), board(&lines[to..to + 9]));
            let shift = Shift::between(&shown, &next);
            assert!(shift.is_some());
            let bytes = painted(&shown, &next).len();
            assert!(bytes < 120, "{bytes}");
        }
    }

    #[test]
    fn what_is_there_already_costs_no_byte_and_the_cursor_is_moved_only_where_it_was_moved() {
        let frame = board(&[("a".to_owned(), false)]);
        let mut paint = Paint::new(Vec::new());
        let mut said = |cursor| {
            paint.out.clear();
            paint.frame(frame.clone(), cursor).unwrap();
            String::from_utf8(paint.out.clone()).unwrap()
        };
        let at = Some(Position::new(2, 0));
        said(None);
        assert_eq!(said(None), "");
        assert_eq!(said(at), "\x1b[?2026h\x1b[1;3H\x1b[?25h\x1b[?2026l");
        assert_eq!(said(at), "");
        assert_eq!(said(None), "\x1b[?2026h\x1b[?25l\x1b[?2026l");
    }
}
