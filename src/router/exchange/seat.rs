//! One tier's turn: admitted, tried (and tried once more after a fast failure), or copied as a probe.

use super::{Exchange, Tiers, kept_back};
use crate::{
    breaker::{Admission, Permit},
    clock,
    config::Tier,
    model::{Class, Verdict, event::Outcome, request::SpanKind, verdict::Next},
    provider::translate::Untranslatable,
    router::{
        after::Ending,
        attempt::{self, End, Failure, Plan},
        faults::Asker,
        plant::Unit,
        reply::{Reply, Served},
        rescue::Rescue,
        slot::{Race, Slot},
        trace::{Attempted, kind},
    },
};
use http::StatusCode;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// A failure after this long is not fast, and not tried again on the same tier.
const FAST: Duration = Duration::from_secs(2);
/// Before a second try of the same tier.
const BACKOFF_MS: std::ops::Range<u64> = 50..150;
/// A second try costs this much time at most, before it begins.
pub const RETRY_COSTS: Duration = FAST.saturating_add(Duration::from_millis(BACKOFF_MS.end));

/// What OpenAI calls reasoning in the history that it cannot open.
const SEALED_ELSEWHERE: &str = "invalid_encrypted_content";

/// A deployment whose dialect has no words for the request.
pub(super) const NOT_SAYABLE: &str = "not_sayable_in_this_dialect";

/// A tier whose deployment has admitted the call.
pub(super) struct Seat<'r> {
    pub(super) index: usize,
    pub(super) tier: &'r Tier,
    pub(super) unit: Arc<Unit>,
    pub(super) permit: Permit,
}

/// An attempt under way.
pub(super) struct Runner {
    pub(super) index: usize,
    pub(super) unit: Arc<Unit>,
    pub(super) injected: bool,
    /// Its answer is looked at when it has been given.
    looked_at: bool,
    race: Option<Race>,
}

impl Runner {
    /// From here on another deployment is asked for the same answer.
    pub(super) fn begin_race(&self) {
        if let Some(race) = &self.race {
            race.begin();
        }
    }
}

/// What trying a seat came to.
pub(super) enum Tried {
    Served(Reply),
    /// The caller's own error, as the provider said it.
    Told(Reply),
    Failed(Next, Option<(StatusCode, bytes::Bytes)>),
}

