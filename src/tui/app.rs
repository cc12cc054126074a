//! What the screen remembers between frames. Drawing reads it, keys change it; it knows no terminal.

use super::{
    errand::Errand,
    filter::Filter,
    keys::{Context, Desk, Go, Known, Laid, Orders, When},
    link,
    order::Order,
    overlay::Overlay,
    requests::{Following, Held},
    sent::Outbox,
    theme::{Palette, Theme},
};
use crate::{
    model::{DeploymentId, Snapshot, Wall, past::Past, snapshot::DeploymentView},
    source::{self, Link, Source, Tape},
};
use ratatui::layout::Size;
use std::{fmt, sync::Arc, time::Duration};

/// What the arrows move, and what is zoomed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Pane {
    #[default]
    Rows,
    Trends,
    Rungs,
    Events,
}

impl Pane {
    pub(super) const fn next(self, view: View) -> Self {
        match (self, view) {
            (Self::Rows, _) => Self::Events,
            (Self::Events, _) => Self::Trends,
            (Self::Trends, View::Overview) => Self::Rungs,
            (Self::Trends | Self::Rungs, _) => Self::Rows,
        }
    }
}

/// What the loop has to do after an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Go,
    Quit,
    Suspend,
}

/// What the middle of the screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    #[default]
    Overview,
    /// One deployment.
    Detail,
    Requests,
    /// One request, attempt by attempt.
    Waterfall,
    Routes,
    Events,
    Faults,
    Drill,
    /// Large letters.
    Wall,
}

