//! Failures injected on purpose, on the live path, with a rate and an expiry.

use super::{
    DeploymentId, Wall,
    time::{as_ms, duration_text, parse_duration},
};
use serde::{Deserialize, Serialize};
use std::{fmt, ops::RangeInclusive, str::FromStr, time::Duration};

mod only;

pub use only::Only;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
pub enum FaultKind {
    /// Answer with this status instead of calling.
    Status { status: u16 },
    /// As if nothing listened.
    Refused,
    /// The connection is cut before the head of the answer.
    Reset,
    /// Accepted, and never answered.
    Hang,
    /// The whole call starts this much later.
    Delay {
        #[serde(with = "as_ms")]
        by: Duration,
    },
    /// The head comes at once, the first token this much later.
    SlowFirstToken {
        #[serde(with = "as_ms")]
        by: Duration,
    },
    /// Everything takes this many times as long: the head, and every piece after it.
    Slow { times: u32 },
    /// Silence, with the socket open, after so many tokens.
    Stall { after: u32 },
    /// The connection is cut after so many tokens.
    Cut { after: u32 },
    /// Events that do not parse, strewn into the stream.
    Malformed,
    /// 200, then an error event in the provider's own format.
    InBandError,
    /// 200 with nothing in it.
    Empty,
    /// 200, fluent, wrong.
    Garbage { how: Garbage },
    /// Really sends a wrong key, and really gets the provider's refusal.
    BadKey,
    /// The account's money is spent, as the provider says it.
    Quota,
    /// So many requests per second are let through; the others hear that the provider is overloaded.
    Capacity { per_s: u32 },
    /// Takes so many hundredths off every score that it gives as a judge. Hits nothing else.
    Harsh { hundredths: u32 },
}

/// Ways of being wrong with a straight face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Garbage {
    WrongLanguage,
    WordSalad,
    Repetition,
    OffTopic,
    /// Some of its words in another script.
    WrongScript,
    /// Unlikely words where likely ones should stand.
    TopK,
}

impl Garbage {
    pub const ALL: [Self; 6] = [
        Self::WrongLanguage,
        Self::WordSalad,
        Self::Repetition,
        Self::OffTopic,
        Self::WrongScript,
        Self::TopK,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrongLanguage => "wrong-language",
            Self::WordSalad => "word-salad",
            Self::Repetition => "repetition",
            Self::OffTopic => "off-topic",
            Self::WrongScript => "wrong-script",
            Self::TopK => "top-k",
        }
    }
}

impl FaultKind {
    /// One of each, with the values a menu offers first.
    pub fn menu() -> Vec<Self> {
        vec![
            Self::Status { status: 503 },
            Self::Status { status: 429 },
            Self::BadKey,
            Self::Quota,
            Self::Capacity { per_s: 5 },
            Self::Refused,
            Self::Reset,
            Self::Hang,
            Self::Delay {
                by: Duration::from_secs(5),
            },
            Self::SlowFirstToken {
                by: Duration::from_secs(10),
            },
            Self::Slow { times: 10 },
            Self::Stall { after: 20 },
            Self::Cut { after: 20 },
            Self::Malformed,
            Self::InBandError,
            Self::Empty,
            Self::Garbage {
                how: Garbage::WordSalad,
            },
            Self::Garbage {
                how: Garbage::WrongLanguage,
            },
            Self::Garbage {
                how: Garbage::Repetition,
            },
            Self::Garbage {
                how: Garbage::OffTopic,
            },
            Self::Garbage {
                how: Garbage::WrongScript,
            },
            Self::Garbage { how: Garbage::TopK },
            Self::Harsh { hundredths: 30 },
        ]
    }

