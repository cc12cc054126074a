//! A drawn buffer as an SVG picture: what the documentation shows is what the screen drew.

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use std::fmt::Write as _;

/// Pixels of one cell.
const W: u16 = 9;
const H: u16 = 19;
/// From the top of a cell to the line that letters stand on.
const BASE: u16 = 14;
const MARGIN: u16 = 12;

/// Colours of what a terminal decides for itself.
#[derive(Debug, Clone, Copy)]
pub struct Ground {
    pub text: (u8, u8, u8),
    pub back: (u8, u8, u8),
}

impl Ground {
    pub const DARK: Self = Self {
        text: (0xdd, 0xe3, 0xe9),
        back: (0x0f, 0x14, 0x1a),
    };
    pub const LIGHT: Self = Self {
        text: (0x1c, 0x22, 0x28),
        back: (0xfb, 0xfb, 0xf8),
    };
}

/// Renders the buffer on a monospace grid.
pub fn svg(buffer: &Buffer, ground: Ground) -> String {
    let (w, h) = (px(buffer.area.width, W), px(buffer.area.height, H));
    let (w, h) = (
        w.saturating_add(u32::from(MARGIN) * 2),
        h.saturating_add(u32::from(MARGIN) * 2),
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"15\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        hex(ground.back)
    );
    for y in 0..buffer.area.height {
        let row: Vec<Shown> = (0..buffer.area.width)
            .filter_map(|x| {
                buffer.cell((
                    x.saturating_add(buffer.area.x),
                    y.saturating_add(buffer.area.y),
                ))
            })
            .map(|cell| Shown::of(cell, ground))
            .collect();
        line(&mut out, y, &row, ground);
    }
    out.push_str("</svg>\n");
    out
}

#[derive(Debug, Clone, PartialEq)]
struct Shown {
    symbol: String,
    text: (u8, u8, u8),
    back: (u8, u8, u8),
    bold: bool,
    dim: bool,
    underlined: bool,
}

impl Shown {
    fn of(cell: &Cell, ground: Ground) -> Self {
        let (text, back) = (rgb(cell.fg, ground.text), rgb(cell.bg, ground.back));
        let has = |m| cell.modifier.contains(m);
        let (text, back) = if has(Modifier::REVERSED) {
            (back, text)
        } else {
            (text, back)
        };
        Self {
            symbol: cell.symbol().to_owned(),
            text,
            back,
            bold: has(Modifier::BOLD),
            dim: has(Modifier::DIM),
            underlined: has(Modifier::UNDERLINED),
        }
    }

    fn same_style(&self, other: &Self) -> bool {
        (self.text, self.back, self.bold, self.dim, self.underlined)
            == (
                other.text,
                other.back,
                other.bold,
                other.dim,
                other.underlined,
            )
    }
}

/// Runs of one style: letters of ASCII together, every other glyph at its own place, so that the grid holds in a
/// font that lacks it.
fn line(out: &mut String, y: u16, row: &[Shown], ground: Ground) {
    let top = px(y, H).saturating_add(MARGIN.into());
    let mut x = 0_u16;
    for run in row.chunk_by(Shown::same_style) {
        let Some(first) = run.first() else { continue };
        let cells = u16::try_from(run.len()).unwrap_or(u16::MAX);
        if first.back != ground.back {
            let (left, wide) = (px(x, W).saturating_add(MARGIN.into()), px(cells, W));
            let fill = hex(first.back);
            let _ = writeln!(
                out,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{H}\" fill=\"{fill}\"/>"
            );
        }
        for group in run.chunk_by(|a, b| a.symbol.is_ascii() && b.symbol.is_ascii()) {
            let text: String = group.iter().map(|s| s.symbol.as_str()).collect();
            if let Some(parts) = block(&text) {
                shapes(out, (x, y), &parts, first);
            } else if !text.trim().is_empty() {
                letters(out, (x, y), &text, first);
            }
            x = x.saturating_add(u16::try_from(group.len()).unwrap_or(u16::MAX));
        }
    }
}

/// A part of a cell, in eighths: left, top, right, bottom.
type Part = [u16; 4];

