//! The shape of an incident: which of five it is, with the evidence. What to look at first.

use super::{
    Phase, Reason, Snapshot,
    snapshot::DeploymentView,
    verdict::{Class, Verdict},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    pub kind: ShapeKind,
    pub evidence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShapeKind {
    OwnNetwork,
    /// Every provider's score fell together, or it is our own key or model name.
    SelfInflicted,
    Availability,
    Quality,
    CostOrTraffic,
}

impl ShapeKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OwnNetwork => "our own network",
            Self::SelfInflicted => "self-inflicted",
            Self::Availability => "provider availability",
            Self::Quality => "provider quality",
            Self::CostOrTraffic => "cost or traffic",
        }
    }
}

/// Attempts under which a share says nothing.
const MIN_N: u32 = 20;
/// Failures under which a closed breaker's rate is an accident.
const MIN_BAD: u32 = 5;
/// 429s in this share of attempts are a traffic problem: the fleet's usual share at one provider is 5.6 %.
const THROTTLED: f64 = 0.10;

/// Names the shape, most certain first; none when nothing is wrong.
pub fn of(snapshot: &Snapshot, own_network: bool) -> Option<Shape> {
    let shape = |kind, evidence| Some(Shape { kind, evidence });
    if own_network {
        return shape(
            ShapeKind::OwnNetwork,
            "no provider can be reached: nothing was tripped".to_owned(),
        );
    }
    if let Some(evidence) = judge_drift(snapshot) {
        return shape(ShapeKind::SelfInflicted, evidence);
    }
    let sick = |test: fn(&DeploymentView) -> bool| snapshot.deployments.iter().find(|d| test(d));
    if let Some(d) = sick(is_our_mistake) {
        return shape(ShapeKind::SelfInflicted, format!("{}: {}", d.id, reason(d)));
    }
    if let Some(d) = sick(failed) {
        return shape(ShapeKind::Availability, format!("{}: {}", d.id, reason(d)));
    }
    if let Some(d) = snapshot
        .deployments
        .iter()
        .find(|d| failing(d, snapshot.err_threshold))
    {
        let rate = d.errors_5m.rate().unwrap_or_default() * 100.0;
        return shape(
            ShapeKind::Availability,
            format!("{}: {rate:.1}% errors n={}", d.id, d.errors_5m.n),
        );
    }
    if let Some(d) = sick(stupid) {
        return shape(ShapeKind::Quality, format!("{}: {}", d.id, reason(d)));
    }
    if let Some(d) = sick(throttled) {
        return shape(
            ShapeKind::CostOrTraffic,
            format!("{}: {} rate-limited in 5 min", d.id, d.throttled_5m),
        );
    }
    None
}

fn reason(d: &DeploymentView) -> String {
    d.reason
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// Two or more vendors under the floor at once: the one thing they share is the judge.
fn judge_drift(s: &Snapshot) -> Option<String> {
    let judged: Vec<_> = s
        .deployments
        .iter()
        .filter(|d| d.judge_1h.n >= s.judge_min_n.max(1))
        .collect();
    let low = judged
        .iter()
        .filter(|d| d.judge_1h.value().is_some_and(|m| m < s.judge_threshold))
        .count();
    (judged.len() >= 2 && low == judged.len()).then(|| {
        format!(
            "judge drift: all {low} judged deployments score under {:.2}",
            s.judge_threshold
        )
    })
}

fn is_our_mistake(d: &DeploymentView) -> bool {
    let certain = |v: &Verdict| matches!(v.class, Class::Credential | Class::Config);
    d.phase != Phase::Closed
        && matches!(&d.reason, Some(Reason::Certain { verdict } | Reason::ProbeFailed { verdict }) if certain(verdict))
        || matches!(&d.gate, Some(g) if g.class == Class::Quota)
}

fn failed(d: &DeploymentView) -> bool {
    d.phase != Phase::Closed
        && matches!(
            d.reason,
            Some(Reason::ErrorRate { .. } | Reason::ProbeFailed { .. } | Reason::RampFailed { .. })
        )
}

fn failing(d: &DeploymentView, limit: f64) -> bool {
    d.phase == Phase::Closed
        && d.errors_5m.n >= MIN_N
        && d.errors_5m.bad >= MIN_BAD
        && d.errors_5m.rate().is_some_and(|r| r > 2.0 * limit)
}

fn stupid(d: &DeploymentView) -> bool {
    d.phase != Phase::Closed
        && matches!(
            d.reason,
            Some(
                Reason::Quality { .. }
                    | Reason::ProbeJudgedBad { .. }
                    | Reason::RampJudgedBad { .. }
            )
        )
}

fn throttled(d: &DeploymentView) -> bool {
    let n = d.errors_5m.n + d.throttled_5m;
    n >= MIN_N && f64::from(d.throttled_5m) > THROTTLED * f64::from(n)
}
