//! What there is: deployments and routes as a screen needs to know them. Sent in the event that starts a run and
//! in every reload, so that a journal is readable by itself.

use super::{DeploymentId, Dialect, ProviderId, RouteId, Slo};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Topology {
    pub deployments: Vec<DeploymentInfo>,
    pub routes: Vec<RouteInfo>,
    /// `breaker.err_threshold`: the middle of the error chart.
    pub err_threshold: f64,
    /// `breaker.judge_threshold`: the middle of the judge chart.
    pub judge_threshold: f64,
    /// Scores under this many are shown greyed.
    pub judge_min_n: u32,
    /// Which deployments judge, in order. Empty: nobody does.
    pub judges: Vec<DeploymentId>,
    /// Upstreams are this process's own simulated providers.
    pub simulated: bool,
    /// Hash of the configuration, so that two runs can be told apart.
    pub config_hash: String,
    /// What was promised to users, when something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slo: Option<Slo>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeploymentInfo {
    pub id: DeploymentId,
    pub provider: ProviderId,
    pub dialect: Dialect,
    pub model: String,
    /// Why it takes no traffic at all (`no key: ANTHROPIC_API_KEY is not set`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteInfo {
    pub id: RouteId,
    /// In declared order: the first is the primary.
    pub tiers: Vec<DeploymentId>,
}

/// `primary`, `secondary`, …: a tier's place by its index.
pub fn tier_name(index: usize) -> String {
    const NAMES: [&str; 5] = ["primary", "secondary", "tertiary", "quaternary", "quinary"];
    NAMES
        .get(index)
        .map_or_else(|| format!("tier {}", index + 1), |&n| n.to_owned())
}
