//!
//! Plain data. Nothing here reads a clock, does I/O or knows a runtime: time comes in as an argument, so the
//! live screen, an attached screen and a replay run exactly the same code.

pub mod command;
pub mod content;
pub mod counterfactual;
pub mod drill;
pub mod event;
pub mod fault;
pub mod finding;
pub mod fleet;
pub mod id;
pub mod normal;
pub mod order;
pub mod past;
pub mod phase;
pub mod request;
pub mod reserve;
pub mod scale;
pub mod series;
pub mod shape;
pub mod slo;
pub mod snapshot;
pub mod state;
pub mod sync;
pub mod text;
pub mod time;
pub mod topology;
pub mod verdict;

pub use command::Command;
pub use event::{Event, Kind};
pub use id::{DeploymentId, Dialect, ProviderId, RouteId};
pub use order::{Order, Origin};
pub use phase::{Force, ForceKind, Phase, Reason};
pub use slo::Slo;
pub use snapshot::Snapshot;
pub use state::State;
pub use time::{Mono, Wall};
pub use verdict::{Class, Verdict};

/// Nothing to be written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
