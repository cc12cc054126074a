//! Could a configuration fail over, and would anybody notice bad answers? Facts and rules that a drill's preflight and
//! the audit both read, so that neither knows of a weakness that the other passes. Pure.

pub mod judging;
mod route;

pub use route::{Lack, RouteFacts, TierFacts, falls_back_here};

use crate::{config::Config, model::DeploymentId};

/// A breaker that lets as much as this pass opens for total outages only, and those are the rare ones.
const TOLERABLE: f64 = 0.25;

/// Whether a deployment can be asked at all.
pub fn has_key(config: &Config, id: &DeploymentId) -> bool {
    config
        .provider_of(id)
        .is_some_and(|p| p.missing_key.is_none())
}

/// The share of failures for which no breaker opens, where that is too much.
pub fn tolerates(config: &Config) -> Option<f64> {
    Some(config.breaker.err_threshold).filter(|share| *share >= TOLERABLE)
}
