//! One request from the first look into the cache to the last word of the canned answer.

use super::{
    Call, Router,
    after::{Ending, Guard, Marks},
    attempt::{self, End, Failure},
    plant::{Plant, Unit},
    reply::{Reply, Served},
    slot::Slot,
};
use crate::{
    breaker::{Admission, Permit},
    cache::{self, Hit, Key},
    clock,
    config::{CannedForm, ProbeMode, Route, Tier},
    model::{Class, DeploymentId, Kind, Verdict, event::Outcome, verdict::Next},
    provider::{chat::Answer, translate::Untranslatable},
};
use http::StatusCode;
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tracing::Instrument;

/// Kept for the canned answer, whatever happens before.
const FOR_RUNG_3: Duration = Duration::from_millis(250);
/// Kept for every tier below, so that a slow one leaves something.
const FOR_EACH_TIER: Duration = Duration::from_secs(2);
/// A failure after this long is not fast, and not tried again on the same tier.
const FAST: Duration = Duration::from_secs(2);
/// Before a second try of the same tier.
const BACKOFF_MS: std::ops::Range<u64> = 50..150;

/// Answers a request. Dropping the future is the caller leaving: it cancels the call under way.
pub async fn handle(call: Call) -> Reply {
    let span = tracing::info_span!(
        "chat",
        "gen_ai.operation.name" = "chat",
        "gen_ai.request.model" = %call.ask.model,
        "breakerbox.request.id" = %call.id,
        "breakerbox.rung" = tracing::field::Empty,
        "fallback.tier" = tracing::field::Empty,
    );
    answer(call).instrument(span).await
}

async fn answer(call: Call) -> Reply {
    let router = Arc::clone(&call.router);
    let plant = router.plant.load_full();
    let Some(route) = plant.route(&call.ask.model) else {
        return unknown_model(&call, &plant);
    };
    let guard = Guard::new(Arc::clone(&router), &call);
    let key = (route.cache && plant.config.cache.enabled && !opts_out(&call))
        .then(|| cache::key(call.door, &route.id, call.tenant.as_deref(), &call.ask.body))
        .flatten()
        .map(|key| key.for_family(&family(&route, &plant)));
    let deadline = route
        .deadline
        .min(callers_own(&call).unwrap_or(Duration::MAX));
    let call = Arc::new(call);
    let x = Exchange {
        router,
        plant,
        route,
        call,
        key,
        deadline,
        guard,
        attempts: 0,
        failures: Vec::new(),
        waited: false,
    };
    x.run().await
}

/// `cache-control: no-cache` or `no-store`: the caller wants a fresh answer.
fn opts_out(call: &Call) -> bool {
    let value = call
        .headers
        .get(http::header::CACHE_CONTROL)
        .and_then(|v| v.to_str().ok());
    value.is_some_and(|v| v.contains("no-cache") || v.contains("no-store"))
}

/// How long the caller's SDK says that it will wait.
fn callers_own(call: &Call) -> Option<Duration> {
    let seconds: f64 = call
        .headers
        .get("x-stainless-timeout")?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|d| !d.is_zero())
}

/// The model that the route is meant to be answered by: another primary is another answer.
fn family(route: &Route, plant: &Plant) -> String {
    let first = route.tiers.first().and_then(|t| t.deployments.first());
    first
        .and_then(|d| plant.units.get(d))
        .map(|u| u.model.clone())
        .unwrap_or_default()
}

fn unknown_model(call: &Call, plant: &Plant) -> Reply {
    let names = plant.config.names().join(", ");
    let message = format!(
        "there is no route or deployment {:?} here; there are: {names}",
        call.ask.model
    );
    let served = Served {
        rung: 0,
        tier: None,
        deployment: None,
        attempts: 0,
    };
    Reply::error(
        call,
        StatusCode::NOT_FOUND,
        &message,
        Some("model_not_found"),
        Some("model"),
    )
    .by(call, &served)
}

struct Exchange {
    router: Arc<Router>,
    plant: Arc<Plant>,
    route: Arc<Route>,
    call: Arc<Call>,
    key: Option<Key>,
    deadline: Duration,
    guard: Guard,
    attempts: u32,
    failures: Vec<(DeploymentId, Verdict, bool)>,
    /// A rate limit has been waited for once; not twice.
    waited: bool,
}

/// Tiers still to be tried, and their places.
type Tiers<'r> = VecDeque<(usize, &'r Tier)>;

/// A tier whose deployment has admitted the call.
struct Seat<'r> {
    index: usize,
    tier: &'r Tier,
    unit: Arc<Unit>,
    permit: Permit,
}

/// What trying a seat came to.
enum Tried {
    Served(Reply),
    /// The caller's own error, as the provider said it.
    Told(Reply),
    Failed(Next, Option<(StatusCode, bytes::Bytes)>),
}

