//! Spans of what was noted.

use super::{
    content,
    exchange::{Answered, Ended, Exchange, Noted, Operation, Purpose, Skipped, is_at},
    names::{self, Peer},
};
use crate::{
    model::{
        DeploymentId, Dialect, Mono, RouteId, Verdict,
        event::Outcome,
        id::ExchangeId,
        request::{CacheHit, SpanEnd, SpanKind as Kind},
        topology::tier_name,
    },
    provider::{ask::Ask, chat::Finish},
};
use opentelemetry::{
    Array, KeyValue, StringValue, Value,
    trace::{Event, Link, SpanId, SpanKind, Status},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use std::{sync::Arc, time::Duration};

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct AttemptEnd {
    pub peer: Arc<Peer>,
    /// The tier that it was made at, and why. None: nobody waits for it.
    pub place: Option<(usize, Kind)>,
    pub began: Mono,
    pub ttft: Option<Duration>,
    pub took: Duration,
    pub end: SpanEnd,
    pub injected: bool,
}

/// How an exchange ended.
#[derive(Debug)]
pub struct ExchangeEnd<'a> {
    pub id: &'a ExchangeId,
    pub door: Dialect,
    pub route: &'a RouteId,
    pub ask: &'a Ask,
    pub ended: Mono,
    pub outcome: Outcome,
    pub answered: Option<(&'a DeploymentId, usize)>,
    pub cache: Option<CacheHit>,
    pub ttft: Option<Duration>,
    pub waited: Option<Duration>,
    pub rescued: bool,
    pub drill: bool,
}

/// The exchange's span and those of its attempts.
pub(super) fn tree(exchange: &Exchange, mut noted: Noted, end: &ExchangeEnd<'_>) -> Vec<SpanData> {
    noted.attempts.sort_by_key(|ended| ended.end.began);
    for ended in &mut noted.attempts {
        let corrected = ended
            .end
            .end
            .in_the_end(end.outcome, end.answered.is_some());
        ended.end.end = corrected;
    }
    let mut spans = Vec::with_capacity(1 + noted.attempts.len());
    spans.push(whole(exchange, &noted, end));
    spans.extend(
        noted
            .attempts
            .into_iter()
            .map(|ended| attempt(exchange, ended)),
    );
    spans
}

fn whole(exchange: &Exchange, noted: &Noted, end: &ExchangeEnd<'_>) -> SpanData {
    let operation = match exchange.operation {
        Operation::Chat => names::operation(end.door),
        Operation::Embeddings => "embeddings",
    };
    let by = end.answered.and_then(|(id, _)| {
        let mut attempts = noted.attempts.iter().rev();
        attempts.find(|ended| is_at(&ended.end.peer, id))
    });
    let mut a = Attributes::with_capacity(24);
    a.set(names::OPERATION, operation);
    a.set_some(names::PROVIDER, by.map(|b| b.end.peer.provider.clone()));
    a.set(names::REQUEST_MODEL, end.ask.model.clone());
    asked(&mut a, end.ask);
    let given = by.and_then(|b| b.attempt.answer.as_ref());
    if let Some(answer) = given.or(noted.answer.as_ref()) {
        answered(&mut a, answer);
        // What was given before costs nothing now.
        if given.is_some() {
            used(&mut a, answer);
        }
    }
    a.set_some(
        names::RESPONSE_FIRST_CHUNK,
        end.ttft.map(|d| d.as_secs_f64()),
    );
    a.set(names::REQUEST_ID, end.id.to_string());
    a.set(names::ROUTE, end.route.to_string());
    a.set(names::OUTCOME, end.outcome.as_str());
    a.set_some(names::RUNG, rung(exchange.operation, end));
    a.set_some(names::DEPLOYMENT, by.map(|b| b.end.peer.deployment.clone()));
    a.set_some(
        names::FALLBACK_TIER,
        end.answered.map(|(_, tier)| tier_name(tier)),
    );
    a.set_some(names::FALLBACK_REASON, reason(noted, end.outcome));
    a.set_some(names::CACHE, end.cache.map(CacheHit::as_str));
    a.set(names::ATTEMPTS, count(noted.attempts.len()));
    a.set_some(names::WAITED, end.waited.map(|d| d.as_secs_f64()));
    a.set_if(names::RESCUED, end.rescued);
    a.set_if(names::DRILL, end.drill);
    a.set_if(
        names::INJECTED,
        noted.attempts.iter().any(|e| e.end.injected),
    );
    let error = error(noted, end.outcome);
    a.set_some(names::ERROR_TYPE, error.clone());
    if exchange.tracer.tells_content() {
        if let Some((system, messages)) = content::input(end.ask) {
            a.set_some(names::SYSTEM_INSTRUCTIONS, system);
            a.set(names::INPUT_MESSAGES, messages);
        }
        let output = given
            .or(noted.answer.as_ref())
            .and_then(|a| a.content.clone());
        a.set_some(names::OUTPUT_MESSAGES, output);
    }
    let mut events = SpanEvents::default();
    events.events = noted.skipped.iter().map(|s| skipped(exchange, s)).collect();
    SpanData {
        span_context: exchange.span_context(exchange.own.span_id),
        parent_span_id: exchange.caller.unwrap_or(SpanId::INVALID),
        parent_span_is_remote: exchange.caller.is_some(),
        span_kind: SpanKind::Server,
        name: format!("{operation} {}", end.ask.model).into(),
        start_time: exchange.time(exchange.began()),
        end_time: exchange.time(end.ended),
        attributes: a.0,
        dropped_attributes_count: 0,
        events,
        links: links(exchange),
        status: error.map_or(Status::Unset, Status::error),
        instrumentation_scope: exchange.tracer.scope(),
    }
}

pub(super) fn attempt(exchange: &Exchange, ended: Ended) -> SpanData {
    let Ended { attempt, end } = ended;
    let (operation, peer) = (attempt.operation(), &end.peer);
    let kind = match (exchange.purpose, end.place) {
        (Purpose::Judge, _) => "judge",
        (Purpose::Canary, _) => "canary",
        (Purpose::Caller, Some((_, kind))) => kind.as_str(),
        (Purpose::Caller, None) => Kind::Probe.as_str(),
    };
    let mut a = Attributes::with_capacity(20);
    a.set(names::OPERATION, operation);
    a.set(names::PROVIDER, peer.provider.clone());
    a.set(names::REQUEST_MODEL, peer.model.clone());
    a.set_if(names::REQUEST_STREAM, attempt.stream);
    if let Some(answer) = &attempt.answer {
        answered(&mut a, answer);
        used(&mut a, answer);
    }
    let first = end.ttft.filter(|_| attempt.stream);
    a.set_some(names::RESPONSE_FIRST_CHUNK, first.map(|d| d.as_secs_f64()));
    a.set(names::SERVER_ADDRESS, peer.address.clone());
    a.set_some(names::SERVER_PORT, peer.port);
    a.set_some(names::STATUS_CODE, attempt.status.map(i64::from));
    a.set(names::DEPLOYMENT, peer.deployment.clone());
    a.set_some(
        names::FALLBACK_TIER,
        end.place.map(|(tier, _)| tier_name(tier)),
    );
    a.set(names::ATTEMPT_KIND, kind);
    let is_copy = exchange.purpose == Purpose::Caller && end.place.is_none();
    a.set_if(names::COPY, is_copy);
    a.set(names::ATTEMPT_END, end.end.as_str());
    a.set(names::INJECTED, end.injected);
    let failed = end.end.failed();
    a.set_some(names::VERDICT, failed.map(|v| v.class.as_str()));
    a.set_some(names::ERROR_TYPE, failed.map(|v| v.code.clone()));
    let is_root = exchange.purpose != Purpose::Caller;
    let parent = if is_root {
        exchange.caller
    } else {
        Some(exchange.own.span_id)
    };
    SpanData {
        span_context: exchange.span_context(attempt.span_id),
        parent_span_id: parent.unwrap_or(SpanId::INVALID),
        parent_span_is_remote: false,
        span_kind: SpanKind::Client,
        name: format!("{operation} {}", peer.model.as_str()).into(),
        start_time: exchange.time(end.began),
        end_time: exchange.time(end.began + end.took),
        attributes: a.0,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: if is_root {
            links(exchange)
        } else {
            SpanLinks::default()
        },
        status: failed.map_or(Status::Unset, |v| Status::error(v.to_string())),
        instrumentation_scope: exchange.tracer.scope(),
    }
}

struct Attributes(Vec<KeyValue>);

impl Attributes {
    fn with_capacity(most: usize) -> Self {
        Self(Vec::with_capacity(most))
    }

    fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.push(KeyValue::new(name, value));
    }

    fn set_some(&mut self, name: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    fn set_if(&mut self, name: &'static str, is: bool) {
        if is {
            self.set(name, true);
        }
    }
}

fn asked(a: &mut Attributes, ask: &Ask) {
    a.set_if(names::REQUEST_STREAM, ask.stream);
    a.set_some(names::REQUEST_MAX_TOKENS, ask.max_tokens.map(count));
    a.set_some(names::REQUEST_TEMPERATURE, ask.temperature);
}

fn answered(a: &mut Attributes, answer: &Answered) {
    if !answer.model.is_empty() {
        a.set(names::RESPONSE_MODEL, answer.model.clone());
    }
    if !answer.id.is_empty() {
        a.set(names::RESPONSE_ID, answer.id.clone());
    }
    if let Some(finish) = answer.finish {
        let reasons = vec![StringValue::from(finish_reason(finish))];
        a.set(
            names::RESPONSE_FINISH_REASONS,
            Value::Array(Array::String(reasons)),
        );
    }
}

/// Nothing is known where a provider says nothing.
fn used(a: &mut Attributes, answer: &Answered) {
    let usage = answer.usage;
    for (name, tokens) in [
        (names::INPUT_TOKENS, usage.input),
        (names::OUTPUT_TOKENS, usage.output),
        (names::CACHE_READ_TOKENS, usage.cache_read),
        (names::CACHE_WRITE_TOKENS, usage.cache_write),
        (names::REASONING_TOKENS, usage.reasoning),
    ] {
        a.set_some(name, (tokens > 0).then(|| count(tokens)));
    }
}

/// As the conventions' schema of messages spells it.
pub(super) const fn finish_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolUse => "tool_call",
        Finish::Policy | Finish::Refusal => "content_filter",
        Finish::Pause => "pause",
    }
}

