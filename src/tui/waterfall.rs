//! One request: where its time went, attempt by attempt, and why others were not asked.
//!
//! ```text
//! ┌ request 0199a1  ▒ fallback by openai/gpt-4.1, 544ms ─────────────────────────┐
//! │ asked      chat as claude-sonnet-4-5, stream, at the anthropic door          │
//! │ passed over  gemini/gemini-2.5-pro: open                                     │
//! │ time       first content 301ms; 24% on attempts that failed                  │
//! │                           0ms                                         544ms  │
//! │ first     anthropic/claude  ▒▒▒▒▒▒                    130ms fault 503         │
//! │ fallback  openai/gpt-4.1          ░░░░░░████████████  410ms answered          │
//! └──────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! A bar is light until the first content, full after it, and hatched where the attempt came to nothing.

use super::{
    app::App,
    draw::{framed, put, title, wrap},
    requests::outcome,
    theme::{Role, Theme},
    words::{fit, width},
};
use crate::model::{
    request::{Request, RequestView, Span, SpanEnd},
    time::latency,
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::time::Duration;

const LABEL: u16 = 12;
/// A bar shorter than this says too little: the words get its room.
const BAR: u16 = 16;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let Some(view) = app.request() else {
        framed(area, buf, title("request", "", theme), theme, false);
        return;
    };
    let r = &view.request;
    let (glyph, word, role) = outcome(r.outcome);
    let name = format!("request {}", view.request.exchange);
    let by = r.deployment.as_ref().map(|id| format!(" by {id}"));
    let detail = format!(
        "{glyph} {word}{}, {}",
        by.unwrap_or_default(),
        latency(r.total)
    );
    let room = area.width.saturating_sub(width(&detail)).saturating_sub(8);
    let name = fit(&name, room.max(8)).into_owned();
    let inner = framed(area, buf, title(&name, &detail, theme), theme, false);
    let mut y = inner.y;
    for (label, text, style) in facts(view) {
        let role = if style == Role::Text {
            Role::Text
        } else {
            role
        };
        for (n, line) in wrap(&text, inner.width.saturating_sub(LABEL))
            .iter()
            .enumerate()
        {
            if y >= inner.bottom() {
                return;
            }
            let label = if n == 0 { label } else { "" };
            put(buf, (inner.x, y), label, LABEL, theme.style(Role::Dim));
            let x = inner.x.saturating_add(LABEL);
            put(
                buf,
                (x, y),
                line,
                inner.right().saturating_sub(x),
                theme.style(role),
            );
            y = y.saturating_add(1);
        }
    }
    let rest = Rect {
        y: y.saturating_add(1).min(inner.bottom()),
        height: inner.bottom().saturating_sub(y).saturating_sub(1),
        ..inner
    };
    if !r.spans.is_empty() {
        bars(r, rest, buf, theme);
    }
}

