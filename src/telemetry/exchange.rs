//! An exchange and its attempts while they are under way: little more than what happened, noted. Spans are made at the end.

use super::{
    content,
    context::Parent,
    names::{self, Peer},
    span::{self, AttemptEnd, ExchangeEnd},
    tracer::{Origin, Tracer, new_span},
};
use crate::{
    model::{DeploymentId, Dialect, Mono, Wall},
    provider::chat::{Answer, Finish, Usage},
};
use http::HeaderMap;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags};
use parking_lot::Mutex;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Chat,
    Embeddings,
}

/// For whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Caller,
    /// A score; one attempt, which is the whole trace.
    Judge,
    /// A prompt of our own; one attempt, which is the whole trace.
    Canary,
}

#[derive(Debug)]
pub struct Exchange {
    pub(super) tracer: Arc<Tracer>,
    pub(super) operation: Operation,
    pub(super) purpose: Purpose,
    pub(super) own: Parent,
    /// The caller's span.
    pub(super) caller: Option<SpanId>,
    pub(super) link: Option<SpanContext>,
    began: Mono,
    at: Wall,
    noted: Mutex<Noted>,
}

#[derive(Debug, Default)]
pub(super) struct Noted {
    pub(super) attempts: Vec<Ended>,
    pub(super) skipped: Vec<Skipped>,
    /// The answer, where no attempt gave it.
    pub(super) answer: Option<Answered>,
    over: bool,
}

#[derive(Debug)]
pub(super) struct Skipped {
    pub(super) at: Mono,
    pub(super) deployment: DeploymentId,
    pub(super) tier: usize,
    pub(super) why: &'static str,
}

/// What is told of an answer.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) finish: Option<Finish>,
    pub(super) usage: Usage,
    /// The answer itself, where that is told.
    pub(super) content: Option<String>,
}

/// An attempt that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) attempt: Attempt,
    pub(super) end: AttemptEnd,
}

impl Exchange {
    pub(super) fn new(
        tracer: Arc<Tracer>,
        origin: Origin<'_>,
        own: Parent,
        caller: Option<SpanId>,
    ) -> Self {
        Self {
            tracer,
            operation: origin.operation,
            purpose: origin.purpose,
            own,
            caller,
            link: origin.link,
            began: origin.began,
            at: origin.at,
            noted: Mutex::default(),
        }
    }

    fn is_told(&self) -> bool {
        self.own.flags.is_sampled()
    }

    /// What another trace refers to it by. None: nobody will ever see it.
    pub fn context(&self) -> Option<SpanContext> {
        self.is_told().then(|| self.span_context(self.own.span_id))
    }

    /// A call begins: its provider hears whose trace it is in, and what becomes of it is noted.
    pub fn attempt(
        self: &Arc<Self>,
        wire: Dialect,
        stream: bool,
        headers: &mut HeaderMap,
    ) -> Option<Box<Attempt>> {
        let span_id = match self.purpose {
            Purpose::Caller if self.is_told() => new_span(),
            _ => self.own.span_id,
        };
        let here = Parent {
            span_id,
            ..self.own.clone()
        };
        here.write(headers);
        self.is_told().then(|| {
            Box::new(Attempt {
                exchange: Arc::clone(self),
                span_id,
                wire,
                stream,
                status: None,
                answer: None,
            })
        })
    }

    /// A deployment was passed over without a call.
    pub fn skipped(&self, deployment: &DeploymentId, tier: usize, why: &'static str, at: Mono) {
        if self.is_told() {
            self.noted.lock().skipped.push(Skipped {
                at,
                deployment: deployment.clone(),
                tier,
                why,
            });
        }
    }

    /// An answer that no attempt gave: cached or canned.
    pub fn gave(&self, answer: &Answer) {
        if self.is_told() {
            self.noted.lock().answer = Some(self.answered(answer));
        }
    }

    /// It is over, and told.
    pub fn end(&self, end: &ExchangeEnd<'_>) {
        if !self.is_told() {
            return;
        }
        let noted = {
            let mut noted = self.noted.lock();
            let all = std::mem::take(&mut *noted);
            noted.over = true;
            all
        };
        self.tracer.give(span::tree(self, noted, end));
    }

    fn answered(&self, answer: &Answer) -> Answered {
        Answered {
            id: answer.id.clone(),
            model: answer.model.clone(),
            finish: answer.finish,
            usage: answer.usage,
            content: self.tracer.tells_content().then(|| content::output(answer)),
        }
    }

    pub(super) fn time(&self, at: Mono) -> SystemTime {
        let since = Duration::from_millis(self.at.0) + at.since(self.began);
        SystemTime::UNIX_EPOCH + since
    }

    pub(super) const fn began(&self) -> Mono {
        self.began
    }

    pub(super) fn span_context(&self, span_id: SpanId) -> SpanContext {
        let state = self.own.trace_state();
        SpanContext::new(
            self.own.trace_id,
            span_id,
            TraceFlags::SAMPLED,
            false,
            state,
        )
    }
}

/// A call under way.
#[derive(Debug)]
pub struct Attempt {
    pub(super) exchange: Arc<Exchange>,
    pub(super) span_id: SpanId,
    pub(super) wire: Dialect,
    pub(super) stream: bool,
    pub(super) status: Option<u16>,
    pub(super) answer: Option<Answered>,
}

impl Attempt {
    /// The head of the answer has come.
    pub const fn status(&mut self, status: u16) {
        self.status = Some(status);
    }

    pub fn answered(&mut self, answer: &Answer) {
        self.answer = Some(self.exchange.answered(answer));
    }

    /// It has ended: told with its exchange, or by itself where nobody waits for it.
    pub fn end(self, end: AttemptEnd) {
        let exchange = Arc::clone(&self.exchange);
        let ended = Ended { attempt: self, end };
        {
            let mut noted = exchange.noted.lock();
            if ended.end.place.is_some() && !noted.over {
                noted.attempts.push(ended);
                return;
            }
        }
        exchange.tracer.give(vec![span::attempt(&exchange, ended)]);
    }

    pub(super) fn operation(&self) -> &'static str {
        match self.exchange.operation {
            Operation::Chat => names::operation(self.wire),
            Operation::Embeddings => "embeddings",
        }
    }
}

/// Whom an attempt called.
pub(super) fn is_at(peer: &Peer, deployment: &DeploymentId) -> bool {
    peer.deployment.as_str() == **deployment
}
