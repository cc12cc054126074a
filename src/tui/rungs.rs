//! How answers came about, over the last 15 minutes: columns of shares, worst on top.
//!
//! ```text
//! ┌ rungs, last 15 min ──────────────────────────┐
//! │100% ·······▒▒▒▒▒▓▓▒▒▒▒▒▒▒   █ failed  0.1%   4│
//! │     ·······▒▒▒▒▒▒▒▒▒▒▒▒▒▒   ▓ canned  0.4%  12│
//! │     ··············▒▒▒▒▒▒▒   ▒ lower  30.9% 916│
//! │  0% ··········░░░········   ░ cached  2.1%  62│
//! │     15 min ago        now   · primary …       │
//! │since 14:03:10 really 23 failures upstream, …  │
//! └──────────────────────────────────────────────┘
//! ```

use super::{
    app::App,
    draw::{framed, put, title, wrap},
    theme::Role,
    words::{count, percent, width},
};
use crate::model::{counterfactual::Compared, event::Exchanges, snapshot::HISTORY_S};
use ratatui::{buffer::Buffer, layout::Rect};

/// From the best to the worst: glyph, name, role, how many.
type Rung = (&'static str, &'static str, Role, fn(&Exchanges) -> u32);

const RUNGS: [Rung; 5] = [
    ("·", "primary", Role::Dim, |e| e.primary),
    ("░", "cached", Role::Info, |e| e.cached),
    ("▒", "lower tier", Role::Warn, |e| e.fallback),
    ("▓", "canned", Role::Manual, |e| e.canned),
    ("█", "failed", Role::Bad, Exchanges::failed),
];

const LEGEND: u16 = 25;
const TICK: u16 = 5;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let inner = framed(
        area,
        buf,
        title("rungs, last 15 min", "", theme),
        theme,
        false,
    );
    if inner.width == 0 || inner.height == 0 {
        return;
    }
    let inner = compare(app, inner, buf);
    let legend = if inner.width > LEGEND.saturating_mul(2) {
        LEGEND
    } else {
        LEGEND.min(inner.width)
    };
    let chart = Rect {
        width: inner.width.saturating_sub(legend).saturating_sub(1),
        ..inner
    };
    columns(app, chart, buf);
    let x = inner.right().saturating_sub(legend);
    numbers(
        app,
        Rect {
            x,
            width: legend,
            ..inner
        },
        buf,
    );
}

/// Rows that have to stay for the rungs.
const LEAST: u16 = 5;

/// What a plain cooldown router would have done, below the rungs where there is room; gives what is left.
fn compare(app: &App, area: Rect, buf: &mut Buffer) -> Rect {
    let Some(text) = app.shown().compared.as_ref().and_then(compared) else {
        return area;
    };
    let lines = wrap(&text, area.width);
    let high = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    if high.saturating_add(LEAST) > area.height {
        return area;
    }
    let left = Rect {
        height: area.height.saturating_sub(high),
        ..area
    };
    for (y, line) in (left.bottom()..area.bottom()).zip(&lines) {
        put(
            buf,
            (area.x, y),
            line,
            area.width,
            app.theme.style(Role::Dim),
        );
    }
    left
}

/// `since 14:03:10 really 23 failures upstream, 0 for users, 310 moved down; a plain cooldown router: 18, 0 and 301`;
/// none when there is nothing to say.
pub(super) fn compared(all: &Compared) -> Option<String> {
    if !all.differs() {
        return None;
    }
    let canned = match all.canned {
        0 => String::new(),
        n => format!(" ({} canned)", count(n)),
    };
    let bad = match all.plain.bad {
        0 => String::new(),
        1 => ", and 1 bad answer served".to_owned(),
        n => format!(", and {} bad answers served", count(n)),
    };
    let s = if all.upstream == 1 { "" } else { "s" };
    Some(format!(
        "since {} really {} failure{s} upstream, {} for users{canned}, {} moved down; a plain cooldown router: about {}, \
         {} and {}{bad}",
        all.since.clock(),
        count(all.upstream),
        count(all.users),
        count(all.lower),
        count(all.plain.upstream),
        count(all.plain.users),
        count(all.plain.lower),
    ))
}

