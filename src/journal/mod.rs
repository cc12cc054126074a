//! The append-only record of events: JSON lines in files that each stand alone. What `replay` plays.

pub mod reader;
pub mod writer;

pub use reader::{Reader, Report};
pub use writer::{Limits, Status, Writer};
