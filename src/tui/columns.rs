//! The columns of the table: what each says of a deployment, and which goes first where a window is narrow.

use super::{
    app::App,
    chart::spark,
    normal, series,
    theme::Role,
    words::{CURSOR, breaker, err, gauge, per_second, score},
};
use crate::model::{
    Kind, Snapshot, Wall,
    fault::{Fault, FaultKind},
    normal::Measure,
    scale::Scale,
    snapshot::DeploymentView,
    text::{self, Clause, Rank},
    time::{latency, short},
    topology::tier_name,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Mark,
    Tier,
    Deployment,
    Breaker,
    For,
    Err,
    Judge,
    Suspicion,
    Rate,
    PerSecond,
    P95,
    Normal,
    Why,
}

use Column as C;

pub(super) const COLUMNS: [Column; 13] = [
    C::Mark,
    C::Tier,
    C::Deployment,
    C::Breaker,
    C::For,
    C::Err,
    C::Judge,
    C::Suspicion,
    C::Rate,
    C::PerSecond,
    C::P95,
    C::Normal,
    C::Why,
];

/// In which order columns go; those not named never do.
pub(super) const DROPPED: [Column; 9] = [
    C::Normal,
    C::Suspicion,
    C::Rate,
    C::P95,
    C::Why,
    C::Tier,
    C::PerSecond,
    C::Judge,
    C::For,
];

/// Cells of the sparkline, over the same five minutes as the number beside it.
pub(super) const SPARK: u16 = 10;
const SPARK_SPAN_S: u64 = 300;
/// The last column is worth having from here on.
pub(super) const WHY: u16 = 24;
/// Cells of the gauge of evidence.
const GAUGE: usize = 5;
/// From here on columns keep their width.
const ROOMY: u16 = 98;

impl Column {
    pub(super) const fn heading(self) -> &'static str {
        match self {
            C::Mark => "",
            C::Tier => "tier",
            C::Deployment => "deployment",
            C::Breaker => "breaker",
            C::For => "for",
            C::Err => "err 5m",
            C::Judge => "judge 1h",
            C::Suspicion => "suspicion",
            C::Rate => "rate 5m",
            C::PerSecond => "req/s",
            C::P95 => "p95",
            C::Normal => "vs normal",
            C::Why => "why / next",
        }
    }

    /// What it shows of what may be normal.
    const fn measure(self) -> Option<Measure> {
        match self {
            C::Err => Some(Measure::Errors),
            C::Judge => Some(Measure::Judge),
            C::PerSecond => Some(Measure::Rate),
            C::P95 => Some(Measure::P95),
            _ => None,
        }
    }

    /// Columns that numbers need on most days: a second that becomes a minute moves no other column, and pushes none out.
    /// A narrow window has none to spare.
    pub(super) const fn least(self, room: u16) -> u16 {
        match self {
            _ if room < ROOMY => 0,
            C::For | C::P95 => 5,
            C::Judge => 10,
            _ => 0,
        }
    }

    pub(super) const fn right(self) -> bool {
        matches!(self, C::For | C::Err | C::PerSecond | C::P95)
    }
}

/// One cell: what it says and how, with a sign where that is not normal.
pub(super) fn cell(column: Column, d: &DeploymentView, app: &App) -> (String, Role) {
    let (mut text, role) = plain(column, d, app);
    let s = app.shown();
    let Some(measure) = column.measure() else {
        return (text, role);
    };
    if let Some(sign) = normal::sign(d, s, measure) {
        text = format!("{text} {sign}");
    } else if column.right()
        && s.deployments
            .iter()
            .any(|d| normal::sign(d, s, measure).is_some())
    {
        // Numbers stay below each other.
        text.push_str("  ");
    }
    (text, role)
}

