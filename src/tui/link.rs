//! How the screen stands to a router in another process. Of one that is silent the last state is kept, without any colour,
//! and commands are refused: nobody knows what is so now.
//!
//! ```text
//!  STALE 0:12  users were ok  127.0.0.1:4141: connection refused, reconnect in 3 s       14:03:22Z
//! ```

use super::{app::App, draw::Item, header, theme::Role, words::width};
use crate::{
    model::{Snapshot, time::short},
    source::Link,
};
use std::time::Duration;

impl App {
    /// What is shown is how things stood once; how they stand now is unknown.
    pub(super) const fn is_lost(&self) -> bool {
        matches!(self.link, Link::Lost { .. })
    }

    /// The router has said nothing so far.
    pub(super) fn knows_nothing(&self) -> bool {
        is_unborn(self.shown())
    }

    /// Why nothing can be sent now.
    pub(super) fn cut_off(&self) -> Option<String> {
        let Link::Lost { to, silent, .. } = &self.link else {
            return None;
        };
        let why = if self.knows_nothing() {
            format!("not attached to {to} yet")
        } else {
            format!("STALE, nothing from {to} for {}", short(*silent))
        };
        Some(format!("{why}: a command would not arrive"))
    }

    /// A line of its own under the header: what has to be known, and does not fit there.
    pub(super) fn link_note(&self, wide: u16) -> Option<String> {
        match &self.link {
            Link::Here => None,
            Link::Attached { note, .. } => note.clone(),
            Link::Lost { .. } => self
                .lost()
                .filter(|lost| lost.wide() > header::room(self, wide))
                .map(|lost| lost.sentence),
        }
    }

    fn lost(&self) -> Option<Lost> {
        let Link::Lost {
            to,
            silent,
            why,
            retry_in,
        } = &self.link
        else {
            return None;
        };
        let next = |what: &str| match retry_in {
            Some(left) => format!(", {what} in {} s", left.as_secs()),
            None => String::new(),
        };
        Some(if self.knows_nothing() {
            Lost {
                badge: format!("connecting to {to}:"),
                users: String::new(),
                sentence: format!("{why}{}", next("again")),
            }
        } else {
            Lost {
                badge: format!(" STALE {} ", short(*silent)),
                users: format!("users were {}", self.shown().users.word.as_str()),
                sentence: format!("{to}: {why}{}", next("reconnect")),
            }
        })
    }
}

/// What is said of a router that is not there.
struct Lost {
    badge: String,
    users: String,
    /// Why, and what comes next.
    sentence: String,
}

impl Lost {
    /// Columns that all of it takes.
    fn wide(&self) -> u16 {
        let parts = [&self.badge, &self.users, &self.sentence];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts
            .fold(0_u16, |sum, part| {
                sum.saturating_add(width(part)).saturating_add(GAP)
            })
            .saturating_sub(GAP)
    }
}

/// No event is in it.
pub(super) const fn is_unborn(s: &Snapshot) -> bool {
    s.seq == 0
}

/// Between the items of the header.
const GAP: u16 = 2;

/// In whole seconds, as it is shown: what changes within one needs no frame.
pub(super) fn in_seconds(link: Link) -> Link {
    match link {
        Link::Lost {
            to,
            silent,
            why,
            retry_in,
        } => Link::Lost {
            to,
            silent: Duration::from_secs(silent.as_secs()),
            why,
            retry_in: retry_in.map(|left| {
                let begun = u64::from(left.subsec_nanos() > 0);
                Duration::from_secs(left.as_secs().saturating_add(begun))
            }),
        },
        link => link,
    }
}

/// What the header says of a router that is not there, in at most `room` columns. Where the sentence does not fit it has
/// a line of its own.
pub(super) fn items(app: &App, room: u16) -> Vec<Item> {
    let Some(lost) = app.lost() else {
        return Vec::new();
    };
    let style = if app.knows_nothing() {
        app.awake.bold(Role::Info)
    } else {
        app.awake.badge(Role::Warn)
    };
    let fits = lost.wide() <= room;
    let mut items = vec![
        Item::new(lost.badge, style, 0),
        Item::new(lost.users, app.theme.style(Role::Text), 1),
    ];
    if fits {
        items.push(Item::new(lost.sentence, app.awake.style(Role::Text), 1));
    }
    items
}
