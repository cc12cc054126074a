//! Whom a fault hurts, before it is injected.

use super::{
    Ask, moved,
    moved::{ALL, Ranked, Telling},
    reroute, state,
};
use crate::{
    model::{
        DeploymentId, Snapshot,
        fault::{FaultKind, Only},
        snapshot::DeploymentView,
        time::duration_text,
    },
    tui::{draw::wrap, words::per_second},
};
use std::time::Duration;

/// Lines of a question beside its frame, its prompt and the air above that.
const LINES: usize = 8;
/// Columns of each in a window of 80.
const ROOM: u16 = 76;

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
    let mut lines = Vec::new();
    if !s.simulated {
        lines.push(Ranked::new(0, "THIS IS REAL TRAFFIC"));
    }
    if users {
        let all = per_second(d.attempts_per_s);
        let text = format!("hits {share:.0}% of {all} req/s, for {lasts}");
        lines.push(Ranked::new(0, text));
    } else {
        let text = format!("hits {share:.0}% of its calls{}, for {lasts}", only.words());
        lines.push(Ranked::new(0, text));
        lines.push(Ranked::new(0, "no user's request moves"));
    }
    if users && d.serves() {
        lines.extend(hurts(s, d, (kind, rate)));
    } else if users {
        let text = format!("it takes no traffic now: {}", state(s, d));
        lines.push(Ranked::new(0, text));
    }
    if s.simulated {
        let text = "providers are simulated: no real traffic is hurt";
        lines.push(Ranked::new(0, text));
        return Ask::YesNo(fitted(lines));
    }
    Ask::Type(id.to_string(), fitted(lines))
}

/// As many as a window of 80×24 shows beside the table, without those that matter least.
fn fitted(mut lines: Vec<Ranked>) -> Vec<String> {
    let height = |lines: &[Ranked]| {
        let broken = lines.iter().flat_map(|l| wrap(&l.text, ROOM));
        broken.count()
    };
    while height(&lines) > LINES {
        let ranked = lines.iter().enumerate().filter(|(_, l)| l.rank > 0);
        let Some((least, _)) = ranked.max_by_key(|(_, l)| l.rank) else {
            break;
        };
        lines.remove(least);
    }
    lines.into_iter().map(|l| l.text).collect()
}

fn hurts(s: &Snapshot, d: &DeploymentView, (kind, rate): (&FaultKind, f64)) -> Vec<Ranked> {
    let all = reroute::all(s, d);
    let hit = per_second(d.attempts_per_s * rate);
    match hurt(kind) {
        Hurt::Wrong => {
            let text = "answers/s are wrong, and users get them until the judge trips it";
            vec![Ranked::new(0, format!("{hit} {text}"))]
        }
        Hurt::Late => {
            let text = "answers/s are late; those later than the tier's timeouts fail and move";
            vec![Ranked::new(0, format!("{hit} {text}"))]
        }
        Hurt::Scores => Vec::new(),
        Hurt::Trips => {
            let first = "the first that is hit is enough: then all of it moves";
            let mut lines = vec![Ranked::new(0, first)];
            lines.extend(moved::ranked(s, d, &all, &ALL));
            lines
        }
        Hurt::Fails => {
            let how = Telling {
                share: rate,
                which: "that fail",
            };
            let mut lines = moved::ranked(s, d, &all, &how);
            let more: f64 = all.iter().map(|r| r.per_s).sum();
            if rate > s.err_threshold && rate < 1.0 && !reroute::is_idle(more) {
                let more = per_second(more);
                let text = format!("once its breaker opens, all {more} req/s move");
                lines.push(Ranked::new(2, text));
            }
            lines
        }
    }
}
