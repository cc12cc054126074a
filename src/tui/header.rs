//! Are users fine? The first line.
//!
//! ```text
//! breakerbox  LIVE  :4141  users ok  served 99.98%  degraded 31%  ⚑ 1 force 8:12          14:03:22Z
//! ATTACHED  read-only   users degraded   served 100%  ⚑ 2 by hand 8:12                    14:03:22Z
//! ```
//!
//! A router elsewhere must never be taken for this one: that it is elsewhere, and that nothing can be done to it here, goes
//! after everything but the word for its users.

use super::{
    app::App,
    draw::{Item, keep, put, row, total},
    link, tape,
    theme::{Role, Theme},
    words::{FLAG, MIN_ATTEMPTS, count, percent, served, users, width},
};
use crate::{
    model::{Snapshot, drill::DrillResult, snapshot::UsersWord, text::Trouble, time::short},
    source::Link,
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::time::Duration;

/// A drill is to be run every month; after this it is overdue.
const OVERDUE: Duration = Duration::from_hours(35 * 24);
/// A narrower line has no room for a time that stands still, nor for what a frozen screen misses.
const NARROW: u16 = 60;
/// Columns between two items.
const GAP: u16 = 2;
/// Where the screen's own state stands among the items: only the word for the users stays longer.
const LABEL: u8 = 1;

/// A trouble of the judges is named here where it has no line of its own.
pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer, trouble: Option<&Trouble>) {
    let clock = clock(app, area.width);
    let wide = width(&clock);
    let style = app.theme.style(Role::Dim);
    let mut left = Rect {
        width: room(app, area.width),
        ..area
    };
    let named = trouble.map(|t| Item::new(t.what, app.theme.bold(Role::Warn), 3));
    let mut items = facts(app, false, left.width);
    if total(&items, GAP) > left.width {
        items = facts(app, true, left.width);
    }
    items.extend(named);
    let must = items.iter().filter(|i| i.priority <= LABEL);
    let must = must.fold(0_u16, |sum, i| {
        sum.saturating_add(width(&i.text)).saturating_add(GAP)
    });
    if must.saturating_sub(GAP) > left.width {
        // The time says less.
        left.width = area.width;
    }
    let items = keep(items, left.width, GAP);
    let end = row(buf, left, &items, GAP);
    let x = area.right().saturating_sub(wide);
    if x >= end {
        put(buf, (x, area.y), &clock, wide, style);
    }
}

/// The time of what is shown; where it stands still it has the least to say.
fn clock(app: &App, wide: u16) -> String {
    if app.knows_nothing() || (app.is_lost() && wide < NARROW) {
        String::new()
    } else if app.desk().tape {
        app.now().moment()
    } else {
        format!("{}Z", app.now().clock())
    }
}

/// Columns left of the clock.
pub(super) fn room(app: &App, wide: u16) -> u16 {
    match width(&clock(app, wide)) {
        0 => wide,
        clock => wide.saturating_sub(clock).saturating_sub(2),
    }
}

/// What there is to say; shorter where there is less room.
fn facts(app: &App, less: bool, room: u16) -> Vec<Item> {
    let (s, theme) = (app.shown(), app.theme);
    let by_hand = if less {
        overrides_short(s)
    } else {
        overrides(s)
    };
    let simulated = s
        .simulated
        .then(|| Item::new("simulated", theme.style(Role::Info), 8));
    let mut items = if app.is_lost() {
        let mut items = link::items(app, room);
        items.extend(frozen(app, room));
        items.extend(simulated);
        items
    } else {
        let mut items = vec![Item::new("breakerbox", theme.bold(Role::Text), 9)];
        items.extend(mode(app, room));
        items.extend(simulated);
        items.push(Item::new(listen(app), theme.style(Role::Dim), 10));
        items.push(users_item(app));
        items
    };
    if s.stopping && !app.is_lost() {
        items.insert(0, Item::new(" STOPPING ", theme.badge(Role::Warn), LABEL));
    }
    if let Some(share) = served(s.users.failed_5m) {
        let role = match s.users.failed_5m {
            f if f.n < MIN_ATTEMPTS => Role::Dim,
            f if f.bad > 0 => Role::Bad,
            _ => Role::Text,
        };
        items.push(Item::new(format!("served {share}"), theme.style(role), 3));
    }
    let degraded = s.users.degraded_5m;
    if let Some(rate) = degraded.rate().filter(|r| *r > 0.0) {
        let role = if degraded.n < MIN_ATTEMPTS {
            Role::Dim
        } else {
            Role::Warn
        };
        items.push(Item::new(
            format!("degraded {}", percent(rate)),
            theme.style(role),
            5,
        ));
    }
    if s.users.client_retries_5m > 0 {
        let text = format!("client retries {}", count(s.users.client_retries_5m.into()));
        items.push(Item::new(text, theme.style(Role::Warn), 7));
    }
    if s.journal_stopped.is_some() {
        items.push(Item::new(" NO JOURNAL ", theme.badge(Role::Warn), 3));
    }
    items.push(Item::new(by_hand, theme.bold(Role::Manual), 2));
    items.extend(drill(s, theme, less));
    items
}

