//! The product's breakers and their jury, driven as the router drives them.

use super::{
    expect::Cause,
    judges::Worth,
    scenario::Scenario,
    side::{Admit, Call, Desk, Moved, Purpose, Side},
    world::Fate,
};
use crate::{
    breaker::{Admission, Breaker, Move, Permit, Sample, Score, Settings, Ticket},
    config,
    jury::{self, AnchorCall, Jury, Kept},
    model::{Class, DeploymentId, Mono, Phase, Reason, Verdict},
};
use std::{collections::HashMap, time::Duration};

/// What time alone changes on the bench (a judge that may be asked again) is looked at this often.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Ours {
    units: Vec<Unit>,
    /// In the order of the scenario.
    judges: Vec<DeploymentId>,
    jury: Jury,
    pass: f64,
    looked: Mono,
    /// What the faster judge said of an answer that two were asked about.
    halves: HashMap<u64, Option<f64>>,
    pairs: u64,
    verdicts: Verdicts,
}

#[derive(Debug)]
struct Unit {
    id: DeploymentId,
    maker: String,
    breaker: Breaker,
    phase: Phase,
    kept: Kept<Answer>,
}

impl Unit {
    const fn serves(&self) -> bool {
        matches!(self.phase, Phase::Closed | Phase::Ramp(_))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    provider: usize,
    ticket: Ticket,
    worth: Worth,
}

/// What a judge was asked about.
#[derive(Debug)]
pub(super) enum Matter {
    Answer {
        answer: Answer,
        /// It is the first judge who was asked.
        first: bool,
        /// Two were asked.
        pair: Option<u64>,
    },
    Known(AnchorCall),
}

impl Ours {
    pub(super) fn new(scenario: &Scenario, seed: u64) -> Self {
        let (settings, now) = (Settings::default(), Mono::default());
        let unit = |(i, id): (u64, &str)| Unit {
            id: id.into(),
            maker: maker(id),
            breaker: Breaker::new(settings.clone(), seed.wrapping_mul(31).wrapping_add(i), now),
            phase: Phase::Closed,
            kept: Kept::default(),
        };
        let ids = scenario.providers.iter().map(|p| p.id.as_str());
        let judges = scenario.judges.iter().map(|j| jury::Judge {
            id: j.id.as_str().into(),
            maker: maker(&j.id),
        });
        let budget = config::Judge::default();
        let bench = jury::Settings {
            judges: judges.collect(),
            pass: settings.judge_threshold,
            max_per_minute: budget.max_per_minute,
            max_per_day: budget.max_per_day.unwrap_or(u32::MAX),
            anchors: true,
        };
        Self {
            units: (0..).zip(ids).map(unit).collect(),
            judges: bench.judges.iter().map(|j| j.id.clone()).collect(),
            jury: Jury::new(bench, now),
            pass: settings.judge_threshold,
            looked: now,
            halves: HashMap::new(),
            pairs: 0,
            verdicts: Verdicts::new(),
        }
    }

    fn ask(
        &mut self,
        answer: Answer,
        both: bool,
        purpose: Purpose,
        now: Mono,
        desk: &mut Desk<Matter>,
    ) {
        let Some(unit) = self.units.get(answer.provider) else {
            return;
        };
        let panel = self.jury.panel(&unit.maker, |_| true, now);
        let second = panel.second.filter(|_| both);
        let pair = second.as_ref().map(|_| {
            self.pairs += 1;
            self.pairs
        });
        let urgent = both || purpose != Purpose::Sample;
        let mut again = false;
        for (judge, first) in [(panel.first, true), (second, false)] {
            let place = judge.and_then(|id| self.judges.iter().position(|j| *j == id));
            let Some(judge) = place.filter(|_| self.jury.spend(urgent, now)) else {
                continue;
            };
            let purpose = match purpose {
                Purpose::Sample if !first => Purpose::Second,
                purpose => purpose,
            };
            let matter = Matter::Answer {
                answer,
                first,
                pair,
            };
            desk.calls.push(Call {
                judge,
                worth: answer.worth,
                again,
                purpose,
                matter,
            });
            again = true;
        }
    }

