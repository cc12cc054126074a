//! Where a screen gets its snapshots and sends its commands. A screen knows this and [`crate::model`], nothing else.

use crate::model::{Command, Snapshot};
use std::sync::Arc;

pub mod local;

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
}
