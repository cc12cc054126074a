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
    words::{level, shortened, width},
};
use crate::model::{Class, DeploymentId, Event, Kind, Phase, Snapshot, Verdict, event::Level};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{borrow::Cow, collections::HashSet, time::Duration};

/// What is folded into one line is not older than this before the newest of it.
const FOLDED: Duration = Duration::from_mins(2);

/// Good scores are news only in the detail view of the deployment they are about, and how many there were besides is none.
fn is_news(e: &Event, s: &Snapshot) -> bool {
    match &e.kind {
        Kind::Score { score, .. } => *score < s.judge_threshold,
        Kind::Suppressed { what, .. } => what != "scores",
        _ => true,
    }
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
                    && (e.deployment() == Some(id) || e.mentions(id))
            }
            None => is_news(e, s) && app.filter.event(e, s),
        })
}

/// One line: the newest of equal events, and how many there are.
struct Said<'a> {
    event: &'a Event,
    times: usize,
    /// A probe that was under way when its breaker opened.
    late: bool,
}

impl Said<'_> {
    fn text(&self) -> String {
        let late = if self.late {
            ", asked before it opened"
        } else {
            ""
        };
        format!("{}{late}", self.event.line())
    }
}

/// Good answers to probes that were under way when their breaker opened: one that is open asks nothing. Below its trip
/// they would read as if it were back.
fn late(s: &Snapshot) -> HashSet<u64> {
    let mut open: Vec<&DeploymentId> = Vec::new();
    let mut late = HashSet::new();
    for e in s.events.iter() {
        match &e.kind {
            Kind::Transition(t) => {
                open.retain(|id| **id != t.deployment);
                if t.to == Phase::Open {
                    open.push(&t.deployment);
                }
            }
            Kind::Probed {
                deployment,
                verdict,
                ..
            } if verdict.class == Class::Ok && open.contains(&deployment) => {
                late.insert(e.seq);
            }
            _ => {}
        }
    }
    late
}

/// The same with equal fallbacks, and each deployment's bad scores, of a stretch of time in one line, at the time of the
/// newest: they come one per request, and would push out the transition that explains them. What happened between them
/// stays in its place.
fn runs<'a>(app: &'a App, about: Option<&'a DeploymentId>) -> Vec<Said<'a>> {
    let late = late(app.shown());
    let mut lines: Vec<Said<'a>> = Vec::new();
    // Where the newest line of each kind is that more may go into.
    let mut open: Vec<usize> = Vec::new();
    for event in listed(app, about) {
        let said = Said {
            event,
            times: 1,
            late: late.contains(&event.seq),
        };
        if !folds(event) {
            lines.push(said);
            continue;
        }
        let known = open.iter_mut().find(|at| are_alike(&lines[**at], &said));
        match known {
            Some(at) if lines[*at].event.at.since(event.at) < FOLDED => {
                lines[*at].times = lines[*at].times.saturating_add(1);
                continue;
            }
            Some(at) => *at = lines.len(),
            None => open.push(lines.len()),
        }
        lines.push(said);
    }
    lines
}

/// How far it can be scrolled, with `room` lines to be seen: the oldest event is the last to come into sight.
pub(super) fn last(app: &App, about: Option<&DeploymentId>, room: u16) -> usize {
    runs(app, about).len().saturating_sub(usize::from(room))
}

/// The newest event in sight, in words.
pub(super) fn in_sight(app: &App, about: Option<&DeploymentId>) -> Option<String> {
    let lines = runs(app, about);
    let said = lines.get(app.scroll).or(lines.last())?;
    Some(format!("{} {}", said.event.at.moment(), said.text()))
}

fn folds(e: &Event) -> bool {
    matches!(
        e.kind,
        Kind::Score { .. } | Kind::Fallback { .. } | Kind::StreamBroke { .. } | Kind::Probed { .. }
    )
}

/// They say the same, but for when and to whom.
fn are_alike(newer: &Said<'_>, older: &Said<'_>) -> bool {
    fn moved(event: &Event) -> Option<(Option<&DeploymentId>, &Verdict)> {
        match &event.kind {
            Kind::Fallback { to, verdict, .. } | Kind::StreamBroke { to, verdict, .. } => {
                Some((to.as_ref(), verdict))
            }
            _ => None,
        }
    }
    let same_age = newer.late == older.late;
    let (newer, older) = (newer.event, older.event);
    let is_probe = |e: &Event| matches!(e.kind, Kind::Probed { .. });
    let is_score = |e: &Event| matches!(e.kind, Kind::Score { .. });
    same_age
        && newer.deployment() == older.deployment()
        && std::mem::discriminant(&newer.kind) == std::mem::discriminant(&older.kind)
        && moved(newer) == moved(older)
        && (is_score(newer) || newer.injected == older.injected)
        && (!is_probe(newer) || newer.line() == older.line())
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
    for (y, said) in (inner.y..inner.bottom()).zip(runs(app, about).into_iter().skip(scroll)) {
        let (e, n) = (said.event, said.times);
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
        let line = said.text();
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
        let line = if width(line) > room {
            Cow::from(shortened(line, app.shown()))
        } else {
            Cow::from(line)
        };
        let (body, mark) = injected(&line);
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