fn count(n: impl TryInto<i64>) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}

fn skipped(exchange: &Exchange, skipped: &Skipped) -> Event {
    let attributes = vec![
        KeyValue::new(names::DEPLOYMENT, skipped.deployment.to_string()),
        KeyValue::new(names::FALLBACK_TIER, tier_name(skipped.tier)),
        KeyValue::new(names::SKIPPED_WHY, skipped.why),
    ];
    Event::new(names::SKIPPED, exchange.time(skipped.at), attributes, 0)
}

fn links(exchange: &Exchange) -> SpanLinks {
    let mut links = SpanLinks::default();
    links.links = exchange
        .link
        .iter()
        .cloned()
        .map(Link::with_context)
        .collect();
    links
}

/// How the answer came about, as the caller's header says it.
fn rung(operation: Operation, end: &ExchangeEnd<'_>) -> Option<i64> {
    match end.outcome {
        Outcome::Primary => Some(0),
        Outcome::Fallback => Some(2),
        Outcome::Cached => Some(1),
        Outcome::Canned => Some(3),
        // The route's honest error is its rung 3.
        Outcome::Error => (operation == Operation::Chat).then_some(3),
        Outcome::Broken | Outcome::Left => {
            let (_, tier) = end.answered?;
            Some(if tier == 0 { 0 } else { 2 })
        }
        Outcome::CallerError => None,
    }
}