impl Exchange {
    async fn run(mut self) -> Reply {
        if self.router.rung3.is_on(&self.route.id, clock::wall()) {
            return self.canned("rung 3 is switched on");
        }
        if let Some(hit) = self
            .key
            .as_ref()
            .and_then(|k| self.router.cache.get(k, clock::wall()))
        {
            return self.cached(&hit);
        }
        let route = Arc::clone(&self.route);
        if let Some(reply) = self.climb(&route).await {
            return reply;
        }
        if let Some(hit) = self
            .key
            .as_ref()
            .and_then(|k| self.router.cache.get_stale(k, clock::wall()))
        {
            return self.cached(&hit);
        }
        let why = self.failures.last().map_or_else(
            || "every tier is open".to_owned(),
            |(d, v, _)| format!("{d}: {v}"),
        );
        self.canned(&why)
    }

    /// Tries the tiers in order. None: nobody answered.
    async fn climb(&mut self, route: &Route) -> Option<Reply> {
        let mut tiers: Tiers<'_> = route.tiers.iter().enumerate().collect();
        let mut probe: Option<Seat<'_>> = None;
        loop {
            let Some((index, tier)) = tiers.pop_front() else {
                // Nobody below can serve: the caller's own request is the probe.
                if let Some(seat) = probe.take() {
                    match self.try_seat(seat, 0).await {
                        Tried::Served(reply) | Tried::Told(reply) => return Some(reply),
                        Tried::Failed(..) => {}
                    }
                }
                if !self.wait_for_gate().await {
                    return None;
                }
                tiers = route.tiers.iter().enumerate().collect();
                continue;
            };
            let Some((seat, is_probe)) = self.admit(index, tier) else {
                continue;
            };
            if is_probe && self.may_shadow() && probe.is_none() && !tiers.is_empty() {
                probe = Some(seat);
                continue;
            }
            if let Some(copy) = probe.take() {
                self.shadow(copy);
            }
            let window = seat.unit.context_window;
            match self.try_seat(seat, tiers.len()).await {
                Tried::Served(reply) | Tried::Told(reply) => return Some(reply),
                Tried::Failed(next, said) => {
                    if let Some(reply) = self.narrow(next, said, window, route, &mut tiers) {
                        return Some(reply);
                    }
                }
            }
        }
    }

    /// A probe is a copy only where a copy can do no harm: a tool call answered twice might.
    fn may_shadow(&self) -> bool {
        self.plant.probe_mode() == ProbeMode::Shadow && !self.call.ask.has_tools
    }

