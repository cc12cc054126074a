//! What a drill does: faults on a timeline, traffic, and what has to be true. TOML, read strictly.

mod shipped;

pub use shipped::{find, shipped};

use super::check::{Check, Why};
use crate::model::{fault::FaultKind, time::parse_duration, topology::tier_name};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{fmt, ops::Range, time::Duration};

/// Nobody watches a drill for longer.
const LONGEST: Duration = Duration::from_hours(1);

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// As the command line calls it.
    pub name: String,
    pub title: String,
    /// What it does, for a person about to run it.
    pub what: String,
    /// Left out: the configuration's first route.
    #[serde(default)]
    pub route: Option<String>,
    /// How long things are measured before anything is broken.
    #[serde(deserialize_with = "seconds")]
    pub steady_s: Duration,
    /// How long the way back may take after the last fault.
    #[serde(deserialize_with = "seconds")]
    pub observe_s: Duration,
    #[serde(default)]
    pub traffic: Traffic,
    #[serde(default)]
    pub abort: Abort,
    #[serde(rename = "fault")]
    pub faults: Vec<FaultStep>,
    /// A person's key, pressed at a moment: whether a deployment is back.
    #[serde(rename = "probe", default)]
    pub probes: Vec<ProbeStep>,
    #[serde(rename = "check")]
    pub checks: Vec<Check>,
}

/// The drill's own requests.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Traffic {
    /// Requests per second, other traffic included; one in two seconds is sent in any case.
    #[serde(deserialize_with = "rate_per_s")]
    pub rate: f64,
    /// The same while a fault is set; left out: no other.
    #[serde(deserialize_with = "some_rate_per_s")]
    pub under_fault: Option<f64>,
    /// Share of them that ask something they have asked before, so that the cache has a part in it.
    #[serde(deserialize_with = "share")]
    pub repeat: f64,
    /// How long a caller waits for an answer before it gives up.
    #[serde(deserialize_with = "time")]
    pub patience: Duration,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            rate: 4.0,
            under_fault: None,
            repeat: 0.0,
            patience: Duration::from_mins(2),
        }
    }
}

/// When a drill ends itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Abort {
    /// So many errors at users are more than a rehearsal is worth.
    pub errors: u32,
    /// Nor is a 95th percentile over this.
    #[serde(deserialize_with = "time")]
    pub p95: Duration,
}

impl Default for Abort {
    fn default() -> Self {
        Self {
            errors: 5,
            p95: Duration::from_secs(90),
        }
    }
}

/// One failure on the timeline.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultStep {
    /// After its round's beginning.
    #[serde(deserialize_with = "time", default)]
    pub at: Duration,
    /// The second round begins when everything is back from the first, and so on.
    #[serde(default = "first")]
    pub round: u32,
    #[serde(rename = "for", deserialize_with = "time")]
    pub lasts: Duration,
    #[serde(deserialize_with = "tier")]
    pub tier: TierName,
    #[serde(deserialize_with = "fault")]
    pub kind: FaultKind,
    /// Share of attempts.
    #[serde(deserialize_with = "share", default = "everything")]
    pub rate: f64,
}

/// One look on the timeline.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeStep {
    #[serde(deserialize_with = "time")]
    pub at: Duration,
    #[serde(default = "first")]
    pub round: u32,
    #[serde(deserialize_with = "tier")]
    pub tier: TierName,
}

/// A place in whatever route the drill runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TierName {
    At(usize),
    All,
    /// Whoever judges, and only when it does.
    Judges,
}

impl TierName {
    /// In words, with its article.
    pub fn words(self) -> String {
        match self {
            Self::At(i) => format!("the {}", tier_name(i)),
            Self::All => "every tier".to_owned(),
            Self::Judges => "every judge, as a judge".to_owned(),
        }
    }
}

