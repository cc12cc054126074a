//! Whom a fault hurts, before it is injected.

use super::{
    Ask, moved,
    moved::{ALL, Telling},
    reroute, state,
};
use crate::{
    model::{
        DeploymentId, Snapshot,
        fault::{FaultKind, Only},
        snapshot::DeploymentView,
        time::duration_text,
    },
    tui::words::per_second,
};
use std::time::Duration;

/// What becomes of the requests that a fault hits.
enum Hurt {
    /// They fail, and other tiers answer.
    Fails,
    /// The first that fails is enough: a bad key opens the breaker, a rate limit closes the gate.
    Trips,
    /// They are answered, late.
    Late,
    /// They are answered, wrongly.
    Wrong,
    /// Only its scores as a judge.
    Scores,
}

const fn hurt(kind: &FaultKind) -> Hurt {
    match kind {
        FaultKind::BadKey
        | FaultKind::Quota
        | FaultKind::Status {
            status: 401 | 402 | 403 | 404 | 429,
        } => Hurt::Trips,
        FaultKind::Delay { .. } | FaultKind::SlowFirstToken { .. } | FaultKind::Slow { .. } => {
            Hurt::Late
        }
        FaultKind::Garbage { .. } => Hurt::Wrong,
        FaultKind::Harsh { .. } => Hurt::Scores,
        _ => Hurt::Fails,
    }
}

/// What is asked before a fault of `kind` hits this share of a deployment's calls.
pub(super) fn ask(
    s: &Snapshot,
    id: &DeploymentId,
    (kind, rate): (&FaultKind, f64),
    only: &Only,
    lasts: Duration,
) -> Ask {
    let Some(d) = s.deployment(id) else {
        return Ask::Nothing;
    };
    let share = rate * 100.0;
    let lasts = duration_text(lasts);
    let users = only.is_everybody() && !matches!(hurt(kind), Hurt::Scores);
    let mut lines = if users {
        let all = per_second(d.attempts_per_s);
        vec![format!("hits {share:.0}% of {all} req/s, for {lasts}")]
    } else {
        vec![
            format!("hits {share:.0}% of its calls{}, for {lasts}", only.words()),
            "no user's request moves".to_owned(),
        ]
    };
    if users && d.serves() {
        lines.extend(hurts(s, d, (kind, rate)));
    } else if users {
        lines.push(format!("it takes no traffic now: {}", state(s, d)));
    }
    if s.simulated {
        lines.push("providers are simulated: no real traffic is hurt".to_owned());
        return Ask::YesNo(lines);
    }
    lines.insert(0, "THIS IS REAL TRAFFIC".to_owned());
    Ask::Type(id.to_string(), lines)
}

fn hurts(s: &Snapshot, d: &DeploymentView, (kind, rate): (&FaultKind, f64)) -> Vec<String> {
    let all = reroute::all(s, d);
    let hit = per_second(d.attempts_per_s * rate);
    match hurt(kind) {
        Hurt::Wrong => vec![format!(
            "{hit} answers/s are wrong, and users get them until the judge trips it"
        )],
        Hurt::Late => vec![format!(
            "{hit} answers/s are late; those later than the tier's timeouts fail and move"
        )],
        Hurt::Scores => Vec::new(),
        Hurt::Trips => {
            let mut lines =
                vec!["the first that is hit is enough: then all of it moves".to_owned()];
            lines.extend(moved::lines(s, d, &all, &ALL));
            lines
        }
        Hurt::Fails => {
            let how = Telling {
                share: rate,
                which: "that fail",
            };
            let mut lines = moved::lines(s, d, &all, &how);
            let more: f64 = all.iter().map(|r| r.per_s).sum();
            if rate > s.err_threshold && rate < 1.0 && !reroute::is_idle(more) {
                let more = per_second(more);
                lines.push(format!("once its breaker opens, all {more} req/s move"));
            }
            lines
        }
    }
}
