//! One request from the first look into the cache to the last word of the canned answer.

mod closing;
mod hedge;
mod seat;

use super::{
    Call, Router,
    after::Guard,
    plant::Plant,
    reply::{Reply, Served},
};
use crate::{
    cache::{self, Key},
    clock,
    config::{ProbeMode, Route, Tier},
    model::{DeploymentId, Verdict, verdict::Next},
    provider::translate::Untranslatable,
    telemetry::{Operation, Purpose},
};
pub(super) use hedge::Purse;
use http::StatusCode;
pub use seat::RETRY_COSTS;
use seat::{Seat, Tried};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tracing::Instrument;

/// Kept for the canned answer, whatever happens before.
const FOR_RUNG_3: Duration = Duration::from_millis(250);
/// Kept for every tier below, so that a slow one leaves something.
const FOR_EACH_TIER: Duration = Duration::from_secs(2);

/// Of what is left of an exchange's time, what a tier may not use that has so many below it.
pub fn kept_back(left: Duration, below: usize) -> Duration {
    let tiers = u32::try_from(below).unwrap_or(u32::MAX);
    FOR_RUNG_3.min(left / 4) + FOR_EACH_TIER.saturating_mul(tiers).min(left / 2)
}

/// Answers a request. Dropping the future is the caller leaving: it cancels the call under way.
pub async fn handle(call: Call) -> Reply {
    let span = tracing::info_span!("chat", model = %call.ask.model, request.id = %call.id);
    answer(call).instrument(span).await
}

async fn answer(call: Call) -> Reply {
    let router = Arc::clone(&call.router);
    let plant = router.plant.load_full();
    let Some(route) = plant.route(&call.ask.model) else {
        return unknown_model(&call, &plant);
    };
    let call = Arc::new(call.told_as(Operation::Chat, Purpose::Caller, None));
    let guard = Guard::new(Arc::clone(&call), Arc::clone(&route));
    let key = (route.cache && plant.config.cache.enabled && !opts_out(&call))
        .then(|| cache::key(call.door, &route.id, call.tenant.as_deref(), &call.ask.body))
        .flatten()
        .map(|key| key.for_family(&family(&route, &plant)));
    let deadline = route
        .deadline
        .min(callers_own(&call).unwrap_or(Duration::MAX));
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
        unsayable: None,
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
    let said = ["x-stainless-timeout", "x-server-timeout"];
    let seconds: f64 = said
        .iter()
        .find_map(|name| call.headers.get(*name))?
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

pub(super) fn unknown_model(call: &Call, plant: &Plant) -> Reply {
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
    /// What of the request the last tier's dialect could not say.
    unsayable: Option<Untranslatable>,
    /// A rate limit has been waited for once; not twice.
    waited: bool,
}

/// Tiers still to be tried, and their places.
type Tiers<'r> = VecDeque<(usize, &'r Tier)>;

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
        let (router, route) = (Arc::clone(&self.router), Arc::clone(&self.route));
        let climbed = tokio::select! {
            biased;
            reply = self.climb(&route) => reply,
            () = router.ending() => return self.stopped(),
        };
        if let Some(reply) = climbed {
            return reply;
        }
        if let Some(reply) = self.unsaid() {
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
                    match self.try_seat(seat, &mut tiers).await {
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
                let trace = self.guard.trace();
                trace.skipped(&copy.unit.id, copy.index, "probed_by_copy");
                self.shadow(copy);
            }
            let window = seat.unit.context_window;
            match self.try_seat(seat, &mut tiers).await {
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
                let (larger, small): (Tiers<'r>, _) = std::mem::take(tiers)
                    .into_iter()
                    .partition(|(_, t)| self.is_larger(t, window));
                self.pass_over(&small, "small_window");
                *tiers = larger;
                tiers.extend(also(&route.context_fallbacks));
            }
            Next::OptIn => {
                self.pass_over(tiers, "not_opted_in");
                *tiers = also(&route.policy_fallbacks);
            }
            Next::Canned => {
                if self.left() <= FOR_RUNG_3 {
                    self.pass_over(tiers, "no_time");
                    tiers.clear();
                }
                return None;
            }
            Next::Stop => tiers.clear(),
        }
        let (status, body) = said?;
        tiers.is_empty().then(|| self.told(status, body))
    }

    fn pass_over(&self, tiers: &Tiers<'_>, why: &'static str) {
        for (index, tier) in tiers {
            for id in &tier.deployments {
                self.guard.trace().skipped(id, *index, why);
            }
        }
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
        self.guard.trace().waited(wait);
        true
    }
}