/// Why a scenario cannot be read: `name.toml:3: …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    pub line: Option<usize>,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl Scenario {
    /// Reads a scenario; `file` is what errors call it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problem> {
        let problem = |at: Option<Range<usize>>, message: String| Problem {
            file: file.to_owned(),
            line: at.map(|at| line_of(text, at.start)),
            message,
        };
        let read: Self =
            toml::from_str(text).map_err(|e| problem(e.span(), e.message().to_owned()))?;
        match read.nonsense() {
            Some(why) => Err(problem(None, why)),
            None => Ok(read),
        }
    }

    /// What no field can know by itself.
    fn nonsense(&self) -> Option<String> {
        if self.faults.is_empty() || self.checks.is_empty() {
            return Some("a drill has at least one fault and one check".to_owned());
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.name.is_empty() || !self.name.chars().all(plain) {
            let name = &self.name;
            return Some(format!(
                "{name:?} is no name for a drill: reports are called by it, so letters, digits and dashes only"
            ));
        }
        let rounds = self.rounds();
        if (1..=rounds).any(|n| !self.faults.iter().any(|f| f.round == n)) {
            return Some(format!("{rounds} rounds, and one of them has no fault"));
        }
        let last = self.faults.len();
        let beyond = |c: &Check| c.fault().is_some_and(|n| !(1..=last).contains(&n));
        if self.checks.iter().any(beyond) {
            return Some(format!(
                "a check counts a fault that is not there; there are {last}"
            ));
        }
        (self.fault_window() > LONGEST)
            .then(|| "the faults of a drill end within an hour".to_owned())
    }

    pub fn rounds(&self) -> u32 {
        self.faults.iter().map(|f| f.round).max().unwrap_or(1)
    }

    /// From a round's beginning to the end of its last fault.
    fn window_of(&self, round: u32) -> Duration {
        let of_round = self.faults.iter().filter(|f| f.round == round);
        let end = |f: &FaultStep| f.at.saturating_add(f.lasts);
        of_round.map(end).max().unwrap_or_default()
    }

    /// All rounds together, without the ways back between them.
    pub fn fault_window(&self) -> Duration {
        let rounds = 1..=self.rounds();
        rounds.fold(Duration::ZERO, |sum, n| {
            sum.saturating_add(self.window_of(n))
        })
    }

    /// The longest that it takes.
    pub fn takes(&self) -> Duration {
        self.steady_s + self.fault_window() + self.observe_s * self.rounds()
    }

    /// Whether it is about what judges say.
    pub fn needs_judges(&self) -> bool {
        let by_fault =
            |f: &FaultStep| f.tier == TierName::Judges || matches!(f.kind, FaultKind::Harsh { .. });
        self.faults.iter().any(by_fault) || self.trips_on_quality().is_some()
    }

    /// Where a breaker has to open for what judges say: how soon.
    pub fn trips_on_quality(&self) -> Option<Duration> {
        self.checks.iter().find_map(|c| match c {
            Check::BreakerOpened {
                why: Why::Quality,
                within,
                ..
            } => Some(*within),
            _ => None,
        })
    }

    /// Where the primary never answers: what bounds the 95th percentile of its callers' waiting.
    pub fn hangs_within(&self) -> Option<Duration> {
        let hangs = |f: &FaultStep| f.kind == FaultKind::Hang && f.tier == TierName::At(0);
        self.faults.iter().find(|f| hangs(f))?;
        self.checks.iter().find_map(|c| match c {
            Check::P95WithinSlo { slo } => Some(*slo),
            _ => None,
        })
    }

    /// What its checks ask.
    pub fn titles(&self) -> Vec<String> {
        self.checks.iter().map(Check::title).collect()
    }

    /// Who a drill's commands and events are by.
    pub fn actor(&self) -> String {
        crate::model::drill::actor(&self.name)
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

fn first() -> u32 {
    1
}

fn everything() -> f64 {
    1.0
}

fn share<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
    let share = f64::deserialize(d)?;
    if !(0.0..=1.0).contains(&share) {
        return Err(D::Error::custom("a share is from 0 to 1"));
    }
    Ok(share)
}

fn rate_per_s<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
    let rate = f64::deserialize(d)?;
    if !(0.5..=100.0).contains(&rate) {
        return Err(D::Error::custom("from 0.5 to 100 requests per second"));
    }
    Ok(rate)
}

