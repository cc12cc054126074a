//! The append-only record of events: JSON lines in files that each stand alone. What `replay` plays.

mod follow;
pub mod reader;
pub mod writer;

pub use follow::follow;
pub use reader::{Reader, Report};
pub use writer::{Limits, Status, Writer};
