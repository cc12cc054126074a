//! How a request is written: without what follows from the rest of it. Requests were half of a journal.
//!
//! ```text
//! model       that of the route
//! dialect     openai
//! outcome     primary
//! tier        the first, where somebody answered
//! in a span: deployment and tier are those of who answered; took and ttft end where the answer's do
//! ```
//!
//! Before this form all of it was written, so what is there holds.

use super::{CacheHit, Request, Skipped, Span, SpanEnd, SpanKind};
use crate::model::{
    DeploymentId, Dialect, RouteId, event::Outcome, id::ExchangeId, is_default, time,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

#[derive(Serialize, Deserialize)]
pub(super) struct Wire {
    exchange: ExchangeId,
    route: RouteId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dialect: Option<Dialect>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deployment: Option<DeploymentId>,
    /// Written as null: somebody answered, and the tier is not known.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    #[expect(clippy::option_option, reason = "left out and null are two things")]
    tier: Option<Option<usize>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache: Option<CacheHit>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::opt_ms"
    )]
    ttft: Option<Duration>,
    #[serde(with = "time::as_ms")]
    total: Duration,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::opt_ms"
    )]
    waited: Option<Duration>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spans: Vec<WireSpan>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<Skipped>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rescued: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    drill: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    alike: u32,
}

#[derive(Serialize, Deserialize)]
struct WireSpan {
    /// Where it is left out, so is `tier`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deployment: Option<DeploymentId>,
    #[serde(default, skip_serializing_if = "is_default")]
    tier: usize,
    #[serde(default, skip_serializing_if = "is_default")]
    kind: SpanKind,
    #[serde(default, skip_serializing_if = "is_default", with = "time::as_ms")]
    start: Duration,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::opt_ms"
    )]
    ttft: Option<Duration>,
    /// Where it is left out, so is `ttft`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::opt_ms"
    )]
    took: Option<Duration>,
    #[serde(default, skip_serializing_if = "is_default")]
    end: SpanEnd,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    injected: bool,
}

#[expect(clippy::option_option, reason = "left out and null are two things")]
fn present<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<usize>>, D::Error> {
    Option::deserialize(d).map(Some)
}

/// Who answered, and when: what a span is written against.
struct Answer<'a> {
    deployment: Option<&'a DeploymentId>,
    tier: Option<usize>,
    ttft: Option<Duration>,
    total: Duration,
}

impl Answer<'_> {
    fn written(&self, span: &Span) -> WireSpan {
        let its_own = (Some(&span.deployment), Some(span.tier)) == (self.deployment, self.tier);
        let ends_with_it = self.times(span.start) == Some((span.ttft, span.took));
        WireSpan {
            deployment: (!its_own).then(|| span.deployment.clone()),
            tier: if its_own { 0 } else { span.tier },
            kind: span.kind,
            start: span.start,
            ttft: span.ttft.filter(|_| !ends_with_it),
            took: (!ends_with_it).then_some(span.took),
            end: span.end.clone(),
            injected: span.injected,
        }
    }

    /// The error is a clause for people.
    fn read(&self, span: WireSpan) -> Result<Span, &'static str> {
        let (deployment, tier) = match span.deployment {
            Some(deployment) => (deployment, span.tier),
            None => self
                .deployment
                .cloned()
                .zip(self.tier)
                .ok_or("a span names no deployment, and nobody answered")?,
        };
        let (ttft, took) = match span.took {
            Some(took) => (span.ttft, took),
            None => self
                .times(span.start)
                .ok_or("a span begins after the answer")?,
        };
        Ok(Span {
            deployment,
            tier,
            kind: span.kind,
            start: span.start,
            ttft,
            took,
            end: span.end,
            injected: span.injected,
        })
    }

    /// Of a span that begins then and has its content and its end with the answer; none where it cannot.
    fn times(&self, start: Duration) -> Option<(Option<Duration>, Duration)> {
        let ttft = match self.ttft {
            Some(ttft) => Some(ttft.checked_sub(start)?),
            None => None,
        };
        Some((ttft, self.total.checked_sub(start)?))
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        Wire::from(self).serialize(s)
    }
}

impl From<&Request> for Wire {
    fn from(r: &Request) -> Self {
        let answer = Answer {
            deployment: r.deployment.as_ref(),
            tier: r.tier,
            ttft: r.ttft,
            total: r.total,
        };
        let follows = r.deployment.as_ref().map(|_| 0);
        Self {
            exchange: r.exchange.clone(),
            route: r.route.clone(),
            outcome: Some(r.outcome).filter(|o| *o != Outcome::Primary),
            dialect: Some(r.dialect).filter(|d| *d != Dialect::OpenAi),
            stream: r.stream,
            model: (*r.model != *r.route).then(|| r.model.clone()),
            deployment: r.deployment.clone(),
            tier: (r.tier != follows).then_some(r.tier),
            cache: r.cache,
            ttft: r.ttft,
            total: r.total,
            waited: r.waited,
            spans: r.spans.iter().map(|span| answer.written(span)).collect(),
            skipped: r.skipped.clone(),
            rescued: r.rescued,
            drill: r.drill,
            alike: r.alike,
        }
    }
}

impl TryFrom<Wire> for Request {
    type Error = &'static str;

    fn try_from(w: Wire) -> Result<Self, &'static str> {
        let tier = w.tier.unwrap_or(w.deployment.as_ref().map(|_| 0));
        let answer = Answer {
            deployment: w.deployment.as_ref(),
            tier,
            ttft: w.ttft,
            total: w.total,
        };
        let spans = w.spans.into_iter().map(|span| answer.read(span));
        Ok(Self {
            spans: spans.collect::<Result<_, _>>()?,
            exchange: w.exchange,
            outcome: w.outcome.unwrap_or(Outcome::Primary),
            dialect: w.dialect.unwrap_or(Dialect::OpenAi),
            stream: w.stream,
            model: w.model.unwrap_or_else(|| w.route.to_string()),
            route: w.route,
            deployment: w.deployment,
            tier,
            cache: w.cache,
            ttft: w.ttft,
            total: w.total,
            waited: w.waited,
            skipped: w.skipped,
            rescued: w.rescued,
            drill: w.drill,
            alike: w.alike,
        })
    }
}
