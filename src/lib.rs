//! breakerbox: a failover router for LLM traffic, and the panel that shows which breaker tripped.
//!
//! The rooms and the direction of their arrows are in `ARCHITECTURE.md`; a lower room never names a higher one.

pub mod alerts;
pub mod app;
pub mod audit;
pub mod breaker;
pub mod cache;
pub mod checks;
pub mod cli;
pub mod clock;
pub mod config;
pub mod drill;
mod file;
pub mod fitness;
pub mod fleet;
pub mod front;
pub mod headless;
pub mod journal;
pub mod jury;
pub mod metrics;
pub mod model;
pub mod postmortem;
pub mod provider;
pub mod router;
pub mod sim;
pub mod simulate;
pub mod source;
pub mod telemetry;
#[cfg(feature = "tui")]
pub mod tui;