    fn scored(
        &mut self,
        judge: usize,
        matter: Matter,
        score: Option<f64>,
        now: Mono,
        desk: &mut Desk<Matter>,
    ) {
        let Some(judge) = self.judges.get(judge).cloned() else {
            return;
        };
        let (answer, first, pair) = match matter {
            Matter::Known(call) => {
                let moves = self.jury.anchored(&call, score, now);
                return self.bench_moved(moves, now, desk);
            }
            Matter::Answer {
                answer,
                first,
                pair,
            } => (answer, first, pair),
        };
        let other = pair.and_then(|pair| self.other_half(pair, score));
        let Some(unit) = self.units.get_mut(answer.provider) else {
            return;
        };
        let Some(value) = score else {
            return self.jury.failed(&judge, now);
        };
        self.jury.scored(&judge, &unit.id, value, now);
        self.look(now);
        let Some(unit) = self.units.get_mut(answer.provider) else {
            return;
        };
        let score = Score {
            judge,
            value,
            other,
        };
        let moves = unit.breaker.score(answer.ticket, &score, now);
        self.lay(answer.provider, moves, now, desk);
        if first && value < self.pass {
            self.look_back(answer.provider, now, desk);
        }
    }

    /// What the other judge said of the same answer, if it was faster.
    fn other_half(&mut self, pair: u64, score: Option<f64>) -> Option<f64> {
        if let Some(other) = self.halves.remove(&pair) {
            return other;
        }
        self.halves.insert(pair, score);
        None
    }

    /// A bad answer has neighbours.
    fn look_back(&mut self, provider: usize, now: Mono, desk: &mut Desk<Matter>) {
        let Some(unit) = self.units.get_mut(provider) else {
            return;
        };
        let (n, both) = unit.breaker.look_back(unit.kept.count(now));
        let neighbours: Vec<_> = unit.kept.take(n, now).collect();
        for answer in neighbours {
            self.ask(answer, both, Purpose::LookBack, now, desk);
        }
    }

    fn bench_moved(&mut self, moves: Vec<jury::Move>, now: Mono, desk: &mut Desk<Matter>) {
        for moved in moves {
            match moved {
                jury::Move::Held(judge) => {
                    for provider in 0..self.units.len() {
                        if let Some(unit) = self.units.get_mut(provider) {
                            let moves = unit.breaker.anchors_held(&judge, now);
                            self.lay(provider, moves, now, desk);
                        }
                    }
                }
                jury::Move::Doubted(judge) => {
                    for unit in &mut self.units {
                        unit.breaker.anchors_doubted(&judge, now);
                    }
                }
                jury::Move::Dismissed { judge, cause, .. } => {
                    for unit in &mut self.units {
                        unit.breaker.dismiss(&judge);
                    }
                    let at = self.judges.iter().position(|j| *j == judge);
                    desk.faults.extend(at.map(|at| (at, cause.to_string())));
                }
                jury::Move::Restored(_) => {}
            }
        }
        self.look(now);
    }

    /// Tells every breaker who can judge for it.
    fn look(&mut self, now: Mono) {
        self.looked = now;
        let able = self.units.iter().filter(|u| u.serves()).count();
        for unit in &mut self.units {
            let others = able - usize::from(unit.serves());
            let panel = self.jury.panel(&unit.maker, |_| true, now);
            let bench = self.jury.bench(panel, others == 0, now);
            unit.breaker.sit(bench);
        }
    }

    fn lay(&mut self, provider: usize, moves: Vec<Move>, now: Mono, desk: &mut Desk<Matter>) {
        for moved in moves {
            match moved {
                Move::To {
                    from, to, reason, ..
                } => {
                    desk.moves.push(said(provider, from, to, &reason));
                    if let Some(unit) = self.units.get_mut(provider) {
                        unit.phase = to;
                    }
                    self.looked = Mono::default();
                }
                Move::WantsAnchors(judge) => self.jury.confirm(&judge, now),
                Move::JudgeDisputed { judge, passed, of } => {
                    let fault = self.jury.disputed(&judge, passed, of, now);
                    self.bench_moved(fault.into_iter().collect(), now, desk);
                }
                Move::WouldTrip { .. } | Move::ForceExpired(_) => {}
            }
        }
    }

    fn known_answers(&mut self, now: Mono, desk: &mut Desk<Matter>) {
        for call in self.jury.due(now) {
            let judge = self.judges.iter().position(|j| *j == call.judge);
            let Some(judge) = judge.filter(|_| self.jury.spend(true, now)) else {
                let moves = self.jury.anchored(&call, None, now);
                self.bench_moved(moves, now, desk);
                continue;
            };
            let worth = if call.good {
                Worth::Good
            } else {
                Worth::Garbage
            };
            let (purpose, matter) = (Purpose::Anchor, Matter::Known(call));
            desk.calls.push(Call {
                judge,
                worth,
                again: false,
                purpose,
                matter,
            });
        }
    }
}

impl Side for Ours {
    type Permit = Permit;
    type Matter = Matter;