fn columns(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let axis = u16::from(area.height >= 6);
    let plot = Rect {
        x: area.x.saturating_add(TICK),
        width: area.width.saturating_sub(TICK),
        height: area.height.saturating_sub(axis),
        ..area
    };
    if plot.width < 8 || plot.height < 2 {
        return;
    }
    let dim = theme.style(Role::Dim);
    put(buf, (area.x, plot.y), "100%", TICK, dim);
    put(
        buf,
        (area.x, plot.bottom().saturating_sub(1)),
        "  0%",
        TICK,
        dim,
    );
    if axis > 0 {
        put(buf, (plot.x, plot.bottom()), "15 min ago", plot.width, dim);
        if plot.width > 16 {
            put(
                buf,
                (plot.right().saturating_sub(3), plot.bottom()),
                "now",
                3,
                dim,
            );
        }
    }
    for (x, sums) in (plot.x..plot.right()).zip(gathered(app, plot.width)) {
        let mut y = plot.bottom();
        for ((glyph, _, role, _), cells) in RUNGS.iter().zip(heights(&sums, plot.height)) {
            for _ in 0..cells {
                y = y.saturating_sub(1);
                buf.set_string(x, y, glyph, theme.style(*role));
            }
        }
    }
}

/// Which stretch of `step` seconds a second lies in.
fn stretch(sec: u64, step: u64) -> u64 {
    sec.checked_div(step).unwrap_or_default()
}

/// The exchanges of each column's stretch of time.
fn gathered(app: &App, n: u16) -> Vec<Exchanges> {
    let s = app.shown();
    let step = HISTORY_S.div_ceil(u64::from(n.max(1))).max(1);
    let first = stretch(s.at.secs(), step).saturating_sub(n.saturating_sub(1).into());
    let mut sums = vec![Exchanges::default(); usize::from(n)];
    for (sec, e) in s.exchanges.iter() {
        let slot = stretch(*sec, step)
            .checked_sub(first)
            .and_then(|i| usize::try_from(i).ok())
            .and_then(|i| sums.get_mut(i));
        if let Some(sum) = slot {
            sum.add(e);
        }
    }
    sums
}

/// From here on a rung is shown even when its share is less than a cell.
const BAD: usize = 3;

/// Cells for each rung. A single canned answer or failure can be seen; the largest rung pays for it.
fn heights(e: &Exchanges, rows: u16) -> [u16; 5] {
    let mut cells = [0_u16; 5];
    let total = u64::from(e.answered());
    if total == 0 {
        return cells;
    }
    for (i, (cell, rung)) in cells.iter_mut().zip(RUNGS).enumerate() {
        let n = u64::from(rung.3(e));
        let rounded = n.saturating_mul(u64::from(rows)).saturating_add(total / 2);
        let share = rounded.checked_div(total).unwrap_or_default();
        let least = u16::from(n > 0 && i >= BAD);
        *cell = u16::try_from(share).unwrap_or(rows).max(least);
    }
    let largest = (0..RUNGS.len())
        .max_by_key(|&i| RUNGS.get(i).map_or(0, |r| r.3(e)))
        .unwrap_or(0);
    let others: u16 = cells
        .iter()
        .enumerate()
        .filter(|(i, _)| *i != largest)
        .fold(0, |sum, (_, c)| sum.saturating_add(*c));
    if let Some(cell) = cells.get_mut(largest) {
        *cell = rows.saturating_sub(others);
    }
    cells
}

fn numbers(app: &App, area: Rect, buf: &mut Buffer) {
    let mut sum = Exchanges::default();
    for (_, e) in app.shown().exchanges.iter() {
        sum.add(e);
    }
    let total = f64::from(sum.answered().max(1));
    for (y, (glyph, name, role, of)) in (area.y..area.bottom()).zip(RUNGS.iter().rev()) {
        let n = of(&sum);
        let style = app.theme.style(if n > 0 { *role } else { Role::Dim });
        let x = put(
            buf,
            (area.x, y),
            &format!("{glyph} {name}"),
            area.width,
            style,
        );
        let numbers = format!(
            "{:>5} {:>6}",
            percent(f64::from(n) / total),
            count(n.into())
        );
        let at = area.right().saturating_sub(width(&numbers));
        let role = if n > 0 { Role::Text } else { Role::Dim };
        if at > x {
            put(buf, (at, y), &numbers, area.width, app.theme.style(role));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_failure_in_ten_thousand_can_be_seen() {
        let e = Exchanges {
            primary: 9_999,
            error: 1,
            ..Exchanges::default()
        };
        assert_eq!(heights(&e, 8), [7, 0, 0, 0, 1]);
    }

    #[test]
    fn a_second_without_exchanges_is_a_gap() {
        assert_eq!(heights(&Exchanges::default(), 8), [0; 5]);
    }

    proptest! {
        #[test]
        fn shares_fill_the_column(primary in 0_u32..999, fallback in 0_u32..999, canned in 0_u32..999, error in 1_u32..999) {
            let e = Exchanges { primary, fallback, canned, error, ..Exchanges::default() };
            prop_assert_eq!(heights(&e, 9).iter().sum::<u16>(), 9);
        }
    }
}
