//! Embeddings: the same attempts, breakers and order as answers, but no cache, no judge and no canned text. A vector of
//! another model is not a worse answer, it is noise in somebody's index: only deployments of the first one's model are
//! asked, or all where the route says that they are the same.

use super::{
    Call, Router,
    after::Guard,
    attempt::{ANSWER_BODY, ERROR_BODY, within},
    exchange::unknown_model,
    faults::Asker,
    plant::{Plant, Unit},
    reply::{Reply, Served},
    slot::Slot,
    trace::{Attempted, kind},
    upstream::{self, Outgoing},
};
use crate::{
    breaker::{Admission, Permit},
    clock,
    config::{Route, Tier},
    model::{
        Class, DeploymentId, Dialect, Mono, Verdict,
        event::Outcome,
        verdict::{Counts, Next},
    },
    provider::{
        classify::{self, TransportError},
        endpoint, errors,
    },
    telemetry::{Operation, Purpose},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::{sync::Arc, time::Duration};

/// A failure after this long is not fast, and not tried again at the same deployment.
const FAST: Duration = Duration::from_secs(2);

/// Answers a request for embeddings. Dropping the future is the caller leaving.
pub async fn embed(call: Call) -> Reply {
    let router = Arc::clone(&call.router);
    let plant = router.plant.load_full();
    let Some(route) = plant.route(&call.ask.model) else {
        return unknown_model(&call, &plant);
    };
    let seats = seats(&route, &plant);
    let call = Arc::new(call.told_as(Operation::Embeddings, Purpose::Caller, None));
    let mut x = Embedding {
        guard: Guard::new(Arc::clone(&call), Arc::clone(&route)),
        router: Arc::clone(&router),
        plant: Arc::clone(&plant),
        route: Arc::clone(&route),
        call,
        attempts: 0,
        failures: Vec::new(),
    };
    if seats.is_empty() {
        return x.impossible();
    }
    tokio::select! {
        biased;
        reply = x.run(&seats) => reply,
        () = router.ending() => x.stopped(),
    }
}

/// A deployment and the tier that it stands in.
struct Place<'r> {
    index: usize,
    tier: &'r Tier,
    unit: &'r Arc<Unit>,
}

/// Who may be asked, in declared order.
fn seats<'r>(route: &'r Route, plant: &'r Plant) -> Vec<Place<'r>> {
    let all = route.tiers.iter().enumerate().flat_map(|(index, tier)| {
        let units = tier.deployments.iter().filter_map(|d| plant.units.get(d));
        units.map(move |unit| Place { index, tier, unit })
    });
    let mut able: Vec<_> = all
        .filter(|p| p.unit.target.embeddings().is_some())
        .collect();
    let first = able.first().map(|p| p.unit.model.clone());
    able.retain(|p| route.same_embeddings || Some(&p.unit.model) == first.as_ref());
    able
}

struct Embedding {
    router: Arc<Router>,
    plant: Arc<Plant>,
    route: Arc<Route>,
    call: Arc<Call>,
    guard: Guard,
    attempts: u32,
    failures: Vec<(DeploymentId, Verdict, bool)>,
}

/// What one call came to.
enum Came {
    Vectors(HeaderMap, Bytes),
    Failed {
        verdict: Verdict,
        /// The provider's own words, where they are the caller's business.
        said: Option<(StatusCode, Bytes)>,
        elapsed: Duration,
        injected: bool,
    },
}

