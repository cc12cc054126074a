//! What is known of one deployment, a line each with its label. What must not be lost in a small window stands first.

use super::{latency_row, quantiles};
use crate::{
    model::{
        Kind, Phase, Reason, Snapshot,
        snapshot::{DeploymentView, FaultView},
        text,
        time::short,
        topology::tier_name,
    },
    tui::{
        columns::{as_judge, sparkline},
        draw::wrap,
        normal, radius,
        theme::Role,
        words::{FLAG, count, err, gauge, is_blind, per_second, score},
    },
};

/// From here on there is room for what is the same every day.
const TALL: u16 = 26;
/// Columns of a label; and with the frame.
pub(super) const LABEL: u16 = 10;
const FRAME: u16 = 13;
/// Cells of the gauge of evidence.
const GAUGE: usize = 20;
/// Routes of which it is said where their requests would go.
const ROUTES: usize = 3;

/// A line with its label.
pub(super) type Fact = (&'static str, String, Role);

/// How much room there is, and what has a panel of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) width: u16,
    pub(super) height: u16,
    /// Charts stand below.
    pub(super) charts: bool,
    /// Latencies and failures stand beside.
    pub(super) beside: bool,
}

/// Broken into as many lines as they take.
pub(super) fn facts(d: &DeploymentView, s: &Snapshot, room: Room) -> Vec<Fact> {
    let mut lines = Vec::new();
    for (label, text, role) in told(d, s, room) {
        let broken = wrap(&text, room.width.saturating_sub(FRAME));
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        lines.extend(labels.zip(broken).map(|(label, text)| (label, text, role)));
    }
    lines
}

fn told(d: &DeploymentView, s: &Snapshot, room: Room) -> Vec<Fact> {
    let tall = room.height >= TALL;
    let mut all: Vec<Fact> = force(d, s).into_iter().collect();
    all.push(("breaker", standing(d, s), Role::Text));
    all.extend(faults(d, s));
    all.extend(gate(d, s));
    all.extend(before(d, s).map(|(label, text)| (label, text, Role::Text)));
    let (text, role) = evidence(d, s);
    all.push(("evidence", text, role));
    all.extend(normal::fact(d, s).map(|(text, role)| ("normal", text, role)));
    all.push(errors(d, s, room));
    if !room.beside {
        all.extend(last_failure(d));
    }
    all.push(judge(d, s));
    all.extend(canary(d, s));
    all.push(("now", flow(d), Role::Text));
    if !room.beside {
        all.push(("latency", latencies(d), Role::Text));
    }
    all.push(("place", places(d, s), Role::Text));
    if tall {
        all.extend(if_open(d, s));
        let model = format!(
            "{} at {}, in the dialect {}",
            d.model, d.provider, d.dialect
        );
        all.push(("model", model, Role::Text));
    }
    all
}

/// What a person laid over the breaker.
fn force(d: &DeploymentView, s: &Snapshot) -> Option<Fact> {
    let force = d.force.as_ref()?;
    let left = short(s.at.until(force.until));
    let mut text = format!("{FLAG} {} by {}, ends in {left}", force.kind, force.who);
    if !force.why.is_empty() {
        text = format!("{text}: \"{}\"", force.why);
    }
    Some(("force", text, Role::Manual))
}

/// Each failure that is injected into it, on a line of its own.
fn faults<'a>(d: &'a DeploymentView, s: &'a Snapshot) -> impl Iterator<Item = Fact> + 'a {
    let own = s.faults.iter().filter(|f| f.fault.deployment == d.id);
    own.map(|f| ("fault", fault(f, s), Role::Manual))
}

fn fault(view: &FaultView, s: &Snapshot) -> String {
    let fault = &view.fault;
    format!(
        "{FLAG} #{} {} on {:.0}%{} by {}, {} hits, ends in {}",
        fault.id,
        fault.kind,
        fault.rate * 100.0,
        fault.only.words(),
        fault.who,
        count(view.hits),
        short(s.at.until(fault.until)),
    )
}

/// That the provider asked us to stay away, where the breaker's line says something else.
fn gate(d: &DeploymentView, s: &Snapshot) -> Option<Fact> {
    let gate = d.gate.as_ref()?;
    if d.force.is_none() && d.phase == Phase::Closed {
        return None;
    }
    let left = short(s.at.until(gate.until));
    let text = format!("{} {}, back in {left}", gate.class, gate.code);
    Some(("gated", text, Role::Warn))
}

