//! What stays in the scrollback when a screen ends: five lines, and a sixth after an incident.

use super::rungs::compared;
use super::words::{breaker, count, percent, served};
use crate::model::{Snapshot, event::Exchanges, series::Share, snapshot::Shown, time::short};
use std::fmt;

/// A few lines about the run, as it stood when the screen ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary(Vec<String>);

impl Summary {
    pub(super) fn of(s: &Snapshot) -> Self {
        let mut lines = vec![
            format!(
                "breakerbox {} ran {}, until {}Z",
                s.listen,
                short(s.at.since(s.started)),
                s.at.clock()
            ),
            format!("users     {}", users(s)),
            format!("rungs     {}", rungs(&s.totals)),
            format!("breakers  {}", breakers(s)),
            format!("by hand   {}", by_hand(s)),
        ];
        let compared = s.compared.as_ref().and_then(compared);
        lines.extend(compared.map(|text| format!("compared  {text}")));
        Self(lines)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

fn users(s: &Snapshot) -> String {
    let t = &s.totals;
    let failed = Share {
        bad: t.failed(),
        n: t.answered(),
    };
    match served(failed) {
        None => "no requests".to_owned(),
        Some(share) => format!(
            "{}: {} requests, served {share}, {} saw an error",
            s.users.word.as_str(),
            count(failed.n.into()),
            count(failed.bad.into())
        ),
    }
}

fn rungs(t: &Exchanges) -> String {
    let total = f64::from(t.answered().max(1));
    let share = |n: u32| percent(f64::from(n) / total);
    format!(
        "primary {}, cached {}, lower tier {}, canned {}",
        share(t.primary),
        share(t.cached),
        share(t.fallback),
        share(t.canned)
    )
}

fn breakers(s: &Snapshot) -> String {
    let unusual: Vec<_> = s
        .deployments
        .iter()
        .filter(|d| d.shown() != Shown::Closed)
        .map(|d| format!("{} {}", d.id, breaker(d).1))
        .collect();
    if unusual.is_empty() {
        "all closed".to_owned()
    } else {
        unusual.join(", ")
    }
}

/// What a person laid over the machine goes on without the screen, and must not be forgotten.
fn by_hand(s: &Snapshot) -> String {
    let left: Vec<_> = s
        .overrides()
        .iter()
        .map(|(what, until)| format!("{what} until {}Z", until.clock()))
        .collect();
    if left.is_empty() {
        "nothing left".to_owned()
    } else {
        format!("STILL ON: {}", left.join(", "))
    }
}
