//! Requests as they end, the newest first; those that went wrong are all here as far as there is room, ordinary ones are
//! samples.
//!
//! ```text
//! ┌ requests  12 newer, g follows ──────────────────────────────────────────────────────┐
//! │   ended     outcome     route  answered by       tier       tries  first  total  of  │
//! │ ▸ 14:03:22  ▒ fallback  chat   openai/gpt-4.1    secondary      2  301ms  544ms   1  │
//! │   14:03:22  · primary   chat   anthropic/claude  primary        1  180ms   1.2s  37  │
//! └──────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Once somebody has put the cursor on one, the list stands still until it is let go.

use super::{
    app::App,
    draw::{framed, paragraph, title},
    grid::{Cell, Grid, Head},
    theme::Role,
    waterfall,
    words::count,
};
use crate::model::{
    Snapshot, Wall,
    event::Outcome,
    request::{RequestView, SpanKind},
    time::latency,
    topology::tier_name,
};
use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
};
use std::{collections::VecDeque, sync::Arc, time::Duration};

const HEADS: [Head; 10] = [
    Head::left("ended", 1),
    Head::left("outcome", 0),
    Head::left("route", 3),
    Head::left("answered by", 0),
    Head::left("tier", 5),
    Head::right("tries", 2),
    Head::right("first", 4),
    Head::right("total", 0),
    Head::right("of", 6),
    Head::left("", 7),
];

/// Where somebody reads in the list.
#[derive(Debug, Clone)]
pub(super) struct Held {
    /// The request under the cursor.
    at: u64,
    /// As it was when somebody began to read: a busy router's list has forgotten it within a minute.
    list: List,
}

/// What is shown where nobody reads: a list that took every request as it ends would run through under the eye.
#[derive(Debug, Default)]
pub(super) struct Following {
    at: Wall,
    list: List,
}

type List = Arc<VecDeque<Arc<RequestView>>>;

/// How long it stands before it takes what has ended since.
const PAUSE: Duration = Duration::from_secs(2);

impl Following {
    pub(super) fn follow(&mut self, s: &Snapshot) {
        if s.at < self.at || s.at.since(self.at) >= PAUSE {
            self.catch_up(s);
        }
    }

    pub(super) fn catch_up(&mut self, s: &Snapshot) {
        (self.at, self.list) = (s.at, Arc::clone(&s.requests));
    }
}

/// From this height on the request under the cursor has its waterfall below the list.
const TALL: u16 = 26;

impl App {
    fn list(&self) -> &List {
        match &self.held {
            Some(held) => &held.list,
            None if self.behind().is_some() || self.source.tape().is_some() => {
                &self.shown().requests
            }
            None => &self.following.list,
        }
    }

    /// The requests that the filter lets through, the newest first.
    fn requests(&self) -> Vec<&Arc<RequestView>> {
        let s = self.shown();
        self.list()
            .iter()
            .rev()
            .filter(|r| self.filter.request(r, s))
            .collect()
    }

    pub(super) fn request(&self) -> Option<&RequestView> {
        let list = self.requests();
        list.get(self.place(&list)).map(|r| &***r)
    }

    /// Where the cursor is; a request that is gone leaves it to the nearest older one.
    fn place(&self, list: &[&Arc<RequestView>]) -> usize {
        let Some(held) = &self.held else { return 0 };
        let at = list.iter().position(|r| r.seq <= held.at);
        at.unwrap_or(list.len().saturating_sub(1))
    }

    /// What has ended so far, for somebody who has just asked.
    pub(super) fn catch_up(&mut self) {
        self.following.catch_up(&self.live_arc());
    }

    pub(super) fn go_requests(&mut self, by: isize) {
        if by == isize::MIN {
            self.held = None;
            self.catch_up();
            return;
        }
        let list = self.requests();
        let end = list.len().saturating_sub(1);
        let next = self.place(&list).saturating_add_signed(by).min(end);
        let Some(at) = list.get(next).map(|r| r.seq) else {
            return;
        };
        let list = Arc::clone(self.list());
        self.held = Some(Held { at, list });
    }