/// `34.4% n=288 in 5 min, limit 2.0% [▁▁▁▆█     ]: fault 98, throttle 14`
fn errors(d: &DeploymentView, s: &Snapshot, room: Room) -> Fact {
    let (rate, role) = err(d.errors_5m, s.err_threshold);
    let limit = s.err_threshold * 100.0;
    if d.errors_5m.n == 0 && d.classes_5m.is_empty() && d.throttled_5m == 0 {
        let text = "no attempts in 5 min".to_owned();
        return ("errors", text, Role::Dim);
    }
    let n = count(d.errors_5m.n.into());
    // A chart shows it better.
    let bars = if room.charts {
        String::new()
    } else {
        format!(" [{}]", sparkline(d, s))
    };
    let mut parts: Vec<_> = d
        .classes_5m
        .iter()
        .map(|(class, n)| format!("{class} {}", count((*n).into())))
        .collect();
    if parts.is_empty() {
        let bad = count(d.errors_5m.bad.into());
        parts.push(format!("{bad} failed"));
        if d.throttled_5m > 0 {
            parts.push(format!("{} rate-limited", count(d.throttled_5m.into())));
        }
    }
    let text = format!(
        "{rate} n={n} in 5 min, limit {limit:.1}%{bars}: {}",
        parts.join(", ")
    );
    ("errors", text, role)
}

/// `13:59:11 fault 529 overloaded_error [injected]`
fn last_failure(d: &DeploymentView) -> Option<Fact> {
    let last = d.failures.back()?;
    let injected = if last.injected { " [injected]" } else { "" };
    let text = format!("{} {}{injected}", last.at.clock(), last.text);
    Some(("last", text, Role::Text))
}

/// `0.91 n=33 in 1 h, floor 0.70; its scores drift`
fn judge(d: &DeploymentView, s: &Snapshot) -> Fact {
    let (mean, role) = score(d, s);
    let mut text = if s.judge.judges.is_empty() {
        "nobody judges".to_owned()
    } else if is_blind(d, s) {
        mean
    } else if d.judge_1h.n == 0 {
        "no scores in 1 h".to_owned()
    } else {
        format!("{mean} in 1 h, floor {:.2}", s.judge_threshold)
    };
    if let Some(role) = as_judge(d, s) {
        text = format!("{text}; as a judge: {role}");
    }
    ("judge", text, role)
}

fn canary(d: &DeploymentView, s: &Snapshot) -> Option<Fact> {
    let last = d.canary_last.as_ref()?;
    let ago = short(s.at.since(last.at));
    Some(match &last.failed {
        None => ("canary", format!("answered {ago} ago"), Role::Text),
        Some(verdict) => ("canary", format!("FAILED {ago} ago: {verdict}"), Role::Warn),
    })
}

fn flow(d: &DeploymentView) -> String {
    format!(
        "{} req/s, {} in flight, {} tokens/s",
        per_second(d.attempts_per_s),
        d.in_flight,
        per_second(d.tokens_per_s),
    )
}

fn latencies(d: &DeploymentView) -> String {
    let rows = quantiles(d);
    if rows.iter().all(|(_, q)| q.iter().all(Option::is_none)) {
        return "no answers in 5 min".to_owned();
    }
    let rows = rows.map(|(name, q)| format!("{name} {}", latency_row(q).join(" ")));
    format!("p50 p95 p99: {}", rows.join(", "))
}

/// Where each route's requests would go if it were opened now.
fn if_open(d: &DeploymentView, s: &Snapshot) -> Vec<Fact> {
    let routes: Vec<_> = s
        .routes
        .iter()
        .filter(|r| d.serves() && r.tiers.contains(&d.id))
        .collect();
    let labels = std::iter::once("if open").chain(std::iter::repeat(""));
    let lines = routes.iter().take(ROUTES).zip(labels).map(|(r, label)| {
        let text = format!("{}: {}", r.id, radius::if_opened(s, r, &d.id));
        (label, text, Role::Text)
    });
    let more = routes.len().saturating_sub(ROUTES);
    let more = (more > 0).then(|| ("", format!("and {more} more routes"), Role::Dim));
    lines.chain(more).collect()
}