impl Embedding {
    async fn run(&mut self, places: &[Place<'_>]) -> Reply {
        if self.router.rung3.is_on(&self.route.id, clock::wall()) {
            return self.exhausted("rung 3 is switched on");
        }
        let mut last_words = None;
        for place in places {
            let mut retries = place.tier.retries;
            let mut again = false;
            while let Some(permit) = self.admit(place) {
                let left = self.left();
                if left.is_zero() {
                    return self.exhausted("the time is up");
                }
                let attempted = Attempted {
                    trace: Arc::clone(self.guard.trace()),
                    tier: place.index,
                    kind: kind(again, permit.ticket().probe, self.attempts),
                };
                match self.once(place, permit, left, attempted).await {
                    Came::Vectors(headers, body) => return self.served(place, headers, body),
                    Came::Failed {
                        verdict,
                        said,
                        elapsed,
                        injected,
                    } => {
                        let next = verdict.class.next();
                        again = verdict.may_retry_same_tier() && elapsed < FAST && retries > 0;
                        self.failures
                            .push((place.unit.id.clone(), verdict, injected));
                        match (next, said) {
                            (Next::Tier | Next::Canned, said) => last_words = said,
                            (_, Some((status, body))) => return self.told(status, body),
                            (_, None) => {}
                        }
                        if !again {
                            break;
                        }
                        retries -= 1;
                    }
                }
            }
        }
        if let Some((status, body)) = last_words {
            return self.told(status, body);
        }
        let why = self.failures.last().map_or_else(
            || "every deployment of this model is open".to_owned(),
            |(d, v, _)| format!("{d}: {v}"),
        );
        self.exhausted(&why)
    }

    /// A probe is the caller's own request: nobody else's vectors would do.
    fn admit(&self, place: &Place<'_>) -> Option<Permit> {
        match place.unit.admit(clock::now()) {
            Ok(Admission::Serve(permit) | Admission::Probe(permit)) => Some(permit),
            Ok(Admission::Refuse(_)) => None,
            Err(skip) => {
                let trace = self.guard.trace();
                trace.skipped(&place.unit.id, place.index, skip.why);
                None
            }
        }
    }

    fn left(&self) -> Duration {
        let spent = clock::now().since(self.call.started);
        self.route.deadline.saturating_sub(spent)
    }

    async fn once(
        &mut self,
        place: &Place<'_>,
        permit: Permit,
        left: Duration,
        attempted: Attempted,
    ) -> Came {
        let unit = place.unit;
        self.attempts += 1;
        let asker = Asker::of(&self.call.headers);
        let fault = self.router.faults.hit(&unit.id, asker, clock::wall());
        let patience = self.plant.config.breaker.hang_credit;
        let mut slot = Slot::new(Arc::clone(unit), permit, fault, patience);
        slot.attempted = Some(attempted);
        let short = left < place.tier.timeout;
        let deadline = clock::now() + left.min(place.tier.timeout);
        let ended = ask(&self.call, &mut slot, deadline).await;
        let (verdict, said) = match ended {
            Ok((headers, body)) => {
                slot.report(&Verdict::ok());
                return Came::Vectors(headers, body);
            }
            Err(failed) => failed,
        };
        let verdict = if short && verdict.silent {
            Verdict {
                class: Class::Budget,
                ..verdict
            }
        } else {
            verdict
        };
        let (elapsed, injected) = (slot.elapsed(), slot.fault.is_some());
        slot.report(&of_breaker(&verdict));
        Came::Failed {
            verdict,
            said,
            elapsed,
            injected,
        }
    }

    fn served(&mut self, place: &Place<'_>, headers: HeaderMap, body: Bytes) -> Reply {
        self.guard.trace().answers(place.unit, place.index);
        self.guard.end(if place.index == 0 {
            Outcome::Primary
        } else {
            Outcome::Fallback
        });
        let failures = self.failures.drain(..);
        self.guard.trace().fell_back(failures, Some(&place.unit.id));
        let served = Served {
            rung: if place.index == 0 { 0 } else { 2 },
            tier: Some(place.index),
            deployment: Some(&place.unit.id),
            attempts: self.attempts,
        };
        Reply::full(StatusCode::OK, headers, body).by(&self.call, &served)
    }

    fn told(&self, status: StatusCode, body: Bytes) -> Reply {
        self.guard.end(Outcome::CallerError);
        Reply::full(status, HeaderMap::new(), body).by(&self.call, &self.nobody())
    }

    /// No deployment of this route speaks a dialect that has embeddings.
    fn impossible(&self) -> Reply {
        self.guard.end(Outcome::CallerError);
        let message = format!(
            "no tier of {:?} gives embeddings: name a route or a deployment of an OpenAI-dialect provider",
            self.call.ask.model
        );
        let (status, param) = (StatusCode::BAD_REQUEST, Some("model"));
        Reply::error(&self.call, status, &message, None, param).by(&self.call, &self.nobody())
    }

    /// The router ends before there are vectors.
    fn stopped(&self) -> Reply {
        self.guard.stopped();
        Reply::stopping(&self.call).by(&self.call, &self.nobody())
    }

    /// There is no text that could stand in for a vector.
    fn exhausted(&mut self, why: &str) -> Reply {
        let injected = self.failures.iter().any(|(.., injected)| *injected);
        self.guard.trace().fell_back(self.failures.drain(..), None);
        self.guard.end(Outcome::Error);
        self.guard.trace().unserved(Outcome::Error, why, injected);
        let now = clock::now();
        let units = seats(&self.route, &self.plant);
        let back = units.iter().filter_map(|p| p.unit.back_in(now)).min();
        let message = format!("no embeddings from {:?} at the moment", self.call.ask.model);
        let retry_in = back.unwrap_or(self.plant.config.breaker.cooldown);
        Reply::exhausted(&self.call, &message, retry_in).by(&self.call, &self.nobody())
    }

    const fn nobody(&self) -> Served<'static> {
        Served {
            rung: 0,
            tier: None,
            deployment: None,
            attempts: self.attempts,
        }
    }
}

