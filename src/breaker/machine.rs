//! The machine: its states, what it admits, its timers and its moves.

use super::{
    Admission, Baseline, Permit, Refusal, Settings, Window,
    errors::{ErrorTest, TRIP, TRIP_IN_RAMP, TRIP_ON_PROBATION},
    permit::Kind,
    probe::{Round, Trip},
    quality::Quality,
    ramp::Step,
    settings::PROBATION,
    view::Held,
};
use crate::model::{DeploymentId, ForceKind, Mono, Phase, Reason, phase::Spared, series::Share};
use std::time::Duration;

/// The error rate that a screen shows is over this.
const SHOWN: Duration = Duration::from_mins(5);

/// What a call did that somebody should know.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    To {
        from: Phase,
        to: Phase,
        reason: Reason,
        generation: u64,
        /// When it moves next by itself.
        until: Option<Mono>,
    },
    /// It would have opened, were everything not admitted anyway, or were it not the last one that serves.
    WouldTrip {
        reason: Reason,
        spared: Spared,
        /// Until when it would be open. None: for as long as there is the evidence.
        until: Option<Mono>,
    },
    /// Known answers ought to be put to this judge: its scores are about to trip.
    WantsAnchors(DeploymentId),
    /// The second judge passed so many `of` the answers that this one called bad.
    JudgeDisputed {
        judge: DeploymentId,
        passed: u32,
        of: u32,
    },
    /// A force ran out. What the breaker does then follows.
    ForceExpired(ForceKind),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum State {
    Closed,
    Open { until: Mono },
    Probe(Round),
    Ramp(Step),
}

/// The breaker of one deployment.
#[derive(Debug)]
pub struct Breaker {
    pub(super) settings: Settings,
    pub(super) rng: fastrand::Rng,
    pub(super) generation: u64,
    pub(super) state: State,
    pub(super) since: Mono,
    pub(super) reason: Option<Reason>,
    pub(super) errors: ErrorTest,
    pub(super) quality: Quality,
    pub(super) shown: Window<Share>,
    pub(super) trip: Trip,
    /// When it last came back, and how often it relapsed soon after.
    recovered: Option<Mono>,
    relapses: u32,
    pub(super) ramp_failures: u32,
    pub(super) held: Option<Held>,
    /// Set when a force did what leaves nothing to trust.
    pub(super) distrusted: bool,
    /// Until when it would be open, were everything not admitted anyway.
    pub(super) would_be_open: Option<Mono>,
}

