//! breakerbox: a failover router for LLM traffic, and the panel that shows which breaker tripped.
//!
//! The rooms and the direction of their arrows are in `ARCHITECTURE.md`; a lower room never names a higher one.

pub mod breaker;
pub mod cache;
pub mod clock;
pub mod config;
pub mod model;
pub mod provider;
pub mod sim;
pub mod source;
