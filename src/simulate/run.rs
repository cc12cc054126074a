//! One run of one scenario: a queue of what ends when, in virtual time.
//!
//! Requests are routed as the router does it: the first provider in declared order that admits one serves it, a failed
//! attempt goes on to the next, a 429 keeps a provider away for five seconds. A probe is a copy beside a user's request
//! that the next provider serves; where nobody below would, the request itself is the probe. A fast failure is not tried
//! again on the same provider.

use super::{
    GATE,
    judges::{Bench, Paper},
    scenario::{Noise, Scenario},
    side::{Admit, Call, Desk, Purpose, Side},
    tally::{Outcome, Tally},
    world::{Fate, World},
};
use crate::model::Mono;
use std::{cmp::Ordering, collections::BinaryHeap, time::Duration};

/// Healthy time before a warm scenario begins: what an hour's mean needs to be one, and so many judged answers.
const WARM_UP: Duration = Duration::from_hours(1);
const WARM_SCORES: f64 = 2_000.0;

const MOMENT: Duration = Duration::from_millis(10);

/// Runs a scenario once. The same seed brings the same traffic and the same outcome.
pub(super) fn run<S: Side>(scenario: &Scenario, noise: Noise, seed: u64, side: S) -> Outcome {
    let begins = begins(scenario);
    let mut run = Run {
        side,
        world: World::new(scenario, begins),
        bench: Bench::new(&scenario.judges, scenario.correlation, noise, begins),
        rng: fastrand::Rng::with_seed(seed),
        queue: BinaryHeap::new(),
        order: 0,
        gates: vec![Mono::default(); scenario.providers.len()],
        desk: Desk::default(),
        tally: Tally::new(scenario, begins),
    };
    run.until(begins + scenario.duration());
    run.tally.outcome()
}

/// When the measured part begins. Not at zero, so that nothing takes "never" for "now".
pub(super) fn begins(scenario: &Scenario) -> Mono {
    let before = if scenario.warm {
        let rate = scenario.rate_rps;
        let judged_per_s = (0.05 * rate).max(rate.min(0.1));
        WARM_UP.max(Duration::from_secs_f64(WARM_SCORES / judged_per_s))
    } else {
        Duration::ZERO
    };
    Mono::from_secs(1) + before
}

struct Run<S: Side> {
    side: S,
    world: World,
    bench: Bench,
    rng: fastrand::Rng,
    queue: BinaryHeap<Event<S>>,
    /// What is due at the same time happens in the order in which it was planned.
    order: u64,
    gates: Vec<Mono>,
    desk: Desk<S::Matter>,
    tally: Tally,
}

struct Event<S: Side> {
    at: Mono,
    order: u64,
    due: Due<S>,
}

enum Due<S: Side> {
    End(Attempt<S::Permit>),
    Reply(Call<S::Matter>, Option<f64>),
}

struct Attempt<P> {
    provider: usize,
    permit: P,
    fate: Fate,
    /// A copy that no user waits for.
    shadow: bool,
    /// Whether the provider was bad when it was asked.
    sick: bool,
}

impl<S: Side> Run<S> {
    fn until(&mut self, end: Mono) {
        let mut arrival = self.world.next_arrival(Mono::from_secs(1), &mut self.rng);
        let (mut now, mut ticked) = (Mono::default(), Mono::default());
        loop {
            // A timer that stays due after its tick waits a moment instead of stopping the world.
            let earliest = now.max(ticked + MOMENT);
            let timer = self.side.next_timer().map(|at| at.max(earliest));
            let queued = self.queue.peek().map(|event| event.at);
            let next = [arrival, timer, queued].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next < end) else {
                break;
            };
            now = next;
            if timer == Some(now) {
                ticked = now;
                self.side.tick(now, &mut self.desk);
            } else if arrival == Some(now) {
                self.tally.arrived(now);
                self.route(0, now);
                arrival = self.world.next_arrival(now, &mut self.rng);
            } else if let Some(event) = self.queue.pop() {
                self.happen(event.due, now);
            }
            if !self.desk.moves.is_empty() || !self.desk.calls.is_empty() {
                self.clear_desk(now);
            }
        }
    }

    /// A user's request, from one tier on.
    fn route(&mut self, from: usize, now: Mono) {
        let tiers = self.gates.len();
        let mut held = None;
        for provider in from..tiers {
            if self.gates.get(provider).is_some_and(|gate| *gate > now) {
                continue;
            }
            let permit = match self.side.admit(provider, now) {
                Admit::Refuse => continue,
                Admit::Probe(permit) if held.is_none() && provider + 1 < tiers => {
                    held = Some((provider, permit));
                    continue;
                }
                Admit::Probe(permit) | Admit::Serve(permit) => permit,
            };
            if let Some((probed, permit)) = held.take() {
                self.send(probed, permit, true, now);
            }
            self.send(provider, permit, false, now);
            return;
        }
        match held {
            Some((provider, permit)) => self.send(provider, permit, false, now),
            None => self.tally.unserved(now),
        }
    }

    fn send(&mut self, provider: usize, permit: S::Permit, shadow: bool, now: Mono) {
        let (fate, takes) = self.world.send(provider, now, &mut self.rng);
        let sick = self.tally.is_sick(provider, now);
        let attempt = Attempt {
            provider,
            permit,
            fate,
            shadow,
            sick,
        };
        self.plan(now + takes, Due::End(attempt));
    }

    fn plan(&mut self, at: Mono, due: Due<S>) {
        self.order += 1;
        let order = self.order;
        self.queue.push(Event { at, order, due });
    }

    fn happen(&mut self, due: Due<S>, now: Mono) {
        match due {
            Due::End(attempt) => self.ended(attempt, now),
            Due::Reply(call, score) => self.side.judged(call, score, now, &mut self.desk),
        }
    }

    fn ended(&mut self, attempt: Attempt<S::Permit>, now: Mono) {
        let Attempt {
            provider,
            permit,
            fate,
            shadow,
            sick,
        } = attempt;
        if fate == Fate::Limited
            && let Some(gate) = self.gates.get_mut(provider)
        {
            *gate = now + GATE;
        }
        self.side
            .report(provider, permit, fate, now, &mut self.desk);
        match fate {
            _ if shadow => self.tally.probed(now),
            Fate::Answered(worth) => self.tally.answered(worth, sick, now),
            Fate::Mistaken => self.tally.told(now),
            Fate::Failed | Fate::Overloaded | Fate::Silent | Fate::Limited | Fate::Locked => {
                self.route(provider + 1, now);
            }
        }
    }

    fn clear_desk(&mut self, now: Mono) {
        for moved in self.desk.moves.drain(..) {
            self.tally.moved(moved, now);
        }
        for fault in self.desk.faults.drain(..) {
            self.tally.judge_at_fault(fault, now);
        }
        let mut calls = std::mem::take(&mut self.desk.calls);
        for call in calls.drain(..) {
            self.tally.judge_called(call.purpose, now);
            let paper = Paper {
                worth: call.worth,
                known: call.purpose == Purpose::Anchor,
                again: call.again,
            };
            let opinion = self.bench.ask(call.judge, paper, now, &mut self.rng);
            self.plan(now + opinion.takes, Due::Reply(call, opinion.score));
        }
        self.desk.calls = calls;
    }
}

/// The queue gives the greatest first: that has to be the earliest.
impl<S: Side> Ord for Event<S> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl<S: Side> PartialOrd for Event<S> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<S: Side> PartialEq for Event<S> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<S: Side> Eq for Event<S> {}