pub(super) struct App {
    pub(super) source: Arc<dyn Source>,
    /// For what the router said: without any colour while that is out of date.
    pub(super) theme: Theme,
    /// For what this screen says itself.
    pub(super) awake: Theme,
    pub(super) ascii: bool,
    pub(super) size: Size,
    /// As it was last drawn.
    pub(super) link: Link,
    live: Arc<Snapshot>,
    frozen: Option<Arc<Snapshot>>,
    /// What was on this screen; a recording has its own.
    past: Past,
    order: Order,
    /// By id: a reload may move the rows.
    pub(super) chosen: Option<DeploymentId>,
    pub(super) pane: Pane,
    /// Events scrolled past, from the newest.
    pub(super) scroll: usize,
    pub(super) view: View,
    pub(super) filter: Filter,
    /// The pane with the focus has the whole middle.
    pub(super) zoomed: bool,
    /// Where somebody reads in the list of requests; none: it follows.
    pub(super) held: Option<Held>,
    pub(super) following: Following,
    /// The cursor in the list of routes.
    pub(super) route_at: usize,
    /// The cursor in the list of faults.
    pub(super) fault_at: usize,
    /// Clicks and the wheel come here, not to the terminal.
    pub(super) mouse: bool,
    /// What the loop is asked to do with the terminal.
    pub(super) errands: Vec<Errand>,
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
        outbox.read(&live);
        if let Some(notes) = source.tape().map(Tape::notes).filter(|n| !n.is_empty()) {
            outbox.note(notes.join("; "));
        }
        let mut app = Self {
            link: Link::Here,
            source,
            theme: Theme::new(palette),
            awake: Theme::new(palette),
            ascii,
            size: Size::new(u16::MAX, u16::MAX),
            past: Past::default(),
            order: Order::default(),
            live,
            frozen: None,
            chosen: None,
            pane: Pane::default(),
            scroll: 0,
            view: View::default(),
            filter: Filter::default(),
            zoomed: false,
            held: None,
            following: Following::default(),
            route_at: 0,
            fault_at: 0,
            mouse: false,
            errands: Vec::new(),
            overlay: Overlay::None,
            outbox,
            lines: Vec::new(),
        };
        app.relink();
        app.remember();
        app
    }

    /// Takes the newest snapshot; says whether anything has to be drawn anew.
    pub(super) fn update(&mut self) -> bool {
        let relinked = self.relink();
        let latest = self.source.latest();
        if Arc::ptr_eq(&latest, &self.live)
            || (latest.seq, latest.at) == (self.live.seq, self.live.at)
        {
            return relinked;
        }
        if self.live.started != latest.started && !link::is_unborn(&self.live) {
            self.begin_anew(latest.started);
        }
        self.outbox.read(&latest);
        // The time of a recording is none that anybody reads by.
        if self.source.tape().is_none() {
            self.outbox.fade();
        }
        self.live = latest;
        self.remember();
        true
    }

    /// Says whether the screen stands otherwise to what it shows.
    fn relink(&mut self) -> bool {
        let link = link::in_seconds(self.source.link());
        let (changed, was_lost) = (self.link != link, self.is_lost());
        self.link = link;
        if was_lost && !self.is_lost() {
            // That a command would not arrive is no longer so.
            self.outbox.forget_note();
        }
        self.theme = if self.is_lost() {
            self.awake.faded()
        } else {
            self.awake
        };
        changed
    }

    /// The router was started again: its numbers are others, and what it was told before it knows no more.
    fn begin_anew(&mut self, started: Wall) {
        if self.source.tape().is_none() {
            (self.held, self.following) = (None, Following::default());
            self.outbox.begin_anew(started);
        }
    }

    fn remember(&mut self) {
        self.following.follow(&self.live);
        if self.source.tape().is_none() {
            self.past.take(&self.live);
        }
        if self.frozen.is_none() {
            self.order.follow(&self.live, self.chosen.as_ref());
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
            .take_while(|e| e.seq > frozen.seq || self.live.started != frozen.started)
            .count();
        Some((self.live.at.since(frozen.at), missed))
    }

    pub(super) fn toggle_freeze(&mut self) {
        self.frozen = match self.frozen.take() {
            None => Some(Arc::clone(&self.live)),
            Some(_) => None,
        };
    }

    /// To another moment that was on this screen; after the last one comes now.
    pub(super) fn look_back(&mut self, go: Go) {
        let (now, live) = (self.now(), self.live.at);
        self.held = None;
        let minute = Duration::from_mins(1);
        let then = match go {
            Go::SecondBack => self.past.before(now),
            Go::SecondOn => self.past.after(now),
            Go::MinuteBack => self.past.at(now.before(minute)),
            Go::MinuteOn => Some(now.after(minute))
                .filter(|at| *at < live)
                .and_then(|at| self.past.at(at)),
            Go::Next => self.past.moved(now, false),
            Go::Previous => self.past.moved(now, true),
            Go::Start => self.past.oldest().and_then(|at| self.past.at(at)),
            _ => None,
        };
        let on = matches!(go, Go::SecondOn | Go::MinuteOn | Go::End);
        self.frozen = match then {
            Some(s) if s.at < live || !on => Some(Arc::new(s)),
            _ if go == Go::End => None,
            _ if on && self.frozen.is_some() => Some(Arc::clone(&self.live)),
            _ => self.frozen.take(),
        };
    }

    /// To a moment that was typed.
    pub(super) fn look_to(&mut self, text: &str) -> Result<(), String> {
        let live = self.live.at;
        let first = self.past.oldest().unwrap_or(live);
        let at = source::moment(text, self.now(), (first, live))?;
        self.held = None;
        self.frozen = self.past.at(at).filter(|_| at < live).map(Arc::new);
        Ok(())
    }

    pub(super) fn now(&self) -> Wall {
        self.shown().at
    }

    /// The rows that the filter lets through.
    pub(super) fn rows(&self) -> Vec<&DeploymentView> {
        let all = self.order.rows(self.shown());
        let rows: Vec<_> = all
            .iter()
            .copied()
            .filter(|d| self.filter.row(d, self.shown()))
            .collect();
        // A filter that fits only events leaves the table as it is: it is the last thing to go.
        if rows.is_empty() { all } else { rows }
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
            Context::Board => match self.view {
                View::Overview | View::Detail => Context::Board,
                View::Requests | View::Waterfall => Context::Requests,
                View::Routes => Context::Routes,
                View::Events => Context::Events,
                View::Faults => Context::Faults,
                View::Drill => Context::Drill,
                View::Wall => Context::Wall,
            },
            context => context,
        }
    }

    pub(super) fn desk(&self) -> Desk {
        Desk {
            orders: match self.source.read_only() {
                true => Orders::Refused,
                false if self.is_lost() => Orders::CutOff,
                false => Orders::Taken,
            },
            tape: self.source.tape().is_some(),
            frozen: self.frozen.is_some(),
            home: self.view == View::Overview
                && !self.zoomed
                && self.frozen.is_none()
                && self.filter.text.is_empty(),
            drill: match self.live.drilling() {
                Some(_) => When::Drilling,
                None => When::Idle,
            },
            laid: Laid {
                forces: self.live.deployments.iter().any(|d| d.force.is_some()),
                faults: !self.live.faults.is_empty(),
                rung3: self.live.routes.iter().any(|r| r.rung3.is_some()),
            },
            known: if self.knows_nothing() {
                Known::Nothing
            } else if self.live.deployments.is_empty() {
                Known::Empty
            } else {
                Known::Deployments
            },
        }
    }
}
