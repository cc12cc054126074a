//! What moves when a deployment takes nothing, in lines for a question: what gets no model's answer first, then who gets
//! more and what that does to it, then where nothing moves now.

use super::reroute::{self, Reroute, is_idle, more_in_flight};
use crate::{
    model::{
        Snapshot,
        snapshot::{DeploymentView, RouteView},
        time::{latency, short},
    },
    tui::words::{breaker, count, err, per_second},
};

/// Groups of routes, and places they go to, that are told one by one.
const TOLD: usize = 2;

/// A line of a question, and how soon it gives way where there is no room for all; 0 never does.
pub(super) struct Ranked {
    pub(super) rank: u8,
    pub(super) text: String,
}

impl Ranked {
    pub(super) fn new(rank: u8, text: impl Into<String>) -> Self {
        Self {
            rank,
            text: text.into(),
        }
    }
}

/// How it is to be read.
pub(super) struct Telling {
    /// What of the requests moves.
    pub(super) share: f64,
    /// `that fail`; empty where all do.
    pub(super) which: &'static str,
}

pub(super) const ALL: Telling = Telling {
    share: 1.0,
    which: "",
};

/// Routes whose requests go the same way.
struct Group<'g, 'a> {
    routes: Vec<&'g Reroute<'a>>,
}

pub(super) fn lines(
    s: &Snapshot,
    d: &DeploymentView,
    all: &[Reroute<'_>],
    how: &Telling,
) -> Vec<String> {
    let ranked = ranked(s, d, all, how);
    ranked.into_iter().map(|line| line.text).collect()
}

pub(super) fn ranked(
    s: &Snapshot,
    d: &DeploymentView,
    all: &[Reroute<'_>],
    how: &Telling,
) -> Vec<Ranked> {
    let groups = grouped(all);
    let (idle, busy): (Vec<_>, Vec<_>) = groups.into_iter().partition(Group::is_idle);
    let mut lines = Vec::new();
    let mut told: Vec<&DeploymentView> = Vec::new();
    for group in busy.iter().take(TOLD) {
        let rank = u8::from(!lines.is_empty());
        lines.push(Ranked::new(rank, group.line(how)));
        for (to, _) in group.to() {
            if told.iter().all(|t| t.id != to.id) {
                told.push(to);
                let text = format!("  {}", target(s, to, (d, all), how));
                lines.push(Ranked::new(if told.len() > 1 { 3 } else { 1 }, text));
            }
        }
    }
    if busy.len() > TOLD {
        let rest = busy.iter().skip(TOLD);
        let routes: usize = rest.clone().map(|g| g.routes.len()).sum();
        let per_s: f64 = rest.map(|g| g.per_s(how)).sum();
        let per_s = per_second(per_s);
        let text = format!("{per_s} req/s of {routes} more routes move elsewhere");
        lines.push(Ranked::new(1, text));
    }
    let idle = idle.iter().take(1).map(Group::idle_line);
    lines.extend(idle.map(|text| Ranked::new(5, text)));
    lines.extend(passed_over(s, all).map(|text| Ranked::new(4, text)));
    lines
}

fn grouped<'g, 'a>(all: &'g [Reroute<'a>]) -> Vec<Group<'g, 'a>> {
    let mut groups: Vec<Group<'g, 'a>> = Vec::new();
    for moved in all {
        let same = groups.iter_mut().find(|g| {
            let first = g.routes[0];
            first.is_idle() == moved.is_idle() && goes_as(first, moved)
        });
        match same {
            Some(group) => group.routes.push(moved),
            None => groups.push(Group {
                routes: vec![moved],
            }),
        }
    }
    groups
}

fn goes_as(a: &Reroute<'_>, b: &Reroute<'_>) -> bool {
    let ids = |r: &Reroute<'_>| r.to.iter().map(|(d, _)| d.id.clone()).collect::<Vec<_>>();
    ids(a) == ids(b) && a.others.min(2) == b.others.min(2)
}

impl<'a> Group<'_, 'a> {
    fn is_idle(&self) -> bool {
        self.routes.iter().all(|r| r.is_idle())
    }

    fn to(&self) -> &[(&'a DeploymentView, f64)] {
        &self.routes[0].to
    }

    fn per_s(&self, how: &Telling) -> f64 {
        self.routes.iter().map(|r| r.per_s * how.share).sum()
    }

    /// `31.2 req/s of chat and 1.1 of summarize`
    fn subject(&self, how: &Telling) -> String {
        if self.routes.len() > 2 {
            let per_s = per_second(self.per_s(how));
            return format!("{per_s} req/s of {} routes", self.routes.len());
        }
        let mut parts = self.routes.iter().enumerate().map(|(i, r)| {
            let unit = if i == 0 { " req/s" } else { "" };
            format!(
                "{}{unit} of {}",
                per_second(r.per_s * how.share),
                r.route.id
            )
        });
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |all, part| format!("{all} and {part}"))
    }

    fn line(&self, how: &Telling) -> String {
        let first = self.routes[0];
        let which = if how.which.is_empty() {
            String::new()
        } else {
            format!(" {}", how.which)
        };
        let subject = format!("{}{which}", self.subject(how));
        let last = if first.others == 1 {
            ", then the last healthy tier"
        } else {
            ""
        };
        let beyond = if last.is_empty() {
            ""
        } else {
            ": what it fails gets canned text or an error"
        };
        match first.to.as_slice() {
            [] => format!("{subject} get {}", self.canned()),
            [(to, share)] if *share >= 1.0 => {
                format!(
                    "{subject} move to {}, {}{last}{beyond}",
                    to.id,
                    breaker(to).1
                )
            }
            several => {
                let places = several.iter().map(|(to, share)| {
                    format!("{:.0}% to {}, {}", share * 100.0, to.id, breaker(to).1)
                });
                let places = places.collect::<Vec<_>>().join("; ");
                format!("{subject} move: {}{places}{last}", self.mostly_canned())
            }
        }
    }

    fn canned(&self) -> &'static str {
        if self.routes[0].others == 0 {
            "canned text or an error: the last healthy tier"
        } else {
            "canned text or an error: no tier below takes any"
        }
    }

    fn mostly_canned(&self) -> String {
        let canned = self.routes[0].canned;
        if canned <= 0.0 {
            return String::new();
        }
        format!("{:.0}% to canned text or an error; ", canned * 100.0)
    }

    fn idle_line(&self) -> String {
        let routes: Vec<_> = self.routes.iter().map(|r| &*r.route.id).collect();
        let routes = match routes.as_slice() {
            [.., _, _, _] => format!("{} routes", routes.len()),
            few => few.join(" and "),
        };
        let place = match self.to() {
            [] => "get canned text or an error".to_owned(),
            [(to, _), ..] => format!("go to {}, {}", to.id, breaker(to).1),
        };
        format!("no traffic of {routes} now; if it came, it would {place}")
    }
}