impl Exchange {
    /// The tier's deployments take turns; the first that admits gets the call.
    pub(super) fn admit<'r>(&self, index: usize, tier: &'r Tier) -> Option<(Seat<'r>, bool)> {
        let n = tier.deployments.len();
        let turn = if n > 1 {
            self.router.turn.fetch_add(1, Ordering::Relaxed)
        } else {
            0
        };
        (0..n).find_map(|i| {
            let unit = self
                .plant
                .units
                .get(tier.deployments.get((turn + i) % n)?)?;
            let (permit, is_probe) = match unit.admit(clock::now()) {
                Ok(Admission::Serve(permit)) => (permit, false),
                Ok(Admission::Probe(permit)) => (permit, true),
                Ok(Admission::Refuse(_)) => return None,
                Err(skip) => {
                    self.guard.trace().skipped(&unit.id, index, skip.why);
                    return None;
                }
            };
            Some((
                Seat {
                    index,
                    tier,
                    unit: Arc::clone(unit),
                    permit,
                },
                is_probe,
            ))
        })
    }

    /// Tries a seat; `tiers` are those below it.
    pub(super) async fn try_seat(&mut self, seat: Seat<'_>, tiers: &mut Tiers<'_>) -> Tried {
        let mut permit = seat.permit;
        let mut retries = seat.tier.retries;
        let mut unsealed = false;
        let mut again = false;
        loop {
            let left = self.left().saturating_sub(self.kept(tiers.len()));
            let why = kind(again, permit.ticket().probe, self.attempts);
            let (runner, slot, mut plan) = self.start(seat.index, &seat.unit, permit, why);
            again = true;
            plan.unsealed = unsealed;
            let call = Arc::clone(&self.call);
            let run = attempt::run(&call, seat.tier, slot, left, plan);
            let (runner, end) = if self.route.hedge {
                Box::pin(self.race(runner, run, tiers)).await
            } else {
                (runner, run.await)
            };
            let failure = match self.settle(&runner, end).await {
                Ok(tried) => return tried,
                Err(failure) => failure,
            };
            self.failed(&runner, &failure);
            let may = failure.verdict.may_retry_same_tier()
                && retries > 0
                && failure.elapsed < FAST
                && runner.unit.id == seat.unit.id
                // With somebody else to ask, one that has failed for a while is not asked twice.
                && (tiers.is_empty() || !seat.unit.is_suspect(clock::now()));
            // Another account sealed it while it stood in: the conversation is whole without.
            if failure.verdict.code == SEALED_ELSEWHERE
                && runner.unit.id == seat.unit.id
                && !std::mem::replace(&mut unsealed, true)
                && let Some(admitted) = seat.unit.admit_ordinary(clock::now())
            {
                permit = admitted;
                continue;
            }
            let next = failure.verdict.class.next();
            if next == Next::Stop
                && let Some((status, body)) = failure.said
            {
                return Tried::Told(self.told(status, body));
            }
            if !may || self.left() < FAST {
                return Tried::Failed(next, failure.said);
            }
            retries -= 1;
            tokio::time::sleep(Duration::from_millis(fastrand::u64(BACKOFF_MS))).await;
            permit = match seat.unit.admit_ordinary(clock::now()) {
                Some(permit) => permit,
                None => return Tried::Failed(Next::Tier, None),
            };
        }
    }

    /// Of the exchange's time, what this tier may not use.
    pub(super) fn kept(&self, below: usize) -> Duration {
        kept_back(self.left(), below)
    }

    /// Everything that an attempt needs, but the time that it has.
    pub(super) fn start(
        &mut self,
        index: usize,
        unit: &Arc<Unit>,
        permit: Permit,
        kind: SpanKind,
    ) -> (Runner, Slot, Plan) {
        let looked_at = self.router.judge.looks_at(permit.ticket(), clock::now());
        let mut slot = self.slot(unit, permit);
        slot.attempted = Some(Attempted {
            trace: Arc::clone(self.guard.trace()),
            tier: index,
            kind,
        });
        self.attempts += 1;
        slot.race = self.route.hedge.then(Race::default);
        let runner = Runner {
            index,
            unit: Arc::clone(unit),
            injected: slot.fault.is_some(),
            looked_at,
            race: slot.race.clone(),
        };
        let plan = Plan {
            collect: looked_at || self.key.is_some(),
            commit: self.route.commit,
            ..Plan::default()
        };
        (runner, slot, plan)
    }

    pub(super) fn failed(&mut self, runner: &Runner, failure: &Failure) {
        self.failures.push((
            runner.unit.id.clone(),
            failure.verdict.clone(),
            failure.injected,
        ));
    }

    /// What an attempt came to.
    async fn settle(&mut self, runner: &Runner, end: End) -> Result<Tried, Failure> {
        let (index, unit) = (runner.index, &runner.unit);
        let reply = match end {
            End::Whole(whole) => {
                let verdict = Verdict::ok();
                let ticket = whole.slot.ticket();
                whole.slot.report(&verdict);
                let mut ending = self.ending(runner);
                ending.end(&verdict, whole.answer, ticket);
                Reply::full(StatusCode::OK, whole.headers, whole.body).dropped(&whole.dropped)
            }
            End::Stream(live) => {
                let (headers, dropped) = (live.headers.clone(), live.dropped.clone());
                let ending = self.ending(runner);
                let stream = ending.follow(live, self.rescue(index, unit)).await;
                Reply::stream(headers, Box::pin(stream)).dropped(&dropped)
            }
            End::Unsayable(Untranslatable::Invalid { field, why }) => {
                return Ok(Tried::Told(self.invalid(&field, why)));
            }
            End::Unsayable(why) => {
                let verdict = Verdict::new(Class::Caller, NOT_SAYABLE);
                self.failures.push((unit.id.clone(), verdict, false));
                self.guard.trace().skipped(&unit.id, index, NOT_SAYABLE);
                tracing::debug!(deployment = %unit.id, %why, "passed over");
                self.unsayable = Some(why);
                return Ok(Tried::Failed(Next::Tier, None));
            }
            End::Failed(failure) => return Err(failure),
        };
        let served = self.served(index, unit);
        Ok(Tried::Served(reply.by(&self.call, &served)))
    }

    fn rescue(&self, tier: usize, unit: &Arc<Unit>) -> Rescue {
        Rescue {
            router: Arc::clone(&self.router),
            plant: Arc::clone(&self.plant),
            route: Arc::clone(&self.route),
            call: Arc::clone(&self.call),
            tier,
            unit: Arc::clone(unit),
            trace: Arc::clone(self.guard.trace()),
            attempts: 0,
        }
    }

    pub(super) fn slot(&self, unit: &Arc<Unit>, permit: Permit) -> Slot {
        let asker = Asker::of(&self.call.headers);
        let fault = self.router.faults.hit(&unit.id, asker, clock::wall());
        Slot::new(
            Arc::clone(unit),
            permit,
            fault,
            self.plant.config.breaker.hang_credit,
        )
    }

    /// The same request once more, beside the caller's: what the deployment makes of it decides whether it is back.
    pub(super) fn shadow(&self, seat: Seat<'_>) {
        let Seat {
            tier, unit, permit, ..
        } = seat;
        let slot = self.slot(&unit, permit);
        let (call, tier) = (Arc::clone(&self.call), tier.clone());
        let mut ending = Ending::of_shadow(
            Arc::clone(&self.router),
            &call,
            Arc::clone(&unit),
            slot.fault.is_some(),
        );
        self.router.spawn(async move {
            let left = tier.timeout;
            let plan = Plan {
                collect: true,
                ..Plan::default()
            };
            match attempt::run(&call, &tier, slot, left, plan).await {
                End::Whole(whole) => {
                    let verdict = Verdict::ok();
                    let ticket = whole.slot.ticket();
                    whole.slot.report(&verdict);
                    ending.end(&verdict, whole.answer, ticket);
                }
                End::Stream(live) => ending.drain(live).await,
                End::Failed(failure) => ending.end(&failure.verdict, None, None),
                End::Unsayable(_) => {}
            }
        });
    }

    pub(super) fn served<'a>(&self, index: usize, unit: &'a Unit) -> Served<'a> {
        Served {
            rung: if index == 0 { 0 } else { 2 },
            tier: Some(index),
            deployment: Some(&unit.id),
            attempts: self.attempts,
        }
    }

    /// What happens when the answer has been given.
    fn ending(&mut self, runner: &Runner) -> Ending {
        let failures = self.failures.drain(..);
        self.guard
            .trace()
            .fell_back(failures, Some(&runner.unit.id));
        self.guard.trace().answers(&runner.unit, runner.index);
        let outcome = if runner.index == 0 {
            Outcome::Primary
        } else {
            Outcome::Fallback
        };
        Ending::new(
            self.guard.take(outcome),
            &self.call,
            Arc::clone(&runner.unit),
            // What a fault said must not be said again after it is cleared.
            self.key.filter(|_| !runner.injected),
            runner.injected,
            runner.looked_at,
        )
    }
}