/// Why it was not the primary that answered: the class of its failure, why it was passed over, or that it was late.
fn reason(noted: &Noted, outcome: Outcome) -> Option<&'static str> {
    let fell = !matches!(
        outcome,
        Outcome::Primary | Outcome::CallerError | Outcome::Left
    );
    if !fell {
        return None;
    }
    let failures = || {
        noted
            .attempts
            .iter()
            .filter_map(|e| Some((e, e.end.end.failed()?)))
    };
    let is_first = |e: &Ended| matches!(e.end.place, Some((0, _)));
    let class = |(_, v): (&Ended, &Verdict)| v.class.as_str();
    let of_first = failures().find(|(e, _)| is_first(e)).map(class);
    let skipped = noted.skipped.iter().find(|s| s.tier == 0).map(|s| s.why);
    let late = noted
        .attempts
        .iter()
        .find(|e| is_first(e) && e.end.end == SpanEnd::Lost);
    of_first
        .or(skipped)
        .or(late.map(|_| "late"))
        .or_else(|| failures().next().map(class))
}

/// What the caller's error was. None: it got an answer, or left.
fn error(noted: &Noted, outcome: Outcome) -> Option<String> {
    let otherwise = match outcome {
        Outcome::CallerError => "invalid_request",
        Outcome::Error => "unavailable",
        Outcome::Broken => "stream_broken",
        _ => return None,
    };
    let mut failures = noted
        .attempts
        .iter()
        .rev()
        .filter_map(|e| e.end.end.failed());
    let skipped = || noted.skipped.last().map(|s| s.why.to_owned());
    let code = failures.next().map(|v| v.code.clone()).or_else(skipped);
    Some(code.unwrap_or_else(|| otherwise.to_owned()))
}
