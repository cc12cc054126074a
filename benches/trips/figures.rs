//! What a run came to, and what the simulation expects of it.

use crate::{
    HEALTHY, ILL, Result, Run,
    callers::End,
    case::{Bar, Case},
    house::PRIMARY,
};
use breakerbox::{model::Mono, simulate};
use std::time::Duration;

/// Runs of the simulation.
const SEEDS: u32 = 400;

/// One router's.
#[derive(Debug)]
pub(crate) struct Figures {
    /// Seconds from the illness to the breaker's opening. None: it did not.
    pub(crate) opened: Option<f64>,
    /// Bad answers that users had by then, and those that were under way.
    pub(crate) bad: usize,
    pub(crate) bad_under_way: usize,
    /// Requests that the callers sent, and those of them that got no model's answer.
    pub(crate) sent: usize,
    pub(crate) failed: usize,
    /// Whole answers to what was asked after it had opened, and those of them that came from elsewhere.
    pub(crate) after: usize,
    pub(crate) elsewhere: usize,
}

impl Figures {
    pub(crate) fn of(run: &Run) -> Self {
        let opened = run.heard.opened.as_ref().map(|(at, _)| *at);
        let until = opened.unwrap_or(Mono(u64::MAX));
        let count = |is: &dyn Fn(&crate::Asked) -> bool| run.asked.iter().filter(|a| is(a)).count();
        let bad = |a: &crate::Asked| a.end == End::Bad && a.by == PRIMARY && a.sent >= run.ill_from;
        let answered = |a: &crate::Asked| matches!(a.end, End::Good | End::Bad) && a.sent > until;
        Self {
            opened: opened.map(|at| at.since(run.ill_from).as_secs_f64()),
            bad: count(&|a| bad(a) && a.done <= until),
            bad_under_way: count(&|a| bad(a) && a.done > until),
            sent: run.asked.len(),
            failed: count(&|a| matches!(a.end, End::Failed | End::Canned)),
            after: count(&|a| answered(a)),
            elsewhere: count(&|a| answered(a) && a.by != PRIMARY),
        }
    }
}

/// Median and the most. Never is the most of all.
pub(crate) fn spread(mut all: Vec<f64>) -> (f64, f64) {
    all.sort_by(f64::total_cmp);
    let at = |place: usize| all.get(place).copied().unwrap_or(f64::INFINITY);
    (at(all.len() / 2), at(all.len().saturating_sub(1)))
}

/// How long a hanging provider is waited for: the first of its requests that went elsewhere shows it.
pub(crate) fn deadline(run: &Run) -> Option<Duration> {
    let mut given_up = run
        .heard
        .fallbacks
        .iter()
        .filter(|at| **at > run.ill_from + Duration::from_secs(1));
    given_up.next().map(|at| at.since(run.ill_from))
}

/// What `breakerbox simulate` says of the same.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) median: f64,
    pub(crate) p95: f64,
    pub(crate) bad: f64,
}

pub(crate) fn expected(case: &Case) -> Result<Expected> {
    let scenario = format!(
        "seeds = {SEEDS}\nrate_rps = {:?}\nbaseline = \"cold\"\nduration = {}\n\
         [[providers]]\nid = \"primary\"\nphases = [{{ t = {}, {} }}]\n[[providers]]\nid = \"secondary\"\n",
        case.rate,
        (HEALTHY + ILL).as_secs(),
        HEALTHY.as_secs(),
        case.illness.phase(),
    );
    let scenario = simulate::parse("trips.toml", &scenario).map_err(|p| p.to_string())?;
    let reports = simulate::simulate(&scenario);
    let report = serde_json::to_value(reports.first().ok_or("a scenario has a report")?)?;
    let ours = &report["breakerbox"];
    let seconds = |name: &str| ours["first_trip"][name].as_f64().unwrap_or(f64::INFINITY);
    Ok(Expected {
        median: seconds("median"),
        p95: seconds("p95"),
        bad: ours["bad_before_trip"].as_f64().unwrap_or_default(),
    })
}

impl Bar {
    pub(crate) fn text(self) -> String {
        match self {
            Self::Seconds(median, p95) => format!("{median} / {p95}"),
            Self::AfterDeadline(more) => format!("deadline + {more}"),
        }
    }
}
