//! What a scenario file says: providers and judges in time, traffic, and what has to come of it.
//!
//! Phases are steps: each holds until the next one of the same list, and before the first one all is well. What a phase
//! does not name is healthy.

use super::expect::Expect;
use crate::model::Mono;
use std::time::Duration;

/// What is healthy all the same: 0.5 % errors, 0.2 % garbage.
pub(super) const BACKGROUND_ERRORS: f64 = 0.005;
pub(super) const BACKGROUND_GARBAGE: f64 = 0.002;
/// How long is watched after the last change, where the file does not say for how long.
const AFTERMATH: Duration = Duration::from_hours(1);

#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub name: String,
    /// One sentence for a person; empty when the file has none.
    pub what: String,
    pub seeds: u32,
    pub rate_rps: f64,
    /// Whether healthy traffic has gone before.
    pub warm: bool,
    /// How judges err; with several, everything is run with each.
    pub noise: Vec<Noise>,
    /// How often a second judge sees in an answer just what the first one saw, right or wrong.
    pub(super) correlation: f64,
    pub(super) duration: Option<Duration>,
    pub(super) providers: Vec<Provider>,
    pub(super) judges: Vec<Judge>,
    pub(super) traffic: Vec<Step<f64>>,
    pub(super) expect: Expect,
}

/// How the scores of good answers spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    Mixture,
    Continuous,
    Integer,
}

impl Noise {
    pub const ALL: [(&'static str, Self); 3] = [
        ("mixture", Self::Mixture),
        ("continuous", Self::Continuous),
        ("integer", Self::Integer),
    ];

    pub fn as_str(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, noise)| *noise == self);
        named.map_or("", |(name, _)| name)
    }
}

/// From a time on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step<T> {
    pub(super) at: Duration,
    pub(super) is: T,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Provider {
    pub(super) id: String,
    pub(super) phases: Vec<Step<Health>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judge {
    pub(super) id: String,
    /// None: as the scenario says.
    pub(super) noise: Option<Noise>,
    pub(super) phases: Vec<Step<Mood>>,
}

/// How a provider is. Everything but the last two is a share: of requests, or (garbage, mediocre) of answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Health {
    pub(super) err: f64,
    pub(super) hang: f64,
    pub(super) garbage: f64,
    pub(super) mediocre: f64,
    pub(super) c400: f64,
    pub(super) c401: f64,
    pub(super) c429: f64,
    pub(super) capacity_rps: f64,
    pub(super) latency: Duration,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            err: BACKGROUND_ERRORS,
            hang: 0.0,
            garbage: BACKGROUND_GARBAGE,
            mediocre: 0.0,
            c400: 0.0,
            c401: 0.0,
            c429: 0.0,
            capacity_rps: f64::INFINITY,
            latency: Duration::from_secs(1),
        }
    }
}

impl Health {
    /// Whether a breaker should stay away. Errors are tolerated up to the documented limit; callers' mistakes and rate
    /// limits are no illness at all.
    pub(super) fn is_bad(&self, offered_rps: f64) -> bool {
        self.err + self.hang > super::ERR_LIMIT
            || self.c401 > 0.0
            || self.garbage > BACKGROUND_GARBAGE
            || self.mediocre > 0.0
            || self.latency > super::TTFT_DEADLINE / 2
            || self.capacity_rps < offered_rps
    }
}

/// How a judge is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mood {
    /// Added to every score.
    pub(super) shift: f64,
    /// Share of calls that bring no score.
    pub(super) fail: f64,
    pub(super) latency: Duration,
}

impl Default for Mood {
    fn default() -> Self {
        Self {
            shift: 0.0,
            fail: 0.02,
            latency: Duration::from_secs(2),
        }
    }
}

impl Scenario {
    /// How much of it is measured.
    pub fn duration(&self) -> Duration {
        self.duration
            .unwrap_or_else(|| self.last_change() + AFTERMATH)
    }

    /// How long the first illness goes on before anybody can know of it: what only hangs is seen at the deadline.
    pub(super) fn unseen(&self) -> Duration {
        let first = self.spells().into_iter().next();
        let health = first.and_then(|s| {
            let provider = self.providers.get(s.provider)?;
            at_time(&provider.phases, s.from.since(Mono::default())).copied()
        });
        match health {
            Some(h) if h.hang > 0.0 && !(Health { hang: 0.0, ..h }).is_bad(0.0) => {
                super::TTFT_DEADLINE
            }
            _ => Duration::ZERO,
        }
    }

    fn last_change(&self) -> Duration {
        let providers = self.providers.iter().flat_map(|p| p.phases.iter());
        let judges = self.judges.iter().flat_map(|j| j.phases.iter());
        let all = providers
            .map(|s| s.at)
            .chain(judges.map(|s| s.at))
            .chain(self.traffic.iter().map(|s| s.at));
        all.max().unwrap_or_default()
    }

    /// When each provider is bad, from the first change to the end of the scenario.
    pub(super) fn spells(&self) -> Vec<Spell> {
        let mut spells = Vec::new();
        for (index, provider) in self.providers.iter().enumerate() {
            let changes = provider.phases.iter().map(|s| s.at);
            let mut times: Vec<Duration> = changes
                .chain(self.traffic.iter().map(|s| s.at))
                .chain([Duration::ZERO])
                .filter(|at| *at < self.duration())
                .collect();
            times.sort_unstable();
            times.dedup();
            let mut since = None;
            for at in times {
                let offered = self.rate_rps * at_time(&self.traffic, at).copied().unwrap_or(1.0);
                let health = at_time(&provider.phases, at).copied().unwrap_or_default();
                match (health.is_bad(offered), since) {
                    (true, None) => since = Some(at),
                    (false, Some(from)) => {
                        spells.push(Spell::new(index, from, Some(at)));
                        since = None;
                    }
                    _ => {}
                }
            }
            spells.extend(since.map(|from| Spell::new(index, from, None)));
        }
        spells.sort_by_key(|s| (s.from, s.provider));
        spells
    }
}

/// What holds at a time; none before the first step.
fn at_time<T>(steps: &[Step<T>], at: Duration) -> Option<&T> {
    let step = steps.iter().rev().find(|step| step.at <= at)?;
    Some(&step.is)
}

/// A time through which one provider is bad without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spell {
    pub(super) provider: usize,
    /// From the beginning of the scenario.
    pub(super) from: Mono,
    /// None: it stays bad.
    pub(super) to: Option<Mono>,
}

impl Spell {
    fn new(provider: usize, from: Duration, to: Option<Duration>) -> Self {
        let mono = |at| Mono::default() + at;
        Self {
            provider,
            from: mono(from),
            to: to.map(mono),
        }
    }

    pub(super) fn covers(&self, at: Mono) -> bool {
        at >= self.from && self.to.is_none_or(|to| at < to)
    }
}
