//! Small pieces that panels share: frames, and lines of styled words that give way by priority.

use super::{
    theme::{Role, Theme},
    words::{fit, width},
};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Block, Clear, Widget},
};

/// Draws a frame with a title and gives what is inside it.
pub(super) fn framed(
    area: Rect,
    buf: &mut Buffer,
    title: Line<'_>,
    theme: Theme,
    focused: bool,
) -> Rect {
    let border = theme.style(if focused { Role::Accent } else { Role::Border });
    let block = Block::bordered().border_style(border).title(title);
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}

/// ` title  detail ` as a frame carries it.
pub(super) fn title<'a>(name: &'a str, detail: &'a str, theme: Theme) -> Line<'a> {
    let mut line = Line::from(Span::styled(format!(" {name} "), theme.bold(Role::Text)));
    if !detail.is_empty() {
        line.push_span(Span::styled(format!("{detail} "), theme.style(Role::Dim)));
    }
    line
}

/// Empties an area down to the ground, for what lies over other panels.
pub(super) fn clear(area: Rect, buf: &mut Buffer, theme: Theme) {
    Clear.render(area, buf);
    buf.set_style(area, theme.style(Role::Text));
}

/// Writes at most `room` columns of text and says where the next may begin.
pub(super) fn put(
    buf: &mut Buffer,
    (x, y): (u16, u16),
    text: &str,
    room: u16,
    style: Style,
) -> u16 {
    let area = buf.area;
    if y >= area.bottom() || x >= area.right() {
        return x;
    }
    let room = room.min(area.right().saturating_sub(x));
    buf.set_stringn(x, y, fit(text, room), usize::from(room), style)
        .0
}

/// One item of a line that may have to give way.
pub(super) struct Item {
    pub(super) text: String,
    pub(super) style: Style,
    /// The lowest stay longest.
    pub(super) priority: u8,
}

impl Item {
    pub(super) fn new(text: impl Into<String>, style: Style, priority: u8) -> Self {
        Self {
            text: text.into(),
            style,
            priority,
        }
    }
}

/// Columns that items take with `gap` between them.
pub(super) fn total(items: &[Item], gap: u16) -> u16 {
    items
        .iter()
        .filter(|i| !i.text.is_empty())
        .fold(0_u16, |sum, i| {
            sum.saturating_add(width(&i.text)).saturating_add(gap)
        })
        .saturating_sub(gap)
}

/// The text in lines of at most `room` columns, broken between words.
pub(super) fn wrap(text: &str, room: u16) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            None => lines.push(word.to_owned()),
            Some(line) if width(line).saturating_add(1).saturating_add(width(word)) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
        }
    }
    lines
}

/// Writes text over as many lines of an area as it takes.
pub(super) fn paragraph(buf: &mut Buffer, area: Rect, text: &str, style: Style) {
    for (y, line) in (area.y..area.bottom()).zip(wrap(text, area.width)) {
        put(buf, (area.x, y), &line, area.width, style);
    }
}

/// Drops the items of least priority until the rest fit with `gap` columns between them.
pub(super) fn keep(mut items: Vec<Item>, room: u16, gap: u16) -> Vec<Item> {
    items.retain(|i| !i.text.is_empty());
    loop {
        let wide = total(&items, gap);
        if wide <= room || items.len() <= 1 {
            return items;
        }
        let last = items
            .iter()
            .enumerate()
            .max_by_key(|(at, i)| (i.priority, *at))
            .map_or(0, |(at, _)| at);
        items.remove(last);
    }
}

/// Writes items from the left; gives where they end.
pub(super) fn row(buf: &mut Buffer, area: Rect, items: &[Item], gap: u16) -> u16 {
    let mut x = area.x;
    for item in items {
        let room = area.right().saturating_sub(x);
        x = put(buf, (x, area.y), &item.text, room, item.style).saturating_add(gap);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_lose_none() {
        assert_eq!(wrap("one two three", 9), ["one two", "  three"]);
        assert_eq!(wrap("one", 1), ["one"]);
        assert_eq!(wrap("", 9), [""]);
    }

    #[test]
    fn what_matters_least_goes_first() {
        let item = |text: &str, priority| Item::new(text, Style::new(), priority);
        let kept = keep(vec![item("aaa", 2), item("bbb", 0), item("ccc", 1)], 8, 2);
        let texts: Vec<_> = kept.iter().map(|i| i.text.as_str()).collect();
        assert_eq!(texts, ["bbb", "ccc"]);
    }
}
