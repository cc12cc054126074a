//! What is done for one exchange, noted as it goes, and told as one record when it has ended. Most are never told: until
//! then nothing is written down but what is at hand.

use super::{Call, Router, plant::Unit};
use crate::{
    clock,
    config::Route,
    model::{
        Class, DeploymentId, Kind, Mono, Verdict,
        event::{Answered, Outcome},
        request::{self, CacheHit, MODEL_CHARS, MOST, Request, Skipped, Span, SpanEnd, SpanKind},
    },
    provider::chat::Answer,
    router::faults::DRILL,
    telemetry::ExchangeEnd,
};
use parking_lot::Mutex;
use smallvec::SmallVec;
use std::{sync::Arc, time::Duration};

#[derive(Debug)]
pub(super) struct Trace {
    call: Arc<Call>,
    route: Arc<Route>,
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    /// In the order in which they ended.
    spans: SmallVec<[Span; 2]>,
    skipped: SmallVec<[(DeploymentId, usize, &'static str); 2]>,
    answered: Option<(DeploymentId, usize)>,
    ttft: Option<Duration>,
    waited: Option<Duration>,
    cache: Option<CacheHit>,
    rescued: bool,
}

impl Noted {
    fn is_ordinary(&self, outcome: Outcome) -> bool {
        request::is_ordinary(outcome, &self.spans, self.skipped.len())
    }
}

impl Trace {
    pub(super) fn new(call: Arc<Call>, route: Arc<Route>) -> Self {
        Self {
            call,
            route,
            noted: Mutex::default(),
        }
    }

    pub(super) fn router(&self) -> &Arc<Router> {
        &self.call.router
    }

    /// Its caller got neither a model's answer nor a cached one.
    pub(super) fn unserved(&self, outcome: Outcome, why: &str, injected: bool) {
        let unserved = Kind::Unserved {
            exchange: self.call.id.clone(),
            route: self.route.id.clone(),
            outcome,
            why: why.to_owned(),
        };
        self.router().bus.emit_marked(unserved, injected);
    }

    /// These have failed, and `to` answers in their place. None: nobody does.
    pub(super) fn fell_back(
        &self,
        failures: impl IntoIterator<Item = (DeploymentId, Verdict, bool)>,
        to: Option<&DeploymentId>,
    ) {
        for (from, verdict, injected) in failures {
            if to != Some(&from) {
                let kind = Kind::Fallback {
                    exchange: self.call.id.clone(),
                    route: self.route.id.clone(),
                    from,
                    to: to.cloned(),
                    verdict,
                };
                self.router().bus.emit_marked(kind, injected);
            }
        }
    }

    fn so_far(&self) -> Duration {
        clock::now().since(self.call.started)
    }

    /// A deployment was passed over. Where the tiers are gone through twice it is said once.
    pub(super) fn skipped(&self, id: &DeploymentId, tier: usize, why: &'static str) {
        let skipped = &mut self.noted.lock().skipped;
        let is_known = skipped.iter().any(|(d, _, w)| d == id && *w == why);
        if is_known {
            return;
        }
        if skipped.len() < MOST {
            skipped.push((id.clone(), tier, why));
        }
        if let Some(told) = &self.call.told {
            told.skipped(id, tier, why, clock::now());
        }
    }

    /// Somebody answers; of a stream, the first content goes out now.
    pub(super) fn answers(&self, unit: &Unit, tier: usize) {
        let ttft = self.call.ask.stream.then(|| self.so_far());
        let mut noted = self.noted.lock();
        noted.answered = Some((unit.id.clone(), tier));
        noted.ttft = ttft;
    }

    /// Another has taken up the stream.
    pub(super) fn goes_on(&self, unit: &Unit, tier: usize) {
        let mut noted = self.noted.lock();
        noted.answered = Some((unit.id.clone(), tier));
        noted.rescued = true;
    }

    pub(super) fn waited(&self, wait: Duration) {
        self.noted.lock().waited = Some(wait);
    }

    pub(super) fn cached(&self, how: CacheHit) {
        self.noted.lock().cache = Some(how);
    }

    /// The exchange has ended: counted, and told when it is its turn.
    pub(super) fn end(&self, outcome: Outcome) {
        let total = self.so_far();
        self.tell(outcome, total);
        let (by, ordinary) = {
            let noted = self.noted.lock();
            let answered = noted.answered.as_ref();
            let by = Answered {
                place: answered.map(|(id, tier)| place(&self.route, *tier, id)),
                cache: noted.cache,
            };
            (by, noted.is_ordinary(outcome))
        };
        let router = self.router();
        router.exchanges.end(outcome, total, &self.route.id, by);
        if let Some(alike) = router.turns.take(ordinary, clock::now()) {
            let request = self.told(outcome, total, alike);
            let injected = request.is_injected();
            let kind = Kind::Request(Box::new(request));
            router.bus.emit_marked(kind, injected);
        }
    }

    /// To whoever collects traces.
    fn tell(&self, outcome: Outcome, total: Duration) {
        let Some(told) = &self.call.told else { return };
        let noted = self.noted.lock();
        told.end(&ExchangeEnd {
            id: &self.call.id,
            door: self.call.door,
            route: &self.route.id,
            ask: &self.call.ask,
            ended: self.call.started + total,
            outcome,
            answered: noted.answered.as_ref().map(|(id, tier)| (id, *tier)),
            cache: noted.cache,
            ttft: noted.ttft,
            waited: noted.waited,
            rescued: noted.rescued,
            drill: self.call.headers.contains_key(DRILL),
        });
    }

    /// The answer came from no deployment: it was cached, or canned.
    pub(super) fn gave(&self, answer: &Answer) {
        if let Some(told) = &self.call.told {
            told.gave(answer);
        }
    }

    fn told(&self, outcome: Outcome, total: Duration, alike: u32) -> Request {
        let noted = std::mem::take(&mut *self.noted.lock());
        let (deployment, tier) = noted.answered.unzip();
        let mut spans = noted.spans.into_vec();
        spans.sort_by_key(|span| span.start);
        for span in &mut spans {
            span.end = span.end.in_the_end(outcome, deployment.is_some());
        }
        let skipped = noted.skipped.into_iter();
        let call = &self.call;
        Request {
            exchange: call.id.clone(),
            route: self.route.id.clone(),
            outcome,
            dialect: call.door,
            stream: call.ask.stream,
            model: call.ask.model.chars().take(MODEL_CHARS).collect(),
            deployment,
            tier,
            cache: noted.cache,
            ttft: noted.ttft.map(whole_ms),
            total: whole_ms(total),
            waited: noted.waited.map(whole_ms),
            spans,
            skipped: skipped
                .map(|(deployment, tier, why)| Skipped {
                    deployment,
                    tier,
                    why: why.to_owned(),
                })
                .collect(),
            rescued: noted.rescued,
            drill: call.headers.contains_key(DRILL),
            alike,
        }
    }
}

/// A deployment's place among all of its route's; those that only long or refused prompts go to share the one after.
fn place(route: &Route, tier: usize, id: &DeploymentId) -> usize {
    let before = route.tiers.iter().take(tier);
    let before = before.map(|t| t.deployments.len()).sum::<usize>();
    let within = route.tiers.get(tier).and_then(|t| {
        let mut all = t.deployments.iter();
        all.position(|d| d == id)
    });
    before + within.unwrap_or_default()
}

/// One attempt of an exchange, on its way into the record.
#[derive(Debug)]
pub(super) struct Attempted {
    pub(super) trace: Arc<Trace>,
    pub(super) tier: usize,
    pub(super) kind: SpanKind,
}

/// Why an attempt is made: `again` at the same deployment, after so many others.
pub(super) const fn kind(again: bool, is_probe: bool, attempts: u32) -> SpanKind {
    match (again, is_probe, attempts) {
        (true, ..) => SpanKind::Retry,
        (_, true, _) => SpanKind::Probe,
        (.., 0) => SpanKind::First,
        _ => SpanKind::Fallback,
    }
}

/// What an attempt measured, when it has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    pub(super) began: Mono,
    pub(super) ttft: Option<Duration>,
    pub(super) took: Duration,
    pub(super) injected: bool,
}

/// As it is written. A replay has to show what the live screen shows.
fn whole_ms(d: Duration) -> Duration {
    Duration::from_millis(u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

impl Attempted {
    pub(super) fn ended(&self, unit: &Unit, timing: Timing, end: SpanEnd) {
        let began = timing.began.since(self.trace.call.started);
        let start = whole_ms(began);
        // Points in time are cut, not stretches: an attempt never seems to end after its exchange, nor before its successor.
        let until = |d: Duration| whole_ms(began + d).saturating_sub(start);
        let mut noted = self.trace.noted.lock();
        if noted.spans.len() < MOST {
            noted.spans.push(Span {
                deployment: unit.id.clone(),
                tier: self.tier,
                kind: self.kind,
                start,
                ttft: timing.ttft.map(until),
                took: until(timing.took),
                end,
                injected: timing.injected,
            });
        }
    }
}

/// How an attempt ended for its exchange.
pub(super) fn end_of(verdict: &Verdict) -> SpanEnd {
    if verdict.class == Class::Ok {
        SpanEnd::Won
    } else {
        SpanEnd::Failed(verdict.clone())
    }
}
