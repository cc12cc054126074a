//! How far a command reaches, told from the snapshot: what a person must know before saying yes, and how they must
//! say it.

mod fault;
mod moved;
mod reroute;
mod rung3;

use super::{
    brief,
    words::{breaker, per_second},
};
use crate::model::{
    Command, DeploymentId, ForceKind, Snapshot,
    command::{DrillCommand, FaultCommand, Rung3Command},
    snapshot::{DeploymentView, RouteView},
    time::{duration_text, latency, short},
};
use moved::ALL;
use reroute::Reroute;

/// What stands between a key and its command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    Nothing,
    /// y or n.
    YesNo(Vec<String>),
    /// This word, typed.
    Type(String, Vec<String>),
}

/// What has to be asked before `command` is sent; `me` is who this screen is known as, once it knows.
pub(super) fn ask(s: &Snapshot, command: &Command, me: Option<&str>) -> Ask {
    match command {
        Command::Probe { .. }
        | Command::Baseline(_)
        | Command::Judge(_)
        | Command::Normal(_)
        | Command::Fault(FaultCommand::Clear { .. })
        | Command::Drill(DrillCommand::Abort)
        | Command::Rung3(Rung3Command::Off { .. }) => Ask::Nothing,
        Command::Drill(DrillCommand::Start { name, whom }) => {
            brief::ask(s, name, whom.share_of_all(s.simulated))
        }
        Command::Release { deployment } => release(s, deployment, me),
        Command::Force {
            deployment,
            kind,
            lasts,
            ..
        } => {
            let Some(d) = s.deployment(deployment) else {
                return Ask::Nothing;
            };
            let replaced = d
                .force
                .as_ref()
                .map(|force| format!("it replaces the force {} by {}", force.kind, force.who));
            let ends = format!(
                "it ends by itself in {}, through a probe",
                duration_text(*lasts)
            );
            let mut lines = Vec::new();
            match kind {
                ForceKind::Open => return open(s, d, replaced, ends),
                ForceKind::Closed => {
                    lines.push(format!(
                        "everything is sent to it, although it is {}",
                        state(s, d)
                    ));
                }
                ForceKind::Observe => lines.push(
                    "it takes traffic whatever happens, and says when it would have tripped"
                        .to_owned(),
                ),
            }
            lines.extend(moved::comes(s, d));
            lines.extend(replaced);
            lines.push(ends);
            Ask::YesNo(lines)
        }
        Command::Fault(FaultCommand::Add {
            deployment,
            kind,
            rate,
            lasts,
            only,
        }) => fault::ask(s, deployment, (kind, *rate), only, *lasts),
        Command::Rung3(Rung3Command::On { route, lasts, .. }) => {
            rung3::ask(s, route, &duration_text(*lasts))
        }
    }
}

fn state(s: &Snapshot, d: &DeploymentView) -> String {
    let (_, word, _) = breaker(d);
    let why = d
        .reason
        .as_ref()
        .map(|r| format!(": {r}"))
        .unwrap_or_default();
    let next = d
        .until
        .map(|t| format!(", moves in {}", short(s.at.until(t))))
        .unwrap_or_default();
    format!("{word}{why}{next}")
}

fn release(s: &Snapshot, id: &DeploymentId, me: Option<&str>) -> Ask {
    let Some(force) = s.deployment(id).and_then(|d| d.force.as_ref()) else {
        return Ask::Nothing;
    };
    if me == Some(force.who.as_str()) {
        return Ask::Nothing;
    }
    let why = if force.why.is_empty() {
        String::new()
    } else {
        format!(": \"{}\"", force.why)
    };
    Ask::YesNo(vec![
        format!("forced {} by {}{why}", force.kind, force.who),
        format!(
            "it would have lasted {} more",
            short(s.at.until(force.until))
        ),
        "a probe follows; it is not closed at once".to_owned(),
    ])
}

/// What one route would do without a deployment, in one line.
pub(super) fn if_opened(s: &Snapshot, route: &RouteView, deployment: &DeploymentId) -> String {
    let Some(d) = s.deployment(deployment) else {
        return "it is not known here".to_owned();
    };
    if let Some(on) = &route.rung3 {
        let left = short(s.at.until(on.until));
        return format!("nothing: the route is on rung 3 for {left} more");
    }
    if !d.serves() {
        return format!("nothing: it takes no traffic now, {}", breaker(d).1);
    }
    let moved = Reroute::of(s, route, d);
    let what = if moved.is_idle() {
        "no traffic now; it would go → ".to_owned()
    } else {
        format!("{} req/s → ", per_second(moved.per_s))
    };
    format!("{what}{}", destinations(&moved))
}

/// `gemini/gemini-2.5-pro RAMP 25%, p95 2.6s, then the last healthy tier`
fn destinations(moved: &Reroute<'_>) -> String {
    let mut places: Vec<_> = moved
        .to
        .iter()
        .map(|(to, share)| {
            let p95 = to
                .p95
                .map_or_else(String::new, |p| format!(", p95 {}", latency(p)));
            let whom = format!("{} {}{p95}", to.id, breaker(to).1);
            if *share < 1.0 {
                format!("{:.0}% {whom}", share * 100.0)
            } else {
                whom
            }
        })
        .collect();
    let canned = match (moved.canned, moved.others) {
        (c, _) if c <= 0.0 => None,
        (_, 0) => Some("canned answer: it is the last healthy tier".to_owned()),
        (c, _) if c < 1.0 => Some(format!("{:.0}% canned answer", c * 100.0)),
        _ => Some("canned answer: no healthy tier is below it".to_owned()),
    };
    places.extend(canned);
    if let ([(_, _)], 1) = (moved.to.as_slice(), moved.others) {
        places.push("then the last healthy tier".to_owned());
    }
    places.join(", ")
}

/// Opening by hand: where the traffic goes, and whether anything is left.
fn open(s: &Snapshot, d: &DeploymentView, replaced: Option<String>, ends: String) -> Ask {
    if !d.serves() {
        let now = format!("it takes no traffic now: {}", state(s, d));
        return Ask::YesNo(std::iter::once(now).chain(replaced).chain([ends]).collect());
    }
    let all = reroute::all(s, d);
    let mut lines = moved::lines(s, d, &all, &ALL);
    if all.is_empty() {
        lines.push("no route has it as a tier: no user traffic moves".to_owned());
    }
    lines.extend(judges(s, d));
    lines.extend(replaced);
    lines.push(ends);
    if all.iter().any(Reroute::leaves_nobody) {
        Ask::Type(d.id.to_string(), lines)
    } else {
        Ask::YesNo(lines)
    }
}

/// A judge that is open judges nobody.
fn judges(s: &Snapshot, d: &DeploymentView) -> Option<String> {
    let others = s.judge.judges.iter().filter(|j| **j != d.id);
    let left = others
        .filter(|j| s.deployment(j).is_some_and(DeploymentView::serves))
        .count();
    s.judge.judges.contains(&d.id).then(|| match left {
        0 => "it is the only judge left: nobody would judge".to_owned(),
        n => format!("it is a judge too: {n} of {} go on", s.judge.judges.len()),
    })
}

#[cfg(test)]
mod tests;
