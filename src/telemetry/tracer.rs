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