    /// What it does, for a person about to do it.
    pub const fn explain(&self) -> &'static str {
        match self {
            Self::Status { .. } => "answers with this status in the provider's own error format",
            Self::Refused => "connection refused",
            Self::Reset => "connection reset before the answer's head",
            Self::Hang => "accepts and never answers",
            Self::Delay { .. } => "the whole call starts late",
            Self::SlowFirstToken { .. } => "head at once, first token late",
            Self::Slow { .. } => "everything takes so many times as long",
            Self::Stall { .. } => "silence after so many tokens, socket open",
            Self::Cut { .. } => "connection cut after so many tokens",
            Self::Malformed => "events that do not parse in a good stream",
            Self::InBandError => "200, then an error event",
            Self::Empty => "200 with nothing in it",
            Self::Garbage { .. } => "200, fluent, wrong: only the judge can see it",
            Self::BadKey => "really sends a wrong key",
            Self::Quota => "the account's money is spent, as the provider says it",
            Self::Capacity { .. } => "overloaded past so many requests per second",
            Self::Harsh { .. } => "as a judge: so many hundredths off every score",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { status } => write!(f, "status={status}"),
            Self::Refused => f.write_str("refused"),
            Self::Reset => f.write_str("reset"),
            Self::Hang => f.write_str("hang"),
            Self::Delay { by } => write!(f, "delay={}", duration_text(*by)),
            Self::SlowFirstToken { by } => write!(f, "slow-first-token={}", duration_text(*by)),
            Self::Slow { times } => write!(f, "slow={times}"),
            Self::Stall { after } => write!(f, "stall={after}"),
            Self::Cut { after } => write!(f, "cut={after}"),
            Self::Malformed => f.write_str("malformed"),
            Self::InBandError => f.write_str("in-band-error"),
            Self::Empty => f.write_str("empty"),
            Self::Garbage { how } => write!(f, "garbage={}", how.as_str()),
            Self::BadKey => f.write_str("bad-key"),
            Self::Quota => f.write_str("quota"),
            Self::Capacity { per_s } => write!(f, "capacity={per_s}"),
            Self::Harsh { hundredths } => write!(f, "harsh={hundredths}"),
        }
    }
}

impl FromStr for FaultKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .map_or((text, None), |(n, v)| (n, Some(v)));
        let tokens = || {
            value.map_or(Ok(20), |v| {
                v.parse()
                    .map_err(|_| format!("{v:?} is not a number of tokens"))
            })
        };
        let time = |default: u64| value.map_or(Ok(Duration::from_secs(default)), parse_duration);
        Ok(match name {
            "status" => match value.map(str::parse::<u16>) {
                Some(Ok(status @ 400..=599)) => Self::Status { status },
                _ => {
                    return Err(format!(
                        "{text:?}: write a status from 400 to 599, like status=503"
                    ));
                }
            },
            "refused" => Self::Refused,
            "reset" => Self::Reset,
            "hang" => Self::Hang,
            "delay" => Self::Delay { by: time(5)? },
            "slow-first-token" => Self::SlowFirstToken { by: time(10)? },
            "slow" => Self::Slow {
                times: number(value, 10, 2..=100, "slow=10: from 2 to 100 times")?,
            },
            "stall" => Self::Stall { after: tokens()? },
            "cut" => Self::Cut { after: tokens()? },
            "malformed" => Self::Malformed,
            "in-band-error" => Self::InBandError,
            "empty" => Self::Empty,
            "garbage" => {
                let how = value.unwrap_or("word-salad");
                let how = Garbage::ALL.into_iter().find(|g| g.as_str() == how);
                Self::Garbage {
                    how: how.ok_or(
                        "garbage is one of wrong-language, word-salad, repetition, off-topic, wrong-script, top-k",
                    )?,
                }
            }
            "bad-key" => Self::BadKey,
            "quota" => Self::Quota,
            "capacity" => Self::Capacity {
                per_s: number(value, 5, 1..=10_000, "capacity=5: requests per second")?,
            },
            "harsh" => Self::Harsh {
                hundredths: number(value, 30, 1..=100, "harsh=30: from 1 to 100 hundredths")?,
            },
            _ => {
                let known = Self::menu();
                let names = known
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(", ");
                return Err(format!("{text:?} is not a fault; faults are {names}"));
            }
        })
    }
}

fn number(
    value: Option<&str>,
    usual: u32,
    within: RangeInclusive<u32>,
    like: &str,
) -> Result<u32, String> {
    let Some(value) = value else { return Ok(usual) };
    let number = value.parse().ok().filter(|n| within.contains(n));
    number.ok_or_else(|| format!("{value:?} is not a number for this fault; write {like}"))
}

/// One active fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    pub id: u32,
    pub deployment: DeploymentId,
    #[serde(flatten)]
    pub kind: FaultKind,
    /// Share of the deployment's attempts it hits, 0 to 1.
    pub rate: f64,
    /// Which of them may be hit at all.
    #[serde(default, skip_serializing_if = "Only::is_everybody")]
    pub only: Only,
    pub who: String,
    pub until: Wall,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_reads_back_as_it_is_written() {
        for kind in FaultKind::menu() {
            assert_eq!(kind.to_string().parse::<FaultKind>(), Ok(kind));
        }
    }

    #[test]
    fn a_wrong_fault_lists_the_right_ones() {
        let err = "explode".parse::<FaultKind>().unwrap_err();
        assert!(
            err.contains("bad-key") && err.contains("status=503"),
            "{err}"
        );
        for wrong in ["status=200", "slow=1", "capacity=0", "harsh=101", "harsh=x"] {
            assert!(wrong.parse::<FaultKind>().is_err(), "{wrong}");
        }
    }
}
