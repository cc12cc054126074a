//! What happened, newest first.
//!
//! ```text
//! ┌ events ────────────────────────────────────────────────────────────────────────┐
//! │14:03:20 ■ anthropic/claude CLOSED -> OPEN: error_rate 38.4% > 2.0% n=812        │
//! │14:03:19 · 13x anthropic/claude -> openai/gpt-4.1: fault 529 overloaded_error    │
//! └────────────────────────────────────────────────────────────────────────────────┘
//! ```

use super::{
    app::{App, Pane},
    draw::{framed, put, title},
    fit::fit_middle,
    theme::Role,
    words::level,
};
use crate::model::{DeploymentId, Event, Kind, Snapshot, Verdict, event::Level};
use ratatui::{buffer::Buffer, layout::Rect};
use std::collections::VecDeque;

/// Good scores are news only in the detail view of the deployment they are about.
fn is_news(e: &Event, s: &Snapshot) -> bool {
    !matches!(e.kind, Kind::Score { score, .. } if score >= s.judge_threshold)
}

/// The events to show, newest first.
fn listed<'a>(app: &'a App, about: Option<&'a DeploymentId>) -> impl Iterator<Item = &'a Event> {
    let s = app.shown();
    s.events
        .iter()
        .rev()
        .map(|e| &**e)
        .filter(move |e| match about {
            // Scores stand beside it, with their reasons.
            Some(id) => {
                !matches!(e.kind, Kind::Score { .. })
                    && (e.deployment() == Some(id) || mentions(e, id))
            }
            None => is_news(e, s) && app.passes(&e.line()),
        })
}

/// The same with runs of equal fallbacks, and of each deployment's bad scores, in one line, at the time of the newest:
/// they come one per request, and would push out the transition that explains them.
fn runs<'a>(
    app: &'a App,
    about: Option<&'a DeploymentId>,
) -> impl Iterator<Item = (&'a Event, usize)> {
    let mut events = listed(app, about).peekable();
    let mut folded: VecDeque<(&Event, usize)> = VecDeque::new();
    std::iter::from_fn(move || {
        if folded.is_empty() {
            let newest = events.next()?;
            folded.push_back((newest, 1));
            while let Some(older) =
                events.next_if(|older| is_same_fallback(newest, older) || are_scores(newest, older))
            {
                let same = |(e, _): &&mut (&Event, usize)| e.deployment() == older.deployment();
                match folded.iter_mut().find(same) {
                    Some((_, n)) => *n = n.saturating_add(1),
                    None => folded.push_back((older, 1)),
                }
            }
        }
        folded.pop_front()
    })
}

/// How far it can be scrolled, with `room` lines to be seen: the oldest event is the last to come into sight.
pub(super) fn last(app: &App, about: Option<&DeploymentId>, room: u16) -> usize {
    runs(app, about).count().saturating_sub(usize::from(room))
}

fn is_same_fallback(newer: &Event, older: &Event) -> bool {
    fn moved(event: &Event) -> Option<(&DeploymentId, Option<&DeploymentId>, &Verdict)> {
        match &event.kind {
            Kind::Fallback {
                from, to, verdict, ..
            }
            | Kind::StreamBroke {
                from, to, verdict, ..
            } => Some((from, to.as_ref(), verdict)),
            _ => None,
        }
    }
    let alike = newer.injected == older.injected
        && std::mem::discriminant(&newer.kind) == std::mem::discriminant(&older.kind);
    alike && moved(newer).is_some_and(|fallback| moved(older) == Some(fallback))
}

fn are_scores(newer: &Event, older: &Event) -> bool {
    matches!(
        (&newer.kind, &older.kind),
        (Kind::Score { .. }, Kind::Score { .. })
    )
}

/// Commands and switches name what they are about in their words.
fn mentions(e: &Event, id: &DeploymentId) -> bool {
    match &e.kind {
        Kind::Fallback { to, .. } | Kind::StreamBroke { to, .. } => to.as_ref() == Some(id),
        Kind::Hedged { to, .. } => to == id,
        Kind::JudgeDrift { deployments, .. } | Kind::JudgeAvailable { deployments, .. } => {
            deployments.contains(id)
        }
        Kind::Command { command, .. } => command.split(' ').any(|w| w == &**id),
        _ => false,
    }
}

/// The mark of an injected failure is what must not be cut off.
fn injected(line: &str) -> (&str, &str) {
    const MARK: &str = " [injected]";
    line.strip_suffix(MARK)
        .map_or((line, ""), |body| (body, MARK))
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer, about: Option<&DeploymentId>) {
    let theme = app.theme;
    let focused = app.pane == Pane::Events;
    let scroll = app
        .scroll
        .min(last(app, about, area.height.saturating_sub(2)));
    let detail = match (about, scroll) {
        (_, n) if n > 0 => format!("{n} newer above"),
        (Some(id), _) => format!("of {id}"),
        _ => String::new(),
    };
    let inner = framed(area, buf, title("events", &detail, theme), theme, focused);
    let mut drawn = false;
    for (y, (e, n)) in (inner.y..inner.bottom()).zip(runs(app, about).skip(scroll)) {
        drawn = true;
        let (glyph, role) = level(e.level());
        let x = put(
            buf,
            (inner.x, y),
            &e.at.clock(),
            inner.width,
            theme.style(Role::Dim),
        );
        let x = put(buf, (x.saturating_add(1), y), glyph, 1, theme.style(role)).saturating_add(1);
        let style = match e.level() {
            Level::Bad => theme.bold(Role::Bad),
            Level::Info => theme.style(Role::Text),
            _ => theme.style(role),
        };
        let line = e.line();
        let line = about
            .and_then(|id| line.strip_prefix(&**id))
            .unwrap_or(&line)
            .trim_start();
        let x = if n > 1 {
            put(
                buf,
                (x, y),
                &format!("{n}x "),
                inner.right().saturating_sub(x),
                style,
            )
        } else {
            x
        };
        let room = inner.right().saturating_sub(x);
        let (body, mark) = injected(line);
        put(buf, (x, y), &fit_middle("", body, mark, room), room, style);
    }
    if !drawn {
        put(
            buf,
            (inner.x, inner.y),
            "nothing yet",
            inner.width,
            theme.style(Role::Dim),
        );
    }
}
