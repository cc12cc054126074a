//! What is normal for a deployment: a band per measure, pinned by a person or learned by the hour of the week, and how far
//! a snapshot lies outside of it.
//!
//! The measures are the table's own numbers, taken once a minute: error rate and p95 over five minutes, the judge's mean
//! over an hour, attempts per second over ten. So a band and what is held against it are always of one kind. A band's
//! edges are the 5th and the 95th percentile of those minutes, by nearest rank.

use super::{DeploymentId, Snapshot, Wall, snapshot::DeploymentView};
use serde::{Deserialize, Serialize};

mod hours;
mod keeper;
mod sketch;

pub use keeper::{Keeper, Kept};

/// Under this many attempts an error rate or a p95 says little.
pub const MIN_ATTEMPTS: u32 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    Errors,
    /// The judge's mean.
    Judge,
    /// Of the whole answer, in seconds.
    P95,
    /// Attempts per second.
    Rate,
}

impl Measure {
    pub const ALL: [Self; 4] = [Self::Errors, Self::Judge, Self::P95, Self::Rate];

    /// The number that the table shows, with its sample; none where that is too small to say something.
    pub fn of(self, d: &DeploymentView, s: &Snapshot) -> Option<(f64, u32)> {
        let attempts = d.errors_5m.n;
        match self {
            Self::Errors if attempts >= MIN_ATTEMPTS => Some((d.errors_5m.rate()?, attempts)),
            Self::Judge if d.judge_1h.n >= s.judge_min_n.max(1) && !d.watch.blind => {
                Some((d.judge_1h.value()?, d.judge_1h.n))
            }
            Self::P95 if attempts >= MIN_ATTEMPTS => Some((d.p95?.as_secs_f64(), attempts)),
            Self::Rate if d.tier.is_some() && d.disabled.is_none() => Some((d.attempts_per_s, 0)),
            _ => None,
        }
    }
}

/// Where a measure lay in `n` minutes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Band {
    pub low: f64,
    pub mid: f64,
    pub high: f64,
    pub n: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Bands {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Band>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<Band>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<Band>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Band>,
}

impl Bands {
    pub const fn get(&self, measure: Measure) -> Option<Band> {
        match measure {
            Measure::Errors => self.errors,
            Measure::Judge => self.judge,
            Measure::P95 => self.p95,
            Measure::Rate => self.rate,
        }
    }

    fn each(of: impl Fn(Measure) -> Option<Band>) -> Option<Self> {
        let bands = Self {
            errors: of(Measure::Errors),
            judge: of(Measure::Judge),
            p95: of(Measure::P95),
            rate: of(Measure::Rate),
        };
        (bands != Self::default()).then_some(bands)
    }
}

/// How it is known what is normal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Origin {
    /// Somebody said that it was normal then.
    Pinned { at: Wall, who: String },
    /// The same hour (UTC) of so many of the last weeks.
    Learned {
        /// 0 is Monday, from midnight to one.
        hour: u8,
        weeks: u8,
        /// That hour itself is not known well enough yet: the hour before it and the one after it are in it.
        #[serde(default)]
        neighbours: bool,
    },
}

/// What is normal for a deployment now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normal {
    pub deployment: DeploymentId,
    #[serde(flatten)]
    pub origin: Origin,
    pub bands: Bands,
}

/// A number outside its band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outside {
    pub measure: Measure,
    pub now: f64,
    pub band: Band,
    /// How far it lies beyond the edge, as a multiple of what would still pass for chance.
    pub far: f64,
}

impl Outside {
    pub fn above(&self) -> bool {
        self.now > self.band.high
    }
}

impl Normal {
    /// How far a number lies outside of what is normal; none where it does not, or where nobody can say.
    pub fn outside(&self, d: &DeploymentView, s: &Snapshot, measure: Measure) -> Option<Outside> {
        let band = self.bands.get(measure)?;
        let (now, n) = measure.of(d, s)?;
        let beyond = (now - band.high).max(band.low - now);
        let far = beyond / slack(measure, band, n);
        (far > 1.0).then_some(Outside {
            measure,
            now,
            band,
            far,
        })
    }

    /// The number that lies farthest outside.
    pub fn worst(&self, d: &DeploymentView, s: &Snapshot) -> Option<Outside> {
        let all = Measure::ALL.into_iter();
        all.filter_map(|measure| self.outside(d, s, measure))
            .reduce(|worst, next| if next.far > worst.far { next } else { worst })
    }
}

/// How far beyond its edge a number is taken for chance. A band of few minutes is too narrow, and a mean of few scores
/// strays: two standard errors of the number itself, and at least what nobody would get up for.
fn slack(measure: Measure, band: Band, n: u32) -> f64 {
    /// Scores differ from each other by about so much.
    const SPREAD: f64 = 0.15;
    /// Over which attempts per second are counted.
    const SECONDS: f64 = 10.0;
    let n = f64::from(n.max(1));
    match measure {
        Measure::Errors => {
            let p = band.high.clamp(1.0 / n, 0.5);
            (2.0 * (p * (1.0 - p) / n).sqrt()).max(0.005)
        }
        Measure::Judge => (2.0 * SPREAD / n.sqrt()).max(0.03),
        Measure::P95 => 0.25 * band.mid.max(0.1),
        Measure::Rate => 0.25 * band.mid + 2.0 * (band.high.max(0.1) / SECONDS).sqrt(),
    }
}

/// The hour of the week in UTC (0 is Monday, from midnight to one), and which week since the first Monday of 1970.
pub fn hour_of_week(at: Wall) -> (u8, u32) {
    const WEEK: u64 = 168;
    /// 1970 began on a Thursday.
    const THURSDAY: u64 = 72;
    let hours = at.secs() / 3600 + THURSDAY;
    let hour = u8::try_from(hours % WEEK).unwrap_or_default();
    (hour, u32::try_from(hours / WEEK).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
