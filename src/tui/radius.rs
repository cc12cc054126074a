//! How far a command reaches, told from the snapshot: what a person must know before saying yes, and how they must
//! say it.

mod reroute;

use super::{
    brief,
    words::{breaker, per_second},
};
use crate::model::{
    Command, DeploymentId, ForceKind, Snapshot,
    command::{DrillCommand, FaultCommand, Rung3Command},
    fault::FaultKind,
    snapshot::{DeploymentView, RouteView},
    time::{duration_text, latency, short},
};
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
            let mut lines = Vec::new();
            if let Some(force) = &d.force {
                lines.push(format!(
                    "it replaces the force {} by {}",
                    force.kind, force.who
                ));
            }
            let ends = format!(
                "it ends by itself in {}, through a probe",
                duration_text(*lasts)
            );
            match kind {
                ForceKind::Open => return open(s, d, lines, ends),
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
            lines.push(ends);
            Ask::YesNo(lines)
        }
        Command::Fault(FaultCommand::Add {
            deployment,
            kind,
            rate,
            lasts,
            only: _,
        }) => fault(s, deployment, (kind, *rate), &duration_text(*lasts)),
        Command::Rung3(Rung3Command::On { route, lasts, .. }) => {
            rung3(s, route, &duration_text(*lasts))
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

/// Routes that have the deployment among their tiers.
fn routes_of<'a>(s: &'a Snapshot, d: &'a DeploymentView) -> impl Iterator<Item = &'a RouteView> {
    s.routes.iter().filter(|r| r.tiers.contains(&d.id))
}

/// The other tiers of a route that take traffic now, in order.
fn others<'a>(
    s: &'a Snapshot,
    route: &'a RouteView,
    d: &DeploymentView,
) -> Vec<&'a DeploymentView> {
    route
        .tiers
        .iter()
        .filter(|t| **t != d.id)
        .filter_map(|t| s.deployment(t))
        .filter(|o| o.serves())
        .collect()
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
fn open(s: &Snapshot, d: &DeploymentView, mut lines: Vec<String>, ends: String) -> Ask {
    if !d.serves() {
        lines.push(format!("it takes no traffic now: {}", state(s, d)));
        lines.push(ends);
        return Ask::YesNo(lines);
    }
    let (to, last) = places(s, d);
    lines.extend(moves(
        &format!("{} req/s", per_second(d.attempts_per_s)),
        &to,
    ));
    if lines.is_empty() {
        lines.push("no route has it as a tier: no user traffic moves".to_owned());
    }
    lines.push(ends);
    if last {
        Ask::Type(d.id.to_string(), lines)
    } else {
        Ask::YesNo(lines)
    }
}

/// Where requests go without `d`: each place with the routes that go there; and whether some route has none left.
fn places<'a>(s: &'a Snapshot, d: &'a DeploymentView) -> (Vec<(String, Vec<&'a str>)>, bool) {
    let mut to: Vec<(String, Vec<&str>)> = Vec::new();
    let mut last = false;
    for route in routes_of(s, d) {
        let place = match others(s, route, d).as_slice() {
            [] => {
                last = true;
                "the canned answer: it is the last healthy tier".to_owned()
            }
            [only] => format!(
                "{}, {}; it is then the last healthy tier",
                only.id,
                breaker(only).1
            ),
            [next, ..] => format!("{}, {}", next.id, breaker(next).1),
        };
        match to.iter_mut().find(|(p, _)| *p == place) {
            Some((_, routes)) => routes.push(&route.id),
            None => to.push((place, vec![&route.id])),
        }
    }
    (to, last)
}

/// The same in lines, of which `what` is the subject.
fn moves(what: &str, to: &[(String, Vec<&str>)]) -> Vec<String> {
    match to {
        [] => Vec::new(),
        [(place, _)] => vec![format!("{what} move to {place}")],
        several => std::iter::once(format!("{what} move:"))
            .chain(
                several
                    .iter()
                    .map(|(p, routes)| format!("  {} to {p}", routes.join(", "))),
            )
            .collect(),
    }
}

fn fault(s: &Snapshot, id: &DeploymentId, (kind, rate): (&FaultKind, f64), lasts: &str) -> Ask {
    let Some(d) = s.deployment(id) else {
        return Ask::Nothing;
    };
    let hit = per_second(d.attempts_per_s * rate);
    let all = per_second(d.attempts_per_s);
    let mut lines = vec![format!(
        "hits {:.0}% of {all} req/s, for {lasts}",
        rate * 100.0
    )];
    if d.serves() && matches!(kind, FaultKind::Garbage { .. }) {
        lines.push(format!(
            "{hit} answers/s are wrong, and users get them until the judge trips it"
        ));
    } else if d.serves() {
        lines.extend(moves(&format!("{hit} req/s that fail"), &places(s, d).0));
    } else {
        lines.push(format!("it takes no traffic now: {}", state(s, d)));
    }
    if s.simulated {
        lines.push("providers are simulated: no real traffic is hurt".to_owned());
        return Ask::YesNo(lines);
    }
    lines.push("THIS IS REAL TRAFFIC".to_owned());
    Ask::Type(id.to_string(), lines)
}

fn rung3(s: &Snapshot, route: &str, lasts: &str) -> Ask {
    let share = format!(
        "{} req/s come in now; it ends by itself in {lasts}",
        per_second(s.users.per_s)
    );
    let only = s.routes.len() == 1 && s.routes.iter().all(|r| *r.id == *route);
    if route == "all" || only {
        return Ask::Type(
            route.to_owned(),
            vec![
                "EVERY user gets the canned answer, whatever the models do".to_owned(),
                share,
            ],
        );
    }
    Ask::YesNo(vec![
        format!("every user of {route} gets the canned answer"),
        share,
    ])
}

#[cfg(test)]
mod tests;