/// `drill flap 1:12 3/6` while it runs, without its name where there is less room; then `drill 34d ago`: a fallback that was never rehearsed does not exist.
fn drill(s: &Snapshot, theme: Theme, nameless: bool) -> Option<Item> {
    if let Some(run) = s.drilling() {
        let (passed, all) = run.passed();
        let since = short(run.began.until(s.at));
        let name = if nameless { "" } else { &run.scenario };
        // Journals from before drills told their checks first have none to count.
        let checks = if all == 0 {
            String::new()
        } else {
            format!("{passed}/{all}")
        };
        let words = ["drill", name, &since, &checks];
        let text = words.into_iter().filter(|w| !w.is_empty());
        let text = text.collect::<Vec<_>>().join(" ");
        return Some(Item::new(text, theme.bold(Role::Info), 4));
    }
    let (last, now) = (s.last_drill.as_ref()?, s.at);
    let ago = short(last.at.until(now));
    Some(match last.result {
        None => Item::new(
            format!("drill {} {ago}", last.scenario),
            theme.bold(Role::Info),
            4,
        ),
        Some(DrillResult::Passed) if last.at.until(now) < OVERDUE => {
            Item::new(format!("drill {ago} ago"), theme.style(Role::Dim), 7)
        }
        Some(DrillResult::Passed) => {
            Item::new(format!("drill {ago} ago"), theme.style(Role::Warn), 7)
        }
        Some(result) => Item::new(
            format!("drill {result} {ago} ago"),
            theme.style(Role::Warn),
            7,
        ),
    })
}

/// `LIVE`, or that it is a recording or a router elsewhere, that nothing can be done to it here, and how far back a frozen
/// screen lies: none of these may be overlooked.
fn mode(app: &App, room: u16) -> Vec<Item> {
    if let Some(tape) = app.source.tape() {
        return vec![tape::item(tape, app)];
    }
    let info = app.theme.style(Role::Info);
    let frozen = frozen(app, room);
    let mut items = match &app.link {
        Link::Attached { to, .. } => vec![
            Item::new(app.source.label(), app.theme.bold(Role::Info), LABEL),
            Item::new(to, info, 4),
        ],
        _ if frozen.is_some() => Vec::new(),
        _ => vec![Item::new(app.source.label(), info, 6)],
    };
    if app.source.read_only() {
        items.push(Item::new("read-only", app.theme.bold(Role::Info), LABEL));
    }
    items.extend(frozen);
    items
}

fn frozen(app: &App, room: u16) -> Option<Item> {
    let (ago, events) = app.behind()?;
    let ago = short(ago);
    let text = match events {
        _ if room < NARROW => format!(" FROZEN {ago} "),
        1 => format!(" FROZEN {ago}, 1 event behind "),
        n => format!(" FROZEN {ago}, {n} events behind "),
    };
    Some(Item::new(text, app.theme.badge(Role::Info), 0))
}

/// Only the port, where the address says nothing; nothing, where another address says more.
fn listen(app: &App) -> String {
    let listen = &app.shown().listen;
    match listen.rsplit_once(':') {
        _ if matches!(app.link, Link::Attached { .. }) => String::new(),
        Some(("127.0.0.1" | "[::1]" | "localhost", port)) => format!(":{port}"),
        _ => listen.clone(),
    }
}

/// The one word. Whatever is not fine is a block that can be seen from across the room.
fn users_item(app: &App) -> Item {
    if app.knows_nothing() {
        return Item::new("starting", app.theme.bold(Role::Info), 0);
    }
    let word = app.shown().users.word;
    let role = users(word);
    match word {
        UsersWord::Ok | UsersWord::Idle => {
            Item::new(format!("users {}", word.as_str()), app.theme.bold(role), 0)
        }
        _ => Item::new(
            format!(" users {} ", word.as_str()),
            app.theme.badge(role),
            0,
        ),
    }
}

/// `⚑ 1 force 2 faults 8:12`: everything laid over the machine by hand, and the nearest end.
fn overrides(s: &Snapshot) -> String {
    let forces = s.deployments.iter().filter(|d| d.force.is_some()).count();
    let rung3 = s.routes.iter().filter(|r| r.rung3.is_some()).count();
    let some = |n: usize, one: &str, many: &str| match n {
        0 => String::new(),
        1 => format!(" 1 {one}"),
        n => format!(" {n} {many}"),
    };
    let all = s.overrides();
    let Some((_, until)) = all.first() else {
        return String::new();
    };
    format!(
        "{FLAG}{}{}{} {}",
        some(rung3, "route on rung 3", "routes on rung 3"),
        some(forces, "force", "forces"),
        some(s.faults.len(), "fault", "faults"),
        short(s.at.until(*until)),
    )
}

/// The same where there is less room: `⚑ 3 by hand 8:12`.
fn overrides_short(s: &Snapshot) -> String {
    let all = s.overrides();
    all.first().map_or_else(String::new, |(_, until)| {
        format!("{FLAG} {} by hand {}", all.len(), short(s.at.until(*until)))
    })
}