impl Breaker {
    /// A closed breaker without a past. The seed decides the jitter.
    pub fn new(settings: Settings, seed: u64, now: Mono) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            generation: 0,
            state: State::Closed,
            since: now,
            reason: None,
            errors: ErrorTest::new(settings.err_threshold),
            quality: Quality::new(&settings, now),
            shown: Window::new(SHOWN, 300),
            trip: Trip::HARD,
            recovered: None,
            relapses: 0,
            ramp_failures: 0,
            held: None,
            distrusted: false,
            would_be_open: None,
            settings,
        }
    }

    /// Takes new settings over. Phase, evidence and forces stay; waits that are running end as they were set.
    pub fn configure(&mut self, settings: Settings) {
        self.errors.tolerate(settings.err_threshold);
        self.quality.configure(&settings);
        self.settings = settings;
        if !self.admits_everything() {
            self.would_be_open = None;
        }
    }

    /// May this request be served here?
    pub fn admit(&mut self, now: Mono) -> Admission {
        match self.held {
            Some(held) if held.kind == ForceKind::Open => {
                return Admission::Refuse(Refusal {
                    phase: self.phase(),
                    force: Some(held.kind),
                    until: Some(held.until),
                });
            }
            Some(held) if held.kind == ForceKind::Closed => return self.serve(Kind::Forced),
            _ => {}
        }
        match self.own_admission(now) {
            Admission::Refuse(_) if self.observes() => self.serve(Kind::Forced),
            Admission::Probe(permit) if self.observes() => Admission::Serve(permit),
            admission => admission,
        }
    }

    /// Whether a request would be admitted, at least some; asking changes nothing.
    pub fn serves(&self) -> bool {
        match self.held.map(|held| held.kind) {
            Some(ForceKind::Open) => false,
            Some(ForceKind::Closed | ForceKind::Observe) => true,
            None => self.settings.observe || matches!(self.state, State::Closed | State::Ramp(_)),
        }
    }

    fn own_admission(&mut self, now: Mono) -> Admission {
        let floor = self.settings.ramp_floor();
        let (admitted, until) = match &mut self.state {
            State::Closed => (Some(Kind::Normal), None),
            State::Open { until } => (None, Some(*until)),
            State::Probe(round) => (round.admit(now).map(Kind::Probe), None),
            State::Ramp(step) => (step.admit(now, floor).then_some(Kind::Ramp), None),
        };
        match admitted {
            Some(kind @ Kind::Probe(_)) => Admission::Probe(self.permit(kind)),
            Some(kind) => self.serve(kind),
            None => Admission::Refuse(Refusal {
                phase: self.phase(),
                force: None,
                until,
            }),
        }
    }

    fn serve(&self, kind: Kind) -> Admission {
        Admission::Serve(self.permit(kind))
    }

    const fn permit(&self, kind: Kind) -> Permit {
        Permit {
            generation: self.generation,
            kind,
        }
    }

    /// Lets time pass: everything that a timer moves, moves here and nowhere else.
    pub fn tick(&mut self, now: Mono) -> Vec<Move> {
        if let Some(held) = self.held.filter(|held| now >= held.until) {
            let mut moves = vec![Move::ForceExpired(held.kind)];
            moves.extend(self.end_force(now));
            return moves;
        }
        if self.would_be_open.is_some_and(|until| now >= until) {
            self.would_be_open = None;
        }
        let stuck = self.settings.stuck_after();
        match &mut self.state {
            State::Open { until } if now >= *until => {
                return vec![self.probe(Reason::CooldownOver, now)];
            }
            State::Probe(round) => round.free_stuck(now, stuck),
            State::Closed if self.quality.next_timer().is_some_and(|at| now >= at) => {
                self.quality.waited();
                return self.rule(None, now);
            }
            _ => {}
        }
        self.settle(now)
    }

    /// When a tick will next have something to do.
    pub fn next_timer(&self) -> Option<Mono> {
        let own = match &self.state {
            State::Open { until } => Some(*until),
            State::Probe(round) if !self.frozen() => {
                round.next_timer(self.settings.stuck_after(), self.judging())
            }
            State::Ramp(step) if !self.frozen() => Some(self.step_due(step)),
            State::Closed => self.quality.next_timer(),
            _ => None,
        };
        let held = self.held.map(|held| held.until);
        [own, held, self.would_be_open].into_iter().flatten().min()
    }

    /// Looks now. The error is for the person who asked.
    pub fn probe_now(&mut self, who: &str, now: Mono) -> Result<Vec<Move>, String> {
        if let Some(held) = self.held.filter(|held| held.kind != ForceKind::Observe) {
            return Err(format!(
                "it is forced {}: release it, and it probes by itself",
                held.kind
            ));
        }
        match self.state {
            State::Open { .. } => {
                let who = who.to_owned();
                Ok(vec![self.probe(Reason::ProbeAsked { who }, now)])
            }
            _ => Err(format!(
                "it is {}: only an open breaker has to be probed",
                self.phase()
            )),
        }
    }

    pub(super) fn step_due(&self, step: &Step) -> Mono {
        let (hold, patience) = (self.settings.ramp_hold(), self.settings.ramp_patience());
        step.due(self.since, hold, patience)
    }

    pub(super) fn close(&mut self, reason: Reason, now: Mono) -> Move {
        self.fresh_evidence();
        self.quality.resume(now);
        self.recovered = Some(now);
        self.ramp_failures = 0;
        self.trip = Trip::HARD;
        self.go(State::Closed, reason, now)
    }

    /// Opens for a cooldown, or says that it would have.
    pub(super) fn open_from_closed(&mut self, reason: Reason, now: Mono) -> Vec<Move> {
        if matches!(self.state, State::Closed) {
            if self.admits_everything() {
                return vec![self.would_open(self.settings.cooldown, reason, now)];
            }
            self.count_relapse(now);
        }
        let wait = self.cooldown();
        vec![self.open(wait, reason, now)]
    }

    /// Everything is admitted anyway: it only says that it would be open for so long.
    pub(super) fn would_open(&mut self, wait: Duration, reason: Reason, now: Mono) -> Move {
        self.fresh_evidence();
        self.would_be_open = Some(now + wait);
        Move::WouldTrip {
            reason,
            spared: if self.observes() {
                Spared::Observed
            } else {
                Spared::Forced
            },
            until: self.would_be_open,
        }
    }

    pub(super) fn count_relapse(&mut self, now: Mono) {
        let window = self.settings.relapse_window();
        let relapsed = self.recovered.is_some_and(|at| now.since(at) <= window);
        self.relapses = if relapsed { self.relapses + 1 } else { 0 };
    }

    pub(super) fn open(&mut self, wait: Duration, reason: Reason, now: Mono) -> Move {
        self.quality.tripped();
        self.go(State::Open { until: now + wait }, reason, now)
    }

    pub(super) fn probe(&mut self, reason: Reason, now: Mono) -> Move {
        let round = self.new_round();
        self.quality.clear();
        self.go(State::Probe(round), reason, now)
    }

    pub(super) fn new_round(&self) -> Round {
        Round::new(self.trip, self.settings.err_threshold)
    }

    pub(super) fn go(&mut self, state: State, reason: Reason, now: Mono) -> Move {
        let from = self.phase();
        self.state = state;
        self.generation += 1;
        self.since = now;
        self.reason = Some(reason.clone());
        Move::To {
            from,
            to: self.phase(),
            reason,
            generation: self.generation,
            until: self.until(),
        }
    }

    pub(super) fn fresh_evidence(&mut self) {
        self.errors.reset();
        self.quality.clear();
    }

    pub(super) const fn phase(&self) -> Phase {
        match &self.state {
            State::Closed => Phase::Closed,
            State::Open { .. } => Phase::Open,
            State::Probe(_) => Phase::Probe,
            State::Ramp(step) => Phase::Ramp(step.percent()),
        }
    }

    /// When it moves next by itself, if nothing else happens.
    pub(super) fn until(&self) -> Option<Mono> {
        match &self.state {
            State::Open { until } => Some(*until),
            State::Ramp(step) if !self.frozen() => Some(self.step_due(step)),
            State::Closed | State::Probe(_) | State::Ramp(_) => None,
        }
    }

    /// How much evidence trips a breaker that serves. On probation less does. Measured with 0.5 % background errors that
    /// opened nothing in 180 days at 1 request per second, and 40 % failures were found in 0.8 of the time.
    pub(super) fn threshold(&self, now: Mono) -> f64 {
        match self.state {
            State::Ramp(_) => TRIP_IN_RAMP,
            _ if self.on_probation(now) => TRIP_ON_PROBATION,
            _ => TRIP,
        }
    }

    pub(super) fn on_probation(&self, now: Mono) -> bool {
        self.recovered.is_some_and(|at| now.since(at) < PROBATION)
    }

    /// What is usual under each judge, to be kept over restarts.
    pub fn baselines(&self) -> impl Iterator<Item = (&DeploymentId, &Baseline)> {
        self.quality.baselines()
    }

    /// What was usual under a judge before a restart.
    pub fn recall(&mut self, judge: DeploymentId, usual: Baseline) {
        self.quality.recall(judge, usual);
    }

    pub(super) fn observes(&self) -> bool {
        match self.held {
            Some(held) => held.kind == ForceKind::Observe,
            None => self.settings.observe,
        }
    }

    pub(super) fn admits_everything(&self) -> bool {
        self.observes() || self.held.is_some_and(|held| held.kind == ForceKind::Closed)
    }

    /// Whether a person keeps the breaker's own decisions from mattering: then only its cooldown goes on.
    pub(super) fn frozen(&self) -> bool {
        self.held
            .is_some_and(|held| held.kind != ForceKind::Observe)
    }

    pub(super) fn cooldown(&mut self) -> Duration {
        self.jittered(self.settings.cooldown_after(self.relapses), 0.1)
    }

    pub(super) fn jittered(&mut self, wait: Duration, by: f64) -> Duration {
        wait.mul_f64(1.0 - by + 2.0 * by * self.rng.f64())
    }
}