/// `0.3% errors n=9,312, p95 1.9s, 27.9 -> 31.2 req/s, 14 -> about 17 in flight`
fn target(
    s: &Snapshot,
    to: &DeploymentView,
    (from, all): (&DeploymentView, &[Reroute<'_>]),
    how: &Telling,
) -> String {
    let more: f64 = all
        .iter()
        .flat_map(|r| r.to.iter().map(move |(t, share)| (t, r.per_s * share)))
        .filter(|(t, _)| t.id == to.id)
        .map(|(_, per_s)| per_s * how.share)
        .sum();
    let after = to.in_flight.saturating_add(more_in_flight(to, from, more));
    let mut parts = vec![
        format!(
            "{} → {} req/s",
            per_second(to.attempts_per_s),
            per_second(to.attempts_per_s + more)
        ),
        format!("{} → about {after} in flight", to.in_flight),
    ];
    parts.extend(to.p95.map(|p| format!("p95 {}", latency(p))));
    parts.push(match to.errors_5m.n {
        0 => "no attempts in 5 min".to_owned(),
        n => {
            let (rate, _) = err(to.errors_5m, s.err_threshold);
            format!("errors {rate} n={}", count(n.into()))
        }
    });
    if to.throttled_5m > 0 {
        parts.push(format!("{} rate-limited", count(to.throttled_5m.into())));
    }
    if s.faults.iter().any(|f| f.fault.deployment == to.id) {
        parts.push("a FAULT is on it".to_owned());
    }
    parts.join(", ")
}

/// Tiers below that would be in the way if they took any.
fn passed_over(s: &Snapshot, all: &[Reroute<'_>]) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    let busy = all.iter().filter(|r| !is_idle(r.per_s));
    for d in busy.flat_map(|r| reroute::below(s, r)) {
        let why = match &d.gate {
            Some(gate) => format!("gated for {}", short(s.at.until(gate.until))),
            None => breaker(d).1.into_owned(),
        };
        let name = format!("{}, {why}", d.id);
        if !d.serves() && !names.contains(&name) {
            names.push(name);
        }
    }
    let (first, more) = names.split_first()?;
    let more = match more.len() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    Some(format!("passed over: {first}{more}"))
}

/// What comes to a deployment that takes everything from now on: what the tiers below it answer, unless one above does.
pub(super) fn comes(s: &Snapshot, d: &DeploymentView) -> Option<String> {
    let mut parts: Vec<_> = s
        .routes
        .iter()
        .map(|r| (r, reroute::comes_back(s, r, d)))
        .filter(|(_, per_s)| !is_idle(*per_s))
        .collect();
    parts.sort_by(|a: &(&RouteView, f64), b| b.1.total_cmp(&a.1));
    let all: f64 = parts.iter().map(|(_, per_s)| per_s).sum();
    let routes = match parts.as_slice() {
        [] => return None,
        [(one, _)] => one.id.to_string(),
        several => format!("{} routes", several.len()),
    };
    Some(format!(
        "{} req/s of {routes}, which tiers below it answer or nobody, come to it",
        per_second(all)
    ))
}