fn some_rate_per_s<'de, D: Deserializer<'de>>(d: D) -> Result<Option<f64>, D::Error> {
    rate_per_s(d).map(Some)
}

fn seconds<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(d)?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|d| *d <= LONGEST)
        .ok_or_else(|| D::Error::custom("a number of seconds, an hour at most"))
}

pub(super) fn time<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    parse_duration(&String::deserialize(d)?).map_err(D::Error::custom)
}

fn fault<'de, D: Deserializer<'de>>(d: D) -> Result<FaultKind, D::Error> {
    String::deserialize(d)?.parse().map_err(D::Error::custom)
}

pub(super) fn tier<'de, D: Deserializer<'de>>(d: D) -> Result<TierName, D::Error> {
    let name = String::deserialize(d)?;
    match name.as_str() {
        "all" => Ok(TierName::All),
        "primary" => Ok(TierName::At(0)),
        "secondary" => Ok(TierName::At(1)),
        "tertiary" => Ok(TierName::At(2)),
        "judges" => Ok(TierName::Judges),
        _ => Err(D::Error::custom(format!(
            "{name:?} is not a tier; write primary, secondary, tertiary, all or judges"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"name = "x"
title = "X"
what = "Breaks x."
steady_s = 1
observe_s = 2.5
[[fault]]
for = "3s"
tier = "primary"
kind = "status=503"
rate = 0.5
[[check]]
is = "as-before"
"#;

    #[test]
    fn times_and_places_are_read_as_people_write_them() {
        let read = Scenario::parse("x.toml", GOOD).unwrap();
        assert_eq!(read.observe_s, Duration::from_millis(2500));
        assert_eq!(read.faults[0].tier, TierName::At(0));
        assert_eq!(read.fault_window(), Duration::from_secs(3));
        assert_eq!(read.takes(), Duration::from_millis(6500));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (from, to, line, says) in [
            ("rate = 0.5", "rate = 5", 10, "from 0 to 1"),
            ("rate = 0.5", "rat = 5", 10, "rat"),
            ("status=503", "status=200", 9, "400 to 599"),
            ("\"primary\"", "\"first\"", 8, "primary, secondary"),
            ("\"3s\"", "\"soon\"", 7, "30s"),
            ("steady_s = 1", "steady_s = -1", 4, "seconds"),
            ("as-before", "as-ever", 12, "as-ever"),
            ("name = \"x\"", "name = 7", 1, "string"),
        ] {
            let problem = Scenario::parse("x.toml", &GOOD.replace(from, to)).unwrap_err();
            assert_eq!(problem.line, Some(line), "{problem}");
            assert!(problem.message.contains(says), "{problem}");
        }
    }

    #[test]
    fn a_drill_without_a_fault_or_longer_than_an_hour_is_refused() {
        let long = GOOD.replace("\"3s\"", "\"2h\"");
        let problem = Scenario::parse("x.toml", &long).unwrap_err();
        assert!(problem.to_string().contains("within an hour"), "{problem}");
        for (from, to, says) in [
            ("name = \"x\"", "name = \"../x\"", "dashes only"),
            ("kind =", "round = 3\nkind =", "has no fault"),
            (
                "is = \"as-before\"",
                "is = \"upstream-hits\"\nfault = 2\nat_most = 1",
                "not there",
            ),
        ] {
            let problem = Scenario::parse("x.toml", &GOOD.replace(from, to)).unwrap_err();
            assert!(problem.message.contains(says), "{problem}");
        }
        let empty = "name='x'\ntitle=''\nwhat=''\nsteady_s=1\nobserve_s=1\nfault=[]\ncheck=[]";
        assert!(Scenario::parse("x.toml", empty).is_err());
    }
}