    /// The tier's deployments take turns; the first that admits gets the call.
    fn admit<'r>(&self, index: usize, tier: &'r Tier) -> Option<(Seat<'r>, bool)> {
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
            let (permit, is_probe) = match unit.admit(clock::now()).ok()? {
                Admission::Serve(permit) => (permit, false),
                Admission::Probe(permit) => (permit, true),
                Admission::Refuse(_) => return None,
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

    /// Where the request may go after a failure. A reply when it may go nowhere and the provider's word is the last.
    fn narrow<'r>(
        &self,
        next: Next,
        said: Option<(StatusCode, bytes::Bytes)>,
        window: Option<u32>,
        route: &'r Route,
        tiers: &mut Tiers<'r>,
    ) -> Option<Reply> {
        let below = route.tiers.len();
        let also = |more: &'r [Tier]| {
            more.iter()
                .enumerate()
                .map(|(i, t)| (below + i, t))
                .collect::<Tiers<'r>>()
        };
        match next {
            Next::Tier => return None,
            Next::LargerWindow => {
                tiers.retain(|(_, t)| self.is_larger(t, window));
                tiers.extend(also(&route.context_fallbacks));
            }
            Next::OptIn => *tiers = also(&route.policy_fallbacks),
            Next::Canned => {
                if self.left() <= FOR_RUNG_3 {
                    tiers.clear();
                }
                return None;
            }
            Next::Stop => tiers.clear(),
        }
        let (status, body) = said?;
        tiers.is_empty().then(|| self.told(status, body))
    }

    fn is_larger(&self, tier: &Tier, window: Option<u32>) -> bool {
        let of = |d: &DeploymentId| self.plant.units.get(d).and_then(|u| u.context_window);
        tier.deployments
            .iter()
            .any(|d| matches!((of(d), window), (Some(its), Some(than)) if its > than))
    }

    /// What is left of the exchange's time.
    fn left(&self) -> Duration {
        self.deadline
            .saturating_sub(clock::now().since(self.call.started))
    }

    async fn try_seat(&mut self, seat: Seat<'_>, below: usize) -> Tried {
        let Seat {
            index,
            tier,
            unit,
            mut permit,
        } = seat;
        let mut retries = tier.retries;
        loop {
            let keep = FOR_RUNG_3
                + FOR_EACH_TIER
                    .saturating_mul(u32::try_from(below).unwrap_or(u32::MAX))
                    .min(self.left() / 2);
            let (slot, sampled) = self.slot(&unit, permit);
            let injected = slot.fault.is_some();
            self.attempts += 1;
            let collect = sampled || self.key.is_some();
            let left = self.left().saturating_sub(keep);
            let failure = match attempt::run(&self.call, tier, slot, left, collect).await {
                End::Whole(whole) => {
                    let served = self.served(index, &unit);
                    let reply = Reply::full(StatusCode::OK, whole.headers, whole.body)
                        .dropped(&whole.dropped);
                    let verdict = Verdict::ok();
                    let ticket = whole.slot.ticket();
                    whole.slot.report(&verdict);
                    let ending = self.ending(index, &unit, sampled, injected);
                    ending.end(&verdict, whole.answer, ticket);
                    return Tried::Served(reply.by(&self.call, &served));
                }
                End::Stream(live) => {
                    let served = self.served(index, &unit);
                    let (headers, dropped) = (live.headers.clone(), live.dropped.clone());
                    let stream = self
                        .ending(index, &unit, sampled, injected)
                        .follow(*live)
                        .await;
                    let reply = Reply::stream(headers, Box::pin(stream)).dropped(&dropped);
                    return Tried::Served(reply.by(&self.call, &served));
                }
                End::Unsayable(Untranslatable::Invalid { field, why }) => {
                    return Tried::Told(self.invalid(&field, why));
                }
                End::Unsayable(why) => {
                    let verdict = Verdict::new(Class::Caller, "not_sayable_in_this_dialect");
                    self.failures.push((unit.id.clone(), verdict, false));
                    tracing::debug!(deployment = %unit.id, %why, "passed over");
                    return Tried::Failed(Next::Tier, None);
                }
                End::Failed(failure) => failure,
            };
            let Failure {
                verdict,
                said,
                elapsed,
                injected,
            } = failure;
            let again = verdict.may_retry_same_tier()
                && retries > 0
                && elapsed < FAST
                && self.left() > FAST;
            let next = verdict.class.next();
            self.failures.push((unit.id.clone(), verdict, injected));
            if next == Next::Stop
                && let Some((status, body)) = said
            {
                return Tried::Told(self.told(status, body));
            }
            if !again {
                return Tried::Failed(next, said);
            }
            retries -= 1;
            tokio::time::sleep(Duration::from_millis(fastrand::u64(BACKOFF_MS))).await;
            match unit.admit(clock::now()) {
                Ok(Admission::Serve(next)) => permit = next,
                Ok(Admission::Probe(probe)) => {
                    unit.breaker(|b, now| ((), b.forget(probe, now)));
                    return Tried::Failed(Next::Tier, None);
                }
                _ => return Tried::Failed(Next::Tier, None),
            }
        }
    }

    /// An admitted call, and whether its answer will be judged.
    fn slot(&self, unit: &Arc<Unit>, permit: Permit) -> (Slot, bool) {
        let sampled = self.router.samples(unit, &permit);
        let fault = self.router.faults.hit(&unit.id, clock::wall());
        (
            Slot::new(
                Arc::clone(unit),
                permit,
                fault,
                self.plant.config.breaker.hang_credit,
            ),
            sampled,
        )
    }

    /// The same request once more, beside the caller's: what the deployment makes of it decides whether it is back.
    fn shadow(&self, seat: Seat<'_>) {
        let Seat {
            tier, unit, permit, ..
        } = seat;
        let (slot, _) = self.slot(&unit, permit);
        let (call, tier) = (Arc::clone(&self.call), tier.clone());
        let ending = Ending::of_shadow(
            Arc::clone(&self.router),
            Arc::clone(&call),
            Arc::clone(&unit),
            slot.fault.is_some(),
        );
        self.router.spawn(async move {
            let left = tier.timeout;
            match attempt::run(&call, &tier, slot, left, true).await {
                End::Whole(whole) => {
                    let verdict = Verdict::ok();
                    let ticket = whole.slot.ticket();
                    whole.slot.report(&verdict);
                    ending.end(&verdict, whole.answer, ticket);
                }
                End::Stream(live) => ending.drain(*live).await,
                End::Failed(failure) => ending.end(&failure.verdict, None, None),
                End::Unsayable(_) => {}
            }
        });
    }

    /// When all that is wrong is a rate limit that ends soon: wait for it, once.
    async fn wait_for_gate(&mut self) -> bool {
        let now = clock::now();
        let wait = self
            .route
            .tiers
            .iter()
            .flat_map(|t| &t.deployments)
            .filter_map(|d| self.plant.units.get(d)?.gated_for(now))
            .min();
        let Some(wait) = wait.filter(|w| !self.waited && *w + FOR_EACH_TIER < self.left()) else {
            return false;
        };
        self.waited = true;
        tokio::time::sleep(wait).await;
        true
    }

    fn served<'a>(&self, index: usize, unit: &'a Unit) -> Served<'a> {
        Served {
            rung: if index == 0 { 0 } else { 2 },
            tier: Some(index),
            deployment: Some(&unit.id),
            attempts: self.attempts,
        }
    }

    /// What happens when the answer has been given.
    fn ending(&mut self, index: usize, unit: &Arc<Unit>, sampled: bool, injected: bool) -> Ending {
        self.tell_fallbacks(Some(&unit.id));
        let outcome = if index == 0 {
            Outcome::Primary
        } else {
            Outcome::Fallback
        };
        Ending::new(
            self.guard.take(outcome),
            Arc::clone(&self.call),
            Arc::clone(unit),
            // What a fault said must not be said again after it is cleared.
            self.key.filter(|_| !injected),
            Marks { sampled, injected },
        )
    }

    fn tell_fallbacks(&mut self, to: Option<&DeploymentId>) {
        for (from, verdict, injected) in self.failures.drain(..) {
            if to != Some(&from) {
                let kind = Kind::Fallback {
                    exchange: self.call.id.clone(),
                    route: self.route.id.clone(),
                    from,
                    to: to.cloned(),
                    verdict,
                };
                self.router.bus.emit_marked(kind, injected);
            }
        }
    }

    fn told(&self, status: StatusCode, body: bytes::Bytes) -> Reply {
        self.guard.end(Outcome::CallerError);
        let served = Served {
            rung: 0,
            tier: None,
            deployment: None,
            attempts: self.attempts,
        };
        Reply::full(status, http::HeaderMap::new(), body).by(&self.call, &served)
    }

    /// The request is wrong in the caller's own dialect: no tier would take it.
    fn invalid(&self, field: &str, why: &str) -> Reply {
        self.guard.end(Outcome::CallerError);
        let served = Served {
            rung: 0,
            tier: None,
            deployment: None,
            attempts: self.attempts,
        };
        let message = format!("{field}: {why}");
        Reply::error(
            &self.call,
            StatusCode::BAD_REQUEST,
            &message,
            None,
            Some(field),
        )
        .by(&self.call, &served)
    }

    fn cached(&self, hit: &Hit) -> Reply {
        self.guard.end(Outcome::Cached);
        let served = Served {
            rung: 1,
            tier: None,
            deployment: None,
            attempts: self.attempts,
        };
        let mut reply = Reply::answer(&self.call, &hit.answer).by(&self.call, &served);
        reply.set("age", &hit.age.as_secs().to_string());
        let how = match (hit.stale, hit.how) {
            (true, _) => "stale",
            (false, cache::Match::Exact) => "exact",
            (false, cache::Match::Normalised) => "normalised",
        };
        reply.set("x-breakerbox-cache", how);
        reply
    }

    fn canned(mut self, why: &str) -> Reply {
        let injected = self.failures.iter().any(|(.., injected)| *injected);
        self.tell_fallbacks(None);
        let retry_in = self.retry_in();
        let served = Served {
            rung: 3,
            tier: None,
            deployment: None,
            attempts: self.attempts,
        };
        let form = self.route.canned.form;
        let outcome = if form == CannedForm::Answer {
            Outcome::Canned
        } else {
            Outcome::Error
        };
        self.guard.end(outcome);
        let unserved = Kind::Unserved {
            exchange: self.call.id.clone(),
            route: self.route.id.clone(),
            outcome,
            why: why.to_owned(),
        };
        self.router.bus.emit_marked(unserved, injected);
        let answer: Answer = super::canned::answer(
            &self.route.canned,
            &self.route.id,
            retry_in,
            self.call.ask.schema,
        );
        let reply = match form {
            CannedForm::Answer => Reply::answer(&self.call, &answer),
            CannedForm::Error => Reply::exhausted(&self.call, &answer.text(), retry_in),
        };
        reply.by(&self.call, &served)
    }

    /// When trying again makes sense: the first time that a breaker or a gate looks again.
    fn retry_in(&self) -> Duration {
        let now = clock::now();
        let units = self
            .route
            .tiers
            .iter()
            .flat_map(|t| &t.deployments)
            .filter_map(|d| self.plant.units.get(d));
        units
            .filter_map(|u| u.back_in(now))
            .min()
            .unwrap_or(self.plant.config.breaker.cooldown)
    }
}
