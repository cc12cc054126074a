//! Where a screen gets its snapshots and sends its commands. A screen knows this and [`crate::model`], nothing else.

use crate::model::{Command, Snapshot, Wall};
use std::{sync::Arc, time::Duration};

pub mod attach;
pub mod local;
pub mod reach;
pub mod replay;
mod when;

/// A running (or recorded) router, as a screen sees it.
pub trait Source: Send + Sync {
    /// The newest snapshot. Cheap: called ten times a second.
    fn latest(&self) -> Arc<Snapshot>;

    /// Sends a command. What became of it comes back as an event; success is never assumed.
    fn send(&self, command: Command) -> Result<(), String>;

    /// `LIVE`, `ATTACHED`, `REPLAY`.
    fn label(&self) -> &'static str;

    /// Commands are refused here; dangerous keys do not exist.
    fn read_only(&self) -> bool;

    /// How the screen stands to what it shows. Cheap: asked for as often.
    fn link(&self) -> Link {
        Link::Here
    }

    /// What is recorded can be wound; what is live cannot.
    fn tape(&self) -> Option<&dyn Tape> {
        None
    }
}

/// How a screen stands to what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// In the same process, or a recording.
    Here,
    /// What is shown is what the router said a moment ago.
    Attached {
        to: String,
        /// What a person has to know, in words: "the router runs 0.2.0, this screen 0.1.0".
        note: Option<String>,
    },
    /// Not attached yet, or no more: then the last state is kept, and a screen says how old it is.
    Lost {
        to: String,
        /// Since when nothing came.
        silent: Duration,
        why: String,
        retry_in: Option<Duration>,
    },
}

/// A recording that is being played.
pub trait Tape: Send + Sync {
    /// An error says why it stays where it is.
    fn wind(&self, how: &Wind) -> Result<(), String>;

    fn status(&self) -> TapeStatus;

    /// What is missing in it, in sentences.
    fn notes(&self) -> &[String];
}

/// Where a recording may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wind {
    /// Play or pause.
    Toggle,
    Faster,
    Slower,
    On(Duration),
    Back(Duration),
    /// The next transition of a breaker, or the one before.
    Next,
    Previous,
    Start,
    End,
    /// `14:03:22`, `+5m`, `-30s`, `2026-11-20T14:03:22Z`.
    To(String),
}

/// A moment as people write it, like [`Wind::To`], for a screen that stands at `here` and kept what was from `first` to
/// `last`; never outside of that.
pub fn moment(text: &str, here: Wall, (first, last): (Wall, Wall)) -> Result<Wall, String> {
    let times = when::Times::between(first, last);
    let here = here.0.saturating_sub(first.0);
    let there = when::from_here(text, here, &times)?;
    Ok(times.wall(there.min(times.end)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TapeStatus {
    pub playing: bool,
    /// Times as fast as it happened.
    pub speed: u32,
    pub position: Duration,
    pub length: Duration,
}