/// The breaker's own phase, what a person laid over it, and why.
fn standing(d: &DeploymentView, s: &Snapshot) -> String {
    let since = short(s.at.since(d.since.max(s.started)));
    if d.force.is_some() && d.disabled.is_none() {
        // The force itself has a line of its own.
        let beneath = text::clauses(d, s.at).split_off(1);
        return format!(
            "{}, and has been {} for {since}",
            text::join(&beneath),
            d.phase
        );
    }
    // The line of the evidence says the rest.
    let watched = text::watched(d);
    let mut note = text::clauses(d, s.at);
    note.retain(|c| !watched.contains(c));
    format!("{} for {since}: {}", d.phase, text::join(&note))
}

/// Why it tripped last, or moved last, where the line above does not say so.
fn before(d: &DeploymentView, s: &Snapshot) -> Option<(&'static str, String)> {
    let shown = d.force.is_none() && d.phase != Phase::Closed;
    if shown && d.phase == Phase::Open {
        return None;
    }
    let trip = s.events.iter().rev().find_map(|e| match &e.kind {
        Kind::Transition(t) if t.deployment == d.id && t.to == Phase::Open => {
            Some(format!("{}: {}", e.at.clock(), t.reason))
        }
        _ => None,
    });
    let moved = || {
        let reason = d.reason.as_ref().filter(|_| !shown)?;
        Some(format!("{}: {reason}", d.since.clock()))
    };
    trip.map(|t| ("tripped", t))
        .or_else(|| moved().map(|m| ("moved", m)))
}

/// How much speaks against it, and how closely it is looked at.
fn evidence(d: &DeploymentView, s: &Snapshot) -> (String, Role) {
    let (first, role) = match gauge(d, GAUGE) {
        Some((gauge, role)) if d.watch.alarm => {
            let text = format!("{gauge} of a trip: enough evidence, asking others");
            (text, role)
        }
        Some((gauge, role)) => (format!("{gauge} of a trip"), role),
        None if d.phase == Phase::Open => ("enough: it tripped".to_owned(), Role::Text),
        None => ("none is gathered".to_owned(), Role::Dim),
    };
    let role = if is_blind(d, s) { Role::Warn } else { role };
    let mut parts = vec![first];
    parts.extend(scores(d));
    parts.extend(judging(d, s));
    if let Some(Reason::Quality {
        usual: Some(usual),
        confirmed,
        ..
    }) = &d.reason
    {
        parts.push(format!("{:.0}% usually do not pass", usual * 100.0));
        parts.extend(confirmed.then(|| "confirmed".to_owned()));
    }
    (parts.join("; "), role)
}

fn judging(d: &DeploymentView, s: &Snapshot) -> Option<String> {
    if s.judge.judges.is_empty() {
        return Some("nobody judges".to_owned());
    }
    if is_blind(d, s) {
        let why = s.judge.unavailable.as_deref();
        return Some(why.map_or_else(|| "blind".to_owned(), |why| format!("blind, {why}")));
    }
    let share = d.watch.share;
    (share > 0.0 && d.phase != Phase::Open).then(|| text::judged(&d.watch))
}

/// What its judge has against it; else what is usual.
fn scores(d: &DeploymentView) -> Option<String> {
    let scores = text::scores(&d.watch);
    if !scores.is_empty() && d.phase != Phase::Open {
        return Some(text::join(&scores));
    }
    let usual = d.watch.usual?;
    Some(format!("usual score {usual:.2}"))
}

/// Every route it is a tier of.
fn places(d: &DeploymentView, s: &Snapshot) -> String {
    let mut places: Vec<_> = s
        .routes
        .iter()
        .filter_map(|r| {
            let at = r.tiers.iter().position(|t| *t == d.id)?;
            Some(format!("{} of {}", tier_name(at), r.id))
        })
        .collect();
    if let Some(at) = s.judge.judges.iter().position(|j| *j == d.id) {
        places.push(format!(
            "judge {} of {}",
            at.saturating_add(1),
            s.judge.judges.len()
        ));
    }
    if places.is_empty() {
        return "no route uses it".to_owned();
    }
    places.join(", ")
}
