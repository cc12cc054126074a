//! What a drill does: faults on a timeline, traffic, and what has to be true. TOML, read strictly.

use super::check::Check;
use crate::model::{fault::FaultKind, time::parse_duration};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{fmt, ops::Range, time::Duration};

/// Those that come with breakerbox: file name and text.
const SHIPPED: [(&str, &str); 3] = [
    (
        "bad-key-tuesday",
        include_str!("../../assets/drills/bad-key-tuesday.toml"),
    ),
    ("hang", include_str!("../../assets/drills/hang.toml")),
    (
        "all-down",
        include_str!("../../assets/drills/all-down.toml"),
    ),
];
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
    /// Share of them that ask something they have asked before, so that the cache has a part in it.
    #[serde(deserialize_with = "share")]
    pub repeat: f64,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            rate: 4.0,
            repeat: 0.0,
        }
    }
}

/// When a drill ends itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abort {
    /// So many errors at users are more than a rehearsal is worth.
    pub errors: u32,
}

impl Default for Abort {
    fn default() -> Self {
        Self { errors: 5 }
    }
}

/// One failure on the timeline.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultStep {
    /// After the steady state.
    #[serde(deserialize_with = "time", default)]
    pub at: Duration,
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

/// A place in whatever route the drill runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TierName {
    At(usize),
    All,
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
        (self.fault_window() > LONGEST)
            .then(|| "the faults of a drill end within an hour".to_owned())
    }

    /// From the first fault's beginning to the last one's end.
    pub fn fault_window(&self) -> Duration {
        let end = |f: &FaultStep| f.at.saturating_add(f.lasts);
        self.faults.iter().map(end).max().unwrap_or_default()
    }

    /// The longest that it takes.
    pub fn takes(&self) -> Duration {
        self.steady_s + self.fault_window() + self.observe_s
    }

    /// Who a drill's commands and events are by.
    pub fn actor(&self) -> String {
        format!("drill:{}", self.name)
    }
}

/// All that come with breakerbox.
pub fn shipped() -> Vec<Scenario> {
    let read = |(name, text): (&str, &str)| Scenario::parse(&format!("{name}.toml"), text);
    SHIPPED
        .into_iter()
        .map(|s| read(s).expect("the tests read every scenario that is shipped"))
        .collect()
}

/// A shipped scenario by name. The error lists what there is.
pub fn find(name: &str) -> Result<Scenario, String> {
    let all = shipped();
    let names: Vec<_> = all.iter().map(|s| s.name.clone()).collect();
    all.into_iter().find(|s| s.name == name).ok_or_else(|| {
        format!(
            "there is no drill {name:?}; there are: {}",
            names.join(", ")
        )
    })
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
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
        _ => Err(D::Error::custom(format!(
            "{name:?} is not a tier; write primary, secondary, tertiary or all"
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
    fn every_shipped_scenario_reads_and_is_called_like_its_file() {
        for (name, text) in SHIPPED {
            let read = Scenario::parse(name, text).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(read.name, name);
        }
        assert!(find("nothing").unwrap_err().contains("bad-key-tuesday"));
    }

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
        let empty = "name='x'\ntitle=''\nwhat=''\nsteady_s=1\nobserve_s=1\nfault=[]\ncheck=[]";
        assert!(Scenario::parse("x.toml", empty).is_err());
    }
}
