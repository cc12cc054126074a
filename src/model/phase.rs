//! What a breaker is doing, why, and what a person laid over it.

use super::{DeploymentId, Wall, verdict::Verdict};
use serde::{Deserialize, Serialize};
use std::fmt;
use strum::IntoStaticStr;

/// The breaker's own state, which goes on being computed under a force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    #[default]
    Closed,
    Open,
    /// Half-open: one request looks whether the provider is back.
    Probe,
    /// Back, with this share of its traffic.
    Ramp(u8),
}

impl Phase {
    /// As on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::Probe => "probe",
            Self::Ramp(_) => "ramp",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.pad("CLOSED"),
            Self::Open => f.pad("OPEN"),
            Self::Probe => f.pad("PROBE"),
            Self::Ramp(percent) => f.pad(&format!("RAMP {percent}%")),
        }
    }
}

/// A person's override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ForceKind {
    /// Nothing is admitted.
    Open,
    /// Everything is admitted.
    Closed,
    /// Everything is admitted; what would have tripped is said.
    Observe,
}

impl ForceKind {
    pub const ALL: [Self; 3] = [Self::Open, Self::Closed, Self::Observe];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Observe => "observe",
        }
    }
}

impl fmt::Display for ForceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A force laid over a breaker: who, why, until when. It always expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Force {
    #[serde(rename = "force")]
    pub kind: ForceKind,
    pub who: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    pub until: Wall,
}

/// How a force came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum ForceEnd {
    Expired,
    Released { who: String },
    Replaced { who: String },
}

/// Why a breaker moved, with the evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr)]
#[serde(tag = "why", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    /// `bad` of `n` attempts failed over `window_s`.
    ErrorRate {
        rate: f64,
        limit: f64,
        bad: u32,
        n: u32,
        window_s: u32,
    },
    /// The judge's scores.
    Quality {
        mean: f64,
        /// The pass mark of one answer, and the mean that is tolerated.
        floor: f64,
        /// Answers that did not pass, of `n` since the evidence began to gather.
        #[serde(default)]
        bad: u32,
        n: u32,
        window_s: u32,
        /// The share that usually does not pass.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usual: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        judge: Option<DeploymentId>,
        /// A second judge, or the first one's constancy, bears it out.
        #[serde(default)]
        confirmed: bool,
        /// When the evidence began to gather.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Wall>,
    },
    /// Opened at once: a bad credential or a missing model.
    Certain { verdict: Verdict },
    /// Another replica opened its own, on this evidence.
    Fleet { replica: String, cause: String },
    /// The cooldown ended; look again.
    CooldownOver,
    /// Somebody pressed the key.
    ProbeAsked { who: String },
    /// The probe came back well.
    ProbePassed { clean: u32 },
    /// The probe came back badly; the cooldown starts again.
    ProbeFailed { verdict: Verdict },
    /// The probe's answer was judged bad.
    ProbeJudgedBad { mean: f64, n: u32 },
    /// A step of the ramp was earned.
    RampStep { ok: u32 },
    /// A step of the ramp was not.
    RampFailed { rate: f64, bad: u32, n: u32 },
    /// A step of the ramp was judged bad.
    RampJudgedBad { mean: f64, n: u32 },
    /// A force ended; trust is earned again through a probe.
    ForceEnded,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ErrorRate { rate, limit, n, .. } => {
                write!(
                    f,
                    "error_rate {:.1}% > {:.1}% n={n}",
                    rate * 100.0,
                    limit * 100.0
                )
            }
            Self::Quality { .. } => self.quality(f),
            Self::Certain { verdict } => write!(f, "{verdict}"),
            Self::Fleet { replica, cause } => write!(f, "{cause} (at {replica})"),
            Self::CooldownOver => f.write_str("cooldown over"),
            Self::ProbeAsked { who } => write!(f, "probe asked by {who}"),
            Self::ProbePassed { clean } => write!(f, "probe clean n={clean}"),
            Self::ProbeFailed { verdict } => write!(f, "probe failed: {verdict}"),
            Self::ProbeJudgedBad { mean, n } => write!(f, "probe judged {mean:.2} n={n}"),
            Self::RampStep { ok } => write!(f, "earned: {ok} ok"),
            Self::RampFailed { rate, bad, n } => {
                write!(f, "ramp failed: {bad} of {n} bad ({:.0}%)", rate * 100.0)
            }
            Self::RampJudgedBad { mean, n } => write!(f, "ramp judged {mean:.2} n={n}"),
            Self::ForceEnded => f.write_str("force ended"),
        }
    }
}

impl Reason {
    /// As on the wire.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// `quality 0.58 < 0.70, 23 of 41 bad, judge openai/gpt-4.1, since 14:02:11`. A mean that is not under the floor is
    /// no reason; then what is usual is named.
    fn quality(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Quality {
            mean,
            floor,
            bad,
            n,
            usual,
            judge,
            confirmed,
            since,
            ..
        } = self
        else {
            return Ok(());
        };
        if mean < floor {
            // Rounded, but never so that it reads "0.70 < 0.70".
            let digits = if floor - mean < 0.01 { 3 } else { 2 };
            write!(f, "quality {mean:.digits$} < {floor:.2}")?;
        } else {
            write!(f, "quality {mean:.2}")?;
        }
        if *bad == 0 {
            write!(f, ", n={n}")?;
        } else {
            write!(f, ", {bad} of {n} bad")?;
            if !confirmed {
                f.write_str(", unconfirmed")?;
            }
        }
        if let Some(usual) = usual.filter(|_| mean >= floor) {
            write!(f, ", usually {:.0}%", usual * 100.0)?;
        }
        if let Some(judge) = judge {
            write!(f, ", judge {judge}")?;
        }
        match since {
            Some(since) => write!(f, ", since {}", since.clock()),
            None => Ok(()),
        }
    }

    /// The same, with the time of its beginning on people's clock.
    #[must_use]
    pub fn dated(mut self, now: Wall) -> Self {
        if let Self::Quality {
            since,
            window_s,
            usual: Some(_),
            ..
        } = &mut self
        {
            *since = Some(Wall(now.0.saturating_sub(u64::from(*window_s) * 1000)));
        }
        self
    }
}

/// Why a breaker goes on serving although it has seen enough to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spared {
    /// It only watches.
    Observed,
    /// A person keeps it closed.
    Forced,
    /// Nobody else would serve, and bad answers are better than none.
    LastOne,
}

impl fmt::Display for Spared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Observed => "it only observes",
            Self::Forced => "it is forced closed",
            Self::LastOne => "it is the last one that serves",
        })
    }
}

/// A trip that did not happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WouldTrip {
    #[serde(flatten)]
    pub reason: Reason,
    /// None: an older journal does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spared: Option<Spared>,
    /// Until when it would be open. None: for as long as there is the evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Wall>,
}

impl fmt::Display for WouldTrip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        match self.spared {
            Some(spared) => write!(f, "; {spared}"),
            None => Ok(()),
        }
    }
}

/// One move of one breaker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    pub deployment: DeploymentId,
    pub from: Phase,
    pub to: Phase,
    #[serde(flatten)]
    pub reason: Reason,
    pub generation: u64,
    /// When it moves next by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Wall>,
}