    fn admit(&mut self, provider: usize, now: Mono) -> Admit<Permit> {
        match self.units.get_mut(provider).map(|u| u.breaker.admit(now)) {
            Some(Admission::Serve(permit)) => Admit::Serve(permit),
            Some(Admission::Probe(permit)) => Admit::Probe(permit),
            Some(Admission::Refuse(_)) | None => Admit::Refuse,
        }
    }

    fn report(
        &mut self,
        provider: usize,
        permit: Permit,
        fate: Fate,
        now: Mono,
        desk: &mut Desk<Matter>,
    ) {
        if now >= self.looked + LOOK {
            self.look(now);
        }
        let Some(unit) = self.units.get_mut(provider) else {
            return;
        };
        let (ticket, ordinary) = (permit.ticket(), permit.is_ordinary());
        let moves = unit.breaker.report(permit, self.verdicts.of(fate), now);
        self.lay(provider, moves, now, desk);
        let (Fate::Answered(worth), Some(unit)) = (fate, self.units.get_mut(provider)) else {
            return;
        };
        let answer = Answer {
            provider,
            ticket,
            worth,
        };
        match unit.breaker.sample(ticket, false, now) {
            Sample::Skip => {}
            Sample::Keep => unit.kept.keep(1, answer, now),
            Sample::Judge { both, .. } => {
                let purpose = if ordinary {
                    Purpose::Sample
                } else {
                    Purpose::Recovery
                };
                self.ask(answer, both, purpose, now, desk);
            }
        }
    }

    fn judged(
        &mut self,
        call: Call<Matter>,
        score: Option<f64>,
        now: Mono,
        desk: &mut Desk<Matter>,
    ) {
        self.scored(call.judge, call.matter, score, now, desk);
    }

    fn tick(&mut self, now: Mono, desk: &mut Desk<Matter>) {
        for provider in 0..self.units.len() {
            let due = |u: &&mut Unit| u.breaker.next_timer().is_some_and(|at| at <= now);
            if let Some(unit) = self.units.get_mut(provider).filter(due) {
                let moves = unit.breaker.tick(now);
                self.lay(provider, moves, now, desk);
            }
        }
        if self.jury.next_timer().is_some_and(|at| at <= now) {
            self.known_answers(now, desk);
        }
    }

    fn next_timer(&self) -> Option<Mono> {
        let breakers = self.units.iter().filter_map(|u| u.breaker.next_timer());
        breakers.chain(self.jury.next_timer()).min()
    }
}

/// Who made a model: what stands before the slash, as in the configuration.
fn maker(id: &str) -> String {
    id.split('/').next().unwrap_or(id).to_owned()
}

fn said(provider: usize, from: Phase, to: Phase, reason: &Reason) -> Moved {
    Moved {
        provider,
        from,
        to,
        cause: match reason {
            Reason::Quality { .. }
            | Reason::ProbeJudgedBad { .. }
            | Reason::RampJudgedBad { .. } => Cause::Quality,
            Reason::Certain { .. } => Cause::Certain,
            _ => Cause::Error,
        },
        why: if to == Phase::Open {
            reason.to_string()
        } else {
            String::new()
        },
    }
}
/// What the router would say of each fate; made once, since a run has millions of them.
#[derive(Debug)]
struct Verdicts {
    ok: Verdict,
    failed: Verdict,
    overloaded: Verdict,
    silent: Verdict,
    limited: Verdict,
    mistaken: Verdict,
    locked: Verdict,
}

impl Verdicts {
    fn new() -> Self {
        Self {
            ok: Verdict::ok(),
            failed: Verdict::new(Class::Fault, "api_error").status(500),
            overloaded: Verdict::new(Class::Fault, "overloaded_error").status(529),
            silent: Verdict::new(Class::Fault, "ttft_timeout").silent(),
            limited: Verdict::new(Class::Throttle, "rate_limit_error").status(429),
            mistaken: Verdict::new(Class::Caller, "invalid_request_error").status(400),
            locked: Verdict::new(Class::Credential, "authentication_error").status(401),
        }
    }

    const fn of(&self, fate: Fate) -> &Verdict {
        match fate {
            Fate::Answered(_) => &self.ok,
            Fate::Failed => &self.failed,
            Fate::Overloaded => &self.overloaded,
            Fate::Silent => &self.silent,
            Fate::Limited => &self.limited,
            Fate::Mistaken => &self.mistaken,
            Fate::Locked => &self.locked,
        }
    }
}
