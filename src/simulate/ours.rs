//! The product's breakers, driven as the router drives them.

use super::{
    expect::Cause,
    scenario::Scenario,
    side::{Admit, Call, Desk, Moved, Purpose, Side},
    world::Fate,
};
use crate::{
    breaker::{Admission, Breaker, Move, Permit, Settings, Ticket},
    model::{Class, Mono, Phase, Reason, Verdict},
};

#[derive(Debug)]
pub(super) struct Ours {
    breakers: Vec<Breaker>,
    verdicts: Verdicts,
    rng: fastrand::Rng,
}

/// An answer that is with a judge.
#[derive(Debug)]
pub(super) struct Judged {
    provider: usize,
    ticket: Ticket,
}

impl Ours {
    pub(super) fn new(scenario: &Scenario, seed: u64) -> Self {
        let breaker = |i: usize| {
            let mut breaker = Breaker::new(
                Settings::default(),
                seed ^ (i as u64) << 32,
                Mono::default(),
            );
            breaker.judge_available(true);
            breaker
        };
        Self {
            breakers: (0..scenario.providers.len()).map(breaker).collect(),
            verdicts: Verdicts::new(),
            rng: fastrand::Rng::with_seed(seed),
        }
    }
}

impl Side for Ours {
    type Permit = Permit;
    type Matter = Judged;

    fn admit(&mut self, provider: usize, now: Mono) -> Admit<Permit> {
        match self.breakers.get_mut(provider).map(|b| b.admit(now)) {
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
        desk: &mut Desk<Judged>,
    ) {
        let Some(breaker) = self.breakers.get_mut(provider) else {
            return;
        };
        let (ticket, ordinary) = (permit.ticket(), permit.is_ordinary());
        let moves = breaker.report(permit, self.verdicts.of(fate), now);
        lay(provider, moves, desk);
        if let Fate::Answered(worth) = fate
            && (!ordinary || self.rng.f64() < 0.05)
        {
            let purpose = if ordinary {
                Purpose::Sample
            } else {
                Purpose::Recovery
            };
            desk.calls.push(Call {
                judge: 0,
                worth,
                purpose,
                matter: Judged { provider, ticket },
            });
        }
    }

    fn judged(
        &mut self,
        call: Call<Judged>,
        score: Option<f64>,
        now: Mono,
        desk: &mut Desk<Judged>,
    ) {
        let Judged { provider, ticket } = call.matter;
        if let (Some(breaker), Some(score)) = (self.breakers.get_mut(provider), score) {
            lay(provider, breaker.score(ticket, score, now), desk);
        }
    }

    fn tick(&mut self, now: Mono, desk: &mut Desk<Judged>) {
        for (provider, breaker) in self.breakers.iter_mut().enumerate() {
            if breaker.next_timer().is_some_and(|at| at <= now) {
                lay(provider, breaker.tick(now), desk);
            }
        }
    }

    fn next_timer(&self) -> Option<Mono> {
        self.breakers.iter().filter_map(Breaker::next_timer).min()
    }
}

fn lay<M>(provider: usize, moves: Vec<Move>, desk: &mut Desk<M>) {
    for moved in moves {
        if let Move::To {
            from, to, reason, ..
        } = moved
        {
            desk.moves.push(Moved {
                provider,
                from,
                to,
                cause: cause(&reason),
                why: if to == Phase::Open {
                    reason.to_string()
                } else {
                    String::new()
                },
            });
        }
    }
}

const fn cause(reason: &Reason) -> Cause {
    match reason {
        Reason::Quality { .. } | Reason::ProbeJudgedBad { .. } | Reason::RampJudgedBad { .. } => {
            Cause::Quality
        }
        Reason::Certain { .. } => Cause::Certain,
        _ => Cause::Error,
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
