//! A list that takes a new line on top has all others one further down. A terminal can move lines by itself, so that
//! only the new one has to be written: insert and delete line within a scrolling region, which every terminal knows
//! since the VT102 (`CSI S` and `CSI T` are younger, and the Linux console has neither).

use crossterm::{cursor::MoveTo, queue, style::Print};
use ratatui::{
    buffer::{Buffer, Cell},
    style::Modifier,
};
use std::{
    collections::BTreeMap,
    io::{self, Write},
    ops::Range,
};

/// Bytes that are to be saved at least: moving lines costs about twenty.
const WORTH: isize = 40;
/// What it costs to begin to write somewhere: a place and a colour.
const BEGIN: usize = 20;

/// What a terminal leaves where lines were moved away is its own affair (some take the background's colour of the
/// moment, some none): it equals no cell that is ever drawn, and so is written over.
const UNKNOWN: Cell = {
    let mut cell = Cell::EMPTY;
    cell.modifier = Modifier::all();
    cell
};

/// All the lines between `top` and `bottom` move by so many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shift {
    top: usize,
    /// No more of them.
    bottom: usize,
    by: usize,
    down: bool,
}

impl Shift {
    /// The one after which the least is to be written, if there is any that is worth it.
    pub(super) fn between(shown: &Buffer, next: &Buffer) -> Option<Self> {
        let (old, new) = (rows(shown), rows(next));
        let by = way(&old, &new)?;
        let from = |y: usize| y.checked_add_signed(by.saturating_neg());
        // What is saved in each line that another may move onto.
        let saved = |y: usize| {
            let moved = from(y).and_then(|from| old.get(from))?;
            Some(cost(old[y], new[y]).saturating_sub(cost(moved, new[y])))
        };
        let (gain, onto) = best((0..new.len()).map(saved))?;
        let (first, end) = (from(onto.start)?, from(onto.end)?);
        let (top, bottom) = (onto.start.min(first), onto.end.max(end));
        let bare = (top..bottom).filter(|y| !onto.contains(y));
        let dearer = bare.map(|y| afresh(new[y]).saturating_sub(cost(old[y], new[y])));
        (gain.saturating_sub(dearer.sum()) > WORTH).then_some(Self {
            top,
            bottom,
            by: by.unsigned_abs(),
            down: by > 0,
        })
    }

    /// What is then on the terminal.
    pub(super) fn apply(&self, shown: &mut Buffer) {
        let width = usize::from(shown.area.width);
        let cells = |lines: usize| lines.saturating_mul(width);
        let moved = &mut shown.content[cells(self.top)..cells(self.bottom)];
        let bare = if self.down {
            moved.rotate_right(cells(self.by));
            moved.split_at_mut(cells(self.by)).0
        } else {
            moved.rotate_left(cells(self.by));
            let kept = moved.len().saturating_sub(cells(self.by));
            moved.split_at_mut(kept).1
        };
        bare.fill(UNKNOWN);
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let (first, how) = (
            self.top.saturating_add(1),
            if self.down { 'L' } else { 'M' },
        );
        queue!(
            out,
            Print(format_args!("\x1b[{first};{}r", self.bottom)),
            MoveTo(0, u16::try_from(self.top).unwrap_or(u16::MAX)),
            Print(format_args!("\x1b[{}{how}", self.by)),
            Print("\x1b[r"),
        )
    }
}

pub(super) fn rows(buf: &Buffer) -> Vec<&[Cell]> {
    let width = usize::from(buf.area.width).max(1);
    buf.content.chunks(width).collect()
}

/// How far, and which way, most of the lines went that are elsewhere now. One that is there twice says nothing.
fn way(old: &[&[Cell]], new: &[&[Cell]]) -> Option<isize> {
    let mut votes: BTreeMap<isize, usize> = BTreeMap::new();
    for (y, row) in new.iter().enumerate().filter(|(y, row)| old[*y] != **row) {
        let mut alike = old.iter().enumerate().filter(|(_, was)| *was == row);
        if let (Some((from, _)), None) = (alike.next(), alike.next()) {
            let by = y.cast_signed().saturating_sub(from.cast_signed());
            let votes = votes.entry(by).or_default();
            *votes = votes.saturating_add(1);
        }
    }
    let most = votes.into_iter().max_by_key(|(_, votes)| *votes);
    most.map(|(by, _)| by)
}

/// Bytes, about, to make one line of another.
fn cost(old: &[Cell], new: &[Cell]) -> isize {
    let changed = || old.iter().zip(new).map(|(old, new)| old != new);
    let begun = changed().zip(std::iter::once(false).chain(changed()));
    let begun = begun.filter(|(is, was)| *is && !was).count();
    let bytes = begun
        .saturating_mul(BEGIN)
        .saturating_add(changed().filter(|is| *is).count());
    bytes.cast_signed()
}

/// The same where nothing is known of what was there.
fn afresh(new: &[Cell]) -> isize {
    let pens = new.windows(2).filter(|two| {
        let looks = |cell: &Cell| (cell.fg, cell.bg, cell.modifier);
        looks(&two[0]) != looks(&two[1])
    });
    let bytes = pens.count().saturating_mul(BEGIN).saturating_add(new.len());
    bytes.cast_signed()
}

/// The stretch of lines with the largest sum; a line that has none ends it.
fn best(gains: impl Iterator<Item = Option<isize>>) -> Option<(isize, Range<usize>)> {
    let (mut best, mut run, mut start) = (None, 0_isize, 0);
    for (y, gain) in gains.enumerate() {
        let after = y.saturating_add(1);
        let Some(gain) = gain else {
            (run, start) = (0, after);
            continue;
        };
        run = run.saturating_add(gain);
        if run <= 0 {
            (run, start) = (0, after);
        } else if best.as_ref().is_none_or(|(most, _)| run > *most) {
            best = Some((run, start..after));
        }
    }
    best
}
