//! An answer on its way to a judge.

use super::{Given, looks::Looked};
use crate::{
    breaker::Ticket,
    cache::Key,
    model::{finding::Findings, id::ExchangeId},
    provider::chat::Answer,
    router::plant::Unit,
};
use opentelemetry::trace::SpanContext;
use parking_lot::Mutex;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Item {
    pub(super) unit: Arc<Unit>,
    pub(super) ticket: Ticket,
    pub(super) exchange: ExchangeId,
    pub(super) key: Option<Key>,
    pub(super) injected: bool,
    /// The model that was asked for.
    pub(super) route: String,
    pub(super) question: String,
    /// The whole conversation, as a number.
    pub(super) fingerprint: u64,
    pub(super) answer: String,
    /// The trace that it was answered in.
    pub(super) trace: Option<SpanContext>,
    pub(super) findings: Findings,
    /// What its judges have said so far.
    pub(super) said: Mutex<[Option<f64>; 2]>,
}

impl Item {
    /// Not one that no rubric for texts can grade: a tool call, or an empty one.
    pub(super) fn is_readable(answer: &Answer) -> bool {
        !answer.has_tool_use() && !answer.is_empty()
    }

    pub(super) fn of(given: &Given, looked: Looked) -> Self {
        Self {
            unit: Arc::clone(&given.unit),
            ticket: given.ticket,
            exchange: given.exchange.clone(),
            key: given.key,
            injected: given.injected,
            route: given.call.ask.model.clone(),
            fingerprint: given.call.ask.fingerprint(),
            trace: given.call.trace_context(),
            question: looked.question,
            answer: looked.answer,
            findings: looked.findings,
            said: Mutex::default(),
        }
    }

    /// So wrong that the breaker hears of it.
    pub(super) fn looks_wrong(&self) -> bool {
        !self.findings.feeding().is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.question.len() + self.answer.len()
    }
}
