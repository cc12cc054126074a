//! How long answers took over five minutes, of which the histogram's quantiles are known.

use crate::{
    model::{snapshot::DeploymentView, time::latency},
    tui::{
        app::App,
        draw::{framed, put, title},
        theme::Role,
        words::width,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::time::Duration;

/// Lines with the frame.
pub(super) const HEIGHT: u16 = 5;
const NAME: u16 = 14;
const CELL: u16 = 8;

type Quantiles = [Option<Duration>; 3];

/// Of the first token and of the whole answer: p50, p95, p99.
pub(super) const fn quantiles(d: &DeploymentView) -> [(&'static str, Quantiles); 2] {
    [
        ("first token", [d.ttft_p50, d.ttft_p95, d.ttft_p99]),
        ("whole", [d.p50, d.p95, d.p99]),
    ]
}

pub(super) fn latency_row(quantiles: Quantiles) -> [String; 3] {
    quantiles.map(|q| q.map_or_else(|| "-".to_owned(), latency))
}

pub(super) fn draw(app: &App, d: &DeploymentView, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let inner = framed(area, buf, title("latency", "5 min", theme), theme, false);
    let dim = theme.style(Role::Dim);
    let rows = quantiles(d);
    if rows.iter().all(|(_, q)| q.iter().all(Option::is_none)) {
        put(
            buf,
            (inner.x, inner.y),
            "no answers in 5 min",
            inner.width,
            dim,
        );
        return;
    }
    let heads = ["p50", "p95", "p99"].map(str::to_owned);
    let table = [("", heads)]
        .into_iter()
        .chain(rows.map(|(name, q)| (name, latency_row(q))));
    for (y, (n, (name, cells))) in (inner.y..inner.bottom()).zip(table.enumerate()) {
        let style = if n == 0 { dim } else { theme.style(Role::Text) };
        let start = inner.x.saturating_add(1);
        put(buf, (start, y), name, NAME, dim);
        let mut end = start.saturating_add(NAME);
        for cell in cells {
            end = end.saturating_add(CELL);
            let x = end.saturating_sub(width(&cell));
            put(buf, (x, y), &cell, inner.right().saturating_sub(x), style);
        }
    }
}
