//! The append-only record of events: JSON lines in files that each stand alone. What `replay` plays.

mod compress;
mod file;
mod follow;
mod latency;
mod name;
pub mod reader;
pub mod writer;

pub use follow::follow;
pub use name::files;
pub use reader::{Lines, Reader, Report, last_at, lines};
pub use writer::{Settings, Status, Writer};
