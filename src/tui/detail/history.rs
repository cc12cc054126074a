//! What a breaker went through, newest first: its states with how long each lasted and why, and between them probes,
//! forces, faults and gates.
//!
//! ```text
//! ┌ history ────────────────────────────────────────────────────────────────────────┐
//! │14:02:51 ◐ RAMP 25%  0:31 so far  earned: 20 ok                                  │
//! │14:00:47 ◌ PROBE     2:04         cooldown over                                  │
//! │14:00:48 ·                        shadow probe: ok                               │
//! │13:55:42 ■ OPEN      5:05         quality 0.61 < 0.70, 9 of 22 bad               │
//! └─────────────────────────────────────────────────────────────────────────────────┘
//! ```

use crate::{
    model::{
        DeploymentId, Event, Kind, Phase, Snapshot, Wall, phase::Transition,
        snapshot::DeploymentView, time::short,
    },
    tui::{
        app::App,
        draw::{framed, put, title},
        fit::fit_sentence,
        theme::Role,
        words::level,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

const WORD: u16 = 10;
const LASTED: u16 = 14;

/// One line of it.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    at: Wall,
    glyph: &'static str,
    role: Role,
    /// The state it began, and how long that lasted.
    state: Option<(String, String)>,
    text: String,
}

pub(super) fn draw(app: &App, d: &DeploymentView, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let s = app.shown();
    let inner = framed(
        area,
        buf,
        title("history", "of its breaker", theme),
        theme,
        false,
    );
    let dim = theme.style(Role::Dim);
    let entries = entries(s, &d.id);
    if entries.is_empty() {
        let since = d.since.max(s.started).clock();
        let text = format!("{} since {since}; nothing has moved it", d.phase);
        put(buf, (inner.x, inner.y), &text, inner.width, dim);
    }
    for (y, e) in (inner.y..inner.bottom()).zip(entries) {
        let x = put(buf, (inner.x, y), &e.at.clock(), 8, dim).saturating_add(1);
        let x = put(buf, (x, y), e.glyph, 1, theme.style(e.role)).saturating_add(1);
        if let Some((word, lasted)) = &e.state {
            put(buf, (x, y), word, WORD, theme.bold(e.role));
            let x = x.saturating_add(WORD);
            put(buf, (x, y), lasted, LASTED, theme.style(Role::Text));
        }
        let x = x.saturating_add(WORD).saturating_add(LASTED);
        let room = inner.right().saturating_sub(x);
        let text = fit_sentence(&e.text, room);
        put(buf, (x, y), &text, room, theme.style(Role::Text));
    }
}

fn entries(s: &Snapshot, id: &DeploymentId) -> Vec<Entry> {
    let mut next: Option<Wall> = None;
    let mut all = Vec::new();
    for event in s.events.iter().rev().filter(|e| e.deployment() == Some(id)) {
        match &event.kind {
            Kind::Transition(t) => {
                let lasted = match next {
                    Some(next) => short(next.since(event.at)),
                    None => format!("{} so far", short(s.at.since(event.at))),
                };
                next = Some(event.at);
                all.push(moved(event, t, lasted));
            }
            Kind::Forced { .. }
            | Kind::ForceEnded { .. }
            | Kind::Probed { .. }
            | Kind::WouldTrip { .. }
            | Kind::Gated { .. }
            | Kind::CanaryFailed { .. }
            | Kind::FaultAdded(_)
            | Kind::FaultCleared { .. } => all.push(between(event, id)),
            _ => {}
        }
    }
    all
}

fn moved(event: &Event, t: &Transition, lasted: String) -> Entry {
    let (glyph, role) = match t.to {
        Phase::Closed => ("●", Role::Good),
        Phase::Open => ("■", Role::Bad),
        Phase::Probe => ("◌", Role::Info),
        Phase::Ramp(_) => ("◐", Role::Warn),
    };
    let injected = if event.injected { " [injected]" } else { "" };
    Entry {
        at: event.at,
        glyph,
        role,
        state: Some((t.to.to_string(), lasted)),
        text: format!("{}{injected}", t.reason),
    }
}

fn between(event: &Event, id: &DeploymentId) -> Entry {
    let (glyph, role) = level(event.level());
    let line = event.line();
    let text = line.strip_prefix(&**id).unwrap_or(&line).trim_start();
    Entry {
        at: event.at,
        glyph,
        role,
        state: None,
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::tests::scene::{self, PRIMARY, TERTIARY};

    #[test]
    fn each_state_says_how_long_it_lasted_and_the_present_one_how_long_so_far() {
        let s = scene::incident().snapshot();
        let told: Vec<_> = entries(&s, &TERTIARY.into())
            .into_iter()
            .filter_map(|e| e.state)
            .collect();
        let told: Vec<_> = told.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(
            told,
            [
                ("RAMP 25%", "0:31 so far"),
                ("PROBE", "2:04"),
                ("OPEN", "5:05")
            ]
        );
    }

    #[test]
    fn a_breaker_that_never_moved_has_no_history() {
        let s = scene::calm().snapshot();
        assert_eq!(entries(&s, &PRIMARY.into()), []);
    }
}
