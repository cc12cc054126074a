//! Rehearsals: a scenario's faults on the real path, checks over what was recorded, and a dated report.
//!
//! ```text
//! scenario ─▶ preflight ─▶ run: roll call ─▶ steady state ─▶ faults ─▶ recovery ─▶ checks ─▶ report, ledger
//!                           └ traffic: own requests through the HTTP door, beside whatever is there
//! ```
//!
//! A drill works a running router the way a person does: orders in, events out. Every fault it sets expires by itself,
//! so that nothing outlives a drill that was killed.

mod catalogue;
pub mod check;
mod keep;
pub mod ledger;
mod page;
mod preflight;
mod radius;
mod read;
mod record;
pub mod report;
mod roll;
pub mod run;
pub mod scenario;
mod stage;
mod traffic;
pub mod words;

pub use catalogue::catalogue;
pub use keep::keep;
pub use ledger::Ledger;
pub use radius::Radius;
pub use record::{Numbers, Record, Sample, Window};
pub use report::Report;
pub use run::{Target, hindrance, run};
pub use scenario::Scenario;