fn plain(column: Column, d: &DeploymentView, app: &App) -> (String, Role) {
    let s = app.shown();
    let (glyph, word, role) = breaker(d);
    match column {
        C::Mark => marks(d, app),
        C::Tier => (tier(d, s), Role::Dim),
        C::Deployment => (d.id.to_string(), Role::Text),
        C::Breaker => (format!("{glyph} {word}"), role),
        C::For => (short(s.at.since(since(d, s))), Role::Text),
        C::Err => err(d.errors_5m, s.err_threshold),
        C::Judge => score(d, s),
        C::Suspicion => gauge(d, GAUGE).unwrap_or_else(|| ("-".to_owned(), Role::Dim)),
        C::Rate => (sparkline(d, s), err(d.errors_5m, s.err_threshold).1),
        C::PerSecond => (per_second(d.attempts_per_s), Role::Text),
        C::P95 => d
            .p95
            .map_or(("-".to_owned(), Role::Dim), |p| (latency(p), Role::Text)),
        C::Normal => normal::worst(d, s),
        C::Why => (text::join(&note(d, s)), Role::Text),
    }
}

/// The cursor, and an `f` where failures are injected.
fn marks(d: &DeploymentView, app: &App) -> (String, Role) {
    let selected = app.selected().is_some_and(|x| x.id == d.id);
    let cursor = if selected { CURSOR } else { " " };
    if app
        .shown()
        .faults
        .iter()
        .any(|f| f.fault.deployment == d.id)
    {
        (format!("{cursor}f"), Role::Manual)
    } else {
        (cursor.to_owned(), Role::Accent)
    }
}

/// Since when it stands as the table says: a force since it was laid, a breaker that never moved since the run began.
fn since(d: &DeploymentView, s: &Snapshot) -> Wall {
    let forced = || {
        s.events.iter().rev().find_map(|e| match &e.kind {
            Kind::Forced { deployment, .. } if *deployment == d.id => Some(e.at),
            _ => None,
        })
    };
    let force = d.force.as_ref().and_then(|_| forced());
    force.unwrap_or(d.since).max(s.started)
}

/// Its place, in words.
pub(super) fn tier(d: &DeploymentView, s: &Snapshot) -> String {
    match &d.tier {
        Some((_, index)) => tier_name(*index),
        None if s.judge.judges.contains(&d.id) => "judge".to_owned(),
        None => "-".to_owned(),
    }
}

/// Why it is so and what comes next; an injected failure stands before all else.
pub(super) fn note(d: &DeploymentView, s: &Snapshot) -> Vec<Clause> {
    let faults = s.faults.iter().filter(|f| f.fault.deployment == d.id);
    let faults = faults.map(|f| fault(&f.fault, s.at));
    let as_judge = as_judge(d, s).map(|text| Clause::new(Rank::Next, text));
    faults
        .chain(text::clauses(d, s.at))
        .chain(as_judge)
        .collect()
}

fn fault(fault: &Fault, at: Wall) -> Clause {
    let left = short(at.until(fault.until));
    let kind = match &fault.kind {
        FaultKind::Garbage { how } => how.as_str().to_owned(),
        kind => kind.to_string(),
    };
    let rate = fault.rate * 100.0;
    Clause {
        shorter: vec![
            format!("FAULT {kind} {rate:.0}% {left}"),
            format!("FAULT {left}"),
            "FAULT".to_owned(),
        ],
        ..Clause::new(
            Rank::Cause,
            format!("FAULT {} on {rate:.0}% {left}", fault.kind),
        )
    }
}

/// That it is not believed as a judge.
pub(super) fn as_judge(d: &DeploymentView, s: &Snapshot) -> Option<String> {
    let dismissed = s.judge.dismissed.iter().find(|j| j.judge == d.id);
    let dismissed = dismissed.map(|j| format!("no judge until {}", j.until.clock()));
    let drifts = || s.judge.drifting.iter().any(|j| j.judge == d.id);
    dismissed.or_else(|| drifts().then(|| "its scores drift".to_owned()))
}

pub(super) fn sparkline(d: &DeploymentView, s: &Snapshot) -> String {
    let scale = Scale {
        limit: s.err_threshold,
        high_is_good: false,
    };
    series::errors(d, (s.at.secs(), SPARK_SPAN_S), usize::from(SPARK))
        .into_iter()
        .map(|v| v.map_or(" ", |v| spark(scale, v)))
        .collect()
}
