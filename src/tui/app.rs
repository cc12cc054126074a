//! What the screen remembers between frames. Drawing reads it, keys change it; it knows no terminal.

use super::{
    keys::{Context, Desk},
    overlay::Overlay,
    sent::Outbox,
    theme::{Palette, Theme},
};
use crate::{
    model::{DeploymentId, Snapshot, Wall, snapshot::DeploymentView},
    source::{Source, Tape},
};
use ratatui::layout::Size;
use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};

/// What the arrows move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Pane {
    #[default]
    Rows,
    Events,
}

/// What the loop has to do after an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Go,
    Quit,
    Suspend,
}

/// Snapshots kept for stepping back: one for each second in which a person would have seen something.
const HISTORY: usize = 48;
const HISTORY_GAP: Duration = Duration::from_secs(1);
/// And one for each stretch in which nothing happened.
const QUIET_GAP: Duration = Duration::from_secs(15);

pub(super) struct App {
    pub(super) source: Arc<dyn Source>,
    pub(super) theme: Theme,
    pub(super) ascii: bool,
    pub(super) size: Size,
    /// As it was last drawn: a source that lost its router says so here.
    label: &'static str,
    live: Arc<Snapshot>,
    frozen: Option<Arc<Snapshot>>,
    history: VecDeque<Arc<Snapshot>>,
    /// By id: a reload may move the rows.
    pub(super) chosen: Option<DeploymentId>,
    pub(super) pane: Pane,
    /// Events scrolled past, from the newest.
    pub(super) scroll: usize,
    pub(super) detail: bool,
    /// The drill is shown instead of the table.
    pub(super) drilling: bool,
    pub(super) filter: String,
    pub(super) overlay: Overlay,
    pub(super) outbox: Outbox,
    /// Lines of the palette, oldest first.
    pub(super) lines: Vec<String>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("seq", &self.live.seq)
            .field("chosen", &self.chosen)
            .field("overlay", &self.overlay)
            .finish_non_exhaustive()
    }
}

impl App {
    pub(super) fn new(source: Arc<dyn Source>, palette: Palette, ascii: bool) -> Self {
        let live = source.latest();
        let mut outbox = Outbox::default();
        if let Some(notes) = source.tape().map(Tape::notes).filter(|n| !n.is_empty()) {
            outbox.note(notes.join("; "));
        }
        Self {
            label: source.label(),
            source,
            theme: Theme::new(palette),
            ascii,
            size: Size::new(u16::MAX, u16::MAX),
            history: VecDeque::from([Arc::clone(&live)]),
            live,
            frozen: None,
            chosen: None,
            pane: Pane::default(),
            scroll: 0,
            detail: false,
            drilling: false,
            filter: String::new(),
            overlay: Overlay::None,
            outbox,
            lines: Vec::new(),
        }
    }

    /// Takes the newest snapshot; says whether anything has to be drawn anew.
    pub(super) fn update(&mut self) -> bool {
        let label = self.source.label();
        let relabelled = std::mem::replace(&mut self.label, label) != label;
        let latest = self.source.latest();
        if Arc::ptr_eq(&latest, &self.live)
            || (latest.seq, latest.at) == (self.live.seq, self.live.at)
        {
            return relabelled;
        }
        self.outbox.read(&latest);
        self.live = latest;
        self.remember();
        true
    }

    fn remember(&mut self) {
        let last_event = |s: &Snapshot| s.events.back().map(|e| e.seq);
        let keep = self.history.back().is_none_or(|old| {
            let gap = self.live.at.since(old.at);
            gap >= QUIET_GAP || (gap >= HISTORY_GAP && last_event(old) != last_event(&self.live))
        });
        if keep {
            self.history.push_back(Arc::clone(&self.live));
            if self.history.len() > HISTORY {
                self.history.pop_front();
            }
        }
    }

    /// What is on screen: now, or the frozen moment.
    pub(super) fn shown(&self) -> &Snapshot {
        self.frozen.as_deref().unwrap_or(&self.live)
    }

    /// What is really so: what commands and their consequences are about.
    pub(super) fn live(&self) -> &Snapshot {
        &self.live
    }

    pub(super) fn live_arc(&self) -> Arc<Snapshot> {
        Arc::clone(&self.live)
    }

    /// How far the frozen moment lies back, and how many events came since.
    pub(super) fn behind(&self) -> Option<(Duration, usize)> {
        let frozen = self.frozen.as_ref()?;
        let missed = self
            .live
            .events
            .iter()
            .rev()
            .take_while(|e| e.seq > frozen.seq)
            .count();
        Some((self.live.at.since(frozen.at), missed))
    }

    pub(super) fn toggle_freeze(&mut self) {
        self.frozen = match self.frozen.take() {
            None => Some(Arc::clone(&self.live)),
            Some(_) => None,
        };
    }

    /// Another kept moment, while frozen; the newest one is now.
    pub(super) fn step(&mut self, back: bool) {
        let at = self.frozen.as_ref().map_or(self.live.at, |f| f.at);
        let next = if back {
            self.history.iter().rev().find(|s| s.at < at)
        } else {
            self.history.iter().find(|s| s.at > at)
        };
        match next {
            Some(s) => self.frozen = Some(Arc::clone(s)),
            None if !back && self.frozen.is_some() => self.frozen = Some(Arc::clone(&self.live)),
            None => {}
        }
    }

    pub(super) fn now(&self) -> Wall {
        self.shown().at
    }

    /// The rows that the filter lets through.
    pub(super) fn rows(&self) -> Vec<&DeploymentView> {
        let all = &self.shown().deployments;
        let rows: Vec<_> = all
            .iter()
            .filter(|d| self.passes(&d.id) || self.passes(&super::columns::tier(d, self.shown())))
            .collect();
        // A filter that fits only events leaves the table as it is: it is the last thing to go.
        if rows.is_empty() {
            all.iter().collect()
        } else {
            rows
        }
    }

    pub(super) fn passes(&self, text: &str) -> bool {
        self.filter.is_empty() || text.to_lowercase().contains(&self.filter.to_lowercase())
    }

    pub(super) fn selected(&self) -> Option<&DeploymentView> {
        let rows = self.rows();
        rows.iter()
            .find(|d| self.chosen.as_ref() == Some(&d.id))
            .or_else(|| rows.first())
            .copied()
    }

    /// Which part of the keymap holds now.
    pub(super) const fn context(&self) -> Context {
        match self.overlay.context() {
            Context::Board if self.drilling => Context::Drill,
            context => context,
        }
    }

    pub(super) fn desk(&self) -> Desk {
        Desk {
            read_only: self.source.read_only(),
            tape: self.source.tape().is_some(),
        }
    }
}