/// What a block element covers: fonts leave gaps between cells, which a terminal does not.
fn block(symbol: &str) -> Option<Vec<Part>> {
    /// By which quarters are covered: upper left 1, upper right 2, lower left 4, lower right 8.
    const QUARTERS: &str = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█";
    const RISING: &str = "▁▂▃▄▅▆▇";
    const CORNERS: [Part; 4] = [[0, 0, 4, 4], [4, 0, 8, 4], [0, 4, 4, 8], [4, 4, 8, 8]];
    let mut chars = symbol.chars();
    let (c, None) = (chars.next()?, chars.next()) else {
        return None;
    };
    if c == ' ' {
        return None;
    }
    if let Some(at) = QUARTERS.chars().position(|q| q == c) {
        let covered = CORNERS
            .into_iter()
            .enumerate()
            .filter(|(i, _)| at >> i & 1 == 1);
        return Some(covered.map(|(_, part)| part).collect());
    }
    let high = RISING.chars().position(|r| r == c)?;
    let top = u16::try_from(high)
        .ok()
        .and_then(|high| 7_u16.checked_sub(high))?;
    Some(vec![[0, top, 8, 8]])
}

fn shapes(out: &mut String, (x, y): (u16, u16), parts: &[Part], style: &Shown) {
    let (left, top) = (
        px(x, W).saturating_add(MARGIN.into()),
        px(y, H).saturating_add(MARGIN.into()),
    );
    let at = |start: u32, eighths: u16, unit: u16| {
        f64::from(start) + f64::from(eighths) / 8.0 * f64::from(unit)
    };
    for [l, t, r, b] in parts {
        let (x, y) = (at(left, *l, W), at(top, *t, H));
        let (wide, high) = (at(left, *r, W) - x, at(top, *b, H) - y);
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\" fill=\"{}\" shape-rendering=\"crispEdges\"/>",
            hex(style.text)
        );
    }
}

fn letters(out: &mut String, (x, y): (u16, u16), text: &str, style: &Shown) {
    let left = px(x, W).saturating_add(MARGIN.into());
    let base = px(y, H)
        .saturating_add(MARGIN.into())
        .saturating_add(BASE.into());
    let mut more = String::new();
    if style.bold {
        more.push_str(" font-weight=\"bold\"");
    }
    if style.dim {
        more.push_str(" opacity=\"0.65\"");
    }
    if style.underlined {
        more.push_str(" text-decoration=\"underline\"");
    }
    let wide = px(u16::try_from(text.chars().count()).unwrap_or(u16::MAX), W);
    let _ = writeln!(
        out,
        "<text x=\"{left}\" y=\"{base}\" textLength=\"{wide}\" lengthAdjust=\"spacingAndGlyphs\" \
         xml:space=\"preserve\" fill=\"{}\"{more}>{}</text>",
        hex(style.text),
        escaped(text)
    );
}

fn px(n: u16, unit: u16) -> u32 {
    u32::from(n).saturating_mul(u32::from(unit))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn hex((r, g, b): (u8, u8, u8)) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The sixteen as xterm has them; anything else a terminal decides is the ground's.
const fn rgb(color: Color, default: (u8, u8, u8)) -> (u8, u8, u8) {
    match color {
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Black => (0, 0, 0),
        Color::Red => (205, 0, 0),
        Color::Green => (0, 205, 0),
        Color::Yellow => (205, 205, 0),
        Color::Blue => (0, 0, 238),
        Color::Magenta => (205, 0, 205),
        Color::Cyan => (0, 205, 205),
        Color::Gray => (229, 229, 229),
        Color::DarkGray => (127, 127, 127),
        Color::LightRed => (255, 0, 0),
        Color::LightGreen => (0, 255, 0),
        Color::LightYellow => (255, 255, 0),
        Color::LightBlue => (92, 92, 255),
        Color::LightMagenta => (255, 0, 255),
        Color::LightCyan => (0, 255, 255),
        Color::White => (255, 255, 255),
        Color::Reset | Color::Indexed(_) => default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::{layout::Rect, style::Style};

    #[test]
    fn a_picture_has_the_text_its_style_and_its_place() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 8, 2));
        buf.set_string(2, 1, "a<b", Style::new().fg(Color::Rgb(1, 2, 3)).bold());
        buf.set_string(0, 0, "●", Style::new().bg(Color::Rgb(9, 9, 9)));
        let picture = svg(&buf, Ground::DARK);
        assert!(
            picture.contains("fill=\"#010203\" font-weight=\"bold\">a&lt;b</text>"),
            "{picture}"
        );
        assert!(picture.contains("<text x=\"30\" y=\"45\""), "{picture}");
        assert!(picture.contains("fill=\"#090909\""), "{picture}");
    }

    #[test]
    fn blocks_are_drawn_as_what_they_cover() {
        assert_eq!(block("█").map(|parts| parts.len()), Some(4));
        assert_eq!(block("▗"), Some(vec![[4, 4, 8, 8]]));
        assert_eq!(block("▁"), Some(vec![[0, 7, 8, 8]]));
        assert_eq!(block("▇"), Some(vec![[0, 1, 8, 8]]));
        assert_eq!(block("a"), None);
        assert_eq!(block(" "), None);
    }
}