/// A model that gives no embeddings may chat well: that a provider refuses this is no reason to open its breaker, unless
/// it is the key that is refused.
fn of_breaker(verdict: &Verdict) -> Verdict {
    let certain = verdict.class.counts() == Counts::Trip && verdict.status != Some(401);
    if certain {
        return Verdict::new(Class::Caller, verdict.code.clone());
    }
    verdict.clone()
}

type Failed = (Verdict, Option<(StatusCode, Bytes)>);

/// One call on the wire.
async fn ask(call: &Call, slot: &mut Slot, deadline: Mono) -> Result<(HeaderMap, Bytes), Failed> {
    let unit = Arc::clone(&slot.unit);
    let mut out = Outgoing {
        wire: Dialect::OpenAi,
        embeddings: true,
        body: call.ask.with_model(&unit.model),
        headers: endpoint::forwardable(call.door, Dialect::OpenAi, &call.headers),
        stream: false,
    };
    slot.told = call.tell_attempt(Dialect::OpenAi, false, &mut out.headers);
    let broke = |e: TransportError| (classify::transport(e), None);
    let fault = slot.fault.as_ref().map(|f| f.kind.clone());
    let opened = within(deadline, upstream::open(&unit, out, fault.as_ref())).await;
    let mut up = match opened {
        None => return Err(broke(TransportError::HeadersTimeout)),
        Some(Err(e)) => return Err((call.reach(&unit, e, classify::transport(e)), None)),
        Some(Ok(up)) => up,
    };
    slot.heard(up.status);
    call.reached(&unit);
    let limit = if up.status.is_success() {
        ANSWER_BODY
    } else {
        ERROR_BODY
    };
    let body = match within(deadline, up.body.whole(limit)).await {
        None => return Err(broke(TransportError::Timeout)),
        Some(Err(e)) if up.status.is_success() => return Err(broke(e)),
        Some(body) => body.unwrap_or_default(),
    };
    if up.status.is_success() {
        let verdict = classify::embeddings(&body);
        return match verdict.class {
            Class::Ok => Ok((endpoint::response_headers(&up.headers), body)),
            _ => Err((verdict, None)),
        };
    }
    let status = up.status.as_u16();
    let verdict = classify::http(Dialect::OpenAi, status, &up.headers, &body, clock::wall());
    let tell = matches!(
        verdict.class,
        Class::Caller | Class::Context | Class::Policy
    ) || of_breaker(&verdict).class == Class::Caller;
    let said = tell.then(|| {
        let words = errors::relay(Dialect::OpenAi, call.door, status, &body);
        (up.status, words)
    });
    Err((verdict, said))
}
