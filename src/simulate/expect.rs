//! What a scenario expects, and whether it came. Which figure a bound is held against is written in the room's page
//! ([`super`]).

use super::{
    stats::{at, mean, median, real},
    tally::Outcome,
};
use serde::Serialize;
use std::{fmt, time::Duration};

/// What a whole bound may be overshot by, on average, without being missed: ten stray runs in two hundred.
const STRAY: f64 = 1.05;
/// The share of runs in which a thing has to be so, to be called so.
const MOSTLY: f64 = 0.95;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Expect {
    pub(super) first_trip: Option<Within>,
    pub(super) reason: Option<Cause>,
    pub(super) opens: Option<AtMost>,
    pub(super) wrong_closes: Option<AtMost>,
    pub(super) recover: Option<Within>,
    pub(super) relapse_ratio: Option<f64>,
    pub(super) bad_served: Option<f64>,
    pub(super) judge_calls: Option<f64>,
    pub(super) judge_fault: Option<Fault>,
    pub(super) opens_outside: Option<AtMost>,
}

/// Seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Within {
    pub(super) median: Option<f64>,
    pub(super) p95: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct AtMost {
    pub(super) min: f64,
    pub(super) max: f64,
}

/// What kind of reason a trip had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Error,
    Quality,
    /// A refused credential: no statistics needed.
    Certain,
}

/// Which judge is found at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    Any,
    Of(usize),
}

/// One expectation held against what came.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    pub expected: String,
    pub came: String,
    pub held: bool,
}

impl Cause {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Quality => "quality",
            Self::Certain => "credential",
        }
    }

    /// A refused credential is an error as well.
    fn is(self, expected: Self) -> bool {
        self == expected || (self == Self::Certain && expected == Self::Error)
    }
}

impl Expect {
    /// Holds every expectation against the runs. `unseen`: so long nobody can know of the first illness.
    pub(super) fn check(&self, runs: &[Outcome], unseen: Duration) -> Vec<Finding> {
        let column =
            |of: fn(&Outcome) -> Option<f64>| runs.iter().filter_map(of).collect::<Vec<_>>();
        let counted =
            |of: fn(&Outcome) -> u64| runs.iter().map(|r| real(of(r))).collect::<Vec<_>>();
        let trips = column(|r| r.first_trip);
        let within = |name, bound: Option<Within>, all: &[f64]| bound.map(|b| b.check(name, all));
        let at_most = |name, bound: Option<AtMost>, all: &[f64]| bound.map(|b| b.check(name, all));
        let total = |name: &str, most: Option<f64>, all: &[f64]| {
            most.map(|most| Finding {
                expected: format!("{name} at most {most}"),
                came: format!("median {:.0}", median(all)),
                held: median(all) <= most,
            })
        };
        [
            within("first trip", self.first_trip, &trips),
            self.reason.map(|reason| reason_found(reason, runs)),
            at_most("opens", self.opens, &counted(|r| r.opens)),
            at_most(
                "opens while healthy",
                self.opens_outside,
                &counted(|r| r.outside),
            ),
            at_most(
                "wrong closes",
                self.wrong_closes,
                &counted(|r| r.wrong_closes),
            ),
            within("recovery", self.recover, &column(|r| r.recover)),
            self.relapse_ratio
                .map(|most| relapse(most, &trips, &column(|r| r.relapse), unseen)),
            total(
                "bad answers before the trip",
                self.bad_served,
                &counted(|r| r.counts.bad_before_trip),
            ),
            total(
                "judge calls",
                self.judge_calls,
                &counted(|r| r.counts.calls.iter().sum()),
            ),
            self.judge_fault.map(|fault| fault_found(fault, runs)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Within {
    fn check(self, name: &str, all: &[f64]) -> Finding {
        let parts = [("median", self.median, 50), ("p95", self.p95, 95)];
        let given = || {
            parts
                .iter()
                .filter_map(|(what, bound, q)| Some((what, (*bound)?, at(all, *q))))
        };
        let expected: Vec<_> = given()
            .map(|(what, bound, _)| format!("{what} {bound} s"))
            .collect();
        let came: Vec<_> = given()
            .map(|(what, _, is)| format!("{what} {}", Secs(is)))
            .collect();
        Finding {
            expected: format!("{name} within {}", expected.join(", ")),
            came: came.join(", "),
            held: given().all(|(_, bound, is)| is <= bound),
        }
    }
}

impl AtMost {
    fn check(self, name: &str, all: &[f64]) -> Finding {
        let came = mean(all);
        let expected = match (self.min, self.max) {
            (0.0, 0.0) => format!("no {name}"),
            (0.0, max) => format!("{name} at most {max}"),
            (min, max) if max.is_infinite() => format!("{name} at least {min}"),
            (min, max) => format!("{name} from {min} to {max}"),
        };
        Finding {
            expected,
            came: format!("{} on average", Count(came)),
            held: came <= self.max * STRAY && came >= self.min / STRAY,
        }
    }
}

fn reason_found(reason: Cause, runs: &[Outcome]) -> Finding {
    let so = share(runs, |r| r.cause.is_some_and(|cause| cause.is(reason)));
    Finding {
        expected: format!("trips for {}", reason.as_str()),
        came: format!("in {:.0} % of the runs", 100.0 * so),
        held: so >= MOSTLY,
    }
}

/// What no breaker could have known of yet is taken off both times.
fn relapse(most: f64, first: &[f64], again: &[f64], unseen: Duration) -> Finding {
    let seen = |all: &[f64]| median(all) - unseen.as_secs_f64();
    let (first, again) = (seen(first), seen(again));
    let ratio = again / first;
    let less = if unseen.is_zero() {
        String::new()
    } else {
        format!(" (less {} for the deadline)", Secs(unseen.as_secs_f64()))
    };
    Finding {
        expected: format!("a relapse trips in {most} of the first time"),
        came: format!("{} after {}{less}: {ratio:.2}", Secs(again), Secs(first)),
        held: ratio <= most,
    }
}

fn fault_found(fault: Fault, runs: &[Outcome]) -> Finding {
    let blamed = |r: &Outcome| match fault {
        Fault::None => r.counts.faults.is_empty(),
        Fault::Any => !r.counts.faults.is_empty(),
        Fault::Of(judge) => r.counts.faults.iter().any(|(at, _)| *at == judge),
    };
    let so = share(runs, blamed);
    let (expected, enough) = match fault {
        Fault::None => ("no judge found at fault", 1.0),
        Fault::Any | Fault::Of(_) => ("the judge is found at fault", MOSTLY),
    };
    Finding {
        expected: expected.to_owned(),
        came: format!("so in {:.0} % of the runs", 100.0 * so),
        held: so >= enough,
    }
}

fn share(runs: &[Outcome], is: impl Fn(&Outcome) -> bool) -> f64 {
    let so = runs.iter().filter(|r| is(r)).count();
    real(so as u64) / real(runs.len().max(1) as u64)
}

/// Seconds as a person reads them.
pub(super) struct Secs(pub(super) f64);

impl fmt::Display for Secs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            s if s.is_infinite() => f.write_str("never"),
            s if s < 100.0 => write!(f, "{s:.1} s"),
            s => write!(f, "{s:.0} s"),
        }
    }
}

/// A mean count: whole when it is, else as fine as it has to be.
pub(super) struct Count(pub(super) f64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n.fract() == 0.0 || n >= 100.0 => write!(f, "{n:.0}"),
            n if n >= 10.0 => write!(f, "{n:.1}"),
            n => write!(f, "{n:.3}"),
        }
    }
}

#[cfg(test)]
#[path = "tests/expect.rs"]
mod tests;
