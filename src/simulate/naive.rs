//! The breaker that the three numbers describe when they are read literally, to compare with: an error rate over the
//! last minute, a mean score over the last hour of 5 % of the answers, one clean probe, then everything at once.
//!
//! It is given the benefit of the doubt where the words leave one: fewer than twenty samples never trip, rate limits and
//! callers' mistakes are no errors, and its probes are copies too.

use super::{
    expect::Cause,
    judges::Worth,
    scenario::Scenario,
    side::{Admit, Call, Desk, Moved, Purpose, Side},
    world::Fate,
};
use crate::{
    breaker::{Settings, Window},
    model::{
        Mono, Phase,
        series::{Mean, Share},
    },
};
use std::time::Duration;

const ERROR_WINDOW: Duration = Duration::from_mins(1);
const JUDGE_WINDOW: Duration = Duration::from_hours(1);
const MIN_SAMPLES: u32 = 20;
const SAMPLED: f64 = 0.05;

#[derive(Debug)]
pub(super) struct Naive {
    settings: Settings,
    units: Vec<Unit>,
    rng: fastrand::Rng,
}

#[derive(Debug)]
struct Unit {
    state: State,
    errors: Window<Share>,
    scores: Window<Mean>,
    /// An answer to a request of another time says nothing about this one.
    generation: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Closed,
    Open { until: Mono },
    HalfOpen { looking: bool },
}

#[derive(Debug)]
pub(super) struct Permit {
    generation: u64,
    probe: bool,
}

impl Naive {
    pub(super) fn new(scenario: &Scenario, seed: u64) -> Self {
        let unit = || Unit {
            state: State::Closed,
            errors: Window::new(ERROR_WINDOW, 60),
            scores: Window::new(JUDGE_WINDOW, 60),
            generation: 0,
        };
        Self {
            settings: Settings::default(),
            units: scenario.providers.iter().map(|_| unit()).collect(),
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    fn go(&mut self, at: usize, state: State, cause: Cause, why: String, desk: &mut Desk<usize>) {
        let Some(unit) = self.units.get_mut(at) else {
            return;
        };
        let from = unit.state.phase();
        unit.state = state;
        unit.generation += 1;
        desk.moves.push(Moved {
            provider: at,
            from,
            to: state.phase(),
            cause,
            why,
        });
    }

    fn probe_back(&mut self, at: usize, clean: Option<bool>, now: Mono, desk: &mut Desk<usize>) {
        match clean {
            Some(true) => self.go(
                at,
                State::Closed,
                Cause::Error,
                "probe clean".to_owned(),
                desk,
            ),
            Some(false) => {
                let until = now + self.settings.cooldown;
                let why = "probe failed".to_owned();
                self.go(at, State::Open { until }, Cause::Error, why, desk);
            }
            None => {
                if let Some(unit) = self.units.get_mut(at) {
                    unit.state = State::HalfOpen { looking: false };
                }
            }
        }
    }
}

impl Side for Naive {
    type Permit = Permit;
    /// Which provider's answer it was.
    type Matter = usize;

    fn admit(&mut self, provider: usize, _now: Mono) -> Admit<Permit> {
        let Some(unit) = self.units.get_mut(provider) else {
            return Admit::Refuse;
        };
        let generation = unit.generation;
        match &mut unit.state {
            State::Closed => Admit::Serve(Permit {
                generation,
                probe: false,
            }),
            State::HalfOpen { looking } if !*looking => {
                *looking = true;
                Admit::Probe(Permit {
                    generation,
                    probe: true,
                })
            }
            State::HalfOpen { .. } | State::Open { .. } => Admit::Refuse,
        }
    }

    fn report(
        &mut self,
        provider: usize,
        permit: Permit,
        fate: Fate,
        now: Mono,
        desk: &mut Desk<usize>,
    ) {
        let limit = self.settings.err_threshold;
        let wait = self.settings.cooldown;
        let Some(unit) = self.units.get_mut(provider) else {
            return;
        };
        if let Fate::Answered(worth) = fate
            && self.rng.f64() < SAMPLED
        {
            desk.calls.push(sample(provider, worth));
        }
        if permit.generation != unit.generation {
            return;
        }
        let clean = match fate {
            Fate::Answered(_) => Some(true),
            Fate::Limited | Fate::Mistaken => None,
            Fate::Failed | Fate::Overloaded | Fate::Silent | Fate::Locked => Some(false),
        };
        if permit.probe {
            return self.probe_back(provider, clean, now, desk);
        }
        let (Some(clean), Some(share)) = (clean, unit.errors.at(now)) else {
            return;
        };
        share.add(Share {
            bad: u32::from(!clean),
            n: 1,
        });
        if clean {
            return;
        }
        let all = unit.errors.total(now);
        let rate = f64::from(all.bad) / f64::from(all.n.max(1));
        if all.n >= MIN_SAMPLES && rate > limit {
            let why = format!(
                "error_rate {:.1}% > {:.1}% n={}",
                rate * 100.0,
                limit * 100.0,
                all.n
            );
            self.go(
                provider,
                State::Open { until: now + wait },
                Cause::Error,
                why,
                desk,
            );
        }
    }

    fn judged(&mut self, call: Call<usize>, score: Option<f64>, now: Mono, desk: &mut Desk<usize>) {
        let floor = self.settings.judge_threshold;
        let wait = self.settings.cooldown;
        let Some(unit) = self.units.get_mut(call.matter) else {
            return;
        };
        let (Some(score), Some(mean)) = (score, unit.scores.at(now)) else {
            return;
        };
        mean.push(score);
        let all = unit.scores.total(now);
        let mean = all.value().unwrap_or(1.0);
        if unit.state == State::Closed && all.n >= MIN_SAMPLES && mean < floor {
            let why = format!("quality {mean:.3} < {floor:.2} n={}", all.n);
            let open = State::Open { until: now + wait };
            self.go(call.matter, open, Cause::Quality, why, desk);
        }
    }

    fn tick(&mut self, now: Mono, desk: &mut Desk<usize>) {
        for at in 0..self.units.len() {
            let due = |u: &Unit| matches!(u.state, State::Open { until } if until <= now);
            if self.units.get(at).is_some_and(due) {
                let look = State::HalfOpen { looking: false };
                self.go(at, look, Cause::Error, "cooldown over".to_owned(), desk);
            }
        }
    }

    fn next_timer(&self) -> Option<Mono> {
        let until = |u: &Unit| match u.state {
            State::Open { until } => Some(until),
            State::Closed | State::HalfOpen { .. } => None,
        };
        self.units.iter().filter_map(until).min()
    }
}

impl State {
    const fn phase(self) -> Phase {
        match self {
            Self::Closed => Phase::Closed,
            Self::Open { .. } => Phase::Open,
            Self::HalfOpen { .. } => Phase::Probe,
        }
    }
}

const fn sample(provider: usize, worth: Worth) -> Call<usize> {
    Call {
        judge: 0,
        worth,
        again: false,
        purpose: Purpose::Sample,
        matter: provider,
    }
}
