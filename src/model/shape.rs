//! The shape of an incident: which of five it is, with the evidence. What to look at first.

use super::{
    Phase, Reason, Snapshot,
    series::Share,
    snapshot::DeploymentView,
    text,
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
    /// Our own key or model name.
    SelfInflicted,
    /// The ruler changed and not what it measures.
    JudgeDrift,
    Availability,
    Quality,
    CostOrTraffic,
}

impl ShapeKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OwnNetwork => "our own network",
            Self::SelfInflicted => "self-inflicted",
            Self::JudgeDrift => "judge drift",
            Self::Availability => "provider availability",
            Self::Quality => "provider quality",
            Self::CostOrTraffic => "cost or traffic",
        }
    }
}

const WINDOW_S: u64 = 300;
/// Attempts under which a share says nothing.
const MIN_N: u32 = 20;
/// Failures under which a closed breaker's rate is an accident.
const MIN_BAD: u32 = 5;
/// 429s in this share of attempts are a traffic problem: the fleet's usual share at one provider is 5.6 %.
const THROTTLED: f64 = 0.10;

/// Names the shape: what harms users first, and before a provider's quality whether its judge can be believed. None when
/// nothing is wrong.
pub fn of(snapshot: &Snapshot, own_network: bool) -> Option<Shape> {
    let (kind, evidence) = named(snapshot, own_network)?;
    Some(Shape { kind, evidence })
}

fn named(s: &Snapshot, own_network: bool) -> Option<(ShapeKind, String)> {
    if own_network {
        let evidence = "no provider can be reached: nothing was tripped";
        return Some((ShapeKind::OwnNetwork, evidence.to_owned()));
    }
    let sick = |test: fn(&DeploymentView) -> bool| s.deployments.iter().find(|d| test(d));
    if let Some(d) = sick(is_our_mistake) {
        return Some((ShapeKind::SelfInflicted, told(d)));
    }
    if let Some(d) = sick(failed) {
        return Some((ShapeKind::Availability, told(d)));
    }
    if let Some(d) = s.deployments.iter().find(|d| failing(d, s)) {
        let errors = since_it_moved(d, s);
        let rate = errors.rate().unwrap_or_default() * 100.0;
        let evidence = format!("{}: {rate:.1}% errors n={}", d.id, errors.n);
        return Some((ShapeKind::Availability, evidence));
    }
    if let Some(evidence) = judge_drift(s) {
        return Some((ShapeKind::JudgeDrift, evidence));
    }
    if let Some(d) = sick(stupid) {
        return Some((ShapeKind::Quality, told(d)));
    }
    if let Some(d) = sick(throttled) {
        let evidence = format!("{}: {} rate-limited in 5 min", d.id, d.throttled_5m);
        return Some((ShapeKind::CostOrTraffic, evidence));
    }
    // A judge at fault that is left out harms nobody: named when nothing else is.
    let trouble = text::dismissed(s).next()?;
    let evidence = format!("dismissed {}", trouble.text());
    Some((ShapeKind::JudgeDrift, evidence))
}

/// `anthropic/claude scores 0.58 < 0.70, 23 of 41 bad, …`: the shape's name has said that it is about quality.
fn told(d: &DeploymentView) -> String {
    let reason = d.why().map(ToString::to_string).unwrap_or_default();
    match reason.strip_prefix("quality ") {
        Some(scores) => format!("{} scores {scores}", d.id),
        None => format!("{}: {reason}", d.id),
    }
}

/// The jury saw it; or everything that is judged scores under the floor at once, and no second judge bears it out: the one
/// thing they share is the judge.
fn judge_drift(s: &Snapshot) -> Option<String> {
    if !s.judge.drifting.is_empty() {
        return text::drifting(s).next().map(|t| t.text());
    }
    let judged: Vec<_> = s
        .deployments
        .iter()
        .filter(|d| d.judge_1h.n >= s.judge_min_n.max(1))
        .collect();
    let low = |d: &DeploymentView| d.judge_1h.value().is_some_and(|m| m < s.judge_threshold);
    let all_low = judged.len() >= 2 && judged.iter().all(|d| low(d));
    (all_low && !judged.iter().any(|d| is_borne_out(d))).then(|| {
        format!(
            "all {} judged deployments score under {:.2}",
            judged.len(),
            s.judge_threshold
        )
    })
}

fn is_borne_out(d: &DeploymentView) -> bool {
    matches!(
        d.why(),
        Some(Reason::Quality {
            confirmed: true,
            ..
        })
    )
}

fn is_our_mistake(d: &DeploymentView) -> bool {
    let certain = |v: &Verdict| matches!(v.class, Class::Credential | Class::Config);
    d.phase != Phase::Closed
        && matches!(d.why(), Some(Reason::Certain { verdict } | Reason::ProbeFailed { verdict }) if certain(verdict))
        || matches!(&d.gate, Some(g) if g.class == Class::Quota)
}

fn failed(d: &DeploymentView) -> bool {
    d.phase != Phase::Closed
        && matches!(
            d.why(),
            Some(Reason::ErrorRate { .. } | Reason::ProbeFailed { .. } | Reason::RampFailed { .. })
        )
}

fn failing(d: &DeploymentView, s: &Snapshot) -> bool {
    let errors = since_it_moved(d, s);
    d.phase == Phase::Closed
        && errors.n >= MIN_N
        && errors.bad >= MIN_BAD
        && errors.rate().is_some_and(|r| r > 2.0 * s.err_threshold)
}

/// Of five minutes, but none from before its breaker closed: what an outage that is over has left in the window is no
/// incident.
fn since_it_moved(d: &DeploymentView, s: &Snapshot) -> Share {
    let (from, now) = (d.since.secs(), s.at.secs());
    let recent = d.points.iter().rev();
    let mut errors = Share::default();
    for p in recent.take_while(|p| p.sec >= from && p.sec + WINDOW_S > now) {
        errors.add(p.errors);
    }
    errors
}

fn stupid(d: &DeploymentView) -> bool {
    d.phase != Phase::Closed
        && matches!(
            d.why(),
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

#[cfg(test)]
mod tests;
