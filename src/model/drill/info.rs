//! Drills that can be started in a running router, for a person about to start one.

use crate::model::{
    DeploymentId, RouteId,
    fault::FaultKind,
    time::{as_ms, duration_text},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillInfo {
    pub name: String,
    pub title: String,
    /// What it does.
    pub what: String,
    /// None: there is no route to drill.
    pub route: Option<RouteId>,
    #[serde(rename = "steady_ms", with = "as_ms")]
    pub steady: Duration,
    /// The longest it takes.
    #[serde(rename = "takes_ms", with = "as_ms")]
    pub takes: Duration,
    pub faults: Vec<PlannedFault>,
    pub checks: Vec<String>,
    /// More errors than this at users end it.
    pub abort_errors: u32,
    /// So does a 95th percentile over this.
    #[serde(rename = "abort_p95_ms", with = "as_ms")]
    pub abort_p95: Duration,
    /// Why it can only fail with this configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfit: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedFault {
    /// From 1: the second round begins when everything is back from the first.
    pub round: u32,
    /// After its round's beginning.
    #[serde(rename = "at_ms", with = "as_ms")]
    pub at: Duration,
    #[serde(rename = "lasts_ms", with = "as_ms")]
    pub lasts: Duration,
    /// The tier in words, and the deployments that it is here.
    pub tier: String,
    pub deployments: Vec<DeploymentId>,
    #[serde(flatten)]
    pub kind: FaultKind,
    /// Share of attempts.
    pub rate: f64,
}

impl PlannedFault {
    /// `bad-key on 100% of the primary (anthropic/claude) for 15s, at once`
    pub fn line(&self) -> String {
        let names: Vec<_> = self.deployments.iter().map(|d| &**d).collect();
        let who = if names.is_empty() {
            "nobody here".to_owned()
        } else {
            names.join(", ")
        };
        let at = match self.at {
            Duration::ZERO => "at once".to_owned(),
            at => format!("after {}", duration_text(at)),
        };
        let round = match self.round {
            0 | 1 => String::new(),
            n => format!(", round {n}"),
        };
        let rate = format!("{:.1}", self.rate * 100.0);
        format!(
            "{} on {}% of {} ({who}) for {}, {at}{round}",
            self.kind,
            rate.trim_end_matches(".0"),
            self.tier,
            duration_text(self.lasts)
        )
    }
}
