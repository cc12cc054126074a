//! Whoever begins traces.

use super::{
    context::{Flags, Parent},
    exchange::{Exchange, Operation, Purpose},
    export::Pipeline,
    ledger::{Tally, Tell},
    sampler::Sampler,
    settings::Settings,
};
use crate::model::{Mono, Wall};
use http::HeaderMap;
use opentelemetry::{
    InstrumentationScope,
    trace::{SpanContext, SpanId, TraceId},
};
use opentelemetry_sdk::trace::SpanData;
use std::sync::Arc;

#[derive(Debug)]
pub struct Tracer {
    sampler: Sampler,
    content: bool,
    scope: InstrumentationScope,
    pipeline: Pipeline,
}

/// How an exchange begins.
#[derive(Debug)]
pub struct Origin<'a> {
    /// The caller's.
    pub headers: &'a HeaderMap,
    pub operation: Operation,
    pub purpose: Purpose,
    pub began: Mono,
    /// The same moment.
    pub at: Wall,
    /// What it is about, in a trace of its own.
    pub link: Option<SpanContext>,
}

impl Tracer {
    pub async fn start(settings: Settings, tell: Tell) -> Result<Arc<Self>, String> {
        let pipeline = Pipeline::start(&settings, tell).await?;
        let scope = InstrumentationScope::builder("breakerbox");
        Ok(Arc::new(Self {
            sampler: settings.sampler,
            content: settings.content,
            scope: scope.with_version(env!("CARGO_PKG_VERSION")).build(),
            pipeline,
        }))
    }

    pub fn begin(self: &Arc<Self>, origin: Origin<'_>) -> Arc<Exchange> {
        let parent = Parent::read(origin.headers);
        let trace_id = parent.as_ref().map_or_else(new_trace, |p| p.trace_id);
        let sampled = self.sampler.takes(parent.as_ref(), trace_id);
        let flags = parent.as_ref().map_or_else(Flags::default, |p| p.flags);
        let own = Parent {
            trace_id,
            span_id: new_span(),
            flags: flags.sampled(sampled),
            state: parent.as_ref().and_then(|p| p.state.clone()),
        };
        let caller = parent.map(|p| p.span_id);
        Arc::new(Exchange::new(Arc::clone(self), origin, own, caller))
    }

    /// How spans fare.
    pub fn tally(&self) -> Tally {
        self.pipeline.tally()
    }

    /// Sends what is left; within seconds, whatever the collector does.
    pub async fn shutdown(&self) {
        self.pipeline.shutdown().await;
    }

    pub(super) const fn tells_content(&self) -> bool {
        self.content
    }

    pub(super) fn scope(&self) -> InstrumentationScope {
        self.scope.clone()
    }

    pub(super) fn give(&self, spans: Vec<SpanData>) {
        self.pipeline.give(spans);
    }
}

/// Nobody is kept out by these: they cost no call into the kernel for randomness.
fn new_trace() -> TraceId {
    TraceId::from(fastrand::u128(1..))
}

pub(super) fn new_span() -> SpanId {
    SpanId::from(fastrand::u64(1..))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{self, Provider},
        model::{
            Dialect,
            event::Outcome,
            request::{SpanEnd, SpanKind},
        },
        provider::{ask::Ask, chat::Answer},
        telemetry::{AttemptEnd, ExchangeEnd, Peer, settings},
    };
    use bytes::Bytes;
    use std::time::Duration;

    const FILE: &str = "[providers.openai]\nkey = 'k'\n[routes.r]\ntiers = ['openai/m']\n\
                        [traces]\nendpoint = 'http://127.0.0.1:9'\n";

    /// What is noted and told of an ordinary exchange costs this much of its task's time, in allocations.
    const MOST: u64 = 48;

    #[tokio::test]
    async fn an_ordinary_exchange_costs_a_few_dozen_allocations() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = config::parse("c.toml", FILE, &|_: &str| None)
            .map_err(|problems| problems.to_string())
            .unwrap();
        let late = |name: &str| (name == "OTEL_BSP_SCHEDULE_DELAY").then(|| "600000".to_owned());
        let settings = settings(config.traces.as_ref(), &late).0.unwrap();
        let tracer = Tracer::start(settings, Box::new(|_, _| {})).await.unwrap();
        let provider: &Provider = &config.providers["openai"];
        let peer = Arc::new(Peer::new(&"openai/m".into(), provider, "m"));
        let body = r#"{"model":"r","messages":[{"role":"user","content":"hi"}]}"#;
        let ask = Ask::read(Dialect::OpenAi, Bytes::from(body)).unwrap();
        let answer = Answer {
            id: "chatcmpl-1".to_owned(),
            model: "m-2025".to_owned(),
            ..Answer::default()
        };
        let (id, route, deployment) = ("req_1".into(), "r".into(), "openai/m".into());
        let exchange = || {
            let exchange = tracer.begin(Origin {
                headers: &HeaderMap::new(),
                operation: Operation::Chat,
                purpose: Purpose::Caller,
                began: Mono(1),
                at: Wall(1),
                link: None,
            });
            let attempt = exchange.attempt(Dialect::OpenAi, false, &mut HeaderMap::new());
            let mut attempt = attempt.unwrap();
            attempt.status(200);
            attempt.answered(&answer);
            attempt.end(AttemptEnd {
                peer: Arc::clone(&peer),
                place: Some((0, SpanKind::First)),
                began: Mono(2),
                ttft: None,
                took: Duration::from_micros(5),
                end: SpanEnd::Won,
                injected: false,
            });
            exchange.end(&ExchangeEnd {
                id: &id,
                door: Dialect::OpenAi,
                route: &route,
                ask: &ask,
                ended: Mono(9),
                outcome: Outcome::Primary,
                answered: Some((&deployment, 0)),
                cache: None,
                ttft: None,
                waited: None,
                rescued: false,
                drill: false,
            });
        };
        exchange();
        let cost = allocation_counter::measure(exchange);
        println!(
            "{} allocations, {} bytes",
            cost.count_total, cost.bytes_total
        );
        assert!(cost.count_total <= MOST, "{cost:?}");
    }
}