    /// The list stands still while somebody reads one of it.
    pub(super) fn hold_request(&mut self) {
        if self.held.is_none() {
            self.go_requests(0);
        }
    }
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let below = if area.height >= TALL {
        area.height / 2
    } else {
        0
    };
    let [list, below] =
        Layout::vertical([Constraint::Min(0), Constraint::Length(below)]).areas(area);
    draw_list(app, list, buf);
    if below.height > 0 {
        waterfall::draw(app, below, buf);
    }
}

fn draw_list(app: &App, area: Rect, buf: &mut Buffer) {
    let (s, theme) = (app.shown(), app.theme);
    let detail = match &app.held {
        None => "newest first".to_owned(),
        Some(held) => {
            let newest = held.list.back().map_or(0, |r| r.seq);
            let newer = s.requests.iter().filter(|r| r.seq > newest).count();
            // None of those that are held is left: there were more.
            let more = if newer == s.requests.len() { "+" } else { "" };
            format!("held, {newer}{more} newer above, g follows")
        }
    };
    let inner = framed(area, buf, title("requests", &detail, theme), theme, true);
    let list = app.requests();
    if list.is_empty() {
        let text = if s.requests.is_empty() {
            format!(
                "No request has ended yet. Point an SDK at http://{}.",
                s.listen
            )
        } else {
            "The filter lets none through; esc takes it off.".to_owned()
        };
        paragraph(buf, inner, &text, theme.style(Role::Dim));
        return;
    }
    let grid = Grid {
        heads: &HEADS,
        rows: list.iter().map(|r| row(r)).collect(),
        at: app.place(&list),
    };
    grid.draw(inner, buf, theme);
}

fn row(view: &RequestView) -> Vec<Cell> {
    let r = &view.request;
    let (glyph, word, role) = outcome(r.outcome);
    let by = match (&r.deployment, r.cache) {
        (_, Some(hit)) => format!("cache, {}", hit.as_str()),
        (Some(id), _) => id.to_string(),
        (None, None) => "nobody".to_owned(),
    };
    let tier = r.tier.map_or(String::new(), tier_name);
    let tries = r.spans.len();
    let more = |role| if tries > 1 { Role::Warn } else { role };
    vec![
        (view.at.clock(), Role::Dim),
        (format!("{glyph} {word}"), role),
        (r.route.to_string(), Role::Text),
        (by, Role::Text),
        (tier, Role::Dim),
        (number(tries), more(Role::Dim)),
        (r.ttft.map_or("-".to_owned(), latency), Role::Dim),
        (latency(r.total), Role::Text),
        (count(u64::from(r.alike).saturating_add(1)), Role::Dim),
        (marks(view), Role::Info),
    ]
}

/// None at all is no number: the cache answered.
fn number(tries: usize) -> String {
    if tries == 0 {
        "-".to_owned()
    } else {
        tries.to_string()
    }
}

/// What else there is to know of it.
fn marks(view: &RequestView) -> String {
    let r = &view.request;
    let hedged = r.spans.iter().any(|span| span.kind == SpanKind::Hedge);
    let all = [
        (r.rescued, "rescued"),
        (hedged, "hedged"),
        (r.drill, "drill"),
        (r.is_injected(), "[injected]"),
    ];
    let said = all.into_iter().filter(|(is, _)| *is).map(|(_, word)| word);
    said.collect::<Vec<_>>().join(" ")
}

/// As the panel of the rungs draws them.
pub(super) const fn outcome(outcome: Outcome) -> (&'static str, &'static str, Role) {
    match outcome {
        Outcome::Primary => ("·", "primary", Role::Dim),
        Outcome::Cached => ("░", "cached", Role::Info),
        Outcome::Fallback => ("▒", "fallback", Role::Warn),
        Outcome::Canned => ("▓", "canned", Role::Manual),
        Outcome::Error => ("█", "error", Role::Bad),
        Outcome::Broken => ("█", "broken off", Role::Bad),
        Outcome::CallerError => ("·", "caller's error", Role::Dim),
        Outcome::Left => ("·", "caller left", Role::Dim),
    }
}