type Fact = (&'static str, String, Role);

fn facts(view: &RequestView) -> Vec<Fact> {
    let r = &view.request;
    let how = if r.stream { ", streamed" } else { "" };
    let mut lines = vec![(
        "asked",
        format!(
            "{} as {}{how}, at the {} door, ended {}",
            r.route,
            r.model,
            r.dialect,
            view.at.clock()
        ),
        Role::Text,
    )];
    if let Some(hit) = r.cache {
        lines.push((
            "cache",
            format!("answered from it: {}", hit.as_str()),
            Role::Text,
        ));
    }
    let skipped = r
        .skipped
        .iter()
        .map(|s| format!("{}: {}", s.deployment, s.why.replace('_', " ")));
    let skipped: Vec<_> = skipped.collect();
    if !skipped.is_empty() {
        lines.push(("passed over", skipped.join(", "), Role::Text));
    }
    if r.rescued {
        lines.push((
            "rescued",
            "a stream broke off when its caller had a part of it, and another went on".to_owned(),
            Role::Text,
        ));
    }
    lines.push(("time", spent(r), Role::Text));
    if r.alike > 0 {
        lines.push((
            "stands for",
            format!("{} more of its kind that were not recorded", r.alike),
            Role::Text,
        ));
    }
    lines
}

/// Where the time went, in words.
fn spent(r: &Request) -> String {
    let mut parts = Vec::new();
    if let Some(first) = r.ttft {
        parts.push(format!("first content after {}", latency(first)));
    }
    let lost = lost(r);
    if !lost.is_zero() {
        let share = lost.as_secs_f64() / r.total.as_secs_f64().max(f64::EPSILON);
        parts.push(format!(
            "{} ({:.0}%) on attempts that came to nothing",
            latency(lost),
            share * 100.0
        ));
    }
    if let Some(waited) = r.waited {
        parts.push(format!(
            "{} waiting for a rate limit to end",
            latency(waited)
        ));
    }
    parts.push(format!("{} in all", latency(r.total)));
    parts.join(", ")
}

/// Time in which nothing but attempts that came to nothing was under way.
fn lost(r: &Request) -> Duration {
    let won = r
        .spans
        .iter()
        .filter(|s| s.end.is_won())
        .map(|s| s.start)
        .min();
    let until = won.unwrap_or(r.total);
    let mut failed: Vec<_> = r
        .spans
        .iter()
        .filter(|s| !s.end.is_won())
        .map(|s| (s.start, s.start.saturating_add(s.took).min(until)))
        .filter(|(start, end)| start < end)
        .collect();
    failed.sort_unstable();
    let (mut sum, mut seen) = (Duration::ZERO, Duration::ZERO);
    for (start, end) in failed {
        let start = start.max(seen);
        sum = sum.saturating_add(end.saturating_sub(start));
        seen = seen.max(end);
    }
    sum
}

fn ended(span: &Span) -> (String, Role) {
    let (text, role) = match &span.end {
        SpanEnd::Won => ("answered".to_owned(), Role::Good),
        SpanEnd::Failed(verdict) => (verdict.to_string(), Role::Bad),
        SpanEnd::Lost => ("was slower".to_owned(), Role::Dim),
        SpanEnd::Left => ("the caller left".to_owned(), Role::Dim),
    };
    let mark = if span.injected { " [injected]" } else { "" };
    (format!("{}  {text}{mark}", latency(span.took)), role)
}

fn bars(r: &Request, area: Rect, buf: &mut Buffer, theme: Theme) {
    let kind = LABEL;
    let names = r
        .spans
        .iter()
        .map(|s| width(&s.deployment))
        .max()
        .unwrap_or(0);
    let words = r
        .spans
        .iter()
        .map(|s| width(&ended(s).0))
        .max()
        .unwrap_or(0);
    let left = area.width.saturating_sub(kind);
    // Names give way to a bar, and the bar to words that say why.
    let names = names.min(left / 3);
    let words = words
        .min(
            left.saturating_sub(names)
                .saturating_sub(BAR)
                .saturating_sub(4),
        )
        .max(left / 4);
    let bar = left
        .saturating_sub(names)
        .saturating_sub(words)
        .saturating_sub(4);
    let x = area
        .x
        .saturating_add(kind)
        .saturating_add(names)
        .saturating_add(2);
    let dim = theme.style(Role::Dim);
    let mut y = area.y;
    if bar >= BAR && y < area.bottom() {
        put(buf, (x, y), "0", bar, dim);
        let end = latency(r.total);
        let at = x.saturating_add(bar.saturating_sub(width(&end)));
        put(buf, (at, y), &end, width(&end), dim);
        y = y.saturating_add(1);
    }
    for span in &r.spans {
        if y >= area.bottom() {
            return;
        }
        put(buf, (area.x, y), span.kind.as_str(), kind, dim);
        let name = fit(&span.deployment, names);
        put(
            buf,
            (area.x.saturating_add(kind), y),
            &name,
            names,
            theme.style(Role::Text),
        );
        let (text, role) = ended(span);
        if bar >= BAR {
            one(r, span, (x, y, bar), buf, theme.style(role));
        }
        let at = x.saturating_add(if bar >= BAR { bar.saturating_add(2) } else { 0 });
        put(
            buf,
            (at, y),
            &text,
            area.right().saturating_sub(at),
            theme.style(role),
        );
        y = y.saturating_add(1);
    }
}

/// A bar in the columns of its time; one that was over at once is a cell all the same.
fn one(
    r: &Request,
    span: &Span,
    (x, y, room): (u16, u16, u16),
    buf: &mut Buffer,
    style: ratatui::style::Style,
) {
    let total = r.total.as_secs_f64().max(0.001);
    let column = |at: Duration| {
        let cells = at.as_secs_f64() / total * f64::from(room);
        // Within the bar by construction.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the room"
        )]
        let cells = cells.round().clamp(0.0, f64::from(room)) as u16;
        cells
    };
    let start = column(span.start).min(room.saturating_sub(1));
    let end = column(span.start.saturating_add(span.took)).max(start.saturating_add(1));
    // Of an answer that came in one piece nobody knows when it began.
    let first = span
        .ttft
        .map_or(start, |t| column(span.start.saturating_add(t)));
    for at in start..end.min(room) {
        let glyph = match span.end {
            SpanEnd::Won if at < first => "░",
            SpanEnd::Won => "█",
            _ => "▒",
        };
        buf.set_string(x.saturating_add(at), y, glyph, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::tests::scene;

    #[test]
    fn time_is_lost_only_while_nothing_but_failures_was_under_way() {
        let mut r = scene::request(1);
        assert_eq!(lost(&r), Duration::from_millis(130));
        // A second failure at the same time loses nothing more.
        let mut again = r.spans[0].clone();
        again.start = Duration::from_millis(50);
        r.spans.insert(1, again);
        assert_eq!(lost(&r), Duration::from_millis(134));
    }

    #[test]
    fn a_request_that_nobody_answered_lost_all_of_its_attempts() {
        let mut r = scene::request(1);
        r.spans.pop();
        assert_eq!(lost(&r), Duration::from_millis(130));
    }
}
