//! The table's last column: why it is so, and what comes next. In clauses, so that where there is little room the less
//! important ones can be left out, whatever their order.

use crate::model::{
    Reason, Wall,
    event::{Scores, Watch},
    phase::Force,
    snapshot::{DeploymentView, Shown},
    time::short,
};

/// What a clause is about: the lowest stay longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Cause,
    Alarm,
    Next,
    Suspicion,
    Evidence,
    Standing,
    Since,
    Judge,
    Usual,
    Share,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    pub rank: Rank,
    pub text: String,
    /// Stand for the text where that does not fit, the longest first.
    pub shorter: Vec<String>,
}

impl Clause {
    pub fn new(rank: Rank, text: impl Into<String>) -> Self {
        Self {
            rank,
            text: text.into(),
            shorter: Vec::new(),
        }
    }

    /// The text after it was made shorter so many times, as far as it can be.
    pub fn at(&self, shorter: usize) -> &str {
        let last = shorter.min(self.shorter.len());
        let form = last.checked_sub(1).and_then(|at| self.shorter.get(at));
        form.unwrap_or(&self.text)
    }
}

/// A share of what trips that is worth a word; less comes and goes with every failure.
const SUSPICIOUS: f64 = 0.25;

/// All of it, in one line.
pub fn note(d: &DeploymentView, at: Wall) -> String {
    join(&clauses(d, at))
}

pub fn join(clauses: &[Clause]) -> String {
    let texts: Vec<_> = clauses.iter().map(|c| c.text.as_str()).collect();
    texts.join(", ")
}

pub fn clauses(d: &DeploymentView, at: Wall) -> Vec<Clause> {
    if let Some(why) = &d.disabled {
        return vec![Clause::new(Rank::Cause, why)];
    }
    if let Some(force) = &d.force {
        return forced(d, force, at);
    }
    let next = |what: &str| {
        d.until
            .map(|t| Clause::new(Rank::Next, format!("{what} in {}", short(at.until(t)))))
    };
    let mut all = d.reason.as_ref().map(of_reason).unwrap_or_default();
    match d.shown() {
        Shown::Open => {
            all.extend(next("probe"));
            all.extend(tripped(d));
        }
        Shown::Probe => {
            all.push(Clause::new(Rank::Next, "one request looks"));
            all.extend(tripped(d));
        }
        Shown::Ramp(_) => {
            // It is taken as soon as it is earned.
            all.extend(d.until.map(|t| {
                let left = short(at.until(t));
                Clause::new(Rank::Next, format!("next step within {left}"))
            }));
            all.extend(tripped(d));
            all.extend(watched(d));
        }
        _ => all = at_rest(d, at),
    }
    all
}

/// When it all began, where that is not when the breaker last moved: one that opens after each probe reads as if it had
/// just tripped.
fn tripped(d: &DeploymentView) -> Option<Clause> {
    let first = d.tripped.as_ref().filter(|t| t.at < d.since)?;
    let text = format!("tripped {}", first.at.clock());
    Some(Clause::new(Rank::Since, text))
}

/// What a reason says; of a long one the particulars apart.
pub fn of_reason(reason: &Reason) -> Vec<Clause> {
    let mut brief = reason.clone();
    let (mut usual, mut judge, mut since) = (None, None, None);
    if let Reason::Quality {
        mean,
        floor,
        usual: u,
        judge: j,
        since: s,
        ..
    } = &mut brief
    {
        usual = u.take().filter(|_| *mean >= *floor);
        judge = j.take();
        since = s.take();
    }
    let mut all = vec![Clause::new(Rank::Cause, brief.to_string())];
    all.extend(usual.map(|u| Clause::new(Rank::Usual, format!("usually {:.0}%", u * 100.0))));
    all.extend(judge.map(|j| Clause::new(Rank::Judge, format!("judge {j}"))));
    all.extend(since.map(|t| Clause::new(Rank::Since, format!("since {}", t.clock()))));
    all
}

fn forced(d: &DeploymentView, force: &Force, at: Wall) -> Vec<Clause> {
    let mut text = format!("by {} {}", force.who, short(at.until(force.until)));
    if !force.why.is_empty() {
        text = format!("{text} \"{}\"", force.why);
    }
    let mut all = vec![Clause::new(Rank::Cause, text)];
    match &d.would_trip {
        Some(trip) => all.extend(would_trip(&trip.reason)),
        None => all.push(Clause::new(Rank::Next, format!("would be {}", d.phase))),
    }
    all
}

fn would_trip(reason: &Reason) -> Vec<Clause> {
    let mut all = of_reason(reason);
    if let Some(cause) = all.first_mut() {
        cause.text = format!("would trip: {}", cause.text);
    }
    all
}

/// Closed, or observed.
fn at_rest(d: &DeploymentView, at: Wall) -> Vec<Clause> {
    if let Some(gate) = &d.gate {
        return vec![
            Clause::new(Rank::Cause, format!("{} {}", gate.class, gate.code)),
            Clause::new(
                Rank::Next,
                format!("back in {}", short(at.until(gate.until))),
            ),
        ];
    }
    if let Some(trip) = &d.would_trip {
        return would_trip(&trip.reason);
    }
    let word = if d.attempts_per_s > 0.0 {
        "serving"
    } else {
        "ready"
    };
    let mut all = vec![Clause::new(Rank::Standing, word)];
    all.extend(watched(d));
    all
}

/// That there is evidence against it, and how closely it is looked at.
pub fn watched(d: &DeploymentView) -> Vec<Clause> {
    let watch = &d.watch;
    let mut all = Vec::new();
    if watch.alarm {
        all.push(Clause::new(Rank::Alarm, "alarm: asking others"));
    } else if watch.suspicion > SUSPICIOUS || watch.scores.is_some() {
        let text = format!("suspicion {:.0}%", watch.suspicion * 100.0);
        all.push(Clause::new(Rank::Suspicion, text));
    }
    if !all.is_empty() {
        all.extend(scores(watch));
    }
    let looks = watch.looks.map(|looks| format!("looks wrong ({looks})"));
    all.extend(looks.map(|text| Clause::new(Rank::Evidence, text)));
    if all.is_empty() {
        return all;
    }
    if !watch.blind && watch.share > 0.0 {
        let text = format!("{:.0}% judged", watch.share * 100.0);
        all.push(Clause::new(Rank::Share, text));
    }
    all
}

/// `quality 0.72`, `usual 0.87`, `15 of 62 bad`: what its judge has against it.
pub fn scores(watch: &Watch) -> Vec<Clause> {
    let Some(Scores { mean, bad }) = watch.scores else {
        return Vec::new();
    };
    let mut all = vec![Clause::new(Rank::Evidence, format!("quality {mean:.2}"))];
    let usual = watch.usual.map(|usual| format!("usual {usual:.2}"));
    all.extend(usual.map(|text| Clause::new(Rank::Usual, text)));
    let bad = format!("{} of {} bad", bad.bad, bad.n);
    all.push(Clause::new(Rank::Evidence, bad));
    all
}
