//! One request that has ended, with all that was done for it: what a list of requests and its waterfall show.

use super::{
    Class, DeploymentId, Dialect, RouteId, Verdict, Wall, event::Outcome, id::ExchangeId,
    is_default, time,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

mod wire;

/// Characters of the name that a caller asked for.
pub const MODEL_CHARS: usize = 80;
/// Attempts, and deployments passed over, that one record holds. A route's retries may be set to more.
pub const MOST: usize = 12;

/// One exchange. Ordinary ones are samples: `alike` says for how many more they stand.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "wire::Wire")]
pub struct Request {
    pub exchange: ExchangeId,
    pub route: RouteId,
    pub outcome: Outcome,
    /// Of the door that it came in by.
    pub dialect: Dialect,
    pub stream: bool,
    /// What the caller asked for.
    pub model: String,
    /// Who answered; of a stream that was taken up by another, the last.
    pub deployment: Option<DeploymentId>,
    pub tier: Option<usize>,
    /// How the answer was found, where it had been given before.
    pub cache: Option<CacheHit>,
    /// Until a stream's first content was let go.
    pub ttft: Option<Duration>,
    pub total: Duration,
    /// Slept until a rate limit was over.
    pub waited: Option<Duration>,
    /// In the order in which they began. Copies that probe are not among them: nobody waited for those.
    pub spans: Vec<Span>,
    pub skipped: Vec<Skipped>,
    /// A stream broke off when its caller had a part of it, and another went on.
    pub rescued: bool,
    /// It carried a drill's tag.
    pub drill: bool,
    /// Exchanges of its kind (ordinary or not) that were not recorded since the last one that was.
    pub alike: u32,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub deployment: DeploymentId,
    pub tier: usize,
    pub kind: SpanKind,
    /// Since the exchange began.
    pub start: Duration,
    /// Since the attempt began.
    pub ttft: Option<Duration>,
    pub took: Duration,
    pub end: SpanEnd,
    pub injected: bool,
}

/// Why an attempt was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// Nobody had been asked before.
    #[default]
    First,
    /// The same deployment once more.
    Retry,
    /// Another had failed.
    Fallback,
    /// Another was late.
    Hedge,
    /// Another's stream had broken off.
    Rescue,
    /// The caller's own request decides whether the deployment is back.
    Probe,
}

impl SpanKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Retry => "retry",
            Self::Fallback => "fallback",
            Self::Hedge => "hedge",
            Self::Rescue => "rescue",
            Self::Probe => "probe",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanEnd {
    /// The caller has its answer.
    #[default]
    Won,
    Failed(Verdict),
    /// The other one of two had content first.
    Lost,
    /// The caller left.
    Left,
}

impl SpanEnd {
    pub const fn is_won(&self) -> bool {
        matches!(self, Self::Won)
    }

    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Failed(_) => "failed",
            Self::Lost => "lost",
            Self::Left => "left",
        }
    }

    /// The same, when it is known how its exchange ended, and whether anybody had content for the caller.
    #[must_use]
    pub fn in_the_end(&self, outcome: Outcome, answered: bool) -> Self {
        match self {
            // Nobody had content before the caller went: nobody lost.
            Self::Lost if outcome == Outcome::Left && !answered => Self::Left,
            // The caller did not go: another was faster.
            Self::Left if outcome != Outcome::Left => Self::Lost,
            _ => self.clone(),
        }
    }

    pub const fn failed(&self) -> Option<&Verdict> {
        match self {
            Self::Failed(verdict) => Some(verdict),
            _ => None,
        }
    }
}

/// A deployment that was passed over without a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    pub deployment: DeploymentId,
    #[serde(default, skip_serializing_if = "is_default")]
    pub tier: usize,
    /// `open`, `forced_open`, `gated`, `disabled`, `probed_by_copy`, `not_sayable_in_this_dialect`, `small_window`,
    /// `not_opted_in`, `no_time`.
    pub why: String,
}

/// How an answer that was given before was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheHit {
    /// The same question to the letter.
    Exact,
    /// The same question, spelled differently.
    Normalised,
    /// Older than the cache's `ttl`, since nobody else answered.
    Stale,
}

impl CacheHit {
    pub const ALL: [Self; 3] = [Self::Exact, Self::Normalised, Self::Stale];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Normalised => "normalised",
            Self::Stale => "stale",
        }
    }
}

impl Request {
    pub fn is_ordinary(&self) -> bool {
        is_ordinary(self.outcome, &self.spans, self.skipped.len())
    }

    /// One line, without the time.
    pub fn line(&self) -> String {
        let by = self.deployment.as_ref().map_or("nobody", |d| d);
        format!(
            "{} {} by {by} after {}, {} attempts",
            self.route,
            self.outcome.as_str(),
            time::latency(self.total),
            self.spans.len()
        )
    }

    /// A fault had its hand in it.
    pub fn is_injected(&self) -> bool {
        self.spans.iter().any(|span| span.injected)
    }
}

/// The primary answered at the first attempt, or the cache did in its place, and nothing was in the way.
pub fn is_ordinary(outcome: Outcome, spans: &[Span], skipped: usize) -> bool {
    let at_once = match outcome {
        Outcome::Primary => matches!(spans, [only] if only.end.is_won()),
        Outcome::Cached => spans.is_empty(),
        _ => false,
    };
    at_once && skipped == 0
}

/// A request, and when it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestView {
    pub seq: u64,
    pub at: Wall,
    pub request: Request,
}

/// The last time that a deployment failed in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureView {
    pub at: Wall,
    pub class: Class,
    pub code: String,
    /// The verdict in words, HTTP status included. Never the provider's own text, which can echo keys.
    pub text: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub injected: bool,
}

impl FailureView {
    pub fn new(at: Wall, verdict: &Verdict, injected: bool) -> Self {
        Self {
            at,
            class: verdict.class,
            code: verdict.code.clone(),
            text: verdict.to_string(),
            injected,
        }
    }

    /// The same failure, at another time.
    pub fn is_like(&self, other: &Self) -> bool {
        (self.class, &self.text, self.injected) == (other.class, &other.text, other.injected)
    }
}

#[cfg(test)]
mod tests;
